//! What a data map says of tables, columns and foreign keys of the database.

use crate::domain::{DataMap, Kind};
use crate::sql::catalogue::{Catalogue, ForeignKey, same};

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

/// Returns whether a foreign key is a declared reference exactly: the reference holds what the key pairs with the id.
pub(super) fn key_followed(map: &DataMap, key: &ForeignKey, catalogue: &Catalogue) -> bool {
    let is_of = |kind: &Kind, table: &str| {
        catalogue.lineage(table).into_iter().any(|table| catalogue.is_one_name(table, kind.table_name()))
    };
    map.references().any(|reference| {
        let (Some(from), Some(to)) = (map.kind(&reference.from), map.kind(&reference.to)) else {
            return false;
        };
        let column = key.column_to(to.column(&to.id));
        column.is_some_and(|column| same(column, from.column(&reference.field)))
            && is_of(from, &key.table)
            && is_of(to, &key.to)
    })
}

/// Returns the kind that rows of a table are, by its own name or by that of a table it inherits from.
pub(super) fn kind_of_rows<'a>(map: &'a DataMap, table: &str, catalogue: &Catalogue) -> Option<&'a Kind> {
    let mut lineage = catalogue.lineage(table).into_iter();
    lineage.find_map(|table| map.kinds().find(|kind| catalogue.is_one_name(kind.table_name(), table)))
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

/// Returns whether a foreign key is left out on purpose, by its table or by one of its columns.
pub(super) fn left_out(map: &DataMap, key: &ForeignKey) -> bool {
    table_excluded(map, &key.table) || key_excluded(map, key)
}
