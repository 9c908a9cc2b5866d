//! What a policy does with a data map, as far as a store must check it.

use std::collections::BTreeSet;

use super::{DataMap, FieldName, KindName, Value};

/// What a policy does with a data map. Empty unless the map was made for the check of a store.
#[derive(Debug, Clone, Default, PartialEq)]
#[cfg_attr(not(feature = "sql"), allow(dead_code, reason = "only databases need it"))]
pub(super) struct MapUses {
    named_values: Vec<NamedValue>,
    clash_keys: Vec<ClashKey>,
    written: BTreeSet<KindName>,
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

/// A unique key under which a policy deletes duplicates.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(not(feature = "sql"), allow(dead_code, reason = "only databases have unique keys"))]
pub(crate) struct ClashKey {
    pub(crate) kind: KindName,
    pub(crate) fields: Vec<FieldName>,
    /// The path in the policy document.
    pub(crate) path: String,
}

#[cfg_attr(not(feature = "sql"), allow(dead_code, reason = "only databases need it"))]
impl DataMap {
    /// Sets the values that a policy names.
    pub(crate) fn set_named_values(&mut self, values: Vec<NamedValue>) {
        self.uses.named_values = values;
    }

    /// Returns the values that a policy names.
    pub(crate) fn named_values(&self) -> &[NamedValue] {
        &self.uses.named_values
    }

    /// Sets the unique keys that a policy names.
    pub(crate) fn set_clash_keys(&mut self, keys: Vec<ClashKey>) {
        self.uses.clash_keys = keys;
    }

    /// Returns the unique keys that a policy names.
    pub(crate) fn clash_keys(&self) -> &[ClashKey] {
        &self.uses.clash_keys
    }

    /// Sets the kinds whose rows a policy may delete or update.
    pub(crate) fn set_written(&mut self, kinds: impl IntoIterator<Item = KindName>) {
        self.uses.written = kinds.into_iter().collect();
    }

    /// Returns whether a policy may delete or update rows of the kind.
    pub(crate) fn is_written(&self, kind: &KindName) -> bool {
        self.uses.written.contains(kind)
    }
}
