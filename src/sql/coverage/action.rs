//! Foreign keys by which the database changes rows itself, of which no plan would say a word.

use super::decided;
use super::touched::Touched;
use crate::domain::{DataMap, Kind};
use crate::sql::catalogue::{Catalogue, ForeignKey};
use crate::sql::{Finding, FindingCode};

/// Those that the map knows nothing of.
pub(in crate::sql) fn undeclared<'a>(
    map: &'a DataMap,
    catalogue: &'a Catalogue,
) -> impl Iterator<Item = Finding> + 'a {
    acting(map, catalogue)
        .filter(|(key, _)| !decided::table_excluded(map, &key.table) && !decided::key_excluded(map, key))
        .map(|(key, to)| {
            finding(key, to, "the map does not declare")
                .remedy("declare the reference, or list it under `excluded` and say why")
        })
}

/// Those that are left out on purpose and do it all the same, where the policy may delete what they refer to.
pub(super) fn excluded<'a>(
    map: &'a DataMap,
    catalogue: &'a Catalogue,
    touched: &'a Touched,
) -> impl Iterator<Item = Finding> + 'a {
    acting(map, catalogue)
        .filter(|(key, to)| {
            let left_out = decided::table_excluded(map, &key.table) || decided::key_excluded(map, key);
            left_out && touched.deletes(&to.name)
        })
        .map(|(key, to)| {
            finding(key, to, "is left out on purpose")
                .remedy("declare the reference, or let the foreign key refuse (NO ACTION)")
        })
}

fn acting<'a>(
    map: &'a DataMap,
    catalogue: &'a Catalogue,
) -> impl Iterator<Item = (&'a ForeignKey, &'a Kind)> {
    catalogue
        .foreign_keys()
        .filter(|key| key.on_delete.changes_rows() && !decided::key_declared(map, key))
        .filter_map(|key| Some((key, decided::kinds(map, &key.to).next()?)))
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
