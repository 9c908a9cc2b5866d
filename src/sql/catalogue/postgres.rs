//! Reads the catalogue of PostgreSQL.
//!
//! Tables on the search path have plain names, and other tables are named `schema.table`. To open a policy, tables
//! outside the search path are read only if the data map names them, or if foreign keys or inheritance connect them
//! with tables on it. To check one, the tables of every schema that the role can see are read. Partitions are left out,
//! because the keys and triggers of the partitioned table apply to them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::Reach;
use super::allowed::allowed;
use super::catalogue::{Catalogue, Traits, is, read_repeated_ids, read_shared_keys, text};
use super::refused_masks::read_refused_masks;
use super::storage::{Affinity, Storage};
use super::table::{Privilege, Relation, Trigger, TriggerEvent};
use crate::domain::{DataMap, Kind, TableName};
use crate::sql::postgres::column_type;
use crate::sql::{Dialect, Prefix, SqlError, SqlTransaction, SqlValue};

const TRAITS: Traits = Traits {
    ignores_case: false,
    requires_ids: true,
    single_writer: false,
    writes_views: true,
    only_schema: None,
    table_name: TableName::from,
};

const SCHEMAS: &str = "SELECT nspname::text FROM pg_catalog.pg_namespace ORDER BY 1";
/// All relations of the host, and whether each is wanted: on the search path, in a JSON array of names, or, if every
/// schema is wanted, in a schema that the role can see. A name without a schema also wants the tables in schemas of the
/// search path that PostgreSQL skips, because the role lacks USAGE on them.
const RELATIONS: &str = "SELECT c.oid::bigint, (pg_table_is_visible(c.oid) \
     OR ($2::bigint <> 0 AND has_schema_privilege(n.oid, 'USAGE')) \
     OR (n.nspname::text, c.relname::text) IN (SELECT j.schema, j.name \
     FROM json_to_recordset($1::text::json) AS j(schema text, name text)) \
     OR (NOT has_schema_privilege(n.oid, 'USAGE') AND (quote_ident(n.nspname) = ANY(p.names) \
     OR (n.nspname = current_user AND '\"$user\"' = ANY(p.names))) AND c.relname::text IN (SELECT j.name \
     FROM json_to_recordset($1::text::json) AS j(schema text, name text) WHERE j.schema IS NULL)))::int \
     FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace \
     CROSS JOIN regexp_split_to_array(current_setting('search_path'), '\\s*,\\s*') AS p(names) \
     WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND c.relpersistence <> 't' \
     AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition";
/// The foreign keys and inheritance links, as pairs of tables.
const EDGES: &str = "SELECT COALESCE(pg_partition_root(k.conrelid), k.conrelid)::oid::bigint, \
     COALESCE(pg_partition_root(k.confrelid), k.confrelid)::oid::bigint FROM pg_catalog.pg_constraint AS k \
     WHERE k.contype = 'f' AND k.conparentid = 0 \
     UNION ALL SELECT h.inhrelid::bigint, h.inhparent::bigint FROM pg_catalog.pg_inherits AS h";
/// The tables of an array of oids, as `t`: oid, `relkind`, schema and name. The name has the schema if the table is
/// outside the search path. Each part is quoted if it would be ambiguous without quotes.
pub(super) const TABLES: &str = "WITH t AS (SELECT c.oid, c.relkind, n.oid AS schema, \
     CASE WHEN pg_table_is_visible(c.oid) THEN '' \
     WHEN n.nspname ~ '[.\"]' THEN '\"' || replace(n.nspname::text, '\"', '\"\"') || '\".' ELSE n.nspname::text || '.' END \
     || CASE WHEN c.relname ~ '[.\"]' \
     THEN '\"' || replace(c.relname::text, '\"', '\"\"') || '\"' ELSE c.relname::text END AS name \
     FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace \
     WHERE c.oid = ANY($1::text::oid[])) ";
const COLUMNS: &str = "SELECT t.name, a.attname::text, format_type(a.atttypid, a.atttypmod), \
     (a.attnotnull OR p.typnotnull)::int, pg_get_expr(d.adbin, d.adrelid), \
     (a.attgenerated <> '' OR a.attidentity = 'a')::int, array_position(i.indkey::int2[], a.attnum), \
     format_type(b.oid, -1), b.typname::text, b.typcategory::text \
     FROM t JOIN pg_catalog.pg_attribute AS a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped \
     JOIN pg_catalog.pg_type AS p ON p.oid = a.atttypid LEFT JOIN pg_catalog.pg_type AS q ON q.oid = p.typbasetype \
     JOIN pg_catalog.pg_type AS b ON b.oid = COALESCE(NULLIF(q.typbasetype, 0), q.oid, p.oid) \
     LEFT JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum \
     LEFT JOIN pg_catalog.pg_index AS i ON i.indrelid = t.oid AND i.indisprimary ORDER BY t.name, a.attnum";
/// The columns whose values are listed: the labels of an enum, and the constraints on this column alone or on its domain.
/// A constraint that was not validated may not hold for older rows.
const ALLOWED: &str = "SELECT t.name, a.attname::text, (SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder) \
     FROM pg_catalog.pg_enum AS e WHERE e.enumtypid = COALESCE(NULLIF(q.typbasetype, 0), q.oid, p.oid))::text, \
     (SELECT json_agg(pg_get_expr(k.conbin, k.conrelid)) FROM pg_catalog.pg_constraint AS k \
     WHERE k.contype = 'c' AND k.convalidated AND (k.contypid IN (p.oid, q.oid) \
     OR k.conrelid = t.oid AND k.conkey = ARRAY[a.attnum]))::text \
     FROM t JOIN pg_catalog.pg_attribute AS a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped \
     JOIN pg_catalog.pg_type AS p ON p.oid = a.atttypid LEFT JOIN pg_catalog.pg_type AS q ON q.oid = p.typbasetype";
/// For an expression, the column is NULL. The last column of the result has the expression if the index has no other
/// part.
const INDEXES: &str = "SELECT t.name, i.indexrelid::bigint, (i.indisunique AND i.indisvalid)::int, \
     (i.indpred IS NOT NULL OR NOT i.indisvalid)::int, a.attname::text, \
     CASE WHEN k.attnum = 0 AND i.indnkeyatts = 1 THEN pg_get_indexdef(i.indexrelid, 1, TRUE) END \
     FROM t JOIN pg_catalog.pg_index AS i ON i.indrelid = t.oid \
     CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, at) \
     LEFT JOIN pg_catalog.pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = k.attnum AND k.attnum > 0 \
     WHERE k.at <= i.indnkeyatts ORDER BY t.name, i.indexrelid, k.at";
const FOREIGN_KEYS: &str = "SELECT t.name, k.oid::bigint, f.attname::text, o.name, g.attname::text, \
     CASE k.confdeltype WHEN 'r' THEN 'RESTRICT' WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' \
     WHEN 'd' THEN 'SET DEFAULT' ELSE 'NO ACTION' END, (k.conrelid = t.oid \
     AND COALESCE((to_jsonb(k) ->> 'conenforced')::boolean, TRUE) AND NOT EXISTS (SELECT 1 \
     FROM pg_catalog.pg_trigger AS g WHERE g.tgconstraint = k.oid AND g.tgenabled = 'D'))::int, k.convalidated::int, \
     (k.conrelid <> t.oid)::int, (k.confmatchtype = 'f')::int, \
     COALESCE(NULLIF(to_jsonb(k) -> 'confdelsetcols', 'null') @> to_jsonb(c.own), TRUE)::int \
     FROM pg_catalog.pg_constraint AS k JOIN t ON t.oid = COALESCE(pg_partition_root(k.conrelid), k.conrelid) \
     JOIN t AS o ON o.oid = COALESCE(pg_partition_root(k.confrelid), k.confrelid) \
     CROSS JOIN LATERAL unnest(k.conkey, k.confkey) WITH ORDINALITY AS c(own, other, at) \
     JOIN pg_catalog.pg_attribute AS f ON f.attrelid = k.conrelid AND f.attnum = c.own \
     JOIN pg_catalog.pg_attribute AS g ON g.attrelid = k.confrelid AND g.attnum = c.other \
     WHERE k.contype = 'f' AND k.conparentid = 0 ORDER BY t.name, k.oid, c.at";
/// For each table: its type, the tables it inherits from, the tables it reads as a view, row-level security, privileges, its
/// schema, and whether the role may use that schema.
const RELATIONS_AND_PRIVILEGES: &str = "SELECT t.name, t.relkind::text, row_security_active(t.oid)::int, \
     (SELECT json_agg(o.name ORDER BY o.name) FROM pg_catalog.pg_inherits AS h JOIN t AS o ON o.oid = h.inhparent \
     WHERE h.inhrelid = t.oid)::text, (WITH RECURSIVE d(oid) AS (SELECT t.oid UNION SELECT p.refobjid FROM d \
     JOIN pg_catalog.pg_rewrite AS r ON r.ev_class = d.oid JOIN pg_catalog.pg_depend AS p ON p.objid = r.oid \
     AND p.classid = 'pg_catalog.pg_rewrite'::regclass AND p.refclassid = 'pg_catalog.pg_class'::regclass) \
     SELECT json_agg(o.name ORDER BY o.name) FROM d JOIN t AS o ON o.oid = d.oid WHERE t.relkind IN ('m', 'v') AND o.oid <> t.oid)::text, \
     has_any_column_privilege(t.oid, 'SELECT')::int, has_any_column_privilege(t.oid, 'INSERT')::int, \
     has_any_column_privilege(t.oid, 'UPDATE')::int, has_table_privilege(t.oid, 'DELETE')::int, \
     (SELECT n.nspname::text FROM pg_catalog.pg_namespace AS n WHERE n.oid = t.schema), \
     has_schema_privilege(t.schema, 'USAGE')::int FROM t ORDER BY t.name";
/// Triggers and rules. A trigger of a partitioned table is read once, and not again for each partition.
const TRIGGERS: &str = "SELECT t.name, g.tgname::text, (g.tgtype & 4)::int, (g.tgtype & 16)::int, (g.tgtype & 8)::int, 0 \
     FROM t CROSS JOIN LATERAL (SELECT t.oid UNION SELECT p.relid FROM pg_partition_tree(t.oid) AS p) AS p(oid) \
     JOIN pg_catalog.pg_trigger AS g ON g.tgrelid = p.oid AND NOT g.tgisinternal AND g.tgenabled <> 'D' \
     AND (g.tgrelid = t.oid OR g.tgparentid = 0) \
     UNION ALL SELECT t.name, r.rulename::text, (r.ev_type = '3')::int, (r.ev_type = '2')::int, (r.ev_type = '4')::int, \
     (NOT r.is_instead OR r.ev_qual::text <> '<>')::int \
     FROM t JOIN pg_catalog.pg_rewrite AS r ON r.ev_class = t.oid AND r.rulename <> '_RETURN' ORDER BY 1, 2";

/// The name of the catalogue of Citus, with its schema; NULL without Citus.
const CITUS: &str = "SELECT to_regclass('pg_dist_partition')::text";

pub(super) async fn read(
    tx: &mut (dyn SqlTransaction + '_),
    prefix: &Prefix,
    map: &DataMap,
    reach: Reach,
) -> Result<Catalogue, SqlError> {
    let params = [SqlValue::Text(connected(tx, map, reach).await?)];
    let mut catalogue = Catalogue::new(Dialect::Postgres, TRAITS, prefix);
    catalogue.schemas = tx.query(SCHEMAS, &[]).await?.iter().flatten().map(text).collect();
    catalogue.add_columns(tx.query(&format!("{TABLES}{COLUMNS}"), &params).await?, |_, _, rest| {
        let [base, name, category] = rest else {
            return Storage::Affinity(Affinity::Untyped);
        };
        Storage::Type(column_type(&text(base), &text(name), &text(category)))
    });
    for row in tx.query(&format!("{TABLES}{ALLOWED}"), &params).await? {
        let [table, column, labels, checks] = &*row else { continue };
        let (table, column) = (catalogue.read_name(table), text(column));
        if let Some(labels) = list(labels) {
            catalogue.allow(&table, &column, &labels);
        }
        for values in list(checks).iter().flatten().flat_map(|check| allowed(check).into_values()) {
            catalogue.allow(&table, &column, &values);
        }
    }
    read_refused_masks(tx, &mut catalogue, map, &params).await?;
    catalogue.add_indexes(tx.query(&format!("{TABLES}{INDEXES}"), &params).await?);
    relations(&tx.query(&format!("{TABLES}{RELATIONS_AND_PRIVILEGES}"), &params).await?, &mut catalogue);
    catalogue.add_foreign_keys(tx.query(&format!("{TABLES}{FOREIGN_KEYS}"), &params).await?);
    for row in tx.query(&format!("{TABLES}{TRIGGERS}"), &params).await? {
        if let [table, name, events @ .., is_partial_rule] = &*row
            && let name_of_table = catalogue.read_name(table)
            && let Some(table) = catalogue.table_mut(&name_of_table)
        {
            let all = [TriggerEvent::Insert, TriggerEvent::Update, TriggerEvent::Delete];
            let events = all.into_iter().zip(events).filter(|(_, fires)| is(fires));
            let is_partial_rule = is(is_partial_rule);
            table.triggers.extend(events.map(|(event, _)| Trigger {
                name: text(name),
                event,
                is_partial_rule,
            }));
        }
    }
    distributed(tx, &params, &mut catalogue).await?;
    read_repeated_ids(tx, &mut catalogue, map, |id| format!("{id}::text")).await?;
    read_shared_keys(tx, &mut catalogue, map, |key| format!("lower({key}::text COLLATE \"C\")")).await?;
    Ok(catalogue)
}

/// Returns an array with the oids of the wanted tables and of all tables connected with them.
async fn connected(
    tx: &mut (dyn SqlTransaction + '_),
    map: &DataMap,
    reach: Reach,
) -> Result<String, SqlError> {
    let named = map.kinds().map(Kind::table_name);
    let named = named.map(|name| json!({ "schema": name.schema, "name": name.table })).collect::<Json>();
    let params =
        [SqlValue::Text(named.to_string()), SqlValue::Integer(i64::from(reach == Reach::EverySchema))];
    let mut all = BTreeSet::new();
    let mut found = BTreeSet::new();
    for row in tx.query(RELATIONS, &params).await? {
        if let [SqlValue::Integer(oid), wanted] = &*row {
            all.insert(*oid);
            if is(wanted) {
                found.insert(*oid);
            }
        }
    }
    let mut edges: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for row in tx.query(EDGES, &[]).await? {
        if let [SqlValue::Integer(from), SqlValue::Integer(to)] = &*row {
            edges.entry(*from).or_default().push(*to);
            edges.entry(*to).or_default().push(*from);
        }
    }
    let mut open: Vec<i64> = found.iter().copied().collect();
    while let Some(table) = open.pop() {
        let next = edges.get(&table).into_iter().flatten();
        open.extend(next.filter(|next| all.contains(next) && found.insert(**next)));
    }
    let found: Vec<String> = found.iter().map(i64::to_string).collect();
    Ok(format!("{{{}}}", found.join(",")))
}

fn relations(rows: &[Vec<SqlValue>], catalogue: &mut Catalogue) {
    for row in rows {
        let [name, relation, row_security, parents, reads, allowed @ .., schema, can_look] = &**row else {
            continue;
        };
        let name = catalogue.read_name(name);
        let Some(table) = catalogue.table_mut(&name) else {
            continue;
        };
        table.schema = text(schema);
        table.is_hidden = !is(can_look);
        table.relation = match relation.as_text() {
            Some("v") => Relation::View,
            Some("m") => Relation::MaterializedView,
            Some("f") => Relation::Foreign,
            _ => Relation::Table,
        };
        table.row_security = is(row_security);
        table.inherits = names(parents);
        table.reads = names(reads);
        if table.relation == Relation::MaterializedView {
            table.copies.clone_from(&table.reads);
        }
        let privileges = Privilege::ALL.iter().copied().zip(allowed);
        table.denied =
            privileges.filter(|(_, allowed)| !is(allowed)).map(|(privilege, _)| privilege).collect();
    }
}

/// Notes the tables that Citus distributes, reference tables among them.
async fn distributed(
    tx: &mut (dyn SqlTransaction + '_),
    params: &[SqlValue],
    catalogue: &mut Catalogue,
) -> Result<(), SqlError> {
    let found = tx.query(CITUS, &[]).await?;
    let Some(citus) = found.iter().flatten().find_map(SqlValue::as_text) else { return Ok(()) };
    let sql = format!(
        "{TABLES}SELECT t.name FROM t WHERE EXISTS (SELECT 1 FROM {citus} AS d WHERE d.logicalrelid::oid = t.oid)"
    );
    for row in tx.query(&sql, params).await? {
        let name = row.first().map(|name| catalogue.read_name(name));
        if let Some(table) = name.and_then(|name| catalogue.table_mut(&name)) {
            table.is_distributed = true;
        }
    }
    Ok(())
}

/// Returns the names in a JSON array; empty for NULL.
fn names(value: &SqlValue) -> Vec<TableName> {
    list(value).into_iter().flatten().map(TableName::from).collect()
}

/// Returns the texts in a JSON array.
fn list(value: &SqlValue) -> Option<Vec<String>> {
    value.as_text().and_then(|text| serde_json::from_str(text).ok())
}
