//! What the database says of its tables.

mod postgres;
mod relation;
mod sqlite;
mod trigger;

use std::collections::BTreeMap;
use std::fmt;

pub use relation::{Privilege, Relation};

use super::table_schema::ColumnType;
use super::{Dialect, Prefix, SqlError, SqlTransaction};

/// The tables of a database, as it describes them itself.
///
/// Names are found in any case, as SQLite finds them. Tables of the library and of the database itself are not
/// among them. On PostgreSQL tables that the search path does not lead to are called `schema.table`.
///
/// ```no_run
/// # async fn run() -> Result<(), client_lifecycle::store::StoreError> {
/// use client_lifecycle::sqlite::SqliteStore;
/// let catalogue = SqliteStore::connect("sqlite:app.db").await?.catalogue().await?;
/// for key in catalogue.foreign_keys() {
///     println!("{}({}) -> {}", key.table, key.columns.join(", "), key.to);
/// }
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Catalogue {
    dialect: Dialect,
    /// By their names; on SQLite in lower case.
    tables: BTreeMap<String, Table>,
    foreign_keys: Vec<ForeignKey>,
}

/// A table, or a view.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Table {
    /// Its name, as it was written when it was created.
    pub name: String,
    /// What it is to the database.
    pub relation: Relation,
    /// Its columns, in their order.
    pub columns: Vec<Column>,
    /// The columns of the primary key, in its order.
    pub primary_key: Vec<String>,
    /// Its indexes; those of the primary key and of unique constraints too, where they are indexes.
    pub indexes: Vec<Index>,
    /// Its triggers; of a partitioned table those of its parts too.
    pub triggers: Vec<Trigger>,
    /// The tables that it inherits from. On PostgreSQL.
    pub inherits: Vec<String>,
    /// Of a view that keeps its rows: the tables that they come from.
    pub copies: Vec<String>,
    /// Whether row-level security hides rows of it from the role that asks.
    pub row_security: bool,
    /// What the role that asks may not do with it. SQLite knows no roles.
    pub denied: Vec<Privilege>,
}

/// A column.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type as declared; empty where none was.
    pub declared: String,
    /// Whether it refuses null.
    pub not_null: bool,
    /// The expression of its default, where it has one.
    pub default: Option<String>,
    /// Whether the database alone says what it holds: computed from other columns, or an identity that is
    /// `GENERATED ALWAYS`.
    pub generated: bool,
    pub(super) affinity: Affinity,
    /// On PostgreSQL.
    pub(super) typed: Option<ColumnType>,
}

/// What a column makes of the values written to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Affinity {
    Integer,
    Real,
    Text,
    Blob,
    Numeric,
    /// No type was declared.
    Any,
}

/// An index.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Index {
    /// Its columns in their order, up to the first that is an expression.
    pub columns: Vec<String>,
    /// How many columns it has, expressions too.
    pub width: usize,
    /// Whether no two rows may have the same values.
    pub unique: bool,
    /// Whether it holds only some of the rows.
    pub partial: bool,
}

/// A foreign key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ForeignKey {
    /// The table that refers.
    pub table: String,
    /// Its columns.
    pub columns: Vec<String>,
    /// The table it refers to, as that is written in its own definition, where it is there.
    pub to: String,
    /// The columns referred to, one for each of `columns`; empty text where the table is not there.
    pub to_columns: Vec<String>,
    /// What becomes of the row when the row referred to is deleted.
    pub on_delete: OnDelete,
    /// Whether it may be checked as late as at commit. SQLite does not say.
    pub deferrable: bool,
    /// Whether every write is held against it. On PostgreSQL one may be `NOT ENFORCED`, have its triggers
    /// disabled, or be that of a single partition.
    pub enforced: bool,
    /// Whether the rows that were there before it have been held against it too.
    pub validated: bool,
}

/// What the database does with a row whose parent is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum OnDelete {
    /// It refuses, unless the row is gone when it checks.
    NoAction,
    /// It refuses at once.
    Restrict,
    /// It deletes the row.
    Cascade,
    /// It sets the reference null.
    SetNull,
    /// It sets the reference to the column's default.
    SetDefault,
}

/// A trigger.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Trigger {
    /// Its name.
    pub name: String,
    /// What sets it off.
    pub event: TriggerEvent,
}

/// What sets a trigger off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TriggerEvent {
    /// A row that is inserted.
    Insert,
    /// A row that is changed.
    Update,
    /// A row that is deleted.
    Delete,
}

impl Catalogue {
    /// Reads the catalogue: a few statements, however many tables there are. Tables with the prefix of the
    /// library are left out where they are the library's.
    ///
    /// # Errors
    /// [`SqlError`]
    pub async fn read(
        tx: &mut (dyn SqlTransaction + '_),
        dialect: Dialect,
        prefix: &Prefix,
    ) -> Result<Self, SqlError> {
        Self::read_with(tx, dialect, prefix, &[]).await
    }

    /// The same, and on PostgreSQL also these tables, wherever they are.
    pub(super) async fn read_with(
        tx: &mut (dyn SqlTransaction + '_),
        dialect: Dialect,
        prefix: &Prefix,
        named: &[&str],
    ) -> Result<Self, SqlError> {
        let mut catalogue = match dialect {
            Dialect::Sqlite => sqlite::read(tx).await?,
            Dialect::Postgres => postgres::read(tx, named).await?,
        };
        for own in super::prefix::TABLES {
            let own = prefix.table(own);
            match dialect {
                Dialect::Sqlite => catalogue.tables.remove(&own.to_ascii_lowercase()),
                Dialect::Postgres => catalogue.tables.remove(&own),
            };
        }
        Ok(catalogue)
    }

    /// The SQL of the database.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The tables and views, by name.
    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        self.tables.values()
    }

    /// A table or view, whatever the case of its name.
    #[must_use]
    pub fn table(&self, name: &str) -> Option<&Table> {
        let exactly = self.tables.get(name).or_else(|| self.tables.get(&name.to_ascii_lowercase()));
        exactly.or_else(|| self.tables.values().find(|table| same(&table.name, name)))
    }

    /// Returns whether the database takes two names of tables for one. PostgreSQL does only where they are equal,
    /// because names are quoted.
    pub(super) fn is_one_name(&self, a: &str, b: &str) -> bool {
        a == b || (self.dialect == Dialect::Sqlite && same(a, b))
    }

    /// Returns a table and the tables it inherits from, however far: its rows are rows of them all.
    pub(super) fn lineage<'a>(&'a self, table: &'a str) -> Vec<&'a str> {
        let mut all = vec![table];
        let mut next = 0;
        while let Some(name) = all.get(next).copied() {
            let parents = self.tables.get(name).into_iter().flat_map(|table| &table.inherits);
            for parent in parents {
                if !all.contains(&parent.as_str()) {
                    all.push(parent);
                }
            }
            next += 1;
        }
        all
    }

    /// The foreign keys, by table.
    pub fn foreign_keys(&self) -> impl Iterator<Item = &ForeignKey> {
        self.foreign_keys.iter()
    }

    /// The foreign keys of a table.
    pub fn foreign_keys_of<'a>(&'a self, table: &'a str) -> impl Iterator<Item = &'a ForeignKey> {
        let keys = self.foreign_keys.iter();
        keys.filter(move |key| same(&key.table, table))
    }
}

impl Table {
    /// A column, whatever the case of its name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        let exactly = self.columns.iter().find(|column| column.name == name);
        exactly.or_else(|| self.columns.iter().find(|column| same(&column.name, name)))
    }

    /// Whether its rows are those of a query, which says nothing of keys.
    #[must_use]
    pub fn is_view(&self) -> bool {
        self.relation.is_view()
    }

    /// Whether a column is the whole primary key.
    #[must_use]
    pub fn is_primary_key(&self, column: &str) -> bool {
        matches!(&*self.primary_key, [key] if same(key, column))
    }

    /// Whether no two rows have the same value in a column.
    #[must_use]
    pub fn is_unique(&self, column: &str) -> bool {
        let mut indexes = self.indexes.iter();
        self.is_primary_key(column)
            || indexes.any(|index| {
                index.unique
                    && !index.partial
                    && index.width == 1
                    && index.columns.first().is_some_and(|only| same(only, column))
            })
    }

    /// Whether rows are found by a column without reading the whole table.
    #[must_use]
    pub fn is_indexed(&self, column: &str) -> bool {
        let mut indexes = self.indexes.iter();
        self.is_primary_key(column)
            || indexes
                .any(|index| !index.partial && index.columns.first().is_some_and(|first| same(first, column)))
    }
}

impl ForeignKey {
    /// The column that refers to `column` of the other table.
    #[must_use]
    pub fn column_to(&self, column: &str) -> Option<&str> {
        let mut pairs = self.columns.iter().zip(&self.to_columns);
        pairs.find(|(_, to)| same(to, column)).map(|(from, _)| from.as_str())
    }
}

impl OnDelete {
    /// Whether the database changes or deletes the row by itself.
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

impl TriggerEvent {
    /// The word in SQL.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Insert => "INSERT",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
        }
    }
}

/// Whether two names are one to the database.
pub(super) fn same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}
