//! Reads the catalogue of SQLite.

use std::collections::BTreeMap;

use super::catalogue::{Catalogue, Traits};
use super::foreign_key::{ForeignKey, OnDelete};
use super::name::same;
use super::relation::Relation;
use super::storage::{Affinity, Storage};
use super::table::{Column, Index, Table};
use super::trigger::Trigger;
use super::{collation, trigger_sql, view};
use crate::domain::DataMap;
use crate::sql::{Dialect, Prefix, SqlError, SqlTransaction, SqlValue};

/// Every operation looks for rows without an id, because even a primary key may be NULL.
const TRAITS: Traits = Traits { ignores_case: true, requires_ids: false, single_writer: true };

/// Broken views and virtual tables of missing modules have no columns, and asking for those would be an error.
const COLUMNS: &str = "SELECT t.name, t.type, x.name, x.type, x.\"notnull\", x.dflt_value, x.pk, x.hidden \
     FROM pragma_table_list AS t JOIN pragma_table_xinfo(t.name, 'main') AS x \
     WHERE t.schema = 'main' AND t.ncol > 0 AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND x.hidden <> 1 \
     ORDER BY t.name, x.cid";
/// The `cid` of an expression is -2.
const INDEXES: &str = "SELECT t.name, i.name, i.\"unique\", i.partial, c.name, c.cid \
     FROM sqlite_master AS t JOIN pragma_index_list(t.name, 'main') AS i JOIN pragma_index_info(i.name, 'main') AS c \
     WHERE t.type = 'table' AND t.sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY t.name, i.name, c.seqno";
const FOREIGN_KEYS: &str = "SELECT t.name, f.id, f.\"from\", f.\"table\", f.\"to\", f.on_delete \
     FROM sqlite_master AS t JOIN pragma_foreign_key_list(t.name, 'main') AS f \
     WHERE t.type = 'table' AND t.sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY t.name, f.id, f.seq";
const TRIGGERS: &str =
    "SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY tbl_name, name";

pub(super) async fn read(
    tx: &mut (dyn SqlTransaction + '_),
    prefix: &Prefix,
    map: &DataMap,
) -> Result<Catalogue, SqlError> {
    let mut tables = tables(&tx.query(COLUMNS, &[]).await?);
    indexes(&tx.query(INDEXES, &[]).await?, &mut tables);
    let foreign_keys = foreign_keys(&tx.query(FOREIGN_KEYS, &[]).await?, &tables);
    for row in tx.query(TRIGGERS, &[]).await? {
        if let [table, name, sql] = &*row
            && let Some(table) = tables.get_mut(&text(table).to_ascii_lowercase())
        {
            table.triggers.push(Trigger { name: text(name), event: trigger_sql::event(&text(sql)) });
        }
    }
    let mut catalogue = Catalogue::new(Dialect::Sqlite, TRAITS, prefix, tables, foreign_keys);
    collation::read(tx, &mut catalogue, map).await?;
    view::read(tx, &mut catalogue, map, str::to_owned).await?;
    Ok(catalogue)
}

fn tables(rows: &[Vec<SqlValue>]) -> BTreeMap<String, Table> {
    let mut tables: BTreeMap<String, Table> = BTreeMap::new();
    let mut keys: BTreeMap<String, BTreeMap<i64, String>> = BTreeMap::new();
    for row in rows {
        let [name, relation, column, declared, not_null, default, key, hidden] = &**row else {
            continue;
        };
        let (name, column) = (text(name), text(column));
        let at = name.to_ascii_lowercase();
        if let Some(position) = key.as_integer().filter(|position| *position > 0) {
            let key = keys.entry(at.clone()).or_default();
            key.insert(position, column.clone());
        }
        let declared = text(declared);
        let table = tables.entry(at).or_default();
        table.name = name;
        let is_view = relation.as_text() == Some("view");
        if is_view {
            table.relation = Relation::View;
        }
        table.columns.push(Column {
            name: column,
            storage: Storage::Affinity(Affinity::of(&declared, is_view)),
            declared,
            not_null: not_null.as_integer() == Some(1),
            default: default.as_text().map(str::to_owned),
            // 2 is a virtual generated column, 3 a stored one.
            generated: hidden.as_integer() >= Some(2),
            collation: None,
            repeated: None,
        });
    }
    for (name, key) in keys {
        if let Some(table) = tables.get_mut(&name) {
            table.primary_key = key.into_values().collect();
        }
    }
    tables
}

fn indexes(rows: &[Vec<SqlValue>], tables: &mut BTreeMap<String, Table>) {
    let mut last = None;
    for row in rows {
        let [table, name, unique, partial, column, cid] = &**row else {
            continue;
        };
        let Some(table) = tables.get_mut(&text(table).to_ascii_lowercase()) else {
            continue;
        };
        let this = Some((table.name.clone(), text(name)));
        if this != last {
            last = this;
            table.indexes.push(Index {
                columns: Vec::new(),
                width: 0,
                unique: unique.as_integer() == Some(1),
                partial: partial.as_integer() == Some(1),
            });
        }
        if let Some(index) = table.indexes.last_mut() {
            let plain = cid.as_integer().is_some_and(|cid| cid >= 0);
            if plain && index.columns.len() == index.width {
                index.columns.push(text(column));
            }
            index.width += 1;
        }
    }
}

fn foreign_keys(rows: &[Vec<SqlValue>], tables: &BTreeMap<String, Table>) -> Vec<ForeignKey> {
    let mut keys: Vec<ForeignKey> = Vec::new();
    let mut last = None;
    for row in rows {
        let [table, id, from, to, to_column, on_delete] = &**row else {
            continue;
        };
        let table = text(table);
        let this = Some((table.clone(), id.as_integer()));
        let to = tables.get(&text(to).to_ascii_lowercase()).ok_or(text(to));
        if this != last {
            last = this;
            keys.push(ForeignKey {
                table,
                columns: Vec::new(),
                to: match to {
                    Ok(to) => to.name.clone(),
                    Err(ref name) => name.clone(),
                },
                to_columns: Vec::new(),
                on_delete: action(&text(on_delete)),
                deferrable: false,
                enforced: true,
                validated: true,
            });
        }
        if let Some(key) = keys.last_mut() {
            // If no column is named, the primary key is meant.
            let position = key.columns.len();
            let to_column = to_column.as_text().map(str::to_owned).or_else(|| {
                let to = to.as_ref().ok()?;
                to.primary_key.get(position).cloned()
            });
            key.columns.push(text(from));
            key.to_columns.push(to_column.unwrap_or_default());
        }
    }
    keys.sort_by(|a, b| (&a.table, &a.columns, &a.to).cmp(&(&b.table, &b.columns, &b.to)));
    keys
}

fn action(text: &str) -> OnDelete {
    OnDelete::ALL.into_iter().find(|action| same(&action.to_string(), text)).unwrap_or(OnDelete::NoAction)
}

fn text(value: &SqlValue) -> String {
    value.as_text().unwrap_or_default().to_owned()
}
