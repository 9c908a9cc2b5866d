//! Collations of SQLite columns, which no pragma reports.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::catalogue::Catalogue;
use super::storage::Collation;
use crate::domain::{DataMap, FieldName, Kind};
use crate::sql::{SqlError, SqlTransaction, SqlValue};

/// The number of columns in one statement.
const BATCH: usize = 100;

/// Reads the collations of the references of a map, and of the ids they refer to.
pub(super) async fn read(
    tx: &mut (dyn SqlTransaction + '_),
    catalogue: &mut Catalogue,
    map: &DataMap,
) -> Result<(), SqlError> {
    let named = |kind: &Kind, field: &FieldName| {
        let table = catalogue.table(kind.table_name())?;
        Some((table.name.clone(), table.column(kind.column(field))?.name.clone()))
    };
    let mut columns: BTreeSet<(String, String)> = BTreeSet::new();
    for reference in map.references() {
        if let (Some(from), Some(to)) = (map.kind(&reference.from), map.kind(&reference.to)) {
            columns.extend(named(from, &reference.field));
            columns.extend(named(to, &to.id));
        }
    }
    let columns: Vec<(String, String)> = columns.into_iter().collect();
    for batch in columns.chunks(BATCH) {
        let rows = tx.query(&statement(catalogue, batch), &[]).await?;
        for ((table, column), row) in batch.iter().zip(rows) {
            if let Some(column) = catalogue.column_mut(table, column) {
                column.collation = row.get(1).and_then(SqlValue::as_integer).map(Collation);
            }
        }
    }
    Ok(())
}

/// Compares two texts as each column does. A value below a column in a compound query is compared like that column;
/// no row is read.
fn statement(catalogue: &Catalogue, columns: &[(String, String)]) -> String {
    let mut sql = String::new();
    for (at, (table, column)) in columns.iter().enumerate() {
        let union = if at == 0 { "" } else { "\nUNION ALL " };
        let (table, column) = (catalogue.dialect().table(table), catalogue.dialect().quote(column));
        let _ = write!(
            sql,
            "{union}SELECT {at}, (SELECT (v.c = 'a') + 2 * (v.c = 'A ') \
             FROM (SELECT r.{column} AS c FROM {table} AS r WHERE 0 UNION ALL SELECT 'A') AS v)"
        );
    }
    sql + "\nORDER BY 1"
}
