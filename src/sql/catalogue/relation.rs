//! What a table is to the database, and what the role may not do with it.

use std::fmt;

/// What a table is to the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Relation {
    /// A table, partitioned or not.
    #[default]
    Table,
    /// A view: a query with a name.
    View,
    /// A query whose rows are kept until it is refreshed. Nobody writes them.
    MaterializedView,
    /// A table of another server.
    Foreign,
}

/// What a role may be allowed to do with a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Privilege {
    /// To read rows.
    Select,
    /// To add rows.
    Insert,
    /// To change rows, and to lock them.
    Update,
    /// To delete rows.
    Delete,
}

impl Relation {
    /// Whether its rows are those of a query.
    #[must_use]
    pub fn is_view(self) -> bool {
        matches!(self, Self::View | Self::MaterializedView)
    }
}

impl Privilege {
    /// All of them.
    pub(super) const ALL: [Self; 4] = [Self::Select, Self::Insert, Self::Update, Self::Delete];

    /// The word in SQL.
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
