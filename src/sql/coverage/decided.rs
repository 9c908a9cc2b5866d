//! What a data map says of tables, columns and foreign keys of the database.

use crate::domain::{DataMap, Kind};
use crate::sql::catalogue::{ForeignKey, same};

/// The kinds of a table: as a rule one, or none.
pub(super) fn kinds<'a>(map: &'a DataMap, table: &'a str) -> impl Iterator<Item = &'a Kind> {
    map.kinds().filter(move |kind| same(kind.table_name(), table))
}

/// Whether a column is declared to refer to a kind of the table `to`.
pub(super) fn declared(map: &DataMap, table: &str, column: &str, to: &str) -> bool {
    references(map, table, column).any(|kind| same(kind.table_name(), to))
}

/// The kinds that a column is declared to refer to.
pub(super) fn references<'a>(
    map: &'a DataMap,
    table: &'a str,
    column: &'a str,
) -> impl Iterator<Item = &'a Kind> {
    kinds(map, table).flat_map(move |from| {
        map.references_from(&from.name)
            .filter(move |reference| same(from.column(&reference.field), column))
            .filter_map(|reference| map.kind(&reference.to))
    })
}

/// Whether a foreign key is a declared reference.
pub(super) fn key_declared(map: &DataMap, key: &ForeignKey) -> bool {
    let mut columns = key.columns.iter();
    columns.any(|column| declared(map, &key.table, column, &key.to))
}

/// Whether a table is left out on purpose.
pub(super) fn table_excluded(map: &DataMap, table: &str) -> bool {
    let mut excluded = map.excluded().iter().flat_map(|one| &one.table);
    excluded.any(|name| same(name, table))
}

/// Whether a column is left out on purpose, by the names of table and column or of kind and field.
pub(super) fn column_excluded(map: &DataMap, table: &str, column: &str) -> bool {
    let mut excluded = map.excluded().iter().flat_map(|one| &one.reference);
    excluded.any(|name| {
        let Some((from, field)) = name.split() else {
            return false;
        };
        let by_kind = map
            .kind(&from)
            .is_some_and(|kind| same(kind.table_name(), table) && same(kind.column(&field), column));
        by_kind || (same(from.as_str(), table) && same(field.as_str(), column))
    })
}

/// Whether one of the columns of a foreign key is left out on purpose.
pub(super) fn key_excluded(map: &DataMap, key: &ForeignKey) -> bool {
    let mut columns = key.columns.iter();
    columns.any(|column| column_excluded(map, &key.table, column))
}
