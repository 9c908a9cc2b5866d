//! The catalogue that policies are checked against.

use std::collections::BTreeMap;

use super::foreign_key::ForeignKey;
use super::name::same;
use super::table::{Column, Table};
use crate::sql::statement::TABLES;
use crate::sql::{Dialect, Prefix};

/// The tables of a database, as its own catalogue describes them.
///
/// Names match in any case. The library's tables and those of the database itself are left out. On PostgreSQL, tables
/// outside the search path are called `schema.table`.
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
    traits: Traits,
    prefix: Prefix,
    /// By name; in lower case if names match in any case.
    pub(super) tables: BTreeMap<String, Table>,
    pub(super) foreign_keys: Vec<ForeignKey>,
}

/// The differences between databases that matter for checking a policy.
#[derive(Debug, Clone, Copy)]
pub(in crate::sql) struct Traits {
    /// Whether names match in any case.
    pub(in crate::sql) ignores_case: bool,
    /// Whether a row without an id is never found, because no operation looks for one.
    pub(in crate::sql) requires_ids: bool,
    /// Whether only one transaction writes at a time.
    pub(in crate::sql) single_writer: bool,
}

impl Catalogue {
    pub(super) fn new(dialect: Dialect, traits: Traits, prefix: &Prefix) -> Self {
        Self { dialect, traits, prefix: prefix.clone(), tables: BTreeMap::new(), foreign_keys: Vec::new() }
    }

    /// Removes the library's own tables.
    pub(super) fn without_own_tables(mut self) -> Self {
        for own in TABLES {
            let own = self.key(&self.prefix.table(own));
            self.tables.remove(&own);
        }
        self
    }

    /// Returns the key of a table in `tables`.
    pub(super) fn key(&self, name: &str) -> String {
        if self.traits.ignores_case { name.to_ascii_lowercase() } else { name.to_owned() }
    }

    /// Returns the SQL dialect of the database.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    pub(in crate::sql) fn traits(&self) -> Traits {
        self.traits
    }

    /// Returns the prefix of the library's tables.
    pub(in crate::sql) fn prefix(&self) -> &Prefix {
        &self.prefix
    }

    /// Returns the tables and views, ordered by name.
    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        self.tables.values()
    }

    /// Returns a table or view by its name, in any case.
    #[must_use]
    pub fn table(&self, name: &str) -> Option<&Table> {
        let exactly = self.tables.get(name).or_else(|| self.tables.get(&name.to_ascii_lowercase()));
        exactly.or_else(|| self.tables.values().find(|table| same(&table.name, name)))
    }

    /// Returns whether two names are the same to the database. On PostgreSQL they must be equal, because the library
    /// quotes them.
    pub(in crate::sql) fn is_one_name(&self, a: &str, b: &str) -> bool {
        a == b || (self.traits.ignores_case && same(a, b))
    }

    /// Returns a table and all tables it inherits from: its rows are rows of each of them.
    pub(in crate::sql) fn lineage<'a>(&'a self, table: &'a str) -> Vec<&'a str> {
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

    /// Returns the foreign keys, ordered by table.
    pub fn foreign_keys(&self) -> impl Iterator<Item = &ForeignKey> {
        self.foreign_keys.iter()
    }

    /// Returns the foreign keys of a table.
    pub fn foreign_keys_of<'a>(&'a self, table: &'a str) -> impl Iterator<Item = &'a ForeignKey> {
        let keys = self.foreign_keys.iter();
        keys.filter(move |key| same(&key.table, table))
    }

    /// Returns a column by the names of the data map.
    pub(super) fn column_mut(&mut self, table: &str, column: &str) -> Option<&mut Column> {
        let name = self.table(table)?.name.clone();
        let table = self.tables.values_mut().find(|table| table.name == name)?;
        let name = table.column(column)?.name.clone();
        table.columns.iter_mut().find(|column| column.name == name)
    }
}
