//! Foreign keys that the policy does not declare: what becomes of rows that stay although the row they refer to is deleted.
//!
//! The database acts only when a row is physically deleted, so this is decided last, when it is known which rows stay as
//! tombstones.

use super::compiled::{CompiledBlocker, CompiledStep, CompiledTarget, WriteTemplate};
use super::context::{CompileContext, QueryBuilder};
use super::outcomes::{KindOutcomes, OutcomesByKind, RowOutcome, refining};
use super::redirects::Redirects;
use super::tombstones::TombstonesByKind;
use crate::domain::{FieldName, ForeignKeyRule, KindName, OnDelete, Reference, Value};
use crate::plan::StepKey;
use crate::protocol::{Branch, Disposition, RankCase, Rows, Source};

/// Adds the steps and the blockers of rows that stay.
pub(super) fn undeclared(
    context: &CompileContext<'_>,
    outcomes: &OutcomesByKind,
    tombstones: &TombstonesByKind,
    query: &mut QueryBuilder,
    redirects: &mut Redirects,
    blockers: &mut Vec<CompiledBlocker>,
) {
    for reference in context.map.references() {
        let Some(rule) = reference.undeclared.as_ref().filter(|rule| !rule.is_copy) else { continue };
        let Some(of) = deleted(&reference.to, outcomes, tombstones) else { continue };
        let source = Source::Referrers { reference: reference.name.clone(), of };
        let cases = if let Some(except) = &rule.except {
            let covered = RankCase { when: Some(except.clone()), rank: None, ..RankCase::always(0) };
            vec![covered, RankCase::always(0)]
        } else {
            refining(context.referring_condition(reference).as_ref(), vec![RankCase::always(0)])
        };
        let mut branch = Branch::new(source, cases);
        branch.except.extend(deleted(&reference.from, outcomes, tombstones));
        let name = format!("{}: rows that stay", reference.name);
        let rows = Rows::all(query.add_set(name, &reference.from, vec![branch]));
        match &rule.on_survive {
            Some(values) => changed(context, (reference, rule), (rows, of), values, query, redirects),
            None => blockers.push(CompiledBlocker {
                kind: reference.from.clone(),
                reference: Some(reference.name.clone()),
                rule: rule.on_delete.rule(),
                when: None,
                rationale: None,
                undeclared: Some(rule.on_delete),
                question: query.sample(rows),
            }),
        }
    }
}

/// Adds the step that gives fields of rows that stay new values, and the check of the record that they refer to then.
fn changed(
    context: &CompileContext<'_>,
    (reference, rule): (&Reference, &ForeignKeyRule),
    (rows, of): (Rows, Rows),
    values: &[(FieldName, Value)],
    query: &mut QueryBuilder,
    redirects: &mut Redirects,
) {
    let Some(kind) = context.map.kind(&reference.from) else { return };
    let question = query.count(rows);
    let disposition =
        if rule.on_delete == OnDelete::SetDefault { Disposition::SetDefault } else { Disposition::SetNull };
    let key = StepKey {
        kind: kind.name.clone(),
        disposition,
        path: context.path(&reference.name, RowOutcome::is_deleted),
        rule: rule.on_delete.rule().into(),
        when: None,
        basis: None,
        volatile: kind.volatile,
        undeclared: true,
    };
    let write = WriteTemplate::by_foreign_key(kind, values);
    redirects.steps.push(CompiledStep::new(key, rows, question, write));
    if let Some((_, value)) = values.iter().find(|(_, value)| !value.is_null()) {
        redirects.targets.push(CompiledTarget {
            // The database itself would let a row lie below itself.
            adoption: None,
            reference: reference.name.clone(),
            from: reference.from.clone(),
            to: reference.to.clone(),
            target: Some(value.clone()),
            rule: rule.on_delete.rule(),
            question,
            except: vec![of],
            qualifies: None,
        });
    }
}

/// Returns the rows of a kind that are physically deleted.
fn deleted(kind: &KindName, outcomes: &OutcomesByKind, tombstones: &TombstonesByKind) -> Option<Rows> {
    match tombstones.get(kind) {
        Some(sets) => Some(Rows::all(sets.deleted)),
        None => outcomes.get(kind)?.deleted_rows(),
    }
}

/// Returns the outcomes without rows that stay as tombstones. No foreign key acts below such rows.
pub(super) fn without_tombstones(outcomes: &OutcomesByKind, tombstones: &TombstonesByKind) -> OutcomesByKind {
    let outcomes = outcomes.iter().map(|(kind, own)| {
        let own = match tombstones.get(kind) {
            Some(sets) => KindOutcomes { set: sets.deleted, ..own.clone() },
            None => own.clone(),
        };
        (kind.clone(), own)
    });
    outcomes.collect()
}
