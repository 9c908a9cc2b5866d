//! The foreign keys that refer to tables of PostgreSQL, as texts that change with the keys.

use crate::domain::TableName;
use crate::sql::backend::Backend;
use crate::sql::statement::{Statement, Writer, quote_table};
use crate::store::StoreError;

/// Each foreign key with what decides about its rows: its columns, its action, whether it is enforced, and whether its
/// columns can be NULL. Names instead of oids, so that databases with the same tables have the same keys.
const KEYS: &str = "SELECT j.\"key\" - 1, (SELECT string_agg(k.held, ';' ORDER BY k.held) FROM (SELECT concat_ws(' ', \
     k.conrelid::regclass::text, k.confdeltype, k.confmatchtype, to_jsonb(k) ->> 'confdelsetcols', \
     to_jsonb(k) ->> 'conenforced', EXISTS (SELECT 1 FROM pg_catalog.pg_trigger AS g \
     WHERE g.tgconstraint = k.oid AND g.tgenabled = 'D'), (SELECT string_agg(concat_ws(' ', f.attname, g.attname, \
     f.attnotnull, pg_get_expr(d.adbin, d.adrelid)), ',' ORDER BY c.at) \
     FROM unnest(k.conkey, k.confkey) WITH ORDINALITY AS c(own, other, at) \
     JOIN pg_catalog.pg_attribute AS f ON f.attrelid = k.conrelid AND f.attnum = c.own \
     JOIN pg_catalog.pg_attribute AS g ON g.attrelid = k.confrelid AND g.attnum = c.other \
     LEFT JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = f.attrelid AND d.adnum = f.attnum)) \
     FROM pg_catalog.pg_constraint AS k WHERE k.contype = 'f' AND k.conparentid = 0 \
     AND COALESCE(pg_partition_root(k.confrelid), k.confrelid) = to_regclass(j.\"value\")) AS k(held)) FROM ";

/// Renders the query for the keys of some tables. Each row has the position of a table and its keys, or NULL.
pub(super) fn statement(
    backend: &'static dyn Backend,
    tables: &[TableName],
) -> Result<Statement, StoreError> {
    let names: Vec<String> = tables.iter().map(quote_table).collect();
    let names = serde_json::to_string(&names)
        .map_err(|source| StoreError::backend("asked for foreign keys", source))?;
    let mut w = Writer::new(backend);
    let (open, close) = backend.spelling().json_rows;
    w.push(KEYS).push(open).bind(names).push(close);
    Ok(w.finish())
}
