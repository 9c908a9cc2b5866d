//! Rows that their new target would make equal to other rows under a unique key.

use std::collections::{BTreeMap, BTreeSet};

use super::consequences::Redirects;
use super::{Id, RowOutcome, World};
use crate::domain::{FieldName, Reference, ReferenceName, Request, Value};

/// The rows that are deleted because their new target would make them equal to other rows, each with the reference and
/// the entry that say so.
pub(super) type Duplicates = BTreeMap<Id, (ReferenceName, usize)>;

impl World<'_> {
    pub(super) fn duplicates(&self, request: &Request, redirects: &Redirects<'_>) -> Duplicates {
        let mut found = Duplicates::new();
        for reference in self.map.references() {
            let entries = self.declared.rules.entries(&reference.name).unwrap_or_default().iter();
            let with_clash = entries.enumerate().find_map(|(at, entry)| Some((at, entry.on_clash.as_ref()?)));
            if let Some((entry, on_clash)) = with_clash {
                let fields: Vec<&FieldName> = on_clash.unique().iter().collect();
                for id in self.duplicates_over(request, redirects, reference, entry, &fields) {
                    found.insert(id, (reference.name.clone(), entry));
                }
            }
        }
        found
    }

    fn duplicates_over(
        &self,
        request: &Request,
        redirects: &Redirects<'_>,
        reference: &Reference,
        entry: usize,
        unique: &[&FieldName],
    ) -> Vec<Id> {
        let kind = self.kind(&reference.from);
        let moves = |id: &Id| redirects.get(&(id.clone(), reference.name.clone()));
        let is_changed_otherwise =
            |id: &Id| redirects.keys().any(|(other, name)| other == id && *name != reference.name);
        // The new target of the rows that the entry moves.
        let mut to: BTreeSet<String> = BTreeSet::new();
        let mut candidates: Vec<Id> = Vec::new();
        let rows: Vec<Id> = self.all().map(|(id, _)| id).filter(|id| id.0 == reference.from).collect();
        for id in &rows {
            for ((_, _, index, on_survive), (redirect, _)) in moves(id).into_iter().flatten() {
                if *index == entry && !on_survive {
                    to.insert(self.target(request, &reference.name, redirect).literal());
                    if !self.outcomes.contains_key(id) && !is_changed_otherwise(id) {
                        candidates.push(id.clone());
                    }
                }
            }
        }
        let will_refer = |id: &Id| {
            let own = moves(id).into_iter().flatten();
            let mut targets = own.map(|(_, (redirect, _))| self.target(request, &reference.name, redirect));
            let refers = self.keys_equal(kind, self.row(id), reference);
            let mut refers = refers.map(|target| self.row(&target).id.clone());
            targets.any(|target| to.contains(&target.literal()))
                || refers.any(|target| to.contains(&Value::from(&target).literal()))
        };
        let beside = rows.iter().filter(|id| {
            !candidates.contains(id)
                && self.outcomes.get(id) != Some(&RowOutcome::Deleted)
                && !is_changed_otherwise(id)
                && will_refer(id)
        });
        let values = |id: &Id| {
            let others = unique.iter().filter(|field| !reference.fields.contains(field));
            let values = others.map(|field| kind.value_of(self.row(id), field).into_owned());
            let values: Vec<Value> = values.collect();
            (!values.iter().any(Value::is_null)).then_some(values)
        };
        let mut seen: Vec<Vec<Value>> = beside.filter_map(values).collect();
        let mut found = Vec::new();
        for id in candidates {
            match values(&id) {
                Some(values) if seen.contains(&values) => found.push(id),
                values => seen.extend(values),
            }
        }
        found
    }
}
