//! Building a catalogue from rows that have one form for both databases.

use std::collections::BTreeMap;

use super::catalogue::Catalogue;
use super::foreign_key::{ForeignKey, OnDelete};
use super::name::same;
use super::storage::Storage;
use super::table::{Column, Index, Table};
use crate::sql::SqlValue;

type Rows = Vec<Vec<SqlValue>>;

impl Catalogue {
    /// Adds tables with their columns, from rows of (table, column, type, not null, default, generated, position in
    /// the primary key, …). The other values are passed to `storage`.
    pub(super) fn add_columns(
        &mut self,
        rows: Rows,
        storage: impl Fn(&mut Table, &str, &[SqlValue]) -> Storage,
    ) {
        let mut keys: BTreeMap<String, BTreeMap<i64, String>> = BTreeMap::new();
        for row in rows {
            let [name, column, declared, not_null, default, generated, position, rest @ ..] = &*row else {
                continue;
            };
            let (name, column, declared) = (text(name), text(column), text(declared));
            let at = self.key(&name);
            if let Some(position) = position.as_integer() {
                keys.entry(at.clone()).or_default().insert(position, column.clone());
            }
            let table = self.tables.entry(at).or_default();
            table.name = name;
            let storage = storage(table, &declared, rest);
            table.columns.push(Column {
                name: column,
                declared,
                not_null: is(not_null),
                default: default.as_text().map(str::to_owned),
                generated: is(generated),
                storage,
                collation: None,
                repeated: None,
            });
        }
        for (at, key) in keys {
            if let Some(table) = self.tables.get_mut(&at) {
                table.primary_key = key.into_values().collect();
            }
        }
    }

    /// Adds indexes, from ordered rows of (table, index, unique, partial, column), one for each column. The column of an
    /// expression is NULL.
    pub(super) fn add_indexes(&mut self, rows: Rows) {
        let mut last = None;
        for row in rows {
            let [table, index, unique, partial, column] = &*row else {
                continue;
            };
            let Some(table) = self.table_mut(&text(table)) else {
                continue;
            };
            let this = Some((table.name.clone(), index.clone()));
            if last != this {
                last = this;
                let (unique, partial) = (is(unique), is(partial));
                table.indexes.push(Index { columns: Vec::new(), width: 0, unique, partial });
            }
            if let Some(index) = table.indexes.last_mut() {
                if let Some(column) = column.as_text().filter(|_| index.columns.len() == index.width) {
                    index.columns.push(column.to_owned());
                }
                index.width += 1;
            }
        }
    }

    /// Adds foreign keys, from ordered rows of (table, key, column, referenced table, referenced column, action,
    /// enforced, validated), one for each column. A NULL as the referenced column means the primary key.
    pub(super) fn add_foreign_keys(&mut self, rows: Rows) {
        let mut keys: Vec<ForeignKey> = Vec::new();
        let mut last = None;
        for row in rows {
            let [table, id, from, to, to_column, action, enforced, validated] = &*row else {
                continue;
            };
            let (table, action) = (text(table), text(action));
            let to = self.tables.get(&self.key(&text(to))).ok_or(text(to));
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
                    enforced: is(enforced),
                    validated: is(validated),
                });
            }
            if let Some(key) = keys.last_mut() {
                let position = key.columns.len();
                let primary = || to.as_ref().ok()?.primary_key.get(position).cloned();
                let to_column = to_column.as_text().map(str::to_owned).or_else(primary);
                key.columns.push(text(from));
                key.to_columns.push(to_column.unwrap_or_default());
            }
        }
        keys.sort_by(|a, b| (&a.table, &a.columns, &a.to).cmp(&(&b.table, &b.columns, &b.to)));
        self.foreign_keys = keys;
    }

    pub(super) fn table_mut(&mut self, name: &str) -> Option<&mut Table> {
        let at = self.key(name);
        self.tables.get_mut(&at)
    }
}

pub(super) fn is(value: &SqlValue) -> bool {
    value.as_integer().is_some_and(|value| value != 0)
}

/// Returns a text, empty for NULL.
pub(super) fn text(value: &SqlValue) -> String {
    value.as_text().unwrap_or_default().to_owned()
}
