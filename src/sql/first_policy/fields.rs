//! What the catalogue says of columns that a policy may want to look at.

use super::names;
use crate::domain::{FieldType, StatusField};
use crate::policy::KindBuilder;
use crate::sql::catalogue::{Affinity, Column, Table, same};
use crate::sql::check::fits;

/// What columns are called that say by true and false whether a record is ON.
const FLAGS: [&str; 5] = ["active", "is_active", "isActive", "enabled", "is_enabled"];

/// Declares moments, days, truth values and states; on the subject also what says that it is ON.
pub(super) fn describe(mut kind: KindBuilder, table: &Table, id: &str, is_subject: bool) -> KindBuilder {
    let mut status = None;
    let mut deleted_at = None;
    for column in table.columns.iter().filter(|column| column.name != id) {
        let field = names::field(table, &column.name);
        if deleted_at.is_none() && says_deleted(column) {
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

/// Only a column that can be null says that a row is not deleted.
fn says_deleted(column: &Column) -> bool {
    let named = ["deleted_at", "deletedAt", "deleted_on", "removed_at"];
    named.iter().any(|name| same(name, &column.name))
        && !column.not_null
        && !column.generated
        && fits(FieldType::Timestamp, column)
}

/// `ON` and `OFF`, unless the default says that the words are others; or true and false.
fn status_of(column: &Column) -> Option<StatusField> {
    let text = column.affinity == Affinity::Text
        && column.default.as_deref().is_none_or(|default| default.trim_matches(['\'', '"']) == "ON");
    if column.generated {
        return None;
    }
    if same(&column.name, "status") && text {
        return Some(column.name.as_str().into());
    }
    let flag = FLAGS.iter().any(|name| same(name, &column.name)) && fits(FieldType::Boolean, column);
    flag.then(|| StatusField {
        on: true.into(),
        off: false.into(),
        ..StatusField::from(column.name.as_str())
    })
}

/// The type, where the declaration or the name leaves no doubt.
fn type_of(column: &Column) -> Option<FieldType> {
    let declared = column.declared.to_ascii_uppercase();
    let named = |names: &[&str]| names.iter().any(|name| same(name, &column.name));
    let moment = column.name.to_ascii_lowercase().ends_with("_at") || column.name.ends_with("At");
    let found = if declared.starts_with("BOOL") || named(&FLAGS) {
        FieldType::Boolean
    } else if declared == "DATE" {
        FieldType::Date
    } else if moment || declared.starts_with("DATETIME") || declared.starts_with("TIMESTAMP") {
        FieldType::Timestamp
    } else if named(&["status", "state"]) && column.affinity == Affinity::Text {
        FieldType::Text
    } else {
        return None;
    };
    fits(found, column).then_some(found)
}
