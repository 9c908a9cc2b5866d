//! References: fields that hold ids of records of another kind.

use super::words::words;
use super::{FieldName, KindName, ReferenceName};

/// A field of one kind that holds the id of a record of another, or of the same kind.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reference {
    /// The name, such as `debts.client_id`.
    pub name: ReferenceName,
    /// The kind that refers.
    pub from: KindName,
    /// The field.
    pub field: FieldName,
    /// The kind referred to.
    pub to: KindName,
    /// Whether the field can be null.
    pub nullable: bool,
    /// What protects the reference while a record it refers to is removed, if it has no foreign key.
    pub lock: Option<Lock>,
}

words! {
    /// The protection of a reference without a foreign key while a record it refers to is removed.
    #[non_exhaustive]
    pub enum Lock: "lock" {
        /// The referring table is locked against writers while an operation removes records it may refer to
        /// (`"table"`). Writers that check the parent themselves must do so after `LOCK TABLE … IN ROW EXCLUSIVE
        /// MODE`.
        Table = "table",
        /// The host's writers call `lock_parent` in their own transaction before they refer to a record (`"writer"`).
        /// The database cannot check this.
        Writer = "writer",
    }
}
