//! What a policy does with a data map, as far as a store must check it.

use std::collections::BTreeSet;

use super::{FieldName, KindName, Mask, Value};

/// What a policy does with a data map. Empty unless the map was made for the check of a store.
#[derive(Debug, Clone, Default, PartialEq)]
#[cfg_attr(not(feature = "sql"), allow(dead_code, reason = "only databases need it"))]
pub(crate) struct MapUses {
    /// The values that the policy names.
    pub(crate) named_values: Vec<NamedValue>,
    /// The masks that the policy may write.
    pub(crate) masks: Vec<UsedMask>,
    /// The unique keys that the policy names.
    pub(crate) clash_keys: Vec<ClashKey>,
    /// The kinds whose rows the policy may delete or update.
    pub(crate) written: BTreeSet<KindName>,
}

/// A value that a policy compares with a field or writes to it, such as a status.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(not(feature = "sql"), allow(dead_code, reason = "only databases restrict the values of columns"))]
pub(crate) struct NamedValue {
    pub(crate) kind: KindName,
    pub(crate) field: FieldName,
    pub(crate) value: Value,
    /// Whether the policy writes the value as a mask, rather than comparing it.
    pub(crate) is_mask: bool,
    /// The path in the policy document.
    pub(crate) path: String,
}

/// A mask that a policy may write to a field.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(not(feature = "sql"), allow(dead_code, reason = "only databases restrict the values of columns"))]
pub(crate) struct UsedMask {
    pub(crate) kind: KindName,
    pub(crate) field: FieldName,
    pub(crate) mask: Mask,
    /// The path in the policy document.
    pub(crate) path: String,
}

/// A unique key under which a policy deletes duplicates.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(not(feature = "sql"), allow(dead_code, reason = "only databases have unique keys"))]
pub(crate) struct ClashKey {
    pub(crate) kind: KindName,
    pub(crate) fields: Vec<FieldName>,
    /// The path in the policy document.
    pub(crate) path: String,
}
