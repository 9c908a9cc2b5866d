//! Reads the catalogue of SQLite from its pragmas. Collations and the events of triggers are not in any pragma, so
//! they are found in other ways.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::allowed::allowed_in_table;
use super::catalogue::{Catalogue, Traits, read_repeated_ids, read_shared_keys, text};
use super::storage::{Affinity, Collation, Storage};
use super::table::{Relation, Trigger};
use crate::domain::{DataMap, FieldName, Kind, TableName};
use crate::sql::trigger_event::{trigger_event, words};
use crate::sql::{Dialect, Prefix, SqlError, SqlTransaction, SqlValue};

/// Operations do not skip rows without an id: they look for such rows and fail, because even a primary key may be
/// NULL.
const TRAITS: Traits = Traits {
    ignores_case: true,
    requires_ids: false,
    single_writer: true,
    writes_views: false,
    only_schema: Some(MAIN),
    table_name: TableName::new,
};

/// The schema of the database itself. Attached databases and temporary tables are in others.
const MAIN: &str = "main";

const SCHEMAS: &str = "SELECT name FROM pragma_database_list ORDER BY 1";

/// Views that are broken and virtual tables whose module is missing have no columns. To read them would be an error.
/// In `hidden`, 2 is a virtual generated column and 3 a stored one.
const COLUMNS: &str = "SELECT t.name, x.name, x.type, x.\"notnull\", x.dflt_value, x.hidden >= 2, NULLIF(x.pk, 0), \
     t.type = 'view' \
     FROM pragma_table_list AS t JOIN pragma_table_xinfo(t.name, 'main') AS x \
     WHERE t.schema = 'main' AND t.ncol > 0 AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND x.hidden <> 1 \
     ORDER BY t.name, x.cid";
const INDEXES: &str = "SELECT t.name, i.name, i.\"unique\", i.partial, c.name, \
     CASE WHEN c.name IS NULL THEN (SELECT s.sql FROM sqlite_master AS s WHERE s.type = 'index' AND s.name = i.name) END \
     FROM sqlite_master AS t JOIN pragma_index_list(t.name, 'main') AS i JOIN pragma_index_info(i.name, 'main') AS c \
     WHERE t.type = 'table' AND t.sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY t.name, i.name, c.seqno";
const FOREIGN_KEYS: &str = "SELECT t.name, f.id, f.\"from\", f.\"table\", f.\"to\", f.on_delete, 1, 1, 0, 0, 1 \
     FROM sqlite_master AS t JOIN pragma_foreign_key_list(t.name, 'main') AS f \
     WHERE t.type = 'table' AND t.sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY t.name, f.id, f.seq";
const VIEWS: &str = "SELECT name, sql FROM sqlite_master WHERE type = 'view' ORDER BY name";
const TRIGGERS: &str =
    "SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY tbl_name, name";
/// Tables with constraints.
const DEFINITIONS: &str =
    "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND sql LIKE '%check%' ORDER BY 1";

pub(super) async fn read(
    tx: &mut (dyn SqlTransaction + '_),
    prefix: &Prefix,
    map: &DataMap,
) -> Result<Catalogue, SqlError> {
    let mut catalogue = Catalogue::new(Dialect::Sqlite, TRAITS, prefix);
    catalogue.schemas = tx.query(SCHEMAS, &[]).await?.iter().flatten().map(text).collect();
    catalogue.add_columns(tx.query(COLUMNS, &[]).await?, |table, declared, rest| {
        MAIN.clone_into(&mut table.schema);
        let is_view = rest == [SqlValue::Integer(1)];
        if is_view {
            table.relation = Relation::View;
        }
        Storage::Affinity(Affinity::of(declared, is_view))
    });
    catalogue.add_indexes(tx.query(INDEXES, &[]).await?);
    catalogue.add_foreign_keys(tx.query(FOREIGN_KEYS, &[]).await?);
    for row in tx.query(TRIGGERS, &[]).await? {
        if let [table, name, sql] = &*row
            && let Some(table) = catalogue.table_mut(&TableName::new(text(table)))
        {
            table.triggers.push(Trigger {
                name: text(name),
                event: trigger_event(&text(sql)),
                is_partial_rule: false,
            });
        }
    }
    for row in tx.query(DEFINITIONS, &[]).await? {
        let [table, sql] = &*row else { continue };
        for (column, values) in allowed_in_table(&text(sql)).into_iter().flatten() {
            catalogue.allow(&TableName::new(text(table)), &column, &values);
        }
    }
    for row in tx.query(VIEWS, &[]).await? {
        if let [view, sql] = &*row {
            read_view(&mut catalogue, &TableName::new(text(view)), &text(sql));
        }
    }
    read_collations(tx, &mut catalogue, map).await?;
    read_repeated_ids(tx, &mut catalogue, map, str::to_owned).await?;
    read_shared_keys(tx, &mut catalogue, map, |key| format!("lower({key})")).await?;
    Ok(catalogue)
}

/// Notes which tables a view names. A name may also be that of a column, so there may be too many.
fn read_view(catalogue: &mut Catalogue, view: &TableName, sql: &str) {
    let words = words(sql).map(|word| word.trim_matches(['"', '\'', '`', '[', ']']));
    let words: Vec<&str> = words.collect();
    let named = |name: &&TableName| words.iter().any(|word| word.eq_ignore_ascii_case(&name.table));
    let reads: Vec<TableName> =
        catalogue.table_names().filter(|name| *name != view).filter(named).cloned().collect();
    if let Some(view) = catalogue.table_mut(view) {
        view.reads = reads;
    }
}

/// The maximum number of columns in one statement.
const BATCH: usize = 100;

/// Reads the collations of a map's references, and of the ids they refer to.
async fn read_collations(
    tx: &mut (dyn SqlTransaction + '_),
    catalogue: &mut Catalogue,
    map: &DataMap,
) -> Result<(), SqlError> {
    let named = |kind: &Kind, field: &FieldName| {
        let table = catalogue.table(&kind.table_name())?;
        Some((table.name.clone(), table.column(kind.column(field))?.name.clone()))
    };
    let mut columns: BTreeSet<(TableName, String)> = BTreeSet::new();
    for reference in map.references() {
        if let (Some(from), Some(to)) = (map.kind(&reference.from), map.kind(&reference.to)) {
            columns.extend(reference.fields.iter().filter_map(|field| named(from, field)));
            columns.extend(map.key_of(reference).iter().filter_map(|field| named(to, field)));
        }
    }
    let columns: Vec<(TableName, String)> = columns.into_iter().collect();
    for batch in columns.chunks(BATCH) {
        let rows = tx.query(&statement(catalogue, batch), &[]).await?;
        for ((table, column), row) in batch.iter().zip(rows) {
            if let Some(column) = catalogue.column_mut(table, column) {
                column.collation = row.get(1).and_then(SqlValue::as_integer).map(Collation);
            }
        }
    }
    Ok(())
}

/// Renders the query that compares `A` with `a` and with `A` and a space, once for each column. In a compound query, SQLite
/// compares a value with the collation of the first query's column, so no row is read.
fn statement(catalogue: &Catalogue, columns: &[(TableName, String)]) -> String {
    let mut sql = String::new();
    for (at, (table, column)) in columns.iter().enumerate() {
        let union = if at == 0 { "" } else { "\nUNION ALL " };
        let (table, column) = (catalogue.dialect().table(table), catalogue.dialect().quote(column));
        let _ = write!(
            sql,
            "{union}SELECT {at}, (SELECT (v.c = 'a') + 2 * (v.c = 'A ') \
             FROM (SELECT r.{column} AS c FROM {table} AS r WHERE 0 UNION ALL SELECT 'A') AS v)"
        );
    }
    sql + "\nORDER BY 1"
}
