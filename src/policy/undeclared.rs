//! The policy together with foreign keys of the database that it does not declare.
//!
//! A key matters in a mode only if the mode may physically delete the record that it refers to. Each mode therefore gets
//! its own map and rules. A mode for which no key matters stays as it is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::compile::{self, CompileContext, CompiledMode};
use super::validate::may_delete_duplicates;
use super::{DeletionPolicy, Entry, ModePolicy, Redirect, Rule, validate};
use crate::domain::{
    DataMap, Faults, KindName, Mode, OnDelete, Reference, ReferenceName, UndeclaredReferences,
};

impl DeletionPolicy {
    /// Returns the policy with the foreign keys of a database that it does not declare. What was declared stays the same,
    /// and so do the documents.
    ///
    /// # Errors
    /// Returns every reason why the policy does not fit together with the foreign keys.
    pub(crate) fn with_undeclared(&self, found: &UndeclaredReferences) -> Result<Self, Faults> {
        let mut faults = Faults::none();
        let mut compiled = BTreeMap::new();
        for (mode, declared) in &self.modes {
            let of_mode = self.mode_with_undeclared(*mode, declared, found, &mut faults);
            compiled.insert(*mode, Arc::new(of_mode));
        }
        faults.or(Self { compiled, ..self.clone() })
    }

    /// Returns whether a mode has references that only foreign keys of the database know.
    pub(crate) fn has_undeclared(&self) -> bool {
        self.compiled.values().any(|mode| !mode.map.references().all(Reference::is_declared))
    }

    fn mode_with_undeclared(
        &self,
        mode: Mode,
        declared: &ModePolicy,
        found: &UndeclaredReferences,
        faults: &mut Faults,
    ) -> CompiledMode {
        let may_delete = |map: &DataMap, policy: &ModePolicy, kind: &KindName| {
            may_delete_duplicates(map, policy, kind)
                || mode.removes()
                    && CompileContext::new(&self.subject, map, mode, policy).may_be_deleted(kind)
        };
        let is_deleting = self.map.kinds().any(|kind| may_delete(&self.map, declared, &kind.name));
        if !is_deleting {
            return compile::compile(&self.subject, &self.map, mode, declared);
        }
        let mut chosen = BTreeSet::new();
        let (map, policy) = loop {
            let map = self.map.with_undeclared(found, &chosen);
            let (map, policy) = with_rules(map, declared);
            let context = CompileContext::new(&self.subject, &map, mode, &policy);
            let mattering = found.references.iter().filter(|reference| {
                context.may_be_deleted(&reference.to) || may_delete_duplicates(&map, &policy, &reference.to)
            });
            let names: BTreeSet<&ReferenceName> = mattering.map(|reference| &reference.name).collect();
            if names.is_subset(&chosen) {
                break (map, policy);
            }
            chosen.extend(names);
        };
        if !chosen.is_empty() {
            validate::with_undeclared(&self.subject, &map, mode, &policy, faults);
        }
        compile::compile(&self.subject, &Arc::new(map), mode, &policy)
    }

    /// Adds the foreign keys that matter in any mode to a map.
    pub(super) fn add_undeclared(&self, map: &mut DataMap) {
        for mode in self.compiled.values() {
            map.add_undeclared(&mode.map);
        }
    }
}

/// Adds the rules of the undeclared references. Declared references that only foreign keys lead to, and that the mode
/// does not decide, block.
fn with_rules(mut map: DataMap, declared: &ModePolicy) -> (DataMap, ModePolicy) {
    let mut policy = declared.clone();
    let references: Vec<Reference> = map.references().cloned().collect();
    for reference in references {
        let Some(rule) = &reference.undeclared else {
            if declared.rules.entries(&reference.name).is_none() {
                policy.rules.named.insert(reference.name.clone(), vec![Rule::Restrict.into()]);
            }
            continue;
        };
        let removes = rule.on_delete == OnDelete::Cascade && rule.except.is_none();
        let mut rules = if removes { rules_of_rows(&map, &reference.from, declared) } else { Vec::new() };
        let first =
            rules.pop().unwrap_or_else(|| vec![if removes { Rule::Delete } else { Rule::Restrict }.into()]);
        policy.rules.named.insert(reference.name.clone(), by_database(first));
        for (number, entries) in (2..).zip(rules) {
            // Several rules of a kind decide together, as several references do. The strictest wins.
            let mut copy =
                Reference { name: format!("{} ({number})", reference.name).into(), ..reference.clone() };
            if let Some(rule) = &mut copy.undeclared {
                rule.is_copy = true;
            }
            policy.rules.named.insert(copy.name.clone(), by_database(entries));
            map.add_reference(copy);
        }
    }
    (map, policy)
}

fn by_database(entries: Vec<Entry>) -> Vec<Entry> {
    entries.into_iter().map(|entry| Entry { by_database: true, ..entry }).collect()
}

/// Returns the different rules that the mode has for rows of a kind, as far as they keep or block rows: a foreign key that
/// deletes such rows must not undo what the policy says about them. Empty if the mode only deletes them.
fn rules_of_rows(map: &DataMap, kind: &KindName, declared: &ModePolicy) -> Vec<Vec<Entry>> {
    let Some(kind) = map.kind(kind) else { return Vec::new() };
    let mut found: Vec<Vec<Entry>> = Vec::new();
    for reference in map.references_from(&kind.name).filter(|reference| reference.is_declared()) {
        let entries = declared.rules.entries(&reference.name).unwrap_or_default();
        let entries = entries.iter().filter(|entry| entry.parent.is_none());
        let entries: Vec<Entry> = entries.map(without_target).collect();
        let protects = entries.iter().any(|entry| entry.then != Rule::Delete);
        if protects && !found.contains(&entries) {
            found.push(entries);
        }
    }
    found
}

/// Returns the entry for a reference that the policy does not know: it keeps the row where the entry would redirect it.
fn without_target(entry: &Entry) -> Entry {
    let then = match &entry.then {
        Rule::Cascade | Rule::Delete => Rule::Delete,
        Rule::Redirect(Redirect::SetNull | Redirect::SetDefault(_) | Redirect::Reassign(_))
        | Rule::Keep
        | Rule::Leave => Rule::Keep,
        rule @ (Rule::SoftDelete | Rule::Restrict | Rule::Protect | Rule::Anonymize(_) | Rule::Retain(_)) => {
            rule.clone()
        }
    };
    Entry { when: entry.when.clone(), rationale: entry.rationale.clone(), ..Entry::from(then) }
}
