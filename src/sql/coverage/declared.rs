//! Looks up the data map in a database: tables, columns, foreign keys and dependencies.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{DataMap, FieldName, Kind, Reference, TableName};
use crate::sql::catalogue::{Catalogue, Column, ForeignKey, Table, same};

/// A column of the data map, with its table and column in the database.
pub(super) struct MappedColumn<'a> {
    pub(super) table: &'a Table,
    pub(super) column: &'a Column,
}

impl<'a> MappedColumn<'a> {
    pub(super) fn of(kind: &Kind, field: &FieldName, catalogue: &'a Catalogue) -> Option<Self> {
        let table = catalogue.table(&kind.table_name())?;
        Some(Self { table, column: table.column(kind.column(field))? })
    }
}

/// Returns each column of a reference with the column of the key that it holds. Empty if one of them does not exist;
/// another check reports that.
pub(super) fn ends<'a>(
    map: &DataMap,
    reference: &Reference,
    catalogue: &'a Catalogue,
) -> Vec<(MappedColumn<'a>, MappedColumn<'a>)> {
    let (Some(from), Some(to)) = (map.kind(&reference.from), map.kind(&reference.to)) else {
        return Vec::new();
    };
    let pairs = reference.fields.iter().zip(map.key_of(reference)).map(|(field, key)| {
        Some((MappedColumn::of(from, field, catalogue)?, MappedColumn::of(to, key, catalogue)?))
    });
    pairs.collect::<Option<Vec<_>>>().unwrap_or_default()
}

/// Returns each kind whose table exists, with the table.
pub(super) fn tables<'a>(
    map: &'a DataMap,
    catalogue: &'a Catalogue,
) -> impl Iterator<Item = (&'a Kind, &'a Table)> {
    map.kinds().filter_map(|kind| Some((kind, table(kind, catalogue)?)))
}

pub(super) fn table<'a>(kind: &Kind, catalogue: &'a Catalogue) -> Option<&'a Table> {
    let name = kind.table_name();
    catalogue.table(&name).filter(|table| catalogue.is_one_table(&table.name, &name))
}

/// Returns the path of a field in the policy document.
pub(super) fn path(map: &DataMap, kind: &Kind, field: &FieldName) -> String {
    let mut references = map.references_from(&kind.name);
    match references.find(|reference| reference.fields.contains(field)) {
        Some(reference) => format!("references.{}", reference.name),
        None if kind.id.contains(field) => format!("kinds.{}.id", kind.name),
        None => format!("kinds.{}.fields.{field}", kind.name),
    }
}

/// Returns the kinds that are stored in a table: usually one or none.
pub(super) fn kinds<'a>(
    map: &'a DataMap,
    table: &'a TableName,
    catalogue: &'a Catalogue,
) -> impl Iterator<Item = &'a Kind> {
    map.kinds().filter(move |kind| catalogue.is_one_table(&kind.table_name(), table))
}

/// Returns the kinds to which a column is declared to refer.
pub(super) fn references<'a>(
    map: &'a DataMap,
    table: &'a TableName,
    column: &'a str,
    catalogue: &'a Catalogue,
) -> impl Iterator<Item = &'a Kind> {
    kinds(map, table, catalogue).flat_map(move |from| {
        map.references_from(&from.name)
            .filter(move |reference| {
                reference.fields.iter().any(|field| catalogue.is_one_name(from.column(field), column))
            })
            .filter_map(|reference| map.kind(&reference.to))
    })
}

/// Returns whether the map declares one of the key's columns as a reference to the key's table.
pub(super) fn key_declared(map: &DataMap, key: &ForeignKey, catalogue: &Catalogue) -> bool {
    let refers = |column| {
        let mut kinds = references(map, &key.table, column, catalogue);
        kinds.any(|kind| catalogue.is_one_table(&kind.table_name(), &key.to))
    };
    key.columns.iter().any(|column| refers(column))
}

/// Returns whether a declared reference uses the columns that the foreign key pairs with its key, and holds for every row
/// of the table.
pub(super) fn key_followed(map: &DataMap, key: &ForeignKey, catalogue: &Catalogue) -> bool {
    let is_whole = |reference: &Reference| {
        let from = map.kind(&reference.from);
        reference.when.is_none() && from.is_some_and(|kind| !map.leaves_rows_outside(kind))
    };
    following(map, key, catalogue).any(is_whole)
}

/// Returns the declared references that use the columns of the foreign key.
pub(super) fn following<'a>(
    map: &'a DataMap,
    key: &'a ForeignKey,
    catalogue: &'a Catalogue,
) -> impl Iterator<Item = &'a Reference> {
    let is_of = move |kind: &Kind, table: &TableName| {
        catalogue.lineage(table).into_iter().any(|table| catalogue.is_one_table(table, &kind.table_name()))
    };
    map.references().filter(move |reference| {
        let (Some(from), Some(to)) = (map.kind(&reference.from), map.kind(&reference.to)) else {
            return false;
        };
        let mut pairs = reference.fields.iter().zip(map.key_of(reference));
        let follows = pairs.all(|(field, to_field)| {
            key.column_to(to.column(to_field))
                .is_some_and(|column| catalogue.is_one_name(column, from.column(field)))
        });
        reference.is_declared() && follows && is_of(from, &key.table) && is_of(to, &key.to)
    })
}

/// Returns the kind of a table's rows. If the table has none, returns the kind of a table it inherits from.
pub(super) fn kind_of_rows<'a>(
    map: &'a DataMap,
    table: &TableName,
    catalogue: &Catalogue,
) -> Option<&'a Kind> {
    let mut lineage = catalogue.lineage(table).into_iter();
    lineage.find_map(|table| map.kinds().find(|kind| catalogue.is_one_table(&kind.table_name(), table)))
}

pub(super) fn table_excluded(map: &DataMap, table: &TableName, catalogue: &Catalogue) -> bool {
    let mut excluded = map.excluded().iter().flat_map(|one| &one.table);
    excluded.any(|name| catalogue.is_one_table(name, table))
}

/// Returns whether a column is excluded, either by table and column or by kind and field.
pub(super) fn column_excluded(map: &DataMap, table: &TableName, column: &str, catalogue: &Catalogue) -> bool {
    let mut excluded = map.excluded().iter().flat_map(|one| &one.reference);
    excluded.any(|name| {
        let Some((from, field)) = name.split() else {
            return false;
        };
        let by_kind = map.kind(&from).is_some_and(|kind| {
            catalogue.is_one_name(kind.column(&field), column)
                && catalogue.is_one_table(&kind.table_name(), table)
        });
        let is_column = || {
            catalogue.is_one_name(field.as_str(), column)
                && catalogue.is_one_table(&TableName::from(from.as_str()), table)
        };
        by_kind || is_column()
    })
}

pub(super) fn key_columns_excluded(map: &DataMap, key: &ForeignKey, catalogue: &Catalogue) -> bool {
    let mut columns = key.columns.iter();
    columns.any(|column| column_excluded(map, &key.table, column, catalogue))
}

/// Returns the tables and columns that foreign keys lead to from a column, through any number of tables. If a column
/// refers to the client column of a contract, and that column holds ids of clients, then so does the first column.
pub(super) fn paths_from<'a>(
    from: &MappedColumn<'a>,
    catalogue: &'a Catalogue,
    counts: impl Fn(&ForeignKey) -> bool,
) -> Vec<(&'a TableName, &'a str)> {
    let mut found: Vec<(&TableName, &str)> = Vec::new();
    let mut open = vec![(&from.table.name, &*from.column.name)];
    while let Some((table, column)) = open.pop() {
        for key in keys_on(table, column, catalogue).filter(|key| counts(key)) {
            let mut pairs = key.columns.iter().zip(&key.to_columns);
            let referred =
                pairs.find(|(own, _)| same(own, column)).map(|(_, referred)| (&key.to, &**referred));
            if let Some(place) = referred.filter(|place| !found.contains(place)) {
                found.push(place);
                open.push(place);
            }
        }
    }
    found
}

/// Returns whether a column of a table holds the ids of a kind. `to` is the id column of that kind.
pub(super) fn is_id(
    (table, column): (&TableName, &str),
    to: &MappedColumn<'_>,
    catalogue: &Catalogue,
) -> bool {
    let mut lineage = catalogue.lineage(table).into_iter();
    same(column, &to.column.name) && lineage.any(|table| catalogue.is_one_table(table, &to.table.name))
}

/// Returns the foreign keys that a column is part of.
pub(super) fn keys_on<'a>(
    table: &'a TableName,
    column: &'a str,
    catalogue: &'a Catalogue,
) -> impl Iterator<Item = &'a ForeignKey> {
    let keys = catalogue.foreign_keys_of(table);
    keys.filter(move |key| key.columns.iter().any(|part| same(part, column)))
}

/// Returns `start` and all tables from which it can be reached. Edges are pairs (referencing table, referenced
/// table). All names are those of the catalogue.
pub(in crate::sql) fn dependents<'a>(
    start: &'a TableName,
    edges: impl IntoIterator<Item = (&'a TableName, &'a TableName)>,
) -> BTreeSet<&'a TableName> {
    let mut referencing: BTreeMap<&TableName, Vec<&TableName>> = BTreeMap::new();
    for (from, to) in edges {
        referencing.entry(to).or_default().push(from);
    }
    let mut found = BTreeSet::from([start]);
    let mut open = vec![start];
    while let Some(table) = open.pop() {
        let next = referencing.get(table).into_iter().flatten().copied();
        open.extend(next.filter(|from| found.insert(from)));
    }
    found
}
