//! Finds tables and columns that depend on the subject and are neither declared nor excluded.

use std::collections::BTreeSet;

use super::declared;
use super::declared::dependents;
use super::finding::{Finding, FindingCode};
use super::suspects::Suspects;
use crate::domain::{DataMap, Kind, TableName};
use crate::policy::DeletionPolicy;
use crate::sql::catalogue::{Catalogue, Column, ForeignKey, Table, same};

/// Reports tables and columns that depend on the subject, by a foreign key or by their name, but are neither declared
/// nor excluded.
pub(super) fn findings(policy: &DeletionPolicy, catalogue: &Catalogue) -> Vec<Finding> {
    let map = &**policy.map();
    let suspects = Suspects::of(policy);
    let dependents = dependents_of_subject(policy, catalogue);
    let tables = catalogue
        .tables()
        .filter(|table| !table.is_view() && !declared::table_excluded(map, &table.name, catalogue));
    let mut found = Vec::new();
    for table in tables {
        // Rows of a table that inherits from a declared table are also rows of the declared table.
        let inherited = |column: &str| {
            let mut parents = table
                .inherits
                .iter()
                .filter(|parent| declared::kinds(map, parent, catalogue).next().is_some());
            parents
                .any(|parent| catalogue.table(parent).is_some_and(|parent| parent.column(column).is_some()))
        };
        let keys: Vec<&ForeignKey> = catalogue
            .foreign_keys_of(&table.name)
            .filter(|key| !key.columns.iter().all(|column| inherited(column)))
            .filter(|key| dependents.contains(&key.to))
            .filter(|key| !declared::key_declared(map, key, catalogue))
            .filter(|key| !declared::key_columns_excluded(map, key, catalogue))
            .collect();
        let named: Vec<(&Column, String)> = table
            .columns
            .iter()
            .filter(|column| !inherited(&column.name) && !is_known(map, table, column, catalogue))
            .filter_map(|column| Some((column, suspects.why(table, column, catalogue)?)))
            .collect();
        if declared::kinds(map, &table.name, catalogue).next().is_some() {
            found.extend(keys.iter().filter_map(|key| by_key(map, key, catalogue)));
            found.extend(named.iter().map(|(column, why)| by_name(table, column, why)));
        } else if !keys.is_empty() || !named.is_empty() {
            found.push(table_finding(table, &keys, &named));
        }
    }
    found
}

/// Returns the tables that depend on the subject through foreign keys and declared references. Excluded tables may
/// lie on the way.
fn dependents_of_subject<'a>(policy: &DeletionPolicy, catalogue: &'a Catalogue) -> BTreeSet<&'a TableName> {
    let map = policy.map();
    let keys = catalogue
        .foreign_keys()
        .filter(|key| !declared::key_columns_excluded(map, key, catalogue))
        .map(|key| (&key.table, &key.to));
    let table = |kind: Option<&Kind>| Some(&declared::table(kind?, catalogue)?.name);
    let references = map
        .references()
        .filter_map(|reference| Some((table(map.kind(&reference.from))?, table(map.kind(&reference.to))?)));
    // Owned rows depend on their owners.
    let owned = map
        .references()
        .filter(|reference| reference.owned)
        .filter_map(|reference| Some((table(map.kind(&reference.to))?, table(map.kind(&reference.from))?)));
    match table(map.kind(policy.subject())) {
        Some(subject) => dependents(subject, keys.chain(references).chain(owned)),
        None => BTreeSet::new(),
    }
}

/// Returns whether something other than its name says what the column holds.
fn is_known(map: &DataMap, table: &Table, column: &Column, catalogue: &Catalogue) -> bool {
    let mut keys = catalogue.foreign_keys_of(&table.name);
    keys.any(|key| key.columns.iter().any(|part| same(part, &column.name)))
        || declared::column_excluded(map, &table.name, &column.name, catalogue)
        || declared::references(map, &table.name, &column.name, catalogue).next().is_some()
        || declared::kinds(map, &table.name, catalogue).any(|kind| {
            let is = |field| same(kind.column(field), &column.name);
            kind.id.fields().iter().any(is) || kind.shard_key.as_ref().is_some_and(is)
        })
}

/// Reports a foreign key of a declared table. A key to an undeclared table is reported only after that table is
/// declared.
fn by_key(map: &DataMap, key: &ForeignKey, catalogue: &Catalogue) -> Option<Finding> {
    let to = declared::kinds(map, &key.to, catalogue).next()?;
    let path = format!("references.{}.{}", key.table, key.columns.join("+"));
    let is_to_id =
        !to.id.is_none() && to.id.fields().iter().all(|field| key.column_to(to.column(field)).is_some());
    if !is_to_id {
        let message = format!(
            "the foreign key (`{}`) refers to `{}` (`{}`), which is not the id of `{}`",
            key.columns.join("`, `"),
            key.to,
            key.to_columns.join("`, `"),
            to.name
        );
        let names = key.to_columns.iter().map(|column| format!("\"{}.{column}\"", to.name));
        let names = names.collect::<Vec<_>>().join(", ");
        let names = if key.to_columns.len() == 1 { names } else { format!("[{names}]") };
        return Some(Finding::new(FindingCode::UncoveredReference, path, message).remedy(format!(
            "declare the reference with `\"to\": {names}`, or list it under `excluded` with a reason"
        )));
    }
    let message = format!(
        "the foreign key refers to `{}`, but the reference is neither declared nor excluded",
        to.name
    );
    Some(
        Finding::new(FindingCode::UncoveredReference, path, message)
            .remedy("declare the reference and give it a rule, or list it under `excluded` with a reason"),
    )
}

fn by_name(table: &Table, column: &Column, why: &str) -> Finding {
    Finding::new(
        FindingCode::UncoveredReference,
        format!("references.{}.{}", table.name, column.name),
        format!("the column {why}, but it is neither declared nor excluded"),
    )
    .remedy("declare the reference and give it a rule, or list it under `excluded` with a reason")
}

fn table_finding(table: &Table, keys: &[&ForeignKey], named: &[(&Column, String)]) -> Finding {
    let by_key = keys.iter().map(|key| {
        let columns = key.columns.join("`, `");
        format!("`{columns}` refers to `{}`", key.to)
    });
    let by_name = named.iter().map(|(column, why)| format!("`{}` {why}", column.name));
    let why: Vec<String> = by_key.chain(by_name).collect();
    let path = format!("kinds.{}", table.name);
    let message = format!("the table is neither declared nor excluded: {}", why.join(", "));
    Finding::new(FindingCode::UncoveredTable, path, message).remedy(
        "declare it with its references and give them rules, or list it under `excluded` with a reason",
    )
}
