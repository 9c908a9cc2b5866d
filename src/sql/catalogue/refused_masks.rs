//! Finds masks that a CHECK constraint of PostgreSQL refuses. The database itself evaluates the constraint.

use super::catalogue::{Catalogue, is, text};
use super::postgres::TABLES;
use crate::domain::{DataMap, Mask, UsedMask};
use crate::sql::{SqlError, SqlErrorClass, SqlTransaction, SqlValue};

/// The constraints on one column alone or on its domain, and the type below the domain.
const CHECKS: &str = "SELECT t.name, a.attname::text, format_type(b.oid, -1), k.conname::text, \
     pg_get_expr(k.conbin, k.conrelid), (k.contypid <> 0)::int \
     FROM t JOIN pg_catalog.pg_attribute AS a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped \
     JOIN pg_catalog.pg_type AS p ON p.oid = a.atttypid LEFT JOIN pg_catalog.pg_type AS q ON q.oid = p.typbasetype \
     JOIN pg_catalog.pg_type AS b ON b.oid = COALESCE(NULLIF(q.typbasetype, 0), q.oid, p.oid) \
     JOIN pg_catalog.pg_constraint AS k ON k.contype = 'c' \
     AND (k.contypid IN (p.oid, q.oid) OR k.conrelid = t.oid AND k.conkey = ARRAY[a.attnum]) \
     ORDER BY t.name, a.attnum, k.conname";

/// Notes the masks of a map that a constraint refuses.
pub(super) async fn read_refused_masks(
    tx: &mut (dyn SqlTransaction + '_),
    catalogue: &mut Catalogue,
    map: &DataMap,
    tables: &[SqlValue],
) -> Result<(), SqlError> {
    if map.uses.masks.is_empty() {
        return Ok(());
    }
    for row in tx.query(&format!("{TABLES}{CHECKS}"), tables).await? {
        let [table, column, base, constraint, expression, of_domain] = &*row else { continue };
        let (table, column) = (catalogue.read_name(table), text(column));
        let dialect = catalogue.dialect();
        let name = dialect.quote(if is(of_domain) { "value" } else { &column });
        let sql = format!(
            "SELECT CASE WHEN ({}) IS FALSE THEN 1 ELSE 0 END::int FROM (SELECT $1::text::{} AS {name}) AS r",
            text(expression),
            text(base)
        );
        for UsedMask { kind, field, mask, path } in &map.uses.masks {
            let Some(kind) = map.kind(kind) else { continue };
            let is_its_table = catalogue.table(&kind.table_name()).is_some_and(|one| one.name == table);
            let Some(value) = example(mask).filter(|_| is_its_table && kind.column(field) == column) else {
                continue;
            };
            if is_refused(tx, &sql, value).await? {
                catalogue.refuse_mask(path, text(constraint));
            }
        }
    }
    Ok(())
}

/// Returns a value that the mask writes. `None` if the value depends on the row in a way that matters.
pub(super) fn example(mask: &Mask) -> Option<SqlValue> {
    Some(match mask {
        Mask::Null => SqlValue::Null,
        Mask::Text(text) | Mask::Value(serde_json::Value::String(text)) => SqlValue::Text(text.clone()),
        Mask::Value(value @ (serde_json::Value::Bool(_) | serde_json::Value::Number(_))) => {
            SqlValue::Text(value.to_string())
        }
        Mask::Hmac => SqlValue::Text("0123456789abcdef".repeat(4)),
        Mask::PlaceholderEmail => SqlValue::Text("1@anonymized.invalid".into()),
        Mask::Value(_) | Mask::Year | Mask::Truncate(_) => return None,
    })
}

/// Returns whether a constraint refuses a value. A constraint that cannot be evaluated here refuses nothing.
async fn is_refused(
    tx: &mut (dyn SqlTransaction + '_),
    sql: &str,
    value: SqlValue,
) -> Result<bool, SqlError> {
    // An error would end the transaction.
    tx.execute("SAVEPOINT lifecycle_mask", &[]).await?;
    let found = tx.query(sql, &[value]).await;
    match found {
        Ok(rows) => {
            tx.execute("RELEASE SAVEPOINT lifecycle_mask", &[]).await?;
            Ok(rows.first().and_then(|row| row.first()).is_some_and(is))
        }
        Err(error) if matches!(error.class(), SqlErrorClass::Lost | SqlErrorClass::NoConnection) => {
            Err(error)
        }
        Err(_) => {
            tx.execute("ROLLBACK TO SAVEPOINT lifecycle_mask", &[]).await?;
            Ok(false)
        }
    }
}
