//! Reads the catalogue of SQLite.

use super::catalogue::{Catalogue, Traits};
use super::relation::Relation;
use super::rows::text;
use super::storage::{Affinity, Storage};
use super::trigger::Trigger;
use super::{collation, trigger_sql, view};
use crate::domain::DataMap;
use crate::sql::{Dialect, Prefix, SqlError, SqlTransaction, SqlValue};

/// Every operation looks for rows without an id, because even a primary key may be NULL.
const TRAITS: Traits = Traits { ignores_case: true, requires_ids: false, single_writer: true };

/// Broken views and virtual tables of missing modules have no columns; reading them would be an error. A `hidden` of
/// 2 is a virtual generated column, 3 a stored one.
const COLUMNS: &str = "SELECT t.name, x.name, x.type, x.\"notnull\", x.dflt_value, x.hidden >= 2, NULLIF(x.pk, 0), \
     t.type = 'view' \
     FROM pragma_table_list AS t JOIN pragma_table_xinfo(t.name, 'main') AS x \
     WHERE t.schema = 'main' AND t.ncol > 0 AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND x.hidden <> 1 \
     ORDER BY t.name, x.cid";
const INDEXES: &str = "SELECT t.name, i.name, i.\"unique\", i.partial, c.name \
     FROM sqlite_master AS t JOIN pragma_index_list(t.name, 'main') AS i JOIN pragma_index_info(i.name, 'main') AS c \
     WHERE t.type = 'table' AND t.sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY t.name, i.name, c.seqno";
const FOREIGN_KEYS: &str = "SELECT t.name, f.id, f.\"from\", f.\"table\", f.\"to\", f.on_delete, 1, 1 \
     FROM sqlite_master AS t JOIN pragma_foreign_key_list(t.name, 'main') AS f \
     WHERE t.type = 'table' AND t.sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY t.name, f.id, f.seq";
const TRIGGERS: &str =
    "SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY tbl_name, name";

pub(super) async fn read(
    tx: &mut (dyn SqlTransaction + '_),
    prefix: &Prefix,
    map: &DataMap,
) -> Result<Catalogue, SqlError> {
    let mut catalogue = Catalogue::new(Dialect::Sqlite, TRAITS, prefix);
    catalogue.add_columns(tx.query(COLUMNS, &[]).await?, |table, declared, rest| {
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
            && let Some(table) = catalogue.table_mut(&text(table))
        {
            table.triggers.push(Trigger { name: text(name), event: trigger_sql::event(&text(sql)) });
        }
    }
    collation::read(tx, &mut catalogue, map).await?;
    view::read(tx, &mut catalogue, map, str::to_owned).await?;
    Ok(catalogue)
}
