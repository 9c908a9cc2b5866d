//! Views that are used as tables: only their rows show whether ids are unique.

use super::catalogue::Catalogue;
use super::table::RepeatedId;
use crate::domain::DataMap;
use crate::sql::{SqlError, SqlTransaction, SqlValue};

/// Looks for repeated ids in the views that are kinds of a map. `readable` converts a column to the form in which ids
/// are read.
pub(super) async fn read(
    tx: &mut (dyn SqlTransaction + '_),
    catalogue: &mut Catalogue,
    map: &DataMap,
    readable: impl Fn(&str) -> String,
) -> Result<(), SqlError> {
    for kind in map.kinds() {
        let view = catalogue.table(kind.table_name()).filter(|table| table.is_view());
        let id = view.and_then(|view| view.column(kind.column(&kind.id)));
        let (Some(view), Some(id)) = (view, id) else {
            continue;
        };
        let (view, id) = (view.name.clone(), id.name.clone());
        let (table, column) =
            (catalogue.dialect().table(&view), format!("r.{}", catalogue.dialect().quote(&id)));
        let sql = format!(
            "SELECT {}, count(*) FROM {table} AS r GROUP BY {column} HAVING count(*) > 1 OR {column} IS NULL \
             ORDER BY {column} LIMIT 1",
            readable(&column)
        );
        let rows = tx.query(&sql, &[]).await?;
        if let Some([repeated, SqlValue::Integer(rows)]) = rows.first().map(Vec::as_slice)
            && let Some(column) = catalogue.column_mut(&view, &id)
        {
            column.repeated = Some(RepeatedId { id: repeated.clone(), rows: *rows });
        }
    }
    Ok(())
}
