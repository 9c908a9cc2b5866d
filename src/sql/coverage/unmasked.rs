//! Finds columns that keep their values when the policy anonymizes a row, because the policy does not mention them.

use std::collections::BTreeSet;

use super::finding::{Finding, FindingCode};
use crate::domain::{DataMap, FieldName, Kind, KindName, Mode};
use crate::policy::{DeletionPolicy, Rule};
use crate::sql::catalogue::Catalogue;

/// Reports the columns of anonymized kinds that are neither declared nor masked. Generated columns are computed anew.
pub(super) fn findings(policy: &DeletionPolicy, catalogue: &Catalogue) -> Vec<Finding> {
    let map = policy.map();
    let anonymized = anonymized_kinds(policy);
    let kinds = map.kinds().filter(|kind| anonymized.contains(&kind.name));
    let found = kinds.filter_map(|kind| {
        let table = catalogue.table(&kind.table_name())?;
        let mentioned = mentioned(policy, map, kind);
        let is_mentioned = |column: &str| mentioned.iter().any(|own| own.eq_ignore_ascii_case(column));
        let columns = table.columns.iter().filter(|column| !column.generated && !is_mentioned(&column.name));
        let columns: Vec<String> = columns.map(|column| format!("`{}`", column.name)).collect();
        if columns.is_empty() {
            return None;
        }
        let message = format!(
            "anonymized rows of `{}` keep what these columns hold, because the policy does not mention them: {}",
            table.name,
            columns.join(", ")
        );
        let path = format!("kinds.{}.personal", kind.name);
        Some(Finding::new(FindingCode::UnmaskedColumn, path, message).remedy(
            "give each a mask under `personal`; declare those that say nothing of the person under `fields`",
        ))
    });
    found.collect()
}

/// Returns the kinds whose rows may stay without the person, in any mode.
fn anonymized_kinds(policy: &DeletionPolicy) -> BTreeSet<KindName> {
    let map = policy.map();
    let tombstones = map.kinds().filter(|kind| kind.tombstone);
    let mut found: BTreeSet<KindName> = tombstones.map(|kind| kind.name.clone()).collect();
    for mode in policy.modes() {
        let Some(declared) = policy.mode(mode) else { continue };
        if mode == Mode::Anonymize {
            found.insert(policy.subject().clone());
        }
        for reference in map.references() {
            let entries = declared.rules.entries(&reference.name).unwrap_or_default();
            if entries.iter().any(|entry| matches!(entry.then, Rule::Anonymize(_))) {
                found.insert(reference.from.clone());
            }
            let takes = !entries.iter().all(|entry| entry.then == Rule::Leave);
            if mode == Mode::Anonymize && reference.owned && takes {
                found.insert(reference.to.clone());
            }
        }
    }
    found
}

/// Returns the columns of a kind that the policy mentions, in its map or in the masks of a rule.
fn mentioned<'a>(policy: &'a DeletionPolicy, map: &'a DataMap, kind: &'a Kind) -> BTreeSet<&'a str> {
    let masked = policy.masks().into_iter().filter(|mask| mask.kind.name == kind.name);
    let fields: BTreeSet<&FieldName> = map.fields_of(kind).chain(masked.map(|mask| mask.field)).collect();
    fields.into_iter().map(|field| kind.column(field)).collect()
}
