//! References that are not protected from referring to a deleted record, by a foreign key or a lock.

use super::declared::ends;
use super::finding::{Finding, FindingCode};
use super::foreign_key_mismatch::mismatch;
use super::foreign_key_paths::{is_id, paths_from};
use crate::domain::{DataMap, Reference};
use crate::sql::catalogue::{Catalogue, ForeignKey};

pub(super) fn findings<'a>(map: &'a DataMap, catalogue: &'a Catalogue) -> impl Iterator<Item = Finding> + 'a {
    map.references().filter_map(|reference| finding(map, reference, catalogue))
}

fn finding(map: &DataMap, reference: &Reference, catalogue: &Catalogue) -> Option<Finding> {
    let (from, to) = ends(map, reference, catalogue)?;
    let path = format!("references.{}", reference.name);
    let leads = |counts: fn(&ForeignKey) -> bool| {
        paths_from(&from, catalogue, counts).into_iter().any(|place| is_id(place, &to, catalogue))
    };
    if leads(|key| key.enforced) {
        let validated = leads(|key| key.enforced && key.validated);
        let table = catalogue.dialect().table(&from.table.name);
        return (!validated).then(|| unvalidated(path, &table));
    }
    // A key that refers to something else is reported as a mismatch.
    if reference.lock.is_some() || mismatch(map, reference, catalogue).is_some() {
        return None;
    }
    let why = if leads(|_| true) {
        "its foreign key is not enforced for every row, and no `lock` protects it"
    } else {
        "neither a foreign key nor a `lock` protects it"
    };
    let when = if catalogue.traits().single_writer { "after" } else { "during or after" };
    let message = format!("{why}: a row inserted {when} the operation may refer to a deleted record");
    Some(Finding::new(FindingCode::UnprotectedReference, path, message).remedy(
        "add a foreign key; or call `lock_parent` in every transaction that inserts such rows, and declare \
             `\"lock\": \"writer\"`",
    ))
}

/// The key protects new rows, but not older ones.
fn unvalidated(path: String, table: &str) -> Finding {
    let message = "its foreign key is NOT VALID: older rows may refer to a record that does not exist";
    Finding::new(FindingCode::UnvalidatedForeignKey, path, message)
        .remedy(format!("correct such rows, then ALTER TABLE {table} VALIDATE CONSTRAINT …"))
}
