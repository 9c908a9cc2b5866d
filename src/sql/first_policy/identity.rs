//! The column that identifies the rows of a table.

use std::collections::BTreeSet;

use crate::sql::catalogue::{Catalogue, Table, same};

/// Returns the column, or why there is none. A column that refers to another table of `dependents` cannot be the id.
pub(super) fn of<'a>(
    catalogue: &'a Catalogue,
    table: &'a Table,
    dependents: &BTreeSet<String>,
) -> Result<&'a str, String> {
    let refers = |column: &str| {
        let mut keys = catalogue
            .foreign_keys_of(&table.name)
            .filter(|key| dependents.contains(&key.to.to_ascii_lowercase()));
        keys.any(|key| key.columns.iter().any(|part| same(part, column)))
    };
    let candidates: Vec<&str> = table
        .columns
        .iter()
        .filter(|column| {
            let key = table.is_primary_key(&column.name);
            // A unique column that can be NULL leaves rows without an id.
            (key || column.not_null && table.is_unique(&column.name)) && !refers(&column.name)
        })
        .map(|column| column.name.as_str())
        .collect();
    let key = candidates.iter().find(|name| table.is_primary_key(name));
    let referred = |name: &&&str| {
        let mut keys = catalogue.foreign_keys();
        keys.any(|key| same(&key.to, &table.name) && key.column_to(name).is_some())
    };
    // The column that other tables refer to is the id, preferably the primary key.
    let id = key.filter(referred).or_else(|| candidates.iter().find(referred)).or(key).or(candidates.first());
    id.copied().ok_or_else(|| why_not(table))
}

fn why_not(table: &Table) -> String {
    match &*table.primary_key {
        [] => "it has no key".into(),
        [key] => {
            format!("its primary key `{key}` is also a reference, and it has no other unique column")
        }
        key => {
            format!("its primary key (`{}`) is composite, and no single column is unique", key.join("`, `"))
        }
    }
}
