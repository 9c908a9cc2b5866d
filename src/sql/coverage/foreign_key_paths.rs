//! The columns that foreign keys lead to, directly or through other tables.

use super::declared::MappedColumn;
use crate::sql::catalogue::{Catalogue, ForeignKey, same};

/// Returns the tables and columns that foreign keys lead to from a column, through any number of tables. A column that
/// refers to the client of a contract holds the id of a client if the column of the contract does.
pub(super) fn paths_from<'a>(
    from: &MappedColumn<'a>,
    catalogue: &'a Catalogue,
    counts: impl Fn(&ForeignKey) -> bool,
) -> Vec<(&'a str, &'a str)> {
    let mut found: Vec<(&str, &str)> = Vec::new();
    let mut open = vec![(&*from.table.name, &*from.column.name)];
    while let Some((table, column)) = open.pop() {
        for key in keys_on(table, column, catalogue).filter(|key| counts(key)) {
            let mut pairs = key.columns.iter().zip(&key.to_columns);
            let referred =
                pairs.find(|(own, _)| same(own, column)).map(|(_, referred)| (&*key.to, &**referred));
            if let Some(place) = referred.filter(|place| !found.contains(place)) {
                found.push(place);
                open.push(place);
            }
        }
    }
    found
}

/// Returns whether a column of a table holds the ids of a kind, whose id column is `to`.
pub(super) fn is_id((table, column): (&str, &str), to: &MappedColumn<'_>, catalogue: &Catalogue) -> bool {
    let mut lineage = catalogue.lineage(table).into_iter();
    same(column, &to.column.name) && lineage.any(|table| catalogue.is_one_name(table, &to.table.name))
}

/// Returns the foreign keys that a column is part of.
pub(super) fn keys_on<'a>(
    table: &'a str,
    column: &'a str,
    catalogue: &'a Catalogue,
) -> impl Iterator<Item = &'a ForeignKey> {
    let keys = catalogue.foreign_keys().filter(move |key| catalogue.is_one_name(&key.table, table));
    keys.filter(move |key| key.columns.iter().any(|part| same(part, column)))
}
