//! Materialized views that keep copies of rows which the policy deletes or masks.

use super::declared;
use super::finding::{Finding, FindingCode};
use super::written_kinds::WrittenKinds;
use crate::domain::DataMap;
use crate::sql::catalogue::Catalogue;

pub(super) fn findings<'a>(
    map: &'a DataMap,
    catalogue: &'a Catalogue,
    written: &'a WrittenKinds,
) -> impl Iterator<Item = Finding> + 'a {
    let views = catalogue.tables().filter(|view| !declared::table_excluded(map, &view.name));
    views.filter_map(|view| {
        let is_written = |table: &&String| declared::kinds(map, table).any(|kind| written.writes(&kind.name));
        let tables: Vec<&str> = view.copies.iter().filter(is_written).map(String::as_str).collect();
        if tables.is_empty() {
            return None;
        }
        let message = format!(
            "the materialized view keeps old rows of `{}` until it is refreshed",
            tables.join("`, `")
        );
        let finding = Finding::new(FindingCode::UncoveredTable, format!("kinds.{}", view.name), message);
        Some(finding.remedy("refresh it after deletions, and list it under `excluded` with that reason"))
    })
}
