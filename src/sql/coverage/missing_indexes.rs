//! References without an index: rows are found only by reading the whole table.

use super::declared::MappedColumn;
use super::finding::{Finding, FindingCode};
use crate::domain::DataMap;
use crate::sql::catalogue::Catalogue;

pub(super) fn findings<'a>(map: &'a DataMap, catalogue: &'a Catalogue) -> impl Iterator<Item = Finding> + 'a {
    map.references().filter_map(|reference| {
        let from = MappedColumn::of(map.kind(&reference.from)?, &reference.field, catalogue)?;
        if from.table.is_view() || from.table.is_indexed(&from.column.name) {
            return None;
        }
        let (table, column) = (&from.table.name, &from.column.name);
        let message = format!(
            "no index of `{table}` starts with `{column}`: every plan and every deletion reads the whole table"
        );
        let dialect = catalogue.dialect();
        let remedy = format!(
            "CREATE INDEX {} ON {} ({})",
            dialect.quote(&format!("{table}_by_{column}")),
            dialect.table(table),
            dialect.quote(column)
        );
        let path = format!("references.{}", reference.name);
        Some(Finding::new(FindingCode::MissingIndex, path, message).remedy(remedy))
    })
}
