//! Finds deleted marks whose columns have another value on live rows than the policy says.

use super::declared::{MappedColumn, tables};
use super::finding::{Finding, FindingCode};
use crate::domain::{DataMap, DeletedField, FieldType, Kind, Value};
use crate::sql::catalogue::{Affinity, Catalogue, Column, Storage, default};

/// Reports deleted marks that would take live rows for deleted ones, or write what the column does not hold.
pub(super) fn marks(map: &DataMap, catalogue: &Catalogue) -> Vec<Finding> {
    let mut found = Vec::new();
    for (kind, _) in tables(map, catalogue) {
        let Some(deleted) = &kind.deleted_at else { continue };
        if let Some(MappedColumn { column, .. }) = MappedColumn::of(kind, &deleted.field, catalogue) {
            found.extend(mark(kind, deleted, column));
        }
    }
    found
}

fn mark(kind: &Kind, deleted: &DeletedField, column: &Column) -> Option<Finding> {
    let declared = kind.type_of(&deleted.field);
    let path = format!("kinds.{}.deleted_at", kind.name);
    let finding = |message: String| Some(Finding::new(FindingCode::DeletedMark, path.clone(), message));
    let (name, column_type) = (&column.name, &column.declared);
    if declared.is_time() && column.is_flag() {
        let message =
            format!("the column `{name}` is {column_type}, a flag that cannot hold when a row was deleted");
        return finding(message).map(|found| found.remedy(declare(deleted, &[false.into()])));
    }
    if declared == FieldType::TimestampMs && column.is_too_small_for_milliseconds() {
        let message = format!("the column `{name}` is {column_type}, which cannot hold milliseconds");
        return finding(message)
            .map(|found| found.remedy("declare the type `timestamp`, or use a wider column"));
    }
    let is_number = matches!(deleted.live, Value::Integer(_));
    if is_number && matches!(column.storage, Storage::Affinity(Affinity::Text)) {
        let message = format!("live rows hold a number, but the column `{name}` is {column_type}");
        return finding(message).map(|found| found.remedy("correct `live`"));
    }
    let default = column.default.as_deref()?;
    if deleted.live.is_null() {
        return match default::literal(default) {
            Some(Value::Null) => None,
            Some(live) => {
                let message = format!("new rows have {default} in the column `{name}`, and are not deleted");
                finding(message).map(|found| found.remedy(declare(deleted, &forms(live))))
            }
            None => {
                let message = format!(
                    "NULL marks a row as not deleted, but the column `{name}` has the default {default}"
                );
                finding(message).map(|found| found.remedy("drop the default, or declare what live rows hold"))
            }
        };
    }
    if default::is_live(deleted, declared, default) == Some(false) {
        let live = deleted.live.literal();
        let message = format!(
            "new rows have {default} in the column `{name}`, but the policy says that live rows have {live}"
        );
        return finding(message).map(|found| found.remedy("correct `live`, or the default of the column"));
    }
    None
}

/// Lists the live values that a default may stand for. The integers 0 and 1 are a flag or an instant.
fn forms(default: Value) -> Vec<Value> {
    match default {
        Value::Integer(number @ (0 | 1)) => vec![Value::Boolean(number == 1), default],
        default => vec![default],
    }
}

/// Renders how to declare a mark with one of these live values.
fn declare(deleted: &DeletedField, live: &[Value]) -> String {
    let forms = live.iter().map(|live| {
        let form = DeletedField::new(&deleted.field, live.clone());
        let json = serde_json::to_string(&form).unwrap_or_default();
        let what = if matches!(live, Value::Boolean(_)) { "a flag" } else { "an instant" };
        format!("`\"deleted_at\": {json}` for {what}")
    });
    format!("declare {}", forms.collect::<Vec<_>>().join(", or "))
}
