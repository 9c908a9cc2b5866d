//! Finds foreign keys that contradict the policy: they have another target, or an ON DELETE action on rows that no plan
//! can name.

use super::declared::{self, ends, is_id, keys_on, paths_from};
use super::effective::unclear_rows;
use super::finding::{Finding, FindingCode};
use crate::domain::{DataMap, KeyComparison, Reference, TableName};
use crate::sql::catalogue::{Catalogue, ForeignKey, same};

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
        map.references_to(&reference.to)
            .filter(|other| other.is_declared() && other.name != reference.name)
            .any(|other| {
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

/// Reports keys by which the database changes rows that no plan can name, because the rows cannot be told from others.
pub(super) fn unclear<'a>(map: &'a DataMap, catalogue: &'a Catalogue) -> impl Iterator<Item = Finding> + 'a {
    let mismatching: Vec<&ForeignKey> =
        map.references().filter_map(|reference| mismatch(map, reference, catalogue)).collect();
    let keys = catalogue
        .foreign_keys()
        .filter(|key| key.on_delete.changes_rows() && !declared::key_followed(map, key, catalogue));
    keys.filter(move |key| !mismatching.contains(key)).filter_map(|key| {
        let why = unclear_rows(map, key, catalogue)?;
        let to = declared::kind_of_rows(map, &key.to, catalogue)?;
        let message = format!(
            "the foreign key to `{}` with ON DELETE {} {why}: the database would change rows that no plan can name",
            to.name, key.on_delete
        );
        let path = format!("references.{}.{}", key.table, key.columns.join(", "));
        let finding = Finding::new(FindingCode::CascadingForeignKey, path, message);
        Some(finding.remedy("declare the reference, or change the foreign key to ON DELETE NO ACTION"))
    })
}
