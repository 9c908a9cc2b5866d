//! Foreign keys by which the database deletes or changes rows itself, of which no plan would say a word.

use super::touched::Touched;
use super::{chain, decided, protection};
use crate::domain::{DataMap, Kind};
use crate::sql::catalogue::{Catalogue, ForeignKey};
use crate::sql::{Finding, FindingCode};

/// Reports the keys for which a policy is not opened: those that the map does not mention, and those through which
/// the database reaches rows of a declared kind.
pub(in crate::sql) fn refused<'a>(
    map: &'a DataMap,
    catalogue: &'a Catalogue,
) -> impl Iterator<Item = Finding> + 'a {
    let undeclared =
        deleting(map, catalogue).filter(|(key, _)| !decided::left_out(map, key)).map(|(key, to)| {
            finding(key, to, "the map does not declare")
                .remedy("declare the reference, or list it under `excluded` and say why")
        });
    undeclared.chain(chain::findings(map, catalogue))
}

/// Reports the keys that are left out on purpose and act all the same, where the policy may delete what they refer
/// to. They reach no row of a declared kind.
pub(super) fn excluded<'a>(
    map: &'a DataMap,
    catalogue: &'a Catalogue,
    touched: &'a Touched,
) -> impl Iterator<Item = Finding> + 'a {
    deleting(map, catalogue)
        .filter(|(key, to)| decided::left_out(map, key) && touched.deletes(&to.name))
        .filter(|(key, _)| decided::kind_of_rows(map, &key.table, catalogue).is_none())
        .map(|(key, to)| {
            finding(key, to, "is left out on purpose")
                .remedy("declare the reference, or let the foreign key refuse (NO ACTION)")
        })
}

/// Returns the keys that act when a row of a declared kind is deleted, and that kind.
fn deleting<'a>(
    map: &'a DataMap,
    catalogue: &'a Catalogue,
) -> impl Iterator<Item = (&'a ForeignKey, &'a Kind)> {
    let keys = acting(map, catalogue).into_iter();
    keys.filter_map(|key| Some((key, decided::kind_of_rows(map, &key.to, catalogue)?)))
}

/// Returns the keys that act on rows and are not declared references. The key of a reference that refers to
/// something else is reported as that.
pub(super) fn acting<'a>(map: &DataMap, catalogue: &'a Catalogue) -> Vec<&'a ForeignKey> {
    let references = map.references();
    let mismatching: Vec<&ForeignKey> =
        references.filter_map(|reference| protection::mismatch(map, reference, catalogue)).collect();
    catalogue
        .foreign_keys()
        .filter(|key| key.on_delete.changes_rows() && !decided::key_followed(map, key, catalogue))
        .filter(|key| !mismatching.contains(key))
        .collect()
}

fn finding(key: &ForeignKey, to: &Kind, why: &str) -> Finding {
    Finding::new(
        FindingCode::CascadingForeignKey,
        format!("references.{}.{}", key.table, key.columns.join(", ")),
        format!(
            "a foreign key to `{}` with ON DELETE {} that {why}: the database would change rows that no plan \
             names",
            to.name, key.on_delete
        ),
    )
}
