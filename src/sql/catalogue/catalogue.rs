//! The catalogue that policies are checked against. It is built from rows whose columns are the same for both
//! databases.

use std::collections::{BTreeMap, BTreeSet};

use super::expression::lower_column;
use super::storage::Storage;
use super::table::{Column, ForeignKey, Index, RepeatedId, Table};
use crate::domain::{DataMap, KeyComparison, OnDelete, ReferenceName, TableName};
use crate::sql::statement::{TABLES, quote_table};
use crate::sql::{Dialect, Prefix, SqlError, SqlTransaction, SqlValue};

/// The tables of a database, as its system catalogue describes them.
///
/// Names match in any case. The tables of the library and of the database itself are left out. On PostgreSQL, it has
/// the tables of every schema that the role can see, and tables outside the search path are named with their schema.
///
/// ```no_run
/// # async fn run() -> Result<(), client_lifecycle::store::StoreError> {
/// use client_lifecycle::sqlite::SqliteStore;
/// let catalogue = SqliteStore::connect("sqlite:app.db").await?.catalogue().await?;
/// for table in catalogue.table_names() {
///     println!("{table}");
/// }
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Catalogue {
    dialect: Dialect,
    pub(super) traits: Traits,
    prefix: Prefix,
    /// By name. In lower case if names match in any case.
    pub(super) tables: BTreeMap<TableName, Table>,
    /// The schemas of the database, whether or not the role can see them.
    pub(super) schemas: BTreeSet<String>,
    pub(super) foreign_keys: Vec<ForeignKey>,
    /// For references that ignore case: the number of records that have one key in common. References without such
    /// records are left out.
    shared_keys: BTreeMap<ReferenceName, i64>,
    /// The masks that the database refuses, by their path in the policy document, with the constraint.
    refused_masks: BTreeMap<String, String>,
}

/// The differences between databases that matter for checking a policy.
#[derive(Debug, Clone, Copy)]
#[allow(clippy::struct_excessive_bools, reason = "each is a trait of its own")]
pub(in crate::sql) struct Traits {
    /// Whether names match in any case.
    pub(in crate::sql) ignores_case: bool,
    /// Whether operations skip rows without an id.
    pub(in crate::sql) requires_ids: bool,
    /// Whether only one transaction writes at a time.
    pub(in crate::sql) single_writer: bool,
    /// Whether operations can write to views.
    pub(in crate::sql) writes_views: bool,
    /// The schema whose tables a policy can use; `None` if it can use every schema.
    pub(in crate::sql) only_schema: Option<&'static str>,
    /// Reads the name of a table in a result.
    pub(super) table_name: fn(String) -> TableName,
}

impl Catalogue {
    pub(super) fn new(dialect: Dialect, traits: Traits, prefix: &Prefix) -> Self {
        Self {
            dialect,
            traits,
            prefix: prefix.clone(),
            tables: BTreeMap::new(),
            schemas: BTreeSet::new(),
            foreign_keys: Vec::new(),
            shared_keys: BTreeMap::new(),
            refused_masks: BTreeMap::new(),
        }
    }

    /// Removes the library's own tables.
    pub(super) fn without_own_tables(mut self) -> Self {
        for own in TABLES {
            let own = self.key(&TableName::new(self.prefix.table(own)));
            self.tables.remove(&own);
        }
        self
    }

    pub(super) fn read_name(&self, value: &SqlValue) -> TableName {
        (self.traits.table_name)(text(value))
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

    /// Returns how many records share one key that a reference holds; `None` if each record has its own.
    pub(in crate::sql) fn shared_key(&self, reference: &ReferenceName) -> Option<i64> {
        self.shared_keys.get(reference).copied()
    }

    /// Notes that a constraint of the database refuses the mask at a path.
    pub(super) fn refuse_mask(&mut self, path: &str, constraint: String) {
        self.refused_masks.entry(path.to_owned()).or_insert(constraint);
    }

    /// Returns the constraint that refuses the mask at a path; `None` if none is known to do so.
    pub(in crate::sql) fn refusing(&self, path: &str) -> Option<&str> {
        self.refused_masks.get(path).map(String::as_str)
    }

    /// Returns the names of the tables and views, sorted.
    pub fn table_names(&self) -> impl Iterator<Item = &TableName> {
        self.tables.values().map(|table| &table.name)
    }

    /// Returns the tables and views, ordered by name.
    pub(in crate::sql) fn tables(&self) -> impl Iterator<Item = &Table> {
        self.tables.values()
    }

    /// Returns the foreign keys, ordered by table.
    pub(in crate::sql) fn foreign_keys(&self) -> impl Iterator<Item = &ForeignKey> {
        self.foreign_keys.iter()
    }

    /// Returns the foreign keys of a table.
    pub(in crate::sql) fn foreign_keys_of<'a>(
        &'a self,
        table: &'a TableName,
    ) -> impl Iterator<Item = &'a ForeignKey> {
        let keys = self.foreign_keys.iter();
        keys.filter(move |key| self.is_one_table(&key.table, table))
    }

    /// Returns a column, given names from the data map.
    pub(super) fn column_mut(&mut self, table: &TableName, column: &str) -> Option<&mut Column> {
        let name = self.table(table)?.name.clone();
        let table = self.tables.values_mut().find(|table| table.name == name)?;
        let name = table.column(column)?.name.clone();
        table.columns.iter_mut().find(|column| column.name == name)
    }
}

type Rows = Vec<Vec<SqlValue>>;

impl Catalogue {
    /// Adds tables with their columns. The rows hold (table, column, type, not null, default, generated, position in
    /// the primary key, …). Further values are passed to `storage`.
    pub(super) fn add_columns(
        &mut self,
        rows: Rows,
        storage: impl Fn(&mut Table, &str, &[SqlValue]) -> Storage,
    ) {
        let mut keys: BTreeMap<TableName, BTreeMap<i64, String>> = BTreeMap::new();
        for row in rows {
            let [name, column, declared, not_null, default, generated, position, rest @ ..] = &*row else {
                continue;
            };
            let (name, column, declared) = (self.read_name(name), text(column), text(declared));
            let at = self.key(&name);
            if let Some(position) = position.as_integer() {
                keys.entry(at.clone()).or_default().insert(position, column.clone());
            }
            let table = self.tables.entry(at).or_insert_with(|| Table::new(name));
            let storage = storage(table, &declared, rest);
            table.columns.push(Column {
                name: column,
                declared,
                not_null: is(not_null),
                default: default.as_text().map(str::to_owned),
                generated: is(generated),
                storage,
                collation: None,
                allowed: None,
                repeated: None,
            });
        }
        for (at, key) in keys {
            if let Some(table) = self.tables.get_mut(&at) {
                table.primary_key = key.into_values().collect();
            }
        }
    }

    /// Narrows the values that a column may hold.
    pub(super) fn allow(&mut self, table: &TableName, column: &str, values: &[String]) {
        let Some(table) = self.table_mut(table) else { return };
        let Some(name) = table.column(column).map(|column| column.name.clone()) else { return };
        for column in table.columns.iter_mut().filter(|column| column.name == name) {
            match &mut column.allowed {
                Some(known) => known.retain(|value| values.contains(value)),
                none => *none = Some(values.to_vec()),
            }
        }
    }

    /// Adds indexes. The sorted rows hold (table, index, unique, partial, column), one for each column. The column is
    /// NULL for an expression.
    pub(super) fn add_indexes(&mut self, rows: Rows) {
        let mut last = None;
        for row in rows {
            let [table, index, unique, partial, column, expression] = &*row else {
                continue;
            };
            let name = self.read_name(table);
            let Some(table) = self.table_mut(&name) else {
                continue;
            };
            let this = Some((table.name.clone(), index.clone()));
            if last != this {
                last = this;
                let (unique, partial) = (is(unique), is(partial));
                table.indexes.push(Index { columns: Vec::new(), width: 0, unique, partial, lower: None });
            }
            let lower = expression.as_text().and_then(lower_column);
            let lower = lower.filter(|lower| table.column(lower).is_some());
            if let Some(index) = table.indexes.last_mut() {
                index.lower = lower.filter(|_| index.width == 0);
                if let Some(column) = column.as_text().filter(|_| index.columns.len() == index.width) {
                    index.columns.push(column.to_owned());
                }
                index.width += 1;
            }
        }
    }

    /// Adds foreign keys. The sorted rows hold (table, key, column, referenced table, referenced column, action,
    /// enforced, validated, of a partition, match full, changed by the action), one for each column. If the referenced
    /// column is NULL, the key refers to the primary key.
    pub(super) fn add_foreign_keys(&mut self, rows: Rows) {
        let mut keys: Vec<ForeignKey> = Vec::new();
        let mut last = None;
        for row in rows {
            let [table, id, from, to, to_column, action, enforced, validated, of_partition, match_full, set] =
                &*row
            else {
                continue;
            };
            let (table, to, action) = (self.read_name(table), self.read_name(to), text(action));
            let to = self.tables.get(&self.key(&to)).ok_or(to);
            let this = Some((table.clone(), id.clone()));
            if last != this {
                last = this;
                let mut actions = OnDelete::ALL.iter().copied();
                let on_delete = actions.find(|known| same(&known.to_string(), &action));
                keys.push(ForeignKey {
                    table,
                    columns: Vec::new(),
                    to: to.as_ref().map_or_else(Clone::clone, |to| to.name.clone()),
                    to_columns: Vec::new(),
                    on_delete: on_delete.unwrap_or(OnDelete::NoAction),
                    set_columns: Vec::new(),
                    enforced: is(enforced),
                    of_partition: is(of_partition),
                    match_full: is(match_full),
                    validated: is(validated),
                });
            }
            if let Some(key) = keys.last_mut() {
                let position = key.columns.len();
                let primary = || to.as_ref().ok()?.primary_key.get(position).cloned();
                let to_column = to_column.as_text().map(str::to_owned).or_else(primary);
                key.columns.push(text(from));
                key.set_columns.extend(is(set).then(|| text(from)));
                key.to_columns.push(to_column.unwrap_or_default());
            }
        }
        keys.sort_by(|a, b| (&a.table, &a.columns, &a.to).cmp(&(&b.table, &b.columns, &b.to)));
        self.foreign_keys = keys;
    }

    pub(super) fn table_mut(&mut self, name: &TableName) -> Option<&mut Table> {
        let at = self.key(name);
        self.tables.get_mut(&at)
    }
}

pub(super) fn is(value: &SqlValue) -> bool {
    value.as_integer().is_some_and(|value| value != 0)
}

/// Returns the text of a value, or empty text for NULL.
pub(super) fn text(value: &SqlValue) -> String {
    value.as_text().unwrap_or_default().to_owned()
}

/// Returns whether two names are equal in any case.
pub(in crate::sql) fn same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}

/// Finds ids that a view returns more than once, for views that are kinds of the map. `readable` converts a column to
/// the form in which ids are read.
pub(super) async fn read_repeated_ids(
    tx: &mut (dyn SqlTransaction + '_),
    catalogue: &mut Catalogue,
    map: &DataMap,
    readable: impl Fn(&str) -> String,
) -> Result<(), SqlError> {
    for kind in map.kinds() {
        let view = catalogue.table(&kind.table_name()).filter(|table| table.is_view() && !table.is_hidden);
        let id = view.and_then(|view| view.column(kind.column(kind.id.only()?)));
        let (Some(view), Some(id)) = (view, id) else {
            continue;
        };
        let (view, id) = (view.name.clone(), id.name.clone());
        let (table, column) = (quote_table(&view), format!("r.{}", catalogue.dialect().quote(&id)));
        let sql = format!(
            "SELECT {}, count(*) FROM {table} AS r GROUP BY {column} HAVING count(*) > 1 OR {column} IS NULL \
             ORDER BY {column} LIMIT 1",
            readable(&column)
        );
        let rows = tx.query(&sql, &[]).await?;
        if let Some([repeated, SqlValue::Integer(rows)]) = rows.first().map(Vec::as_slice)
            && let Some(column) = catalogue.column_mut(&view, &id)
        {
            column.repeated = Some(RepeatedId { id: repeated.clone(), rows: *rows });
        }
    }
    Ok(())
}

/// Finds references that ignore the case of letters if several records have keys that differ only in it. A unique index
/// on the columns themselves does not rule that out. `lower` renders text with its ASCII letters in lower case.
pub(super) async fn read_shared_keys(
    tx: &mut (dyn SqlTransaction + '_),
    catalogue: &mut Catalogue,
    map: &DataMap,
    lower: impl Fn(&str) -> String,
) -> Result<(), SqlError> {
    for reference in map.references().filter(|one| one.compare == KeyComparison::IgnoreAsciiCase) {
        let Some(to) = map.kind(&reference.to) else { continue };
        let Some(table) = catalogue.table(&to.table_name()).filter(|table| !table.is_hidden) else {
            continue;
        };
        let columns = map.key_of(reference).iter().map(|field| Some(&*table.column(to.column(field))?.name));
        let Some(columns) = columns.collect::<Option<Vec<&str>>>() else { continue };
        let dialect = catalogue.dialect();
        let columns = columns.iter().map(|column| format!("r.{}", dialect.quote(column)));
        let columns: Vec<String> = columns.collect();
        let known = columns.iter().map(|column| format!("{column} IS NOT NULL"));
        let compared = columns.iter().map(|column| lower(column));
        let sql = format!(
            "SELECT count(*) FROM {} AS r WHERE {} GROUP BY {} HAVING count(*) > 1 LIMIT 1",
            quote_table(&table.name),
            known.collect::<Vec<_>>().join(" AND "),
            compared.collect::<Vec<_>>().join(", ")
        );
        let rows = tx.query(&sql, &[]).await?;
        if let Some([SqlValue::Integer(records)]) = rows.first().map(Vec::as_slice) {
            catalogue.shared_keys.insert(reference.name.clone(), *records);
        }
    }
    Ok(())
}
