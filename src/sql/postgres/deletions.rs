//! Counts the rows that a transaction has deleted, with the statistics that PostgreSQL keeps for each transaction.

use crate::domain::TableName;
use crate::sql::statement::{Statement, Writer, quote_table};
use crate::store::StoreError;

/// The relations of each table: the table itself, its partitions, and the tables that inherit from it. The statistics
/// say nothing about views and foreign tables, and nothing at all if they are switched off. Truncating a relation
/// gives it another file.
const RELATIONS: (&str, &str) = (
    "SELECT j.\"key\" - 1, c.oid::text, pg_stat_get_xact_tuples_deleted(c.oid), \
     coalesce(pg_relation_filenode(c.oid)::text, '') FROM ",
    ", LATERAL (WITH RECURSIVE p(oid) AS (SELECT to_regclass(j.\"value\")::oid UNION SELECT h.inhrelid FROM p \
     JOIN pg_catalog.pg_inherits AS h ON h.inhparent = p.oid) SELECT p.oid FROM p) AS p \
     JOIN pg_catalog.pg_class AS c ON c.oid = p.oid AND c.relkind IN ('r', 'p') \
     WHERE current_setting('track_counts')::boolean",
);

/// Renders the query for the number of rows that the transaction has deleted from each relation.
pub(super) fn statement(mut w: Writer, tables: &[TableName]) -> Result<Statement, StoreError> {
    let names: Vec<String> = tables.iter().map(quote_table).collect();
    let names = serde_json::to_string(&names)
        .map_err(|source| StoreError::backend("asked for deleted rows", source))?;
    let (open, close) = w.backend.spelling().json_rows;
    w.push(RELATIONS.0).push(open).bind(names).push(close).push(RELATIONS.1);
    Ok(w.finish())
}
