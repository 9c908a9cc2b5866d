//! Reads column types from the catalogue of PostgreSQL, and detects when they change.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::constraint;
use crate::sql::connection::SqlValue;
use crate::sql::render::count::SCHEMA_VERSION;
use crate::sql::statement::{Statement, Writer, quote_table};
use crate::sql::table_schema::{ColumnType, Location, QueryColumns, SchemaCheck, TableSchema, TypeFamily};
use crate::sql::table_trigger::TableTrigger;
use crate::store::StoreError;

/// For each table, its position, and its kind with a JSON array of its columns and one of its unique keys; NULL if the
/// table does not exist. A table from which other tables inherit counts as partitioned, and its keys are not unique.
const COLUMNS: &str = "SELECT j.\"key\" - 1, (SELECT json_build_array(\
     (SELECT CASE WHEN c.relhassubclass AND c.relkind = 'r' THEN 'p' ELSE c.relkind END \
     FROM pg_catalog.pg_class AS c WHERE c.oid = to_regclass(j.\"value\")), json_agg(json_build_array(a.attname, \
     format_type(b.oid, -1), b.typname, b.typcategory, \
     CASE WHEN a.attcollation <> t.typcollation THEN (SELECT quote_ident(n.nspname) || '.' || quote_ident(o.collname) \
     FROM pg_catalog.pg_collation AS o JOIN pg_catalog.pg_namespace AS n ON n.oid = o.collnamespace \
     WHERE o.oid = a.attcollation) END, \
     a.attnotnull AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_constraint AS k WHERE k.conrelid = a.attrelid \
     AND k.contype = 'n' AND k.conkey = ARRAY[a.attnum] AND NOT k.convalidated), \
     EXISTS (SELECT 1 FROM pg_catalog.pg_index AS i WHERE i.indrelid = a.attrelid \
     AND i.indkey[0] = a.attnum AND i.indcollation[0] = a.attcollation AND i.indpred IS NULL AND i.indisvalid \
     AND (SELECT c.relam FROM pg_catalog.pg_class AS c WHERE c.oid = i.indexrelid) \
     = CASE b.typcategory WHEN 'A' THEN 2742 ELSE 403 END))), \
     (SELECT json_agg((SELECT json_agg(k.attname) FROM pg_catalog.pg_attribute AS k WHERE k.attrelid = i.indrelid \
     AND k.attnum = ANY((i.indkey::int2[])[0:i.indnkeyatts - 1]))) \
     FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.indrelid \
     WHERE i.indrelid = to_regclass(j.\"value\") AND i.indisunique AND i.indimmediate AND i.indisvalid \
     AND i.indpred IS NULL AND i.indexprs IS NULL AND NOT (c.relhassubclass AND c.relkind = 'r')))::text \
     FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid \
     LEFT JOIN pg_catalog.pg_type AS d ON d.oid = t.typbasetype \
     JOIN pg_catalog.pg_type AS b ON b.oid = COALESCE(NULLIF(d.typbasetype, 0), d.oid, t.oid) \
     WHERE a.attrelid = to_regclass(j.\"value\") AND a.attnum > 0 AND NOT a.attisdropped) FROM ";

/// A number for each table that changes with its columns, indexes, constraints, triggers and rules, and when a partition is attached
/// or a table inherits from it. A foreign key has triggers on both of its tables, so it changes the number of both. A
/// change rewrites a row of the catalogue, either in a later transaction (`xmin`) or by a later command of the same
/// transaction (`cmin`). The oid distinguishes tables that different search paths find under the same name, created in
/// the same transaction. The remainder keeps the product small.
const VERSIONS: &str = ", LATERAL (SELECT sum(1 + a.xmin::text::bigint * (1 + a.attrelid::bigint % 1000003) \
     + a.cmin::text::bigint) FROM pg_catalog.pg_attribute AS a \
     WHERE a.attrelid = to_regclass(j.\"value\") AND a.attnum > 0 \
     UNION ALL SELECT sum(1 + i.xmin::text::bigint * (1 + i.indexrelid::bigint % 1000003) + i.cmin::text::bigint) \
     FROM pg_catalog.pg_index AS i \
     WHERE i.indrelid = to_regclass(j.\"value\") \
     UNION ALL SELECT sum(1 + h.inhrelid::bigint) FROM pg_catalog.pg_inherits AS h \
     WHERE h.inhparent = to_regclass(j.\"value\") \
     UNION ALL SELECT c.relhassubclass::int FROM pg_catalog.pg_class AS c WHERE c.oid = to_regclass(j.\"value\") \
     UNION ALL SELECT sum(1 + g.xmin::text::bigint * (1 + g.oid::bigint % 1000003) + g.cmin::text::bigint) \
     FROM pg_catalog.pg_trigger AS g WHERE g.tgrelid = to_regclass(j.\"value\") \
     UNION ALL SELECT sum(1 + k.xmin::text::bigint * (1 + k.oid::bigint % 1000003) + k.cmin::text::bigint) \
     FROM pg_catalog.pg_constraint AS k WHERE k.conrelid = to_regclass(j.\"value\") AND k.contype IN ('c', 'x') \
     UNION ALL SELECT sum(1 + w.xmin::text::bigint * (1 + w.oid::bigint % 1000003) + w.cmin::text::bigint) \
     FROM pg_catalog.pg_rewrite AS w WHERE w.ev_class = to_regclass(j.\"value\")) AS v(n)";

/// The triggers and rules of the tables and of their partitions, as one JSON array. Each holds the position of its
/// table, its name, whether it fires on INSERT, UPDATE and DELETE, and its name as a constraint if it can be deferred.
/// A trigger of a partitioned table is read once, and not again for each partition.
const TABLE_TRIGGERS: (&str, &str) = (
    "(SELECT json_agg(json_build_array(j.\"key\" - 1, g.name, g.inserts, g.updates, g.deletes, g.waits) \
     ORDER BY j.\"key\", g.name)::text FROM ",
    ", LATERAL (WITH RECURSIVE p(oid) AS (SELECT to_regclass(j.\"value\")::oid UNION SELECT h.inhrelid FROM p \
     JOIN pg_catalog.pg_inherits AS h ON h.inhparent = p.oid) SELECT t.tgname::text, t.tgtype & 4 <> 0, \
     t.tgtype & 16 <> 0, t.tgtype & 8 <> 0, CASE WHEN t.tgdeferrable \
     THEN quote_ident(n.nspname) || '.' || quote_ident(t.tgname) END FROM p \
     JOIN pg_catalog.pg_trigger AS t ON t.tgrelid = p.oid AND NOT t.tgisinternal AND t.tgenabled NOT IN ('D', 'R') \
     AND (t.tgparentid = 0 OR t.tgrelid = to_regclass(j.\"value\")) \
     JOIN pg_catalog.pg_class AS c ON c.oid = t.tgrelid \
     JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace \
     UNION ALL SELECT w.rulename::text, w.ev_type = '3', w.ev_type = '2', w.ev_type = '4', NULL \
     FROM p JOIN pg_catalog.pg_rewrite AS w ON w.ev_class = p.oid AND w.ev_type <> '1' \
     AND w.ev_enabled NOT IN ('D', 'R')) AS g(name, inserts, updates, deletes, waits))",
);

/// The oids of the tables to which the names resolve.
const TABLES_FOUND: &str = "array_agg(to_regclass(j.\"value\")::oid)::text";
/// The first column of the row that holds them.
const TABLES: i64 = SCHEMA_VERSION - 1;
/// The first column of the row that holds the triggers.
const TRIGGERS: i64 = SCHEMA_VERSION - 2;

/// Renders the tables of the columns, by the names that statements use.
pub(super) fn cache_key(columns: &QueryColumns<'_>) -> Result<String, StoreError> {
    let names = columns.kinds.iter().map(|kind| quote_table(&kind.table_name()));
    serde_json::to_string(&names.collect::<Vec<_>>())
        .map_err(|source| StoreError::backend("asked for columns", source))
}

/// Renders the query for the columns of tables and for their schema version.
pub(super) fn statement(cache_key: &str) -> Statement {
    let mut w = Writer::new(&super::Postgres);
    let (open, close) = super::SPELLING.json_rows;
    w.push(COLUMNS).push(open).bind(cache_key).push(close);
    w.push("\nUNION ALL SELECT ").number(SCHEMA_VERSION).push(", ");
    schema_version(&mut w, cache_key, SchemaCheck::InTransaction);
    w.push("\nUNION ALL SELECT ").number(TABLES).push(", (SELECT ").push(TABLES_FOUND).push(" FROM ");
    w.push(open).bind(cache_key).push(close).push(")");
    w.push("\nUNION ALL SELECT ").number(TRIGGERS).push(", ").push(TABLE_TRIGGERS.0);
    w.push(open).bind(cache_key).push(close).push(TABLE_TRIGGERS.1);
    for (number, (before, after)) in constraint::PARTS {
        w.push("\nUNION ALL SELECT ").number(number).push(", ").push(before);
        w.push(open).bind(cache_key).push(close).push(after);
    }
    w.finish()
}

/// Writes an expression that identifies the version of the columns and indexes of tables. For a statement without a
/// transaction around it, it is NULL if the session has another encoding, or if row-level security may hide rows.
pub(super) fn schema_version(w: &mut Writer, cache_key: &str, check: SchemaCheck) {
    let (open, close) = super::SPELLING.json_rows;
    let (found, versions) = match check {
        SchemaCheck::InTransaction | SchemaCheck::Alone => ("sum(v.n)::text", VERSIONS),
        SchemaCheck::AloneAgain => (TABLES_FOUND, ""),
    };
    w.push("(SELECT ");
    if check == SchemaCheck::InTransaction {
        w.push(found);
    } else {
        w.push("CASE WHEN (")
            .push(super::begin::ENOUGH_MEMORY)
            .push(") IS NOT NULL AND pg_client_encoding() = 'UTF8' ");
        w.push("AND bool_or(row_security_active(to_regclass(j.\"value\"))) IS NOT TRUE THEN ")
            .push(found)
            .push(" END");
    }
    w.push(" FROM ").push(open).bind(cache_key).push(close).push(versions).push(")");
}

#[derive(Deserialize)]
struct Row(String, String, String, String, Option<String>, bool, bool);

/// A table: its kind of relation, its columns, and the columns of its unique keys.
type TableRow = (String, Option<Vec<Row>>, Option<Vec<Vec<String>>>);

#[derive(Deserialize)]
struct TriggerRow(usize, String, bool, bool, bool, Option<String>);

pub(super) fn read(columns: &QueryColumns<'_>, rows: Vec<Vec<SqlValue>>) -> TableSchema {
    let mut schema = TableSchema { is_complete: true, ..TableSchema::default() };
    for row in rows {
        let [SqlValue::Integer(position), SqlValue::Text(text)] = &*row else { continue };
        if *position == SCHEMA_VERSION {
            schema.schema_version = Some(text.clone());
            continue;
        }
        if *position == TABLES {
            schema.tables_found = Some(text.clone());
            continue;
        }
        if *position == TRIGGERS {
            read_triggers(columns, text, &mut schema);
            continue;
        }
        if constraint::read(*position, columns, text, &mut schema) {
            continue;
        }
        let kind = usize::try_from(*position).ok().and_then(|at| columns.kinds.get(at));
        let Some(kind) = kind else { continue };
        let (relation, rows, keys): TableRow = serde_json::from_str(text).unwrap_or_default();
        let Some(rows) = rows else { continue };
        schema.unique_keys.insert(kind.table_name().into_owned(), keys.unwrap_or_default());
        schema.locations.insert(kind.table_name().into_owned(), location(&relation));
        let table =
            rows.into_iter().map(|Row(column, name, base, category, collation, not_null, indexed)| {
                let found = column_type(&name, &base, &category);
                (column, ColumnType { collation, not_null, indexed, ..found })
            });
        schema.tables.insert(kind.table_name().into_owned(), table.collect::<BTreeMap<_, _>>());
    }
    schema
}

fn read_triggers(columns: &QueryColumns<'_>, text: &str, schema: &mut TableSchema) {
    let found: Vec<(usize, TableTrigger)> = serde_json::from_str::<Vec<TriggerRow>>(text)
        .unwrap_or_default()
        .into_iter()
        .map(|TriggerRow(position, name, inserts, updates, deletes, deferrable)| {
            (position, TableTrigger { name, inserts, updates, deletes, deferrable })
        })
        .collect();
    for (position, trigger) in found {
        if let Some(kind) = columns.kinds.get(position) {
            schema.triggers.entry(kind.table_name().into_owned()).or_default().push(trigger);
        }
    }
}

/// Returns how the rows of a relation are located, from its kind in the catalogue.
fn location(relation: &str) -> Location {
    match relation {
        "r" | "m" => Location::Place("ctid".into()),
        "p" => Location::Part,
        _ => Location::Unknown,
    }
}

/// Returns the type of a column from its name, the name of its base type, and the category of the base type.
pub(crate) fn column_type(name: &str, base: &str, category: &str) -> ColumnType {
    let family = match base {
        "text" | "varchar" | "bpchar" | "name" => TypeFamily::Text,
        "citext" => TypeFamily::CaseInsensitive,
        "uuid" => TypeFamily::Uuid,
        "bool" => TypeFamily::Boolean,
        "int2" | "int4" | "int8" => TypeFamily::Integer,
        "numeric" => TypeFamily::Numeric,
        "float4" | "float8" => TypeFamily::Real,
        "date" => TypeFamily::Date,
        "timestamp" => TypeFamily::Timestamp,
        "timestamptz" => TypeFamily::TimestampTz,
        "json" | "jsonb" => TypeFamily::Json,
        "bytea" => TypeFamily::Bytes,
        _ if category == "E" => TypeFamily::Enum,
        _ => TypeFamily::Other,
    };
    ColumnType::new(name, family)
}
