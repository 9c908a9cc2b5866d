//! What the catalogue says of the columns of tables, and by what it is seen that it says something else now.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use super::ColumnType;
use crate::domain::Kind;
use crate::sql::statement::{Statement, Writer};
use crate::sql::{Dialect, SqlValue};
use crate::store::StoreError;

/// The columns of a table, by their names.
pub(crate) type TableFacts = BTreeMap<String, ColumnType>;

/// What the catalogue says of some tables.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    /// For each table, in the order in which they were asked for; `None` where there is no such table.
    pub(crate) tables: Vec<Option<Arc<TableFacts>>>,
    /// Another one as soon as a column or an index of one of the tables is another.
    pub(crate) mark: String,
}

/// The first column of the row that holds the mark.
pub(crate) const MARK: i64 = -2;

/// The position of a table, and its columns as a JSON array; null where there is no such table.
const COLUMNS: &str = "SELECT j.\"key\" - 1, (SELECT json_agg(json_build_array(a.attname, \
     format_type(b.oid, -1), b.typname, b.typcategory, \
     CASE WHEN a.attcollation <> t.typcollation THEN (SELECT quote_ident(n.nspname) || '.' || quote_ident(o.collname) \
     FROM pg_catalog.pg_collation AS o JOIN pg_catalog.pg_namespace AS n ON n.oid = o.collnamespace \
     WHERE o.oid = a.attcollation) END, \
     a.attnotnull, EXISTS (SELECT 1 FROM pg_catalog.pg_index AS i WHERE i.indrelid = a.attrelid \
     AND i.indkey[0] = a.attnum AND i.indcollation[0] = a.attcollation AND i.indpred IS NULL AND i.indisvalid \
     AND (SELECT c.relam FROM pg_catalog.pg_class AS c WHERE c.oid = i.indexrelid) = 403)))::text \
     FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid \
     LEFT JOIN pg_catalog.pg_type AS d ON d.oid = t.typbasetype \
     JOIN pg_catalog.pg_type AS b ON b.oid = COALESCE(NULLIF(d.typbasetype, 0), d.oid, t.oid) \
     WHERE a.attrelid = to_regclass(j.\"value\") AND a.attnum > 0 AND NOT a.attisdropped) FROM ";

/// Whatever alters a column writes its row of the catalogue anew, in a later transaction.
const VERSIONS: &str = ", LATERAL (SELECT count(*) + sum(a.xmin::text::bigint) FROM pg_catalog.pg_attribute AS a \
     WHERE a.attrelid = to_regclass(j.\"value\") AND a.attnum > 0 \
     UNION ALL SELECT count(*) + sum(i.xmin::text::bigint) FROM pg_catalog.pg_index AS i \
     WHERE i.indrelid = to_regclass(j.\"value\")) AS v(n)";

/// The tables of these kinds, as the text that names them in a statement.
pub(crate) fn tables_of(kinds: &[&Kind]) -> Result<String, StoreError> {
    let tables: Vec<String> = kinds.iter().map(|kind| Dialect::Postgres.table(kind.table_name())).collect();
    serde_json::to_string(&tables).map_err(|source| StoreError::backend("asked for columns", source))
}

/// Asks for the columns of tables, and for their mark.
pub(crate) fn facts(tables: &str) -> Statement {
    let mut w = Writer::new(Dialect::Postgres);
    let (open, close) = w.dialect.json_rows();
    w.push(COLUMNS).push(open).bind(tables).push(close);
    w.push("\nUNION ALL SELECT ").number(MARK).push(", ");
    mark(&mut w, tables);
    w.finish()
}

/// The mark of tables, as an expression.
pub(crate) fn mark(w: &mut Writer, tables: &str) {
    let (open, close) = w.dialect.json_rows();
    w.push("(SELECT sum(v.n)::text FROM ").push(open).bind(tables).push(close).push(VERSIONS).push(")");
}

/// The mark, from the row that holds it.
pub(crate) fn read_mark(row: &[SqlValue]) -> Option<&str> {
    match row {
        [SqlValue::Integer(MARK), SqlValue::Text(mark)] => Some(mark),
        _ => None,
    }
}

#[derive(Deserialize)]
struct Fact(String, String, String, String, Option<String>, bool, bool);

/// What the rows say of so many tables.
pub(crate) fn read_facts(count: usize, rows: impl IntoIterator<Item = Vec<SqlValue>>) -> Facts {
    let mut found = Facts { tables: vec![None; count], mark: String::new() };
    for row in rows {
        if let Some(mark) = read_mark(&row) {
            mark.clone_into(&mut found.mark);
            continue;
        }
        let [SqlValue::Integer(position), SqlValue::Text(columns)] = &*row else {
            continue;
        };
        let position = usize::try_from(*position).ok();
        let Some(table) = position.and_then(|at| found.tables.get_mut(at)) else { continue };
        let facts: Vec<Fact> = serde_json::from_str(columns).unwrap_or_default();
        let columns = facts.into_iter().map(|fact| {
            let Fact(column, name, base, category, collation, not_null, indexed) = fact;
            let found = ColumnType::from_catalogue(&name, &base, &category);
            (column, ColumnType { collation, not_null, indexed, ..found })
        });
        *table = Some(Arc::new(columns.collect()));
    }
    found
}
