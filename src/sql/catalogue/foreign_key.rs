//! Foreign keys and their ON DELETE actions.

use std::fmt;

use super::name::same;

/// A foreign key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ForeignKey {
    /// The referencing table.
    pub table: String,
    /// The referencing columns.
    pub columns: Vec<String>,
    /// The referenced table, by the name in its own definition if it exists.
    pub to: String,
    /// The referenced columns, one for each of `columns`; empty strings if the table does not exist.
    pub to_columns: Vec<String>,
    /// What the database does with the row when the referenced row is deleted.
    pub on_delete: OnDelete,
    /// Whether the check may be deferred until commit. Always `false` on SQLite, which does not report it.
    pub deferrable: bool,
    /// Whether every write is checked. On PostgreSQL a key may be `NOT ENFORCED`, have its triggers disabled, or
    /// belong to a single partition.
    pub enforced: bool,
    /// Whether the rows that existed before the key were checked as well.
    pub validated: bool,
}

/// What the database does with a row whose referenced row is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum OnDelete {
    /// Refuses the deletion, unless the row is deleted before the key is checked.
    NoAction,
    /// Refuses the deletion at once.
    Restrict,
    /// Deletes the row.
    Cascade,
    /// Sets the reference to NULL.
    SetNull,
    /// Sets the reference to the default of its column.
    SetDefault,
}

impl ForeignKey {
    /// Returns the column that refers to `column` of the referenced table.
    #[must_use]
    pub fn column_to(&self, column: &str) -> Option<&str> {
        let mut pairs = self.columns.iter().zip(&self.to_columns);
        pairs.find(|(_, to)| same(to, column)).map(|(from, _)| from.as_str())
    }
}

impl OnDelete {
    pub(super) const ALL: [Self; 5] =
        [Self::NoAction, Self::Restrict, Self::Cascade, Self::SetNull, Self::SetDefault];

    /// Returns whether the database itself changes or deletes the row.
    #[must_use]
    pub fn changes_rows(self) -> bool {
        matches!(self, Self::Cascade | Self::SetNull | Self::SetDefault)
    }
}

impl fmt::Display for OnDelete {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoAction => "NO ACTION",
            Self::Restrict => "RESTRICT",
            Self::Cascade => "CASCADE",
            Self::SetNull => "SET NULL",
            Self::SetDefault => "SET DEFAULT",
        })
    }
}
