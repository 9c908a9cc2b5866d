//! Ids that do not identify a row: not unique, NULL, or of a type that ids cannot have.

use super::declared::{MappedColumn, tables};
use super::finding::{Finding, FindingCode as Code};
use crate::domain::{DataMap, Kind};
use crate::sql::SqlValue;
use crate::sql::catalogue::{Catalogue, Table};

pub(super) fn findings(map: &DataMap, catalogue: &Catalogue) -> Vec<Finding> {
    let mut found = Vec::new();
    for (kind, table) in tables(map, catalogue) {
        let Some(MappedColumn { column, .. }) = MappedColumn::of(kind, &kind.id, catalogue) else {
            continue;
        };
        let path = format!("kinds.{}.id", kind.name);
        if let Some(repeated) = &column.repeated {
            let rows = if repeated.rows == 1 { "1 row".into() } else { format!("{} rows", repeated.rows) };
            let which = match repeated.id.as_id() {
                Some(id) => format!("with the id `{id}`"),
                None if repeated.id == SqlValue::Null => "without an id".into(),
                None => "with the same id".into(),
            };
            let message = format!("the view `{}` has {rows} {which}", kind.table_name());
            found.push(
                Finding::new(Code::AmbiguousId, &path, message)
                    .remedy("make the view return one row for each id"),
            );
        }
        // The catalogue has no keys for views.
        if table.is_view() {
            continue;
        }
        found.extend(uniqueness(kind, table, &path));
        if column.storage.column_type().is_some_and(|column| !column.makes_ids()) {
            let message = format!("the column is {}, but ids are text, integers or UUIDs", column.declared);
            found.push(
                Finding::new(Code::TypeMismatch, &path, message)
                    .remedy("give the table another unique column and set `id` to it"),
            );
        }
        if catalogue.traits().requires_ids && !column.not_null {
            let message =
                format!("the column `{}` can be NULL, but a row without an id is never found", column.name);
            found.push(
                Finding::new(Code::NullabilityMismatch, &path, message)
                    .remedy("make the column NOT NULL, or set `id` to another"),
            );
        }
    }
    found
}

fn uniqueness(kind: &Kind, table: &Table, path: &str) -> Option<Finding> {
    let id = kind.column(&kind.id);
    if table.is_unique(id) {
        return None;
    }
    Some(if table.primary_key.len() > 1 {
        let key = table.primary_key.join("`, `");
        let message = format!("composite primary keys are not supported: `{key}`");
        Finding::new(Code::CompositeKey, path, message)
            .remedy("give the table a unique column and set `id` to it")
    } else {
        let message = format!("the column `{id}` is not unique");
        Finding::new(Code::AmbiguousId, path, message)
            .remedy("set `id` to the primary key, or add a unique index")
    })
}
