//! Foreign keys with ON DELETE actions, by which the database itself changes rows that no plan names.

use super::finding::{Finding, FindingCode};
use super::written_kinds::WrittenKinds;
use super::{declared, foreign_key_mismatch};
use crate::domain::{DataMap, Kind};
use crate::sql::catalogue::{Catalogue, ForeignKey};

/// Reports the keys to declared kinds that the map neither declares nor excludes.
pub(super) fn undeclared<'a>(
    map: &'a DataMap,
    catalogue: &'a Catalogue,
) -> impl Iterator<Item = Finding> + 'a {
    deleting(map, catalogue).filter(|(key, _)| !declared::key_excluded(map, key)).map(|(key, to)| {
        finding(key, to, "the map does not declare")
            .remedy("declare the reference, or list it under `excluded` with a reason")
    })
}

/// Reports the excluded keys that act when the policy deletes what they refer to. They reach no declared kind.
pub(super) fn excluded<'a>(
    map: &'a DataMap,
    catalogue: &'a Catalogue,
    written: &'a WrittenKinds,
) -> impl Iterator<Item = Finding> + 'a {
    deleting(map, catalogue)
        .filter(|(key, to)| declared::key_excluded(map, key) && written.deletes(&to.name))
        .filter(|(key, _)| declared::kind_of_rows(map, &key.table, catalogue).is_none())
        .map(|(key, to)| {
            finding(key, to, "the map excludes")
                .remedy("declare the reference, or let the foreign key refuse (NO ACTION)")
        })
}

/// Returns the keys that act when a row of a declared kind is deleted, each with that kind.
fn deleting<'a>(
    map: &'a DataMap,
    catalogue: &'a Catalogue,
) -> impl Iterator<Item = (&'a ForeignKey, &'a Kind)> {
    let keys = acting(map, catalogue).into_iter();
    keys.filter_map(|key| Some((key, declared::kind_of_rows(map, &key.to, catalogue)?)))
}

/// Returns the keys that act on rows and are not declared references. The key of a reference that refers to something
/// else is reported as a mismatch.
pub(super) fn acting<'a>(map: &DataMap, catalogue: &'a Catalogue) -> Vec<&'a ForeignKey> {
    let mismatching: Vec<&ForeignKey> = map
        .references()
        .filter_map(|reference| foreign_key_mismatch::mismatch(map, reference, catalogue))
        .collect();
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
            "a foreign key to `{}` with ON DELETE {} that {that}: the database would change rows that no plan \
             names",
            to.name, key.on_delete
        ),
    )
}
