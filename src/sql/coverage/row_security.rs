//! Row-level security that hides rows from the current role: a deletion would miss them.

use super::declared::tables;
use super::finding::{Finding, FindingCode};
use crate::domain::DataMap;
use crate::sql::catalogue::Catalogue;

pub(super) fn findings<'a>(map: &'a DataMap, catalogue: &'a Catalogue) -> impl Iterator<Item = Finding> + 'a {
    tables(map, catalogue).filter(|(_, table)| table.row_security).map(|(kind, table)| {
        let message = format!(
            "row-level security hides rows of `{}` from the current role, so a deletion would miss them",
            table.name
        );
        Finding::new(FindingCode::RowSecurity, format!("kinds.{}", kind.name), message).remedy(
            "use a role that bypasses it (ALTER ROLE … BYPASSRLS), or that owns the table without FORCE",
        )
    })
}
