//! Tables and views, their columns and indexes.

use super::name::same;
use super::relation::{Privilege, Relation};
use super::storage::{Collation, Storage};
use super::trigger::Trigger;
use crate::sql::SqlValue;

/// A table or a view.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    /// The name, as written when the table was created.
    pub(crate) name: String,
    /// Whether it is a table, a view or something else.
    pub(crate) relation: Relation,
    /// The columns, in their order.
    pub(crate) columns: Vec<Column>,
    /// The columns of the primary key, in its order.
    pub(crate) primary_key: Vec<String>,
    /// The indexes, including those of the primary key and of unique constraints if they are indexes.
    pub(crate) indexes: Vec<Index>,
    /// The triggers, including those of the partitions of a partitioned table.
    pub(crate) triggers: Vec<Trigger>,
    /// The tables it inherits from. Empty on SQLite.
    pub(crate) inherits: Vec<String>,
    /// The tables whose rows a materialized view keeps copies of.
    pub(crate) copies: Vec<String>,
    /// Whether row-level security hides rows from the current role.
    pub(crate) row_security: bool,
    /// The privileges that the current role lacks. Empty on SQLite.
    pub(crate) denied: Vec<Privilege>,
}

/// A column.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    /// The name.
    pub(crate) name: String,
    /// The declared type; empty if none was declared.
    pub(crate) declared: String,
    /// Whether it is `NOT NULL`.
    pub(crate) not_null: bool,
    /// The expression of its default, if it has one.
    pub(crate) default: Option<String>,
    /// Whether only the database writes it: computed from other columns, or an identity that is `GENERATED ALWAYS`.
    pub(crate) generated: bool,
    pub(in crate::sql) storage: Storage,
    /// How it compares text. Read on SQLite, for references and the ids they refer to.
    pub(in crate::sql) collation: Option<Collation>,
    /// An id that the view repeats or lacks. Read for the ids of kinds.
    pub(in crate::sql) repeated: Option<RepeatedId>,
}

/// An id that several rows of a view have, or rows without an id.
#[derive(Debug, Clone)]
pub(in crate::sql) struct RepeatedId {
    /// The id; NULL if the rows have none.
    pub(in crate::sql) id: SqlValue,
    /// The number of rows.
    pub(in crate::sql) rows: i64,
}

/// An index.
#[derive(Debug, Clone)]
pub(crate) struct Index {
    /// The columns in their order, up to the first expression.
    pub(crate) columns: Vec<String>,
    /// The number of columns, including expressions.
    pub(crate) width: usize,
    /// Whether no two rows may have the same values.
    pub(crate) unique: bool,
    /// Whether it covers only some of the rows.
    pub(crate) partial: bool,
}

impl Table {
    /// Returns a column by its name, in any case.
    #[must_use]
    pub(crate) fn column(&self, name: &str) -> Option<&Column> {
        let exactly = self.columns.iter().find(|column| column.name == name);
        exactly.or_else(|| self.columns.iter().find(|column| same(&column.name, name)))
    }

    /// Returns whether its rows are those of a query, for which the catalogue has no keys.
    #[must_use]
    pub(crate) fn is_view(&self) -> bool {
        self.relation.is_view()
    }

    /// Returns whether a column is the whole primary key.
    #[must_use]
    pub(crate) fn is_primary_key(&self, column: &str) -> bool {
        matches!(&*self.primary_key, [key] if same(key, column))
    }

    /// Returns whether no two rows have the same value in a column.
    #[must_use]
    pub(crate) fn is_unique(&self, column: &str) -> bool {
        let mut indexes = self.indexes.iter();
        self.is_primary_key(column)
            || indexes.any(|index| index.unique && index.width == 1 && index.starts_with(column))
    }

    /// Returns whether rows are found by a column without reading the whole table.
    #[must_use]
    pub(crate) fn is_indexed(&self, column: &str) -> bool {
        self.is_primary_key(column) || self.indexes.iter().any(|index| index.starts_with(column))
    }
}

impl Index {
    /// Returns whether the index covers all rows and starts with a column.
    fn starts_with(&self, column: &str) -> bool {
        !self.partial && self.columns.first().is_some_and(|first| same(first, column))
    }
}
