//! Finds unique keys that a policy names in `on_clash`, and that the database does not have.

use super::declared;
use super::finding::{Finding, FindingCode};
use crate::domain::{ClashKey, DataMap};
use crate::sql::catalogue::Catalogue;

/// Reports keys under which the database does not compare all rows of a table.
pub(super) fn missing(map: &DataMap, catalogue: &Catalogue) -> Vec<Finding> {
    let found = map.uses.clash_keys.iter().filter_map(|ClashKey { kind, fields, path }| {
        let kind = map.kind(kind)?;
        let table = declared::table(kind, catalogue)?;
        let columns: Vec<&str> = fields.iter().map(|field| kind.column(field)).collect();
        // Another check reports columns that do not exist.
        if columns.iter().any(|column| table.column(column).is_none()) || table.are_unique(&columns) {
            return None;
        }
        let message = format!("`{}` has no unique key on exactly `{}`", table.name, columns.join("`, `"));
        let remedy = "name the fields of a unique key without a condition, or remove `on_clash`";
        Some(Finding::new(FindingCode::ClashKey, path, message).remedy(remedy))
    });
    found.collect()
}
