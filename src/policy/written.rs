//! Lists the kinds whose rows a policy deletes or updates.

use std::collections::BTreeSet;

use super::{DeletionPolicy, Entry, ModePolicy, Rule};
use crate::domain::{DataMap, KindName, Mode, Reference};

/// The kinds whose rows a policy may delete, and the kinds whose rows it may update. Conditions are ignored, so the
/// lists may contain too many kinds, but never too few.
#[derive(Debug, Default)]
pub(crate) struct WrittenKinds {
    deleted: BTreeSet<KindName>,
    updated: BTreeSet<KindName>,
}

impl WrittenKinds {
    pub(crate) fn of(policy: &DeletionPolicy) -> Self {
        let mut written = Self::default();
        let map = policy.map();
        for mode in policy.modes() {
            let Some(declared) = policy.mode(mode) else {
                continue;
            };
            written.subject(policy.subject(), mode);
            written.walk(map, declared, mode, policy.subject());
        }
        let tombstones = map.kinds().filter(|kind| kind.tombstone);
        written.updated.extend(tombstones.map(|kind| kind.name.clone()));
        written
    }

    #[cfg(feature = "sql")]
    pub(crate) fn deletes(&self, kind: &KindName) -> bool {
        self.deleted.contains(kind)
    }

    #[cfg(feature = "sql")]
    pub(crate) fn updates(&self, kind: &KindName) -> bool {
        self.updated.contains(kind)
    }

    /// Returns every kind whose rows may be deleted or updated.
    pub(super) fn all(&self) -> impl Iterator<Item = &KindName> {
        self.deleted.union(&self.updated)
    }

    #[cfg(feature = "sql")]
    pub(crate) fn writes(&self, kind: &KindName) -> bool {
        self.deletes(kind) || self.updates(kind)
    }

    fn subject(&mut self, subject: &KindName, mode: Mode) {
        if mode == Mode::HardDelete {
            self.deleted.insert(subject.clone());
        } else {
            self.updated.insert(subject.clone());
        }
    }

    /// Follows the references from the subject to all rows that are deleted, marked or masked.
    fn walk(&mut self, map: &DataMap, declared: &ModePolicy, mode: Mode, subject: &KindName) {
        // A cascade marks rows below a soft-deleted row as deleted, and sets rows below an OFF row OFF.
        let entries = map.references().flat_map(|one| declared.rules.entries(&one.name).unwrap_or_default());
        let rules: Vec<&Rule> = entries.map(|entry| &entry.then).collect();
        let deletes = mode == Mode::HardDelete || rules.contains(&&Rule::Delete);
        let marks = mode != Mode::HardDelete || rules.contains(&&Rule::SoftDelete);
        let mut reached = BTreeSet::from([subject.clone()]);
        let mut open = vec![subject.clone()];
        while let Some(kind) = open.pop() {
            for reference in map.references_to(&kind) {
                let entries = declared.rules.entries(&reference.name).unwrap_or_default();
                let mut leads_on = false;
                for entry in entries {
                    leads_on |= self.entry(reference, entry, deletes, marks);
                }
                if leads_on && reached.insert(reference.from.clone()) {
                    open.push(reference.from.clone());
                }
            }
            // Rows that the rows own may be removed with them.
            for reference in map.references_from(&kind).filter(|reference| reference.owned) {
                match mode {
                    Mode::HardDelete => self.deleted.insert(reference.to.clone()),
                    _ => self.updated.insert(reference.to.clone()),
                };
                self.updated.extend(marks.then(|| reference.to.clone()));
                if reached.insert(reference.to.clone()) {
                    open.push(reference.to.clone());
                }
            }
        }
    }

    /// Records whether the entry deletes or updates rows of the reference's kind. Returns whether the rules also
    /// apply to rows that refer to these rows.
    fn entry(&mut self, reference: &Reference, entry: &Entry, may_delete: bool, marks: bool) -> bool {
        let (deletes, updates, leads_on) = match &entry.then {
            Rule::Cascade => (may_delete, marks, true),
            Rule::Delete => (true, false, true),
            Rule::SoftDelete | Rule::Anonymize(_) => (false, true, true),
            Rule::Retain(_) => (true, true, true),
            Rule::Redirect(_) => (false, true, false),
            // A row that stays loses its reference to a deleted row.
            Rule::Keep | Rule::Leave => (false, may_delete, false),
            Rule::Restrict | Rule::Protect => (false, false, false),
        };
        if deletes {
            self.deleted.insert(reference.from.clone());
        }
        if updates {
            self.updated.insert(reference.from.clone());
        }
        leads_on
    }
}
