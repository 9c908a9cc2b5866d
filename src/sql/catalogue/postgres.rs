//! The catalogue of PostgreSQL.
//!
//! Tables that the search path leads to are called by their names, others by schema and name: those that
//! hang together with the first by foreign keys, and those that were asked for. Of a partitioned table the
//! parts are left out.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Affinity, Catalogue, Column, ForeignKey, Index, OnDelete, Privilege, Relation, Table, Trigger,
    TriggerEvent,
};
use crate::sql::postgres::column_type;
use crate::sql::table_schema::Storage;
use crate::sql::{Dialect, SqlError, SqlErrorClass, SqlTransaction, SqlValue};

/// All relations of the host, and which of them are wanted for themselves: those the search path leads to,
/// and those of a JSON array of names.
const RELATIONS: &str = "SELECT c.oid::bigint, (pg_table_is_visible(c.oid) OR c.oid IN \
     (SELECT to_regclass(j.name)::oid FROM json_array_elements_text($1::text::json) AS j(name)))::int \
     FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace \
     WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND c.relpersistence <> 't' \
     AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition";
/// What belongs to a part of a partitioned table belongs to the whole.
const EDGES: &str = "SELECT COALESCE(pg_partition_root(k.conrelid), k.conrelid)::oid::bigint, \
     COALESCE(pg_partition_root(k.confrelid), k.confrelid)::oid::bigint FROM pg_catalog.pg_constraint AS k \
     WHERE k.contype = 'f' AND k.conparentid = 0 \
     UNION ALL SELECT h.inhrelid::bigint, h.inhparent::bigint FROM pg_catalog.pg_inherits AS h";
/// The tables of an array of oids, as `t`: their oid, sort and name, in quotes where it could be read as another.
const TABLES: &str = "WITH t AS (SELECT c.oid, c.relkind, \
     CASE WHEN pg_table_is_visible(c.oid) THEN '' \
     WHEN n.nspname ~ '[.\"]' THEN '\"' || replace(n.nspname::text, '\"', '\"\"') || '\".' ELSE n.nspname::text || '.' END \
     || CASE WHEN c.relname ~ '^\"' OR (c.relname ~ '[.]' AND pg_table_is_visible(c.oid)) \
     THEN '\"' || replace(c.relname::text, '\"', '\"\"') || '\"' ELSE c.relname::text END AS name \
     FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace \
     WHERE c.oid = ANY($1::text::oid[])) ";
const COLUMNS: &str = "SELECT t.name, a.attname::text, \
     format_type(a.atttypid, a.atttypmod), format_type(b.oid, -1), b.typname::text, b.typcategory::text, \
     (a.attnotnull OR p.typnotnull)::int, pg_get_expr(d.adbin, d.adrelid), \
     (a.attgenerated <> '' OR a.attidentity = 'a')::int, \
     array_position(i.indkey::int2[], a.attnum) \
     FROM t JOIN pg_catalog.pg_attribute AS a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped \
     JOIN pg_catalog.pg_type AS p ON p.oid = a.atttypid LEFT JOIN pg_catalog.pg_type AS q ON q.oid = p.typbasetype \
     JOIN pg_catalog.pg_type AS b ON b.oid = COALESCE(NULLIF(q.typbasetype, 0), q.oid, p.oid) \
     LEFT JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum \
     LEFT JOIN pg_catalog.pg_index AS i ON i.indrelid = t.oid AND i.indisprimary ORDER BY t.name, a.attnum";
/// The column of an expression is null.
const INDEXES: &str = "SELECT t.name, i.indexrelid::bigint, (i.indisunique AND i.indisvalid)::int, \
     (i.indpred IS NOT NULL OR NOT i.indisvalid)::int, a.attname::text \
     FROM t JOIN pg_catalog.pg_index AS i ON i.indrelid = t.oid \
     CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, at) \
     LEFT JOIN pg_catalog.pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = k.attnum AND k.attnum > 0 \
     WHERE k.at <= i.indnkeyatts ORDER BY t.name, i.indexrelid, k.at";
const FOREIGN_KEYS: &str = "SELECT t.name, k.oid::bigint, f.attname::text, o.name, g.attname::text, \
     k.confdeltype::text, k.condeferrable::int, (k.conrelid = t.oid \
     AND COALESCE((to_jsonb(k) ->> 'conenforced')::boolean, TRUE) AND NOT EXISTS (SELECT 1 \
     FROM pg_catalog.pg_trigger AS g WHERE g.tgconstraint = k.oid AND g.tgenabled = 'D'))::int, k.convalidated::int \
     FROM pg_catalog.pg_constraint AS k JOIN t ON t.oid = COALESCE(pg_partition_root(k.conrelid), k.conrelid) \
     JOIN t AS o ON o.oid = COALESCE(pg_partition_root(k.confrelid), k.confrelid) \
     CROSS JOIN LATERAL unnest(k.conkey, k.confkey) WITH ORDINALITY AS c(own, other, at) \
     JOIN pg_catalog.pg_attribute AS f ON f.attrelid = k.conrelid AND f.attnum = c.own \
     JOIN pg_catalog.pg_attribute AS g ON g.attrelid = k.confrelid AND g.attnum = c.other \
     WHERE k.contype = 'f' AND k.conparentid = 0 ORDER BY t.name, k.oid, c.at";
/// What they are, from whom they inherit, of whom they keep copies, and what the role is kept from.
const RELATION_FACTS: &str = "SELECT t.name, t.relkind::text, row_security_active(t.oid)::int, \
     (SELECT json_agg(o.name ORDER BY o.name) FROM pg_catalog.pg_inherits AS h JOIN t AS o ON o.oid = h.inhparent \
     WHERE h.inhrelid = t.oid)::text, (WITH RECURSIVE d(oid) AS (SELECT t.oid UNION SELECT p.refobjid FROM d \
     JOIN pg_catalog.pg_rewrite AS r ON r.ev_class = d.oid JOIN pg_catalog.pg_depend AS p ON p.objid = r.oid \
     AND p.classid = 'pg_catalog.pg_rewrite'::regclass AND p.refclassid = 'pg_catalog.pg_class'::regclass) \
     SELECT json_agg(o.name ORDER BY o.name) FROM d JOIN t AS o ON o.oid = d.oid WHERE t.relkind = 'm' AND o.oid <> t.oid)::text, \
     has_any_column_privilege(t.oid, 'SELECT')::int, has_any_column_privilege(t.oid, 'INSERT')::int, \
     has_any_column_privilege(t.oid, 'UPDATE')::int, has_table_privilege(t.oid, 'DELETE')::int FROM t ORDER BY t.name";
/// Rules, too, do something of their own. A trigger of the whole is found once, and not once more for each part.
const TRIGGERS: &str = "SELECT t.name, g.tgname::text, (g.tgtype & 4)::int, (g.tgtype & 16)::int, (g.tgtype & 8)::int \
     FROM t CROSS JOIN LATERAL (SELECT t.oid UNION SELECT p.relid FROM pg_partition_tree(t.oid) AS p) AS p(oid) \
     JOIN pg_catalog.pg_trigger AS g ON g.tgrelid = p.oid AND NOT g.tgisinternal AND g.tgenabled <> 'D' \
     AND (g.tgrelid = t.oid OR g.tgparentid = 0) \
     UNION ALL SELECT t.name, r.rulename::text, (r.ev_type = '3')::int, (r.ev_type = '2')::int, (r.ev_type = '4')::int \
     FROM t JOIN pg_catalog.pg_rewrite AS r ON r.ev_class = t.oid AND r.rulename <> '_RETURN' ORDER BY 1, 2";

/// Reads it; `named` are tables to be read wherever they are.
pub(super) async fn read(tx: &mut (dyn SqlTransaction + '_), named: &[&str]) -> Result<Catalogue, SqlError> {
    let params = [SqlValue::Text(linked(tx, named).await?)];
    let mut tables = tables(&tx.query(&format!("{TABLES}{COLUMNS}"), &params).await?);
    indexes(&tx.query(&format!("{TABLES}{INDEXES}"), &params).await?, &mut tables);
    relations(&tx.query(&format!("{TABLES}{RELATION_FACTS}"), &params).await?, &mut tables);
    let foreign_keys = foreign_keys(&tx.query(&format!("{TABLES}{FOREIGN_KEYS}"), &params).await?);
    for row in tx.query(&format!("{TABLES}{TRIGGERS}"), &params).await? {
        if let [table, name, events @ ..] = &*row
            && let Some(table) = tables.get_mut(&text(table))
        {
            let all = [TriggerEvent::Insert, TriggerEvent::Update, TriggerEvent::Delete];
            let events = all.into_iter().zip(events).filter(|(_, fires)| is(fires));
            table.triggers.extend(events.map(|(event, _)| Trigger { name: text(name), event }));
        }
    }
    Ok(Catalogue { dialect: Dialect::Postgres, tables, foreign_keys })
}

/// The oids of the tables that are wanted, and of those that hang together with them, as an array.
async fn linked(tx: &mut (dyn SqlTransaction + '_), named: &[&str]) -> Result<String, SqlError> {
    let named: Vec<String> = named.iter().map(|name| Dialect::Postgres.table(name)).collect();
    let named =
        serde_json::to_string(&named).map_err(|source| SqlError::new(SqlErrorClass::Other, source))?;
    let mut all = BTreeSet::new();
    let mut found = BTreeSet::new();
    for row in tx.query(RELATIONS, &[SqlValue::Text(named)]).await? {
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

fn tables(rows: &[Vec<SqlValue>]) -> BTreeMap<String, Table> {
    let mut tables: BTreeMap<String, Table> = BTreeMap::new();
    let mut keys: BTreeMap<String, BTreeMap<i64, String>> = BTreeMap::new();
    for row in rows {
        let [name, column, declared, base, sort, category, not_null, default, generated, key] = &**row else {
            continue;
        };
        let (name, column) = (text(name), text(column));
        if let Some(position) = key.as_integer() {
            keys.entry(name.clone()).or_default().insert(position, column.clone());
        }
        let found = column_type(&text(base), &text(sort), &text(category));
        let table = tables.entry(name.clone()).or_default();
        table.name = name;
        table.columns.push(Column {
            name: column,
            declared: text(declared),
            not_null: is(not_null),
            default: default.as_text().map(str::to_owned),
            generated: is(generated),
            affinity: affinity(found.storage),
            typed: Some(found),
        });
    }
    for (name, key) in keys {
        if let Some(table) = tables.get_mut(&name) {
            table.primary_key = key.into_values().collect();
        }
    }
    tables
}

fn relations(rows: &[Vec<SqlValue>], tables: &mut BTreeMap<String, Table>) {
    for row in rows {
        let [name, sort, row_security, parents, copies, allowed @ ..] = &**row else {
            continue;
        };
        let Some(table) = tables.get_mut(&text(name)) else {
            continue;
        };
        table.relation = match sort.as_text() {
            Some("v") => Relation::View,
            Some("m") => Relation::MaterializedView,
            Some("f") => Relation::Foreign,
            _ => Relation::Table,
        };
        table.row_security = is(row_security);
        table.inherits = names(parents);
        table.copies = names(copies);
        let privileges = Privilege::ALL.into_iter().zip(allowed);
        table.denied =
            privileges.filter(|(_, allowed)| !is(allowed)).map(|(privilege, _)| privilege).collect();
    }
}

/// The names of a JSON array, none where there is none.
fn names(value: &SqlValue) -> Vec<String> {
    value.as_text().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

fn indexes(rows: &[Vec<SqlValue>], tables: &mut BTreeMap<String, Table>) {
    let mut last = None;
    for row in rows {
        let [table, id, unique, partial, column] = &**row else {
            continue;
        };
        let Some(table) = tables.get_mut(&text(table)) else {
            continue;
        };
        if last != id.as_integer() {
            last = id.as_integer();
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

fn foreign_keys(rows: &[Vec<SqlValue>]) -> Vec<ForeignKey> {
    let mut keys: Vec<ForeignKey> = Vec::new();
    let mut last = None;
    for row in rows {
        let [table, id, from, to, to_column, on_delete, deferrable, enforced, validated] = &**row else {
            continue;
        };
        if last != id.as_integer() {
            last = id.as_integer();
            keys.push(ForeignKey {
                table: text(table),
                columns: Vec::new(),
                to: text(to),
                to_columns: Vec::new(),
                on_delete: action(&text(on_delete)),
                deferrable: is(deferrable),
                enforced: is(enforced),
                validated: is(validated),
            });
        }
        if let Some(key) = keys.last_mut() {
            key.columns.push(text(from));
            key.to_columns.push(text(to_column));
        }
    }
    keys.sort_by(|a, b| (&a.table, &a.columns, &a.to).cmp(&(&b.table, &b.columns, &b.to)));
    keys
}

fn action(letter: &str) -> OnDelete {
    match letter {
        "r" => OnDelete::Restrict,
        "c" => OnDelete::Cascade,
        "n" => OnDelete::SetNull,
        "d" => OnDelete::SetDefault,
        _ => OnDelete::NoAction,
    }
}

fn affinity(storage: Storage) -> Affinity {
    match storage {
        Storage::Text | Storage::CaseInsensitive | Storage::Enum | Storage::Uuid => Affinity::Text,
        Storage::Integer => Affinity::Integer,
        Storage::Real => Affinity::Real,
        Storage::Bytes => Affinity::Blob,
        _ => Affinity::Numeric,
    }
}

fn is(value: &SqlValue) -> bool {
    value.as_integer().is_some_and(|value| value != 0)
}

fn text(value: &SqlValue) -> String {
    value.as_text().unwrap_or_default().to_owned()
}
