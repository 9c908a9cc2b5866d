//! The columns that a first policy declares: times, days, flags and states.

use super::names;
use crate::domain::{FieldType, StatusField};
use crate::policy::KindBuilder;
use crate::sql::catalogue::{Column, Table, same};

/// Names of boolean columns that hold whether a record is ON.
const FLAGS: [&str; 5] = ["active", "is_active", "isActive", "enabled", "is_enabled"];

/// Declares times, days, flags and states, and for the subject its status.
pub(super) fn describe(mut kind: KindBuilder, table: &Table, id: &str, is_subject: bool) -> KindBuilder {
    let mut status = None;
    let mut deleted_at = None;
    for column in table.columns.iter().filter(|column| column.name != id) {
        let field = names::field(table, &column.name);
        if deleted_at.is_none() && marks_deletion(column) {
            deleted_at = Some(field);
            continue;
        }
        if is_subject && status.is_none() {
            status = status_of(column).map(|status| StatusField { field: field.clone(), ..status });
        }
        if let Some(field_type) = type_of(column) {
            kind = kind.field(field, field_type);
        }
    }
    if let Some(status) = status {
        kind = kind.status(status);
    }
    if let Some(field) = deleted_at {
        kind = kind.deleted_at(field);
    }
    kind
}

/// Returns whether a column may hold when a row was deleted. It must be nullable, because NULL marks a row that exists.
fn marks_deletion(column: &Column) -> bool {
    let named = ["deleted_at", "deletedAt", "deleted_on", "removed_at"];
    named.iter().any(|name| same(name, &column.name))
        && !column.not_null
        && !column.generated
        && column.storage.fits(FieldType::Timestamp)
}

/// Returns a status of `ON` and `OFF`, unless the default is another word, or of true and false.
fn status_of(column: &Column) -> Option<StatusField> {
    let text = column.storage.is_text()
        && column.default.as_deref().is_none_or(|default| default.trim_matches(['\'', '"']) == "ON");
    if column.generated {
        return None;
    }
    if same(&column.name, "status") && text {
        return Some(column.name.as_str().into());
    }
    let flag = FLAGS.iter().any(|name| same(name, &column.name)) && column.storage.fits(FieldType::Boolean);
    flag.then(|| StatusField {
        on: true.into(),
        off: false.into(),
        ..StatusField::from(column.name.as_str())
    })
}

/// Returns the type, if the declaration or the name leaves no doubt.
fn type_of(column: &Column) -> Option<FieldType> {
    let declared = column.declared.to_ascii_uppercase();
    let named = |names: &[&str]| names.iter().any(|name| same(name, &column.name));
    let is_time = column.name.to_ascii_lowercase().ends_with("_at") || column.name.ends_with("At");
    let found = if declared.starts_with("BOOL") || named(&FLAGS) {
        FieldType::Boolean
    } else if declared == "DATE" {
        FieldType::Date
    } else if is_time || declared.starts_with("DATETIME") || declared.starts_with("TIMESTAMP") {
        FieldType::Timestamp
    } else if named(&["status", "state"]) && column.storage.is_text() {
        FieldType::Text
    } else {
        return None;
    };
    column.storage.fits(found).then_some(found)
}
