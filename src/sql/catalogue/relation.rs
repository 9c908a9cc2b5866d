//! Types of tables, and privileges of the current role.

use std::fmt;

/// The type of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Relation {
    /// A table, partitioned or not.
    #[default]
    Table,
    /// A view.
    View,
    /// A materialized view, whose rows are read-only and kept until it is refreshed.
    MaterializedView,
    /// A foreign table, stored on another server.
    Foreign,
}

/// A privilege on a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Privilege {
    /// Reads rows.
    Select,
    /// Inserts rows.
    Insert,
    /// Updates rows, and locks them.
    Update,
    /// Deletes rows.
    Delete,
}

impl Relation {
    /// Returns whether its rows are those of a query.
    #[must_use]
    pub fn is_view(self) -> bool {
        matches!(self, Self::View | Self::MaterializedView)
    }
}

impl Privilege {
    pub(super) const ALL: [Self; 4] = [Self::Select, Self::Insert, Self::Update, Self::Delete];

    /// Returns the SQL keyword.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Select => "SELECT",
            Self::Insert => "INSERT",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
        }
    }
}

impl fmt::Display for Privilege {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
