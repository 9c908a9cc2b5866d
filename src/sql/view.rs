//! Views that are used as tables: nothing but their rows says whether each has an id of its own.

use super::catalogue::Catalogue;
use super::session::query;
use super::statement::{Statement, Writer};
use super::{Dialect, Finding, FindingCode, SqlError, SqlTransaction, SqlValue};
use crate::domain::{DataMap, Kind};

/// Views in which two rows have one id, or a row has none: which of them would be meant nobody can say.
pub(super) async fn findings(
    tx: &mut (dyn SqlTransaction + '_),
    dialect: Dialect,
    map: &DataMap,
    catalogue: &Catalogue,
) -> Result<Vec<Finding>, SqlError> {
    let mut found = Vec::new();
    for kind in map.kinds() {
        let table = catalogue.table(kind.table_name()).filter(|table| table.is_view());
        if table.is_none_or(|view| view.column(kind.column(&kind.id)).is_none()) {
            continue;
        }
        let rows = query(tx, &statement(dialect, kind)).await?;
        let Some([id, count]) = rows.first().map(Vec::as_slice) else {
            continue;
        };
        let count = count.as_integer().unwrap_or_default();
        let rows = if count == 1 { "1 row".into() } else { format!("{count} rows") };
        let which = match dialect.backend().read_id(id) {
            Some(id) => format!("with the id `{id}`"),
            None if *id == SqlValue::Null => "without an id".into(),
            None => "with one id".into(),
        };
        found.push(
            Finding::new(
                FindingCode::AmbiguousId,
                format!("kinds.{}.id", kind.name),
                format!("the view `{}` has {rows} {which}", kind.table_name()),
            )
            .remedy("let the view give each row an id of its own"),
        );
    }
    Ok(found)
}

fn statement(dialect: Dialect, kind: &Kind) -> Statement {
    let id = format!("r.{}", dialect.quote(kind.column(&kind.id)));
    let mut w = Writer::new(dialect.backend());
    w.push("SELECT ").push(&match dialect {
        Dialect::Sqlite => id.clone(),
        Dialect::Postgres => format!("to_json({id})::text"),
    });
    w.push(", count(*) FROM ").table(kind.table_name());
    w.push(" AS r GROUP BY ").push(&id);
    w.push(" HAVING count(*) > 1 OR ").push(&id).push(" IS NULL ORDER BY ").push(&id).push(" LIMIT 1");
    w.finish()
}
