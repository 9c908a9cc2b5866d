//! Types of tables, and privileges of the current role.

use crate::domain::words::words;

/// The type of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) enum Relation {
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

words! {
    /// A privilege on a table.
    pub(crate) enum Privilege: "privilege" {
        /// Reads rows.
        Select = "SELECT",
        /// Inserts rows.
        Insert = "INSERT",
        /// Updates rows, and locks them.
        Update = "UPDATE",
        /// Deletes rows.
        Delete = "DELETE",
    }
}

impl Relation {
    /// Returns whether its rows are those of a query.
    #[must_use]
    pub(crate) fn is_view(self) -> bool {
        matches!(self, Self::View | Self::MaterializedView)
    }
}
