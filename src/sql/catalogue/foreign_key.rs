//! Foreign keys and their ON DELETE actions.

use super::name::same;
use crate::domain::words::words;

/// A foreign key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ForeignKey {
    /// The referencing table.
    pub(crate) table: String,
    /// The referencing columns.
    pub(crate) columns: Vec<String>,
    /// The referenced table, by the name in its own definition if it exists.
    pub(crate) to: String,
    /// The referenced columns, one for each of `columns`; empty strings if the table does not exist.
    pub(crate) to_columns: Vec<String>,
    /// What the database does with the row when the referenced row is deleted.
    pub(crate) on_delete: OnDelete,
    /// Whether every write is checked. On PostgreSQL a key may be `NOT ENFORCED`, have its triggers disabled, or
    /// belong to a single partition.
    pub(crate) enforced: bool,
    /// Whether the rows that existed before the key were checked as well.
    pub(crate) validated: bool,
}

words! {
    /// What the database does with a row whose referenced row is deleted.
    pub(crate) enum OnDelete: "action" {
        /// Refuses the deletion, unless the row is deleted before the key is checked.
        NoAction = "NO ACTION",
        /// Refuses the deletion at once.
        Restrict = "RESTRICT",
        /// Deletes the row.
        Cascade = "CASCADE",
        /// Sets the reference to NULL.
        SetNull = "SET NULL",
        /// Sets the reference to the default of its column.
        SetDefault = "SET DEFAULT",
    }
}

impl ForeignKey {
    /// Returns the column that refers to `column` of the referenced table.
    #[must_use]
    pub(crate) fn column_to(&self, column: &str) -> Option<&str> {
        let mut pairs = self.columns.iter().zip(&self.to_columns);
        pairs.find(|(_, to)| same(to, column)).map(|(from, _)| from.as_str())
    }
}

impl OnDelete {
    /// Returns whether the database itself changes or deletes the row.
    #[must_use]
    pub(crate) fn changes_rows(self) -> bool {
        matches!(self, Self::Cascade | Self::SetNull | Self::SetDefault)
    }
}
