//! Rows that get a new parent of their own kind.

use std::collections::BTreeSet;

use super::{Id, World, is_marked};
use crate::domain::{ReferenceName, Value};

impl World<'_> {
    /// Returns whether a row would come to lie below itself: its new parent is the row, or lies below it. Rows that are
    /// removed no longer lead upwards.
    pub(super) fn is_adopted_by_itself(&self, row: &Id, name: &ReferenceName, target: &Value) -> bool {
        let reference = self.map.reference(name).expect("a reference");
        if reference.from != reference.to || reference.each {
            return false;
        }
        let kind = self.kind(&reference.to);
        let rows = self.rows.get(&reference.to);
        let found = target.as_id().and_then(|id| rows?.get_key_value(&id));
        let Some((id, _)) = found.filter(|(_, row)| !is_marked(kind, row)) else { return false };
        let target = (reference.to.clone(), id.clone());
        if self.removed(&target) {
            return false;
        }
        let mut seen: BTreeSet<Id> = BTreeSet::from([target.clone()]);
        let mut open = vec![target];
        while let Some(id) = open.pop() {
            let parents = self.parents(self.row(&id), reference).into_iter();
            open.extend(parents.filter(|parent| !self.removed(parent) && seen.insert(parent.clone())));
        }
        seen.contains(row)
    }
}
