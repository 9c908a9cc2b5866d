//! Which kinds a policy may delete rows of, and which it may update.

use std::collections::BTreeSet;

use crate::domain::{DataMap, KindName, Mode, Reference};
use crate::policy::{DeletionPolicy, Entry, ModePolicy, Rule};

/// Rather a kind too many than one too few: conditions are taken as free.
#[derive(Debug, Default)]
pub(super) struct Touched {
    deleted: BTreeSet<KindName>,
    updated: BTreeSet<KindName>,
}

impl Touched {
    pub(super) fn by(policy: &DeletionPolicy) -> Self {
        let mut touched = Self::default();
        let map = policy.map();
        for mode in policy.modes() {
            let Some(said) = policy.mode(mode) else {
                continue;
            };
            touched.subject(policy.subject(), mode);
            touched.walk(map, said, mode, policy.subject());
        }
        let tombstones = map.kinds().filter(|kind| kind.tombstone);
        touched.updated.extend(tombstones.map(|kind| kind.name.clone()));
        touched
    }

    pub(super) fn deletes(&self, kind: &KindName) -> bool {
        self.deleted.contains(kind)
    }

    pub(super) fn updates(&self, kind: &KindName) -> bool {
        self.updated.contains(kind)
    }

    fn subject(&mut self, subject: &KindName, mode: Mode) {
        if mode == Mode::HardDelete {
            self.deleted.insert(subject.clone());
        } else {
            self.updated.insert(subject.clone());
        }
    }

    /// From the subject along the references, as far as rows go, are marked or are masked.
    fn walk(&mut self, map: &DataMap, said: &ModePolicy, mode: Mode, subject: &KindName) {
        // Below a soft-deleted row a cascade marks, below one that is OFF it sets OFF.
        let mut all = map.references().flat_map(|one| said.rules.entries(&one.name).unwrap_or_default());
        let marks = mode != Mode::HardDelete || all.any(|entry| matches!(entry.then, Rule::SoftDelete));
        let mut reached = BTreeSet::from([subject.clone()]);
        let mut open = vec![subject.clone()];
        while let Some(kind) = open.pop() {
            for reference in map.references_to(&kind) {
                let entries = said.rules.entries(&reference.name).unwrap_or_default();
                let mut leads_on = false;
                for entry in entries {
                    leads_on |= self.entry(reference, entry, mode, marks);
                }
                if leads_on && reached.insert(reference.from.clone()) {
                    open.push(reference.from.clone());
                }
            }
        }
    }

    /// What an entry does to rows; whether rows below them may be reached.
    fn entry(&mut self, reference: &Reference, entry: &Entry, mode: Mode, marks: bool) -> bool {
        let (deletes, updates, leads_on) = match &entry.then {
            Rule::Cascade => (mode == Mode::HardDelete, marks, true),
            Rule::Delete => (true, false, true),
            Rule::SoftDelete | Rule::Anonymize(_) => (false, true, true),
            Rule::Retain(_) => (true, true, true),
            Rule::Redirect(_) => (false, true, false),
            // What stays loses a reference to what is gone.
            Rule::Keep => (false, mode == Mode::HardDelete, false),
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
