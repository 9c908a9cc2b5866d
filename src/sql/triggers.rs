//! The triggers and rules that an operation fires.

use super::table_schema::{QueryColumns, TableSchema, find};
use super::table_trigger::TableTrigger;
use crate::domain::{DataMap, Kind, KindName};
use crate::protocol::{ChangeSet, ChangeStep};
use crate::store::{FiredTrigger, StoreError};

/// Returns the triggers and rules that the steps of a change set fire, each with its kind.
pub(super) fn fired<'a>(
    changes: &'a ChangeSet,
    schema: &'a TableSchema,
) -> Result<Vec<(&'a Kind, &'a TableTrigger)>, StoreError> {
    let mut found: Vec<(&Kind, &TableTrigger)> = Vec::new();
    for ChangeStep { kind, write, .. } in &changes.steps {
        let kind = find(&changes.query.map, kind)?;
        let triggers = schema.triggers.get(&*kind.table_name()).into_iter().flatten();
        for trigger in triggers.filter(|trigger| trigger.fires(write)) {
            if !found.iter().any(|(of, known)| of.name == kind.name && known.name == trigger.name) {
                found.push((kind, trigger));
            }
        }
    }
    Ok(found)
}

/// Returns the names of triggers and rules, in order.
pub(super) fn names(fired: &[(&Kind, &TableTrigger)]) -> Vec<FiredTrigger> {
    let mut names: Vec<FiredTrigger> =
        fired.iter().map(|(kind, trigger)| FiredTrigger::new(kind.name.clone(), &*trigger.name)).collect();
    names.sort();
    names
}

impl<'a> QueryColumns<'a> {
    /// Adds the kinds that refer to a kind whose rows are deleted. If a trigger fires, these kinds are searched for
    /// references to the deleted rows.
    pub(super) fn add_referrers(
        &mut self,
        map: &'a DataMap,
        deleted: &'a KindName,
    ) -> Result<(), StoreError> {
        for reference in map.references_to(deleted) {
            if !self.kinds.iter().any(|known| known.name == reference.from) {
                self.kinds.push(find(map, &reference.from)?);
            }
            if reference.each {
                for key in map.key_of(reference) {
                    self.add(find(map, &reference.to)?, key);
                }
            }
        }
        Ok(())
    }
}
