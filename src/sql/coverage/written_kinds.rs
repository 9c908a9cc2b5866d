//! The kinds whose rows a policy may delete or update.

use std::collections::BTreeSet;

use crate::domain::{DataMap, KindName, Mode, Reference};
use crate::policy::{DeletionPolicy, Entry, ModePolicy, Rule};

/// The kinds whose rows a policy may delete, and those whose rows it may update. Conditions are ignored, so there may
/// be too many, but never too few.
#[derive(Debug, Default)]
pub(super) struct WrittenKinds {
    deleted: BTreeSet<KindName>,
    updated: BTreeSet<KindName>,
}

impl WrittenKinds {
    pub(super) fn of(policy: &DeletionPolicy) -> Self {
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

    pub(super) fn deletes(&self, kind: &KindName) -> bool {
        self.deleted.contains(kind)
    }

    pub(super) fn updates(&self, kind: &KindName) -> bool {
        self.updated.contains(kind)
    }

    pub(super) fn writes(&self, kind: &KindName) -> bool {
        self.deletes(kind) || self.updates(kind)
    }

    fn subject(&mut self, subject: &KindName, mode: Mode) {
        if mode == Mode::HardDelete {
            self.deleted.insert(subject.clone());
        } else {
            self.updated.insert(subject.clone());
        }
    }

    /// Follows the references from the subject, as far as rows are deleted, marked or masked.
    fn walk(&mut self, map: &DataMap, declared: &ModePolicy, mode: Mode, subject: &KindName) {
        // A cascade marks rows below a soft-deleted row, and sets rows below an OFF row OFF.
        let mut all = map.references().flat_map(|one| declared.rules.entries(&one.name).unwrap_or_default());
        let marks = mode != Mode::HardDelete || all.any(|entry| matches!(entry.then, Rule::SoftDelete));
        let mut reached = BTreeSet::from([subject.clone()]);
        let mut open = vec![subject.clone()];
        while let Some(kind) = open.pop() {
            for reference in map.references_to(&kind) {
                let entries = declared.rules.entries(&reference.name).unwrap_or_default();
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

    /// Adds what an entry does to rows, and returns whether rows below them may be reached.
    fn entry(&mut self, reference: &Reference, entry: &Entry, mode: Mode, marks: bool) -> bool {
        let (deletes, updates, leads_on) = match &entry.then {
            Rule::Cascade => (mode == Mode::HardDelete, marks, true),
            Rule::Delete => (true, false, true),
            Rule::SoftDelete | Rule::Anonymize(_) => (false, true, true),
            Rule::Retain(_) => (true, true, true),
            Rule::Redirect(_) => (false, true, false),
            // A surviving row loses its reference to a deleted one.
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
