//! What a policy names beside its data map: values, masks and unique keys. Only a store checks them.

use super::{DataMap, FieldName, KindName, Mask, Value};

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

impl DataMap {
    /// Sets the values that a policy names.
    pub(crate) fn set_named_values(&mut self, values: Vec<NamedValue>) {
        self.named_values = values;
    }

    /// Returns the values that a policy names.
    #[cfg_attr(
        not(feature = "sql"),
        allow(dead_code, reason = "only databases restrict the values of columns")
    )]
    pub(crate) fn named_values(&self) -> &[NamedValue] {
        &self.named_values
    }

    /// Sets the masks of a policy.
    pub(crate) fn set_used_masks(&mut self, masks: Vec<UsedMask>) {
        self.used_masks = masks;
    }

    /// Returns the masks of a policy.
    #[cfg_attr(
        not(feature = "sql"),
        allow(dead_code, reason = "only databases restrict the values of columns")
    )]
    pub(crate) fn used_masks(&self) -> &[UsedMask] {
        &self.used_masks
    }

    /// Sets the unique keys that a policy names.
    pub(crate) fn set_clash_keys(&mut self, keys: Vec<ClashKey>) {
        self.clash_keys = keys;
    }

    /// Returns the unique keys that a policy names.
    #[cfg_attr(not(feature = "sql"), allow(dead_code, reason = "only databases have unique keys"))]
    pub(crate) fn clash_keys(&self) -> &[ClashKey] {
        &self.clash_keys
    }
}
