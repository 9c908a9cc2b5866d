//! Finds values that a policy names, but that a column cannot hold. A condition on such a value never holds, so the next
//! entry would decide about rows that should have been protected.

use super::declared::MappedColumn;
use super::finding::{Finding, FindingCode};
use crate::domain::{DataMap, NamedValue, Value};
use crate::sql::catalogue::{Catalogue, Column};
use crate::sql::table_schema::TypeFamily;

/// The maximum number of values that a message lists.
const LISTED: usize = 12;

/// Reports values that are neither labels of the column's enum nor listed by its constraints.
pub(super) fn unknown_labels(map: &DataMap, catalogue: &Catalogue) -> Vec<Finding> {
    let found =
        map.uses.named_values.iter().filter_map(|NamedValue { kind, field, value, path, is_mask: _ }| {
            let MappedColumn { column, .. } = MappedColumn::of(map.kind(kind)?, field, catalogue)?;
            let allowed = column.allowed.as_ref()?;
            if allowed.iter().any(|label| is_value(label, value, column)) {
                return None;
            }
            let mut listed: Vec<String> =
                allowed.iter().take(LISTED).map(|label| format!("`{label}`")).collect();
            if allowed.len() > LISTED {
                listed.push("…".into());
            }
            let message = format!(
                "{} is not a value of the column `{}`, which can only hold {}",
                value.literal(),
                column.name,
                listed.join(", ")
            );
            let remedy = "correct the value, or add it to the type or constraint of the column";
            Some(Finding::new(FindingCode::UnknownLabel, path, message).remedy(remedy))
        });
    found.collect()
}

/// Returns whether a value is this label. Values that are not compared by their text count as labels.
fn is_value(label: &str, value: &Value, column: &Column) -> bool {
    let stored = column.storage.column_type();
    let number = |text: &str| text.parse::<f64>().ok();
    match value {
        Value::Text(_) if stored.is_some_and(|stored| stored.family == TypeFamily::CaseInsensitive) => true,
        Value::Text(text) if stored.is_some_and(|stored| stored.name == "bpchar") => {
            text.trim_end_matches(' ') == label.trim_end_matches(' ')
        }
        Value::Text(text) => text == label,
        Value::Boolean(true) => matches!(label, "1" | "true" | "t"),
        Value::Boolean(false) => matches!(label, "0" | "false" | "f"),
        Value::Integer(_) | Value::Real(_) => {
            let literal = value.literal();
            literal == label || number(&literal).is_some_and(|value| number(label) == Some(value))
        }
        Value::Null | Value::Date(_) | Value::Timestamp(_) | Value::Json(_) => true,
    }
}
