//! Finds foreign keys that contradict the policy: they have another target, or an ON DELETE action that changes rows
//! outside the plan.

use std::collections::VecDeque;

use super::declared::{self, ends, is_id, keys_on, paths_from};
use super::finding::{Finding, FindingCode};
use super::written::WrittenKinds;
use crate::domain::{DataMap, KeyComparison, Kind, Reference, TableName};
use crate::sql::catalogue::{Catalogue, ForeignKey, OnDelete, same};

/// Reports references whose foreign key refers to another table or column. The plan and the database would then
/// affect different rows.
pub(super) fn mismatches<'a>(
    map: &'a DataMap,
    catalogue: &'a Catalogue,
) -> impl Iterator<Item = Finding> + 'a {
    map.references().filter_map(|reference| {
        let key = mismatch(map, reference, catalogue)?;
        let to = map.kind(&reference.to)?;
        let message = format!(
            "the foreign key refers to `{}` (`{}`), but the policy says `{}` (`{}`)",
            key.to,
            key.to_columns.join("`, `"),
            to.table_name(),
            key_columns(map, reference).join("`, `")
        );
        let path = format!("references.{}", reference.name);
        let finding = Finding::new(FindingCode::ForeignKeyMismatch, path, message);
        Some(finding.remedy("correct `to`, or the `id` of the kind"))
    })
}

/// Returns a foreign key of a reference whose target differs from the map. `None` if another key of the reference
/// agrees with the map.
pub(super) fn mismatch<'a>(
    map: &DataMap,
    reference: &Reference,
    catalogue: &'a Catalogue,
) -> Option<&'a ForeignKey> {
    // A foreign key compares exactly.
    if reference.compare != KeyComparison::Exact {
        return None;
    }
    let mut ends = ends(map, reference, catalogue);
    let (from, to) = ends.pop()?;
    if !ends.is_empty() {
        return several_mismatch(map, reference, catalogue);
    }
    let declared = |(table, column): (&TableName, &str)| {
        map.references_to(&reference.to).filter(|other| other.name != reference.name).any(|other| {
            map.kind(&other.from).zip(other.only_field()).is_some_and(|(kind, field)| {
                catalogue.is_one_table(&kind.table_name(), table) && same(kind.column(field), column)
            })
        })
    };
    let mut places = paths_from(&from, catalogue, |_| true).into_iter();
    if places.any(|place| is_id(place, &to, catalogue) || declared(place)) {
        return None;
    }
    keys_on(&from.table.name, &from.column.name, catalogue).next()
}

/// Returns a foreign key over exactly the columns of a reference of several fields whose target differs from the map.
fn several_mismatch<'a>(
    map: &DataMap,
    reference: &Reference,
    catalogue: &'a Catalogue,
) -> Option<&'a ForeignKey> {
    let (from, to) = (map.kind(&reference.from)?, map.kind(&reference.to)?);
    let columns: Vec<&str> = reference.fields.iter().map(|field| from.column(field)).collect();
    let keys = catalogue.foreign_keys().filter(|key| {
        catalogue.is_one_table(&key.table, &from.table_name())
            && key.columns.len() == columns.len()
            && key.columns.iter().all(|part| columns.iter().any(|column| same(part, column)))
    });
    let agrees = |key: &&ForeignKey| {
        let mut pairs = columns.iter().zip(map.key_of(reference));
        catalogue.is_one_table(&key.to, &to.table_name())
            && pairs
                .all(|(column, field)| key.column_to(to.column(field)).is_some_and(|own| same(own, column)))
    };
    let keys: Vec<&ForeignKey> = keys.collect();
    if keys.iter().any(agrees) { None } else { keys.first().copied() }
}

/// Returns the columns of the key that a reference holds.
fn key_columns<'a>(map: &'a DataMap, reference: &'a Reference) -> Vec<&'a str> {
    let to = map.kind(&reference.to);
    let key = map.key_of(reference).iter();
    key.filter_map(|field| Some(to?.column(field))).collect()
}

/// Reports keys to declared kinds that have an ON DELETE action and are neither declared nor excluded.
pub(super) fn undeclared<'a>(
    map: &'a DataMap,
    catalogue: &'a Catalogue,
) -> impl Iterator<Item = Finding> + 'a {
    deleting(map, catalogue).filter(|(key, _)| !declared::key_excluded(map, key, catalogue)).map(
        |(key, to)| {
            if declared::key_followed_in_part(map, key, catalogue) {
                return finding(key, to, "the map declares only for rows that meet an `if` or a `filter`")
                    .remedy("change the foreign key to ON DELETE NO ACTION, or leave out the condition");
            }
            finding(key, to, "the map does not declare")
                .remedy("declare the reference, or list it under `excluded` with a reason")
        },
    )
}

/// Reports excluded keys whose ON DELETE action changes rows when the policy deletes the rows they refer to.
pub(super) fn excluded<'a>(
    map: &'a DataMap,
    catalogue: &'a Catalogue,
    written: &'a WrittenKinds,
) -> impl Iterator<Item = Finding> + 'a {
    deleting(map, catalogue)
        .filter(|(key, to)| declared::key_excluded(map, key, catalogue) && written.deletes(&to.name))
        .filter(|(key, _)| declared::kind_of_rows(map, &key.table, catalogue).is_none())
        .map(|(key, to)| {
            finding(key, to, "the map excludes")
                .remedy("declare the reference, or change the foreign key to ON DELETE NO ACTION")
        })
}

/// Returns the keys with an ON DELETE action that a deleted row of a declared kind triggers, each with that kind.
fn deleting<'a>(
    map: &'a DataMap,
    catalogue: &'a Catalogue,
) -> impl Iterator<Item = (&'a ForeignKey, &'a Kind)> {
    let keys = acting(map, catalogue).into_iter();
    keys.filter_map(|key| Some((key, declared::kind_of_rows(map, &key.to, catalogue)?)))
}

/// Returns the keys with an ON DELETE action that are not declared references. If a reference's key has another
/// target, it is reported as a mismatch instead.
fn acting<'a>(map: &DataMap, catalogue: &'a Catalogue) -> Vec<&'a ForeignKey> {
    let mismatching: Vec<&ForeignKey> =
        map.references().filter_map(|reference| mismatch(map, reference, catalogue)).collect();
    catalogue
        .foreign_keys()
        .filter(|key| key.on_delete.changes_rows() && !declared::key_followed(map, key, catalogue))
        .filter(|key| !mismatching.contains(key))
        .collect()
}

fn finding(key: &ForeignKey, to: &Kind, that: &str) -> Finding {
    Finding::new(
        FindingCode::CascadingForeignKey,
        format!("references.{}.{}", key.table, key.columns.join(", ")),
        format!(
            "a foreign key to `{}` with ON DELETE {} that {that}: the database would change rows that are \
             in no plan",
            to.name, key.on_delete
        ),
    )
}

/// The foreign keys that the database follows, in order, from a deleted row of a declared kind.
#[derive(Clone)]
struct Chain<'a> {
    kind: &'a Kind,
    keys: Vec<&'a ForeignKey>,
}

/// Reports every chain of keys by which the database would delete or change rows of a declared kind. Undeclared keys
/// directly to a declared kind are reported elsewhere.
pub(super) fn action_chains(map: &DataMap, catalogue: &Catalogue) -> Vec<Finding> {
    let acting = acting(map, catalogue);
    let mut open: VecDeque<Chain<'_>> = VecDeque::new();
    let mut deleted: Vec<&TableName> = Vec::new();
    let mut found = Vec::new();
    for key in &acting {
        if let Some(kind) = declared::kind_of_rows(map, &key.to, catalogue) {
            open.push_back(Chain { kind, keys: vec![key] });
        }
    }
    // A queue, so that the shortest chain to each table is found first. Each table is visited once.
    while let Some(chain) = open.pop_front() {
        let Some(last) = chain.keys.last() else {
            continue;
        };
        if let Some(reached) = declared::kind_of_rows(map, &last.table, catalogue) {
            let is_reported = chain.keys.len() == 1 && !declared::key_excluded(map, last, catalogue);
            found.extend((!is_reported).then(|| chain_finding(map, &chain, last, reached, catalogue)));
            continue;
        }
        let known = deleted.iter().any(|table| catalogue.is_one_table(table, &last.table));
        if last.on_delete != OnDelete::Cascade || known {
            continue;
        }
        deleted.push(&last.table);
        for key in acting.iter().filter(|key| catalogue.is_one_table(&key.to, &last.table)) {
            let keys = chain.keys.iter().chain([key]).copied().collect();
            open.push_back(Chain { kind: chain.kind, keys });
        }
    }
    found
}

fn chain_finding(
    map: &DataMap,
    chain: &Chain<'_>,
    last: &ForeignKey,
    reached: &Kind,
    catalogue: &Catalogue,
) -> Finding {
    let name = |key: &ForeignKey| format!("`{}.{}`", key.table, key.columns.join(", "));
    let does = if last.on_delete == OnDelete::Cascade { "delete" } else { "change" };
    let keys: Vec<String> =
        chain.keys.iter().map(|key| format!("{} ON DELETE {}", name(key), key.on_delete)).collect();
    let message = format!(
        "if a row of `{}` is deleted, the database will {does} rows of `{}` that are in no plan: {}",
        chain.kind.name,
        reached.name,
        keys.join(", then ")
    );
    let between =
        chain.keys.iter().filter(|key| declared::kind_of_rows(map, &key.table, catalogue).is_none());
    let tables: Vec<String> = between.map(|key| format!("`{}`", key.table)).collect();
    let references: Vec<String> = chain.keys.iter().map(|key| name(key)).collect();
    let kinds = if tables.is_empty() { String::new() } else { format!("{} with ", tables.join(", ")) };
    let path = format!("references.{}.{}", last.table, last.columns.join(", "));
    Finding::new(FindingCode::CascadingForeignKey, path, message).remedy(format!(
        "declare {kinds}{} and give each a rule, or let {} refuse (ON DELETE NO ACTION)",
        references.join(", "),
        name(last)
    ))
}
