//! Records that cannot be read.

/// A record that cannot be read. It names the field at fault, never its value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the record cannot be read: `{field}` is not {expected}")]
#[non_exhaustive]
pub struct BadRecord {
    /// The field at fault.
    pub field: &'static str,
    /// What was expected there.
    pub expected: &'static str,
}
