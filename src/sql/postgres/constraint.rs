//! Reads unique indexes, exclusion constraints and constraints on single rows from the catalogue of PostgreSQL.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::protocol::Constraint;
use crate::sql::constraint::{GeneratedColumn, RowRule, RuleScope, TableConstraints, mentions};
use crate::sql::render::count::SCHEMA_VERSION;
use crate::sql::statement::quote;
use crate::sql::table_schema::{QueryColumns, TableSchema};
use crate::sql::unique_index::{Exclusion, UniqueIndex, UniqueKey};

/// The unique indexes of the tables, as one JSON array. Each holds the position of its table, its keys, the columns it
/// reads, its condition, whether NULL equals NULL, and for an exclusion constraint its name and its operators.
const UNIQUE_INDEXES: (&str, &str) = (
    "(SELECT json_agg(json_build_array(j.\"key\" - 1, u.keys, u.columns, u.condition, u.nulls, u.name, u.operators))::text \
     FROM ",
    ", LATERAL (SELECT (SELECT json_agg(pg_get_indexdef(i.indexrelid, k, TRUE) ORDER BY k) \
     FROM generate_series(1, i.indnkeyatts) AS k), (SELECT json_agg(a.attname::text) \
     FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = i.indrelid AND a.attnum > 0 \
     AND (a.attnum = ANY(i.indkey::int2[]) OR EXISTS (SELECT 1 FROM pg_catalog.pg_depend AS d \
     WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = i.indexrelid \
     AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = i.indrelid AND d.refobjsubid = a.attnum))), \
     pg_get_expr(i.indpred, i.indrelid), coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, FALSE), \
     k.conname::text, (SELECT json_agg(format('OPERATOR(%I.%s)', n.nspname, o.oprname) ORDER BY x.at) \
     FROM unnest(k.conexclop) WITH ORDINALITY AS x(op, at) JOIN pg_catalog.pg_operator AS o ON o.oid = x.op \
     JOIN pg_catalog.pg_namespace AS n ON n.oid = o.oprnamespace) \
     FROM pg_catalog.pg_index AS i LEFT JOIN pg_catalog.pg_constraint AS k \
     ON k.conrelid = i.indrelid AND k.conindid = i.indexrelid AND k.contype = 'x' \
     WHERE i.indrelid = to_regclass(j.\"value\") AND (i.indisunique OR i.indisexclusion) AND i.indisvalid) \
     AS u(keys, columns, condition, nulls, name, operators))",
);

/// What the tables require of single rows, as one JSON array. Each part holds the position of its table, what it is, its
/// name, its expression, its columns, whether it was validated, and the base type and the modifier of a column.
///
/// `d` are the types of a column: its own and, if that is a domain, those below it.
const ROW_RULES: (&str, &str) = (
    "(SELECT json_agg(json_build_array(j.\"key\" - 1, x.what, x.name, x.expression, x.columns, x.valid, x.base, x.modifier))\
     ::text FROM ",
    ", LATERAL (SELECT 'check', k.conname::text, pg_get_expr(k.conbin, k.conrelid), (SELECT json_agg(a.attname::text) \
     FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = k.conrelid AND a.attnum = ANY(k.conkey)), k.convalidated, \
     NULL::text, NULL::integer FROM pg_catalog.pg_constraint AS k WHERE k.conrelid = to_regclass(j.\"value\") AND k.contype = 'c' \
     AND coalesce((to_jsonb(k) ->> 'conenforced')::boolean, TRUE) \
     UNION ALL SELECT 'domain', k.conname::text, pg_get_expr(k.conbin, 0), json_build_array(a.attname::text), TRUE, \
     NULL::text, NULL::integer FROM pg_catalog.pg_attribute AS a CROSS JOIN LATERAL (WITH RECURSIVE d(oid) AS (SELECT a.atttypid \
     UNION SELECT t.typbasetype FROM d JOIN pg_catalog.pg_type AS t ON t.oid = d.oid AND t.typtype = 'd') \
     SELECT d.oid FROM d) AS d JOIN pg_catalog.pg_constraint AS k ON k.contypid = d.oid AND k.contype = 'c' \
     WHERE a.attrelid = to_regclass(j.\"value\") AND a.attnum > 0 AND NOT a.attisdropped \
     UNION ALL SELECT CASE WHEN a.attgenerated <> '' THEN 'generated' ELSE 'column' END, \
     format_type(a.atttypid, a.atttypmod), CASE WHEN a.attgenerated <> '' THEN pg_get_expr(e.adbin, e.adrelid) END, \
     json_build_array(a.attname::text), NOT (a.attnotnull OR d.required), d.base, d.modifier \
     FROM pg_catalog.pg_attribute AS a LEFT JOIN pg_catalog.pg_attrdef AS e \
     ON e.adrelid = a.attrelid AND e.adnum = a.attnum CROSS JOIN LATERAL (WITH RECURSIVE d(oid, modifier) \
     AS (SELECT a.atttypid, a.atttypmod UNION SELECT t.typbasetype, t.typtypmod FROM d \
     JOIN pg_catalog.pg_type AS t ON t.oid = d.oid AND t.typtype = 'd') SELECT bool_or(t.typnotnull), \
     max(t.typname::text) FILTER (WHERE t.typtype <> 'd'), max(d.modifier) \
     FROM d JOIN pg_catalog.pg_type AS t ON t.oid = d.oid) AS d(required, base, modifier) \
     WHERE a.attrelid = to_regclass(j.\"value\") AND a.attnum > 0 AND NOT a.attisdropped) \
     AS x(what, name, expression, columns, valid, base, modifier))",
);

/// The first column of the row that holds the unique indexes.
const UNIQUE: i64 = SCHEMA_VERSION - 3;
/// The first column of the row that holds the constraints on single rows.
const RULES: i64 = SCHEMA_VERSION - 4;

/// The queries, each with the first column of its row.
pub(super) const PARTS: [(i64, (&str, &str)); 2] = [(UNIQUE, UNIQUE_INDEXES), (RULES, ROW_RULES)];

/// Reads the result of a query. Returns `false` if the row belongs to another query.
pub(super) fn read(position: i64, columns: &QueryColumns<'_>, text: &str, schema: &mut TableSchema) -> bool {
    match position {
        UNIQUE => read_unique_indexes(columns, text, schema),
        RULES => read_rules(columns, text, schema),
        _ => return false,
    }
    true
}

#[derive(Deserialize)]
struct UniqueRow(
    usize,
    Vec<String>,
    BTreeSet<String>,
    Option<String>,
    bool,
    Option<String>,
    Option<Vec<String>>,
);

fn read_unique_indexes(columns: &QueryColumns<'_>, text: &str, schema: &mut TableSchema) {
    let found: Vec<UniqueRow> = serde_json::from_str(text).unwrap_or_default();
    for UniqueRow(position, keys, read, condition, nulls_are_equal, name, operators) in found {
        let keys = keys.into_iter().map(|expression| UniqueKey { expression, collation: None }).collect();
        let exclusion = name.zip(operators).map(|(name, operators)| Exclusion { name, operators });
        let index = UniqueIndex { keys, columns: read, condition, nulls_are_equal, exclusion };
        if let Some(kind) = columns.kinds.get(position) {
            schema.unique.entry(kind.table_name().into_owned()).or_default().push(index);
        }
    }
}

/// A part of [`ROW_RULES`]. For a column, the fourth value says whether it may be null.
#[derive(Deserialize)]
struct RuleRow(
    usize,
    String,
    String,
    Option<String>,
    Option<BTreeSet<String>>,
    bool,
    Option<String>,
    Option<i64>,
);

fn read_rules(columns: &QueryColumns<'_>, text: &str, schema: &mut TableSchema) {
    let found: Vec<RuleRow> = serde_json::from_str(text).unwrap_or_default();
    for (position, kind) in columns.kinds.iter().enumerate() {
        let own = || found.iter().filter(|row| row.0 == position);
        let names: Vec<&String> = own()
            .filter(|row| matches!(&*row.1, "column" | "generated"))
            .flat_map(|row| row.4.iter().flatten())
            .collect();
        let mut table = TableConstraints::default();
        for row in own() {
            table.generated.extend(generated(row, &names));
            table.rules.extend(rules(row));
        }
        if !table.rules.is_empty() || !table.generated.is_empty() {
            schema.constraints.insert(kind.table_name().into_owned(), table);
        }
    }
}

fn generated(row: &RuleRow, names: &[&String]) -> Option<GeneratedColumn> {
    let RuleRow(_, what, _, expression, columns, ..) = row;
    let (column, expression) = columns.iter().flatten().next().zip(expression.as_ref())?;
    let is_read = |name: &&&String| **name != column && mentions(expression, name);
    (what == "generated").then(|| GeneratedColumn {
        column: column.clone(),
        expression: expression.clone(),
        reads: names.iter().filter(is_read).map(|name| (*name).clone()).collect(),
    })
}

/// Returns what a part requires of the rows.
fn rules(row: &RuleRow) -> Vec<RowRule> {
    let RuleRow(_, what, name, expression, columns, valid, base, modifier) = row;
    let columns = columns.clone().unwrap_or_default();
    let Some(column) = columns.first().cloned() else { return Vec::new() };
    let quoted = quote(&column);
    let rule = |constraint: Constraint, refused: String, scope: RuleScope| RowRule {
        constraint,
        refused,
        columns: columns.clone(),
        may_fail_unchanged: false,
        scope,
    };
    match (&**what, expression) {
        ("check", Some(expression)) => {
            let refused = format!("({expression}) IS FALSE");
            let check = rule(Constraint::Check(name.clone()), refused, RuleScope::Any);
            vec![RowRule { may_fail_unchanged: !valid, ..check }]
        }
        ("domain", Some(expression)) => {
            let refused =
                format!("(SELECT ({expression}) IS FALSE FROM (SELECT {quoted} AS \"value\") AS \"value\")");
            vec![rule(Constraint::Check(name.clone()), refused, RuleScope::Any)]
        }
        ("column" | "generated", _) => {
            let null = rule(
                Constraint::NotNull(column.clone()),
                format!("{quoted} IS NULL"),
                // A computed column may be null whatever is written.
                if what == "generated" { RuleScope::Any } else { RuleScope::Null { years: false } },
            );
            let limit = || Constraint::Limit { column: column.clone(), limit: name.clone() };
            let limited = limit_of(&quoted, base.as_deref().unwrap_or_default(), modifier.unwrap_or(-1));
            let limited = limited.map(|(refused, scope)| {
                let scope = if what == "generated" { RuleScope::Any } else { scope };
                rule(limit(), refused, scope)
            });
            Some(null).filter(|_| !valid).into_iter().chain(limited).collect()
        }
        _ => Vec::new(),
    }
}

/// Returns whether a value is beyond the limit of its type, and which new values may be.
fn limit_of(column: &str, base: &str, modifier: i64) -> Option<(String, RuleScope)> {
    // The first four units of a modifier are the length of a header.
    let size = modifier - 4;
    let counter = |last: i64| (format!("{column} > {last}"), RuleScope::Counters);
    match base {
        "varchar" | "bpchar" if size > 0 => Some((
            // PostgreSQL cuts off spaces at the end.
            format!("rtrim(substr({column}::text, {size} + 1), ' ') <> ''"),
            RuleScope::Longer(usize::try_from(size).ok()?),
        )),
        "numeric" if size >= 0 => {
            let (precision, scale) = (size >> 16 & 0xffff, ((size & 0x7ff) ^ 1024) - 1024);
            let digits = i32::try_from(precision - scale).ok()?;
            Some((
                format!("abs(round({column}::numeric, {scale})) >= 10::numeric ^ {digits}"),
                RuleScope::Numbers { digits },
            ))
        }
        "int2" => Some(counter(i64::from(i16::MAX))),
        "int4" => Some(counter(i64::from(i32::MAX))),
        "int8" => Some(counter(i64::MAX)),
        _ => None,
    }
}
