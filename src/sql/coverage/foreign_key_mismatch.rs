//! Declared references whose foreign key refers to another table or column. A plan would name other rows than the
//! database.

use super::declared::ends;
use super::finding::{Finding, FindingCode};
use super::foreign_key_paths::{is_id, keys_on, paths_from};
use crate::domain::{DataMap, Reference};
use crate::sql::catalogue::{Catalogue, ForeignKey, same};

pub(super) fn findings<'a>(map: &'a DataMap, catalogue: &'a Catalogue) -> impl Iterator<Item = Finding> + 'a {
    map.references().filter_map(|reference| {
        let key = mismatch(map, reference, catalogue)?;
        let to = map.kind(&reference.to)?;
        let message = format!(
            "the foreign key refers to `{}` (`{}`), but the policy says `{}` (`{}`)",
            key.to,
            key.to_columns.join("`, `"),
            to.table_name(),
            to.column(&to.id)
        );
        let path = format!("references.{}", reference.name);
        let finding = Finding::new(FindingCode::ForeignKeyMismatch, path, message);
        Some(finding.remedy("correct `to`, or the `id` of the kind"))
    })
}

/// Returns a foreign key of a reference that refers to another table or column than the map says, if no key agrees
/// with the map.
pub(super) fn mismatch<'a>(
    map: &DataMap,
    reference: &Reference,
    catalogue: &'a Catalogue,
) -> Option<&'a ForeignKey> {
    let (from, to) = ends(map, reference, catalogue)?;
    let declared = |(table, column): (&str, &str)| {
        map.references_to(&reference.to).filter(|other| other.name != reference.name).any(|other| {
            map.kind(&other.from).is_some_and(|kind| {
                catalogue.is_one_name(kind.table_name(), table) && same(kind.column(&other.field), column)
            })
        })
    };
    let mut places = paths_from(&from, catalogue, |_| true).into_iter();
    if places.any(|place| is_id(place, &to, catalogue) || declared(place)) {
        return None;
    }
    keys_on(&from.table.name, &from.column.name, catalogue).next()
}
