//! The foreign keys that refer to tables of SQLite, as texts that change with the keys.

use crate::domain::TableName;
use crate::sql::backend::Backend;
use crate::sql::statement::{Statement, Writer};
use crate::store::StoreError;

/// Each foreign key with what decides about its rows: its columns, its action, and whether its columns can be NULL.
const KEYS: &str = "WITH k(name, held) AS MATERIALIZED (SELECT lower(f.\"table\"), json_array(t.name, f.id, f.\"from\", \
     f.\"to\", f.on_delete, (SELECT json_array(x.\"notnull\", x.dflt_value) FROM pragma_table_xinfo(t.name, 'main') AS x \
     WHERE x.name = f.\"from\" COLLATE NOCASE)) FROM sqlite_master AS t \
     JOIN pragma_foreign_key_list(t.name, 'main') AS f \
     WHERE t.type = 'table' AND t.sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY t.name, f.id, f.seq) \
     SELECT j.\"key\", group_concat(k.held, ';') FROM ";

/// Renders the query for the keys of some tables. Each row has the position of a table and its keys.
pub(super) fn statement(
    backend: &'static dyn Backend,
    tables: &[TableName],
) -> Result<Statement, StoreError> {
    let names: Vec<String> = tables.iter().map(|name| name.table.to_ascii_lowercase()).collect();
    let names = serde_json::to_string(&names)
        .map_err(|source| StoreError::backend("asked for foreign keys", source))?;
    let mut w = Writer::new(backend);
    let (open, close) = backend.spelling().json_rows;
    w.push(KEYS).push(open).bind(names).push(close);
    w.push(" JOIN k ON k.name = j.\"value\" GROUP BY j.\"key\"");
    Ok(w.finish())
}
