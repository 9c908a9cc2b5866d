//! References: which field of a kind holds the id of a record of another.

use serde::{Deserialize, Serialize};

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

/// What protects a reference that has no foreign key, while a record it refers to is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lock {
    /// The referring table is locked against writers.
    Table,
    /// The host's writers lock the parent before they refer to it.
    Writer,
}
