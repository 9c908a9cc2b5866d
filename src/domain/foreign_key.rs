//! References that the data map does not declare, but that the database enforces with a foreign key.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::words::words;
use super::{Condition, FieldName, Kind, KindName, Reference, TableName, Value};

words! {
    /// What the database does with a referencing row when the referenced row is deleted.
    #[non_exhaustive]
    pub enum OnDelete: "action" {
        /// Rejects the deletion, unless the referencing row is deleted before the key is checked.
        NoAction = "NO ACTION",
        /// Rejects the deletion at once.
        Restrict = "RESTRICT",
        /// Deletes the referencing row.
        Cascade = "CASCADE",
        /// Sets the reference to NULL.
        SetNull = "SET NULL",
        /// Sets the reference to the default of its column.
        SetDefault = "SET DEFAULT",
    }
}

impl OnDelete {
    /// Returns whether the action changes or deletes the referencing row.
    #[must_use]
    pub fn changes_rows(self) -> bool {
        matches!(self, Self::Cascade | Self::SetNull | Self::SetDefault)
    }

    /// Returns the rule of a policy that does the same.
    #[must_use]
    pub fn rule(self) -> &'static str {
        match self {
            Self::NoAction | Self::Restrict => "restrict",
            Self::Cascade => "cascade",
            Self::SetNull => "set_null",
            Self::SetDefault => "set_default",
        }
    }
}

/// The rule of a reference that the data map does not declare: what the database does by itself when the record referred
/// to is physically deleted.
///
/// Nothing happens to the rows if the record is only marked, masked or switched.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ForeignKeyRule {
    /// The action of the foreign key.
    pub on_delete: OnDelete,
    /// The fields that change in rows that stay, with their new values. `None` if rows that stay block the deletion.
    pub on_survive: Option<Vec<(FieldName, Value)>>,
    /// The fields that can be set to null before a row is deleted.
    pub nullable: Vec<FieldName>,
    /// The rows that other references cover. The key is only declared for these rows, and every other row that refers
    /// blocks the deletion.
    pub except: Option<Condition>,
    /// Whether another reference of the same foreign key decides about rows that stay.
    pub(crate) is_copy: bool,
}

/// The foreign keys of a database that lead to the kinds of a data map, directly or through other tables, and that the map
/// does not declare. Only stores that have foreign keys can make it; other stores return the default, which is empty.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UndeclaredReferences {
    /// The kinds of the tables that are not declared.
    pub(crate) kinds: Vec<Kind>,
    pub(crate) references: Vec<Reference>,
    /// The columns of fields of declared kinds whose names differ from those of the fields.
    pub(crate) columns: Vec<(KindName, FieldName, String)>,
    pub(crate) keys: Option<Arc<KeysByTable>>,
}

/// A text for each table that changes with the foreign keys that refer to the table. Tables without keys are left out.
pub(crate) type KeysByTable = BTreeMap<TableName, String>;

impl UndeclaredReferences {
    /// Returns the references.
    pub fn references(&self) -> impl Iterator<Item = &Reference> {
        self.references.iter()
    }
}
