//! Reads column types from the catalogue of PostgreSQL, and detects when they change.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::sql::connection::SqlValue;
use crate::sql::render::count::SCHEMA_VERSION;
use crate::sql::statement::{Statement, Writer, quote_table};
use crate::sql::table_schema::{ColumnType, Location, QueryColumns, SchemaCheck, TableSchema, TypeFamily};
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
     a.attnotnull, EXISTS (SELECT 1 FROM pg_catalog.pg_index AS i WHERE i.indrelid = a.attrelid \
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

/// A number for each table that changes with its columns and indexes, and when another table first inherits from it. A
/// change rewrites a row of the catalogue, either in a later transaction (`xmin`) or by a later command of the same
/// transaction (`cmin`). The oid distinguishes tables that different search paths find under the same name, created in
/// the same transaction. The remainder keeps the product small.
const VERSIONS: &str = ", LATERAL (SELECT sum(1 + a.xmin::text::bigint * (1 + a.attrelid::bigint % 1000003) \
     + a.cmin::text::bigint) FROM pg_catalog.pg_attribute AS a \
     WHERE a.attrelid = to_regclass(j.\"value\") AND a.attnum > 0 \
     UNION ALL SELECT sum(1 + i.xmin::text::bigint * (1 + i.indexrelid::bigint % 1000003) + i.cmin::text::bigint) \
     FROM pg_catalog.pg_index AS i \
     WHERE i.indrelid = to_regclass(j.\"value\") \
     UNION ALL SELECT c.relhassubclass::int FROM pg_catalog.pg_class AS c WHERE c.oid = to_regclass(j.\"value\")) \
     AS v(n)";

/// The oids of the tables to which the names resolve.
const TABLES_FOUND: &str = "array_agg(to_regclass(j.\"value\")::oid)::text";
/// The first column of the row that holds them.
const TABLES: i64 = SCHEMA_VERSION - 1;

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
            .push(super::ENOUGH_MEMORY)
            .push(") IS NOT NULL AND pg_client_encoding() = 'UTF8' ");
        w.push("AND bool_or(row_security_active(to_regclass(j.\"value\"))) IS NOT TRUE THEN ")
            .push(found)
            .push(" END");
    }
    w.push(" FROM ").push(open).bind(cache_key).push(close).push(versions).push(")");
}

#[derive(Deserialize)]
struct Row(String, String, String, String, Option<String>, bool, bool);

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
        let kind = usize::try_from(*position).ok().and_then(|at| columns.kinds.get(at));
        let Some(kind) = kind else { continue };
        let (relation, rows, keys): (String, Option<Vec<Row>>, Option<Vec<Vec<String>>>) =
            serde_json::from_str(text).unwrap_or_default();
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
