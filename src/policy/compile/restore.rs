//! Compiles the mode `restore` for one operation: its receipt says which kinds it marked and which references it
//! redirected.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::compiled::{CompiledBlocker, CompiledMode, CompiledStep, WriteTemplate};
use super::context::{CompileContext, QueryBuilder};
use super::dependents::{Dependents, dependents};
use super::outcomes::{KindOutcomes, OutcomesByKind, RowOutcome, referrers, refining};
use crate::domain::{
    DataMap, DeletedField, FieldName, Kind, KindName, Mode, Reference, ReferenceName, all, not_null,
};
use crate::plan::StepKey;
use crate::policy::ModePolicy;
use crate::protocol::{Branch, Disposition, RankCase, Receipt, ReceiptStep, Rows, SetId, Source};

/// The name of the blocker of a subject that no longer has what the operation wrote.
pub(crate) const NOT_MARKED: &str = "not_marked";
/// The name of the blocker of rows whose reference leads to a record that is deleted.
pub(crate) const PARENT_DELETED: &str = "parent_deleted";
/// The name of the blocker of rows that referred to a record that does not come back.
pub(crate) const PARENT_GONE: &str = "parent_gone";

/// Compiles the restore of what an operation with this receipt replaced.
pub(crate) fn restore(
    subject: &KindName,
    map: &Arc<DataMap>,
    policy: &ModePolicy,
    undone: &Receipt,
) -> CompiledMode {
    let context = CompileContext::new(subject, map, Mode::Restore, policy);
    let mut query = QueryBuilder::new(subject, context.subject_condition());
    let order: Vec<KindName> = context.groups().into_iter().flat_map(|group| group.kinds).collect();
    let mut found = Restore { context: &context, undone, order, ..Restore::of(&context, undone) };
    found.add_marked(&mut query);
    found.add_parents(&mut query);
    found.add_redirected(&mut query);
    let outcomes = OutcomesByKind::from([(subject.clone(), KindOutcomes::of_subject(RowOutcome::Keep))]);
    let Dependents { guards, unknown, effects, watched } = dependents(&context, &outcomes, &mut query);
    let Restore { mut steps, blockers, mut locks, written, .. } = found;
    steps.sort_by_key(|step| step.key.path.is_empty());
    locks.extend(watched.into_iter().map(|(_, rows)| rows));
    let (sets, questions) = query.finish();
    CompiledMode {
        map: map.clone(),
        sets,
        questions,
        steps,
        blockers,
        unknowns: unknown,
        written,
        guards,
        effects,
        before: Vec::new(),
        targets: Vec::new(),
        named_targets: Vec::new(),
        locks,
    }
}

struct Restore<'a> {
    context: &'a CompileContext<'a>,
    undone: &'a Receipt,
    /// The reached kinds, from the subject outwards.
    order: Vec<KindName>,
    /// For each kind that the operation marked: all rows that come back.
    marked: BTreeMap<KindName, Rows>,
    steps: Vec<CompiledStep>,
    blockers: Vec<CompiledBlocker>,
    locks: Vec<Rows>,
    /// Branches to the rows of the subject's kind, other than the subjects, that come back.
    written: Vec<Branch>,
}

impl<'a> Restore<'a> {
    fn of(context: &'a CompileContext<'a>, undone: &'a Receipt) -> Self {
        Self {
            context,
            undone,
            order: Vec::new(),
            marked: BTreeMap::new(),
            steps: Vec::new(),
            blockers: Vec::new(),
            locks: Vec::new(),
            written: Vec::new(),
        }
    }

    /// Returns the first step of the operation's receipt that a test accepts.
    fn step_of(&self, test: impl Fn(&ReceiptStep) -> bool) -> Option<&'a ReceiptStep> {
        self.undone.steps.iter().find(|step| test(step))
    }

    /// Adds the rows that the operation marked as deleted, kind by kind.
    fn add_marked(&mut self, query: &mut QueryBuilder) {
        for name in self.order.clone() {
            let Some(kind) = self.context.map.kind(&name).filter(|kind| !kind.id.is_none()) else { continue };
            let Some(deleted) = &kind.deleted_at else { continue };
            let was_marked =
                |step: &ReceiptStep| step.kind == name && step.disposition == Disposition::SoftDelete;
            let Some(done) = self.step_of(was_marked) else { continue };
            let source = Source::Replaced { fields: vec![deleted.field.clone()] };
            let set = format!("{name}: rows that the operation marked");
            let branch = Branch::new(source, vec![RankCase::always(0)]);
            let rows = Rows::all(query.add_set(set, &name, vec![branch]));
            self.marked.insert(name.clone(), rows);
            self.locks.push(rows);
            if !self.context.is_subject(&name) {
                self.add_step(kind, done.path.clone(), std::slice::from_ref(&deleted.field), rows, query);
                continue;
            }
            let members = || Branch::new(Source::Members(rows), vec![RankCase::always(0)]);
            let others = Branch { except: vec![Rows::SUBJECTS], ..members() };
            self.written.push(others.clone());
            let others = Rows::all(query.add_set(format!("{name}: other rows"), &name, vec![others]));
            let path = self.step_of(|step| was_marked(step) && !step.path.is_empty());
            let path = path.map(|step| step.path.clone()).unwrap_or_default();
            if !path.is_empty() {
                self.add_step(kind, path, std::slice::from_ref(&deleted.field), others, query);
            }
            let own = Branch { within: vec![Rows::SUBJECTS], ..members() };
            let own = Rows::all(query.add_set("the subjects, as marked".into(), &name, vec![own]));
            self.add_step(kind, Vec::new(), std::slice::from_ref(&deleted.field), own, query);
            let missing = Branch::new(Source::Members(Rows::SUBJECTS), vec![RankCase::always(0)]);
            let missing = Branch { except: vec![own], ..missing };
            self.block(NOT_MARKED, &name, None, vec![missing], query);
        }
    }

    /// Adds a blocker for each reference of the marked rows to records that are deleted and do not come back, or that
    /// are gone.
    ///
    /// Lists are left out, because an element that leads nowhere harms no row. So are references to another key, whose
    /// records a store by rows cannot look up.
    fn add_parents(&mut self, query: &mut QueryBuilder) {
        for (name, rows) in self.marked.clone() {
            let references = self.context.map.references_from(&name);
            for reference in references.filter(|one| one.is_declared() && !one.each && one.holds_id()) {
                let parents = self.parents_that_are_there(reference, rows, query);
                self.locks.push(parents);
                let case = vec![RankCase::always(0)];
                let Some(held) = referrers(self.context, reference, parents, case) else { continue };
                let held = Branch { within: vec![rows], ..held };
                let set = format!("{}: rows with a record to refer to", reference.name);
                let held = Rows::all(query.add_set(set, &name, vec![held]));
                let refers = reference.fields.iter().cloned().map(not_null);
                let refers = all(refers.chain(reference.when.clone()));
                let case = RankCase { when: Some(refers), ..RankCase::always(0) };
                let branch = Branch { except: vec![held], ..Branch::new(Source::Members(rows), vec![case]) };
                self.block(PARENT_DELETED, &name, Some(&reference.name), vec![branch], query);
            }
        }
    }

    /// Adds the records to which these rows refer, and that are there after the restore.
    fn parents_that_are_there(&self, reference: &Reference, rows: Rows, query: &mut QueryBuilder) -> Rows {
        let source = Source::ReferencedBy { reference: reference.name.clone(), of: rows };
        let deleted_at = self.context.map.kind(&reference.to).and_then(|kind| kind.deleted_at.as_ref());
        let live = RankCase { when: deleted_at.map(DeletedField::is_live), ..RankCase::always(0) };
        let mut branches = vec![Branch::new(source.clone(), vec![live])];
        if let Some(restored) = self.marked.get(&reference.to) {
            let restored = vec![*restored];
            branches.push(Branch { within: restored, ..Branch::new(source, vec![RankCase::always(0)]) });
        }
        let set = format!("{}: records that are there", reference.name);
        Rows::all(query.add_set(set, &reference.to, branches))
    }

    /// Adds the references that the operation redirected from rows that it marked. A reference from records that it
    /// deleted cannot come back.
    fn add_redirected(&mut self, query: &mut QueryBuilder) {
        let mut added: Vec<(ReferenceName, Vec<FieldName>, Rows)> = Vec::new();
        for step in self.undone.steps.iter().filter(|step| step.disposition.is_redirect()) {
            let reference = step.path.last().and_then(|name| self.context.map.reference(name));
            let is_kept = |reference: &&Reference| {
                reference.is_declared() && !self.context.map.holds_personal_value(reference)
            };
            let Some(reference) = reference.filter(is_kept) else { continue };
            let Some(kind) = self.context.map.kind(&reference.from).filter(|kind| !kind.id.is_none()) else {
                continue;
            };
            let Some(parents) = self.marked.get(&reference.to).copied() else { continue };
            let name = &reference.name;
            let fields: Vec<FieldName> = match step.disposition {
                Disposition::SetNull if !reference.each => {
                    self.context.map.emptied_fields(reference).cloned().collect()
                }
                _ => reference.fields.clone(),
            };
            let own = || added.iter().filter(|(known, ..)| known == name);
            if own().any(|(_, known, _)| *known == fields) {
                continue;
            }
            let except = own().map(|(_, _, rows)| *rows).collect();
            let condition = self.context.referring_condition(reference);
            let source = Source::Replaced { fields: fields.clone() };
            let cases = refining(condition.as_ref(), vec![RankCase::always(0)]);
            let set = format!("{name}: rows that the operation redirected");
            let branch = Branch { except, ..Branch::new(source, cases) };
            let redirected = Rows::all(query.add_set(set, &kind.name, vec![branch]));
            added.push((name.clone(), fields.clone(), redirected));
            let source =
                Source::FormerReferrers { reference: name.clone(), fields: fields.clone(), of: parents };
            let back = Branch { within: vec![redirected], ..Branch::new(source, vec![RankCase::always(0)]) };
            let set = format!("{name}: rows whose records come back");
            let back = Rows::all(query.add_set(set, &kind.name, vec![back]));
            self.locks.push(redirected);
            self.add_step(kind, step.path.clone(), &fields, back, query);
            let gone = Branch::new(Source::Members(redirected), vec![RankCase::always(0)]);
            let gone = Branch { except: vec![back], ..gone };
            self.block(PARENT_GONE, &kind.name, Some(name), vec![gone], query);
        }
    }

    fn add_step(
        &mut self,
        kind: &Kind,
        path: Vec<ReferenceName>,
        fields: &[FieldName],
        rows: Rows,
        query: &mut QueryBuilder,
    ) {
        let key = StepKey {
            kind: kind.name.clone(),
            disposition: Disposition::Restore,
            path,
            rule: Mode::Restore.as_str().into(),
            when: None,
            basis: None,
            volatile: kind.volatile,
            undeclared: false,
        };
        let write = WriteTemplate::put_back(kind, fields);
        self.steps.push(CompiledStep::new(key, rows, query.count(rows), write));
    }

    fn block(
        &mut self,
        rule: &'static str,
        kind: &KindName,
        reference: Option<&ReferenceName>,
        branches: Vec<Branch>,
        query: &mut QueryBuilder,
    ) {
        let set: SetId = query.add_set(format!("{kind}: {rule}"), kind, branches);
        self.blockers.push(CompiledBlocker {
            kind: kind.clone(),
            reference: reference.cloned(),
            rule,
            when: None,
            rationale: None,
            undeclared: None,
            question: query.sample(Rows::all(set)),
        });
    }
}
