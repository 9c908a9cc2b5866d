//! Tables and views: their columns, indexes, foreign keys, triggers and privileges.

use super::catalogue::same;
use super::storage::{Collation, Storage};
use crate::domain::words::words;
use crate::domain::{OnDelete, TableName};
use crate::sql::SqlValue;

pub(crate) use crate::sql::trigger_event::TriggerEvent;

/// A table or a view.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    /// The name by which the database finds it: with its schema if it is outside the search path.
    pub(crate) name: TableName,
    /// The schema that contains it.
    pub(crate) schema: String,
    /// Whether the current role lacks `USAGE` on its schema. Always `false` on SQLite.
    pub(crate) is_hidden: bool,
    /// The type of relation: a table, a view, or another type.
    pub(crate) relation: Relation,
    /// The columns, in their order.
    pub(crate) columns: Vec<Column>,
    /// The columns of the primary key, in key order.
    pub(crate) primary_key: Vec<String>,
    /// The indexes. Primary keys and unique constraints are included if they have an index.
    pub(crate) indexes: Vec<Index>,
    /// The triggers, including those of the partitions of a partitioned table.
    pub(crate) triggers: Vec<Trigger>,
    /// The tables it inherits from. Empty on SQLite.
    pub(crate) inherits: Vec<TableName>,
    /// The tables whose rows a materialized view copies.
    pub(crate) copies: Vec<TableName>,
    /// The tables and views that a view reads, also through other views.
    pub(crate) reads: Vec<TableName>,
    /// Whether row-level security hides rows from the current role.
    pub(crate) row_security: bool,
    /// Whether Citus distributes its rows over several servers.
    pub(crate) is_distributed: bool,
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
    /// Whether only the database writes the column: it is computed from other columns, or an identity column that is
    /// `GENERATED ALWAYS`.
    pub(crate) generated: bool,
    pub(in crate::sql) storage: Storage,
    /// How the column compares text. Only read on SQLite, for references and the ids they refer to.
    pub(in crate::sql) collation: Option<Collation>,
    /// The only values that the column may hold besides NULL, if its type or a constraint lists them.
    pub(in crate::sql) allowed: Option<Vec<String>>,
    /// An id that the view returns more than once, or rows without an id. Only read for the ids of kinds.
    pub(in crate::sql) repeated: Option<RepeatedId>,
}

impl Column {
    /// Returns whether the column is declared for truth values, or is too small for instants.
    pub(in crate::sql) fn is_flag(&self) -> bool {
        let declared = self.declared.to_ascii_uppercase();
        ["BOOL", "TINYINT", "SMALLINT", "INT2", "BIT"].iter().any(|flag| declared.starts_with(flag))
    }

    /// Returns whether the column is too small for milliseconds since 1970. SQLite has no such columns.
    pub(in crate::sql) fn is_too_small_for_milliseconds(&self) -> bool {
        self.storage.column_type().is_some_and(|column| column.name == "integer")
    }
}

/// An id that several rows of a view share, or several rows without an id.
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
    /// The leading columns, in order. Stops at the first expression.
    pub(crate) columns: Vec<String>,
    /// The number of columns, including expressions.
    pub(crate) width: usize,
    /// Whether it allows no duplicate values.
    pub(crate) unique: bool,
    /// Whether it covers only some rows.
    pub(crate) partial: bool,
    /// The column, if the index is on `lower(column)` and nothing else.
    pub(crate) lower: Option<String>,
}

impl Table {
    pub(super) fn new(name: TableName) -> Self {
        Self {
            name,
            schema: String::new(),
            is_hidden: false,
            relation: Relation::Table,
            columns: Vec::new(),
            primary_key: Vec::new(),
            indexes: Vec::new(),
            triggers: Vec::new(),
            inherits: Vec::new(),
            copies: Vec::new(),
            reads: Vec::new(),
            row_security: false,
            is_distributed: false,
            denied: Vec::new(),
        }
    }

    /// Returns a column by its name, in any case.
    #[must_use]
    pub(crate) fn column(&self, name: &str) -> Option<&Column> {
        let exactly = self.columns.iter().find(|column| column.name == name);
        exactly.or_else(|| self.columns.iter().find(|column| same(&column.name, name)))
    }

    /// Returns whether it is a view. The catalogue has no keys for views.
    #[must_use]
    pub(crate) fn is_view(&self) -> bool {
        self.relation.is_view()
    }

    /// Returns whether a column is the whole primary key.
    #[must_use]
    pub(crate) fn is_primary_key(&self, column: &str) -> bool {
        matches!(&*self.primary_key, [key] if same(key, column))
    }

    /// Returns whether a unique index or key covers exactly these columns, in any order.
    pub(crate) fn are_unique(&self, columns: &[&str]) -> bool {
        let covered = |own: &[String]| {
            own.len() == columns.len()
                && columns.iter().all(|column| own.iter().any(|part| same(part, column)))
        };
        let mut indexes = self
            .indexes
            .iter()
            .filter(|index| index.unique && !index.partial && index.width == index.columns.len());

        covered(&self.primary_key) || indexes.any(|index| covered(&index.columns))
    }

    /// Returns whether a unique index or key covers exactly this column.
    #[must_use]
    pub(crate) fn is_unique(&self, column: &str) -> bool {
        let mut indexes = self.indexes.iter();
        self.is_primary_key(column)
            || indexes.any(|index| index.unique && index.width == 1 && index.starts_with(column))
    }

    /// Returns whether a unique index on `lower(column)` rules out values that differ only in case.
    pub(crate) fn is_unique_in_any_case(&self, column: &str) -> bool {
        let mut indexes = self.indexes.iter().filter(|index| index.unique && !index.partial);
        indexes.any(|index| index.lower.as_deref().is_some_and(|lower| same(lower, column)))
    }

    /// Returns whether rows can be looked up by this column without a full table scan.
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

/// A foreign key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a fact of the catalogue, independent of the others"
)]
pub(crate) struct ForeignKey {
    /// The referencing table.
    pub(crate) table: TableName,
    /// The referencing columns.
    pub(crate) columns: Vec<String>,
    /// The referenced table. If it exists, the name is spelled as in its own definition.
    pub(crate) to: TableName,
    /// The referenced columns, one for each of `columns`; empty strings if the table does not exist.
    pub(crate) to_columns: Vec<String>,
    /// What the database does with the referencing row when the referenced row is deleted.
    pub(crate) on_delete: OnDelete,
    /// The referencing columns that `SET NULL` and `SET DEFAULT` change: usually all of them.
    pub(crate) set_columns: Vec<String>,
    /// Whether every write is checked. Not so on PostgreSQL if the key is `NOT ENFORCED`, its triggers are disabled,
    /// or it belongs to a single partition.
    pub(crate) enforced: bool,
    /// Whether it belongs to a single partition of the referencing table.
    pub(crate) of_partition: bool,
    /// Whether either all or none of the columns are null (`MATCH FULL`).
    pub(crate) match_full: bool,
    /// Whether rows that existed before the key were also checked.
    pub(crate) validated: bool,
}

impl ForeignKey {
    /// Returns the column that refers to the column `column` of the referenced table.
    #[must_use]
    pub(crate) fn column_to(&self, column: &str) -> Option<&str> {
        let mut pairs = self.columns.iter().zip(&self.to_columns);
        pairs.find(|(_, to)| same(to, column)).map(|(from, _)| from.as_str())
    }
}

/// A trigger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trigger {
    /// The name.
    pub(crate) name: String,
    /// The event that fires it.
    pub(crate) event: TriggerEvent,
    /// Whether it is a rule of PostgreSQL that runs in addition to a statement, or only for some rows.
    pub(crate) is_partial_rule: bool,
}

/// The type of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Relation {
    /// A table, partitioned or not.
    Table,
    /// A view.
    View,
    /// A materialized view. Its rows are read-only copies that stay until it is refreshed.
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
    /// Returns whether it is a view.
    #[must_use]
    pub(crate) fn is_view(self) -> bool {
        matches!(self, Self::View | Self::MaterializedView)
    }
}
