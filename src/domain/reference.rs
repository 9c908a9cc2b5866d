//! References: which field of a kind holds the id of a record of another.

use super::words::words;
use super::{FieldName, KindName, ReferenceName};

/// A field of one kind that holds the id of a record of another, or of the same kind.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reference {
    /// `debts.client_id`
    pub name: ReferenceName,
    /// The kind that refers.
    pub from: KindName,
    /// Its field.
    pub field: FieldName,
    /// The kind referred to.
    pub to: KindName,
    /// Whether the field can be null.
    pub nullable: bool,
    /// What keeps others from referring to a record while it is being removed, if not a foreign key.
    pub lock: Option<Lock>,
}

words! {
    /// What protects a reference that has no foreign key, while a record it refers to is removed.
    #[non_exhaustive]
    pub enum Lock: "lock" {
        /// The referring table is locked against writers while an operation removes records it may refer to
        /// (`"table"`). Writers that look for the parent themselves do so after `LOCK TABLE … IN ROW EXCLUSIVE MODE`.
        Table = "table",
        /// The host's writers call `lock_parent` in their own transaction before they refer to a record (`"writer"`).
        /// The database cannot see whether they do.
        Writer = "writer",
    }
}
