//! Making a plan from the answers of a store.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::inquiry::Inquiry;
use super::{obstacles, preconditions};
use crate::domain::{FieldName, INFINITY, Kind, Mode, PersonalIds, RecordId};
use crate::plan::{Effect, Execution, Forced, Ground, Plan, Step, Until};
use crate::policy::Refusal;
use crate::policy::compile::{CompiledGround, CompiledStep};
use crate::protocol::{ChangeStep, Digest, Disposition, LockRows, Survey};

impl Inquiry {
    /// Makes the plan from a store's answers to the [`query`](Self::query).
    ///
    /// This is a pure function: the same inquiry and answers give the same plan.
    ///
    /// # Errors
    /// [`Refusal`] if a subject does not exist or is outside the actor's scope.
    pub fn plan(&self, survey: &Survey) -> Result<Plan, Refusal> {
        if survey.answers.len() != self.query.questions.len() {
            // A missing answer must not be taken for the absence of blockers.
            return Err(Refusal::invalid(
                "the survey does not answer every question",
                "pass the survey for this request's query",
            ));
        }
        self.check_subjects(survey)?;
        self.check_scope(survey)?;
        let (steps, changes) = steps(self, survey);
        let (exact, decision) = preconditions::preconditions(self, survey);
        let effects = self
            .mode
            .effects
            .iter()
            .map(|(draft, question)| Effect { topic: draft.topic.clone(), count: survey.count(*question) });
        let mut plan = Plan {
            digest: Digest::none(),
            kind: self.request.kind.clone(),
            subjects: survey.subjects.clone(),
            mode: self.request.mode,
            policy_version: self.policy_version.clone(),
            at: self.query.now,
            undecided: u64::try_from(self.query.map.undecided().len()).unwrap_or(u64::MAX),
            outcome: outcome(self.request.mode, &steps),
            steps,
            blockers: Vec::new(),
            warnings: Vec::new(),
            notes: Vec::new(),
            effects: effects.filter(|effect| effect.count > 0).collect(),
            execution: Execution {
                policy_content: self.policy_content.clone(),
                query: self.query.clone(),
                about_actor: self.about_actor.count(),
                survey: survey.clone(),
                locks: self.mode.locks.iter().map(|rows| LockRows { rows: *rows }).collect(),
                exact,
                decision,
                event_drafts: self.mode.effects.iter().map(|(draft, _)| draft.clone()).collect(),
                steps: changes,
                snapshot: self.snapshot(),
                clashes: Vec::new(),
                undone: self.undone.clone(),
            },
        };
        obstacles::add_obstacles(self, survey, &mut plan);
        plan.digest = plan.digest_of();
        Ok(plan)
    }

    /// Checks that every subject was found exactly once, under the id in the request.
    ///
    /// A column that ignores case may find a row whose id differs from the request. The receipt would then name
    /// another id than the request.
    fn check_subjects(&self, survey: &Survey) -> Result<(), Refusal> {
        let request = &self.request;
        // Stores return ids as they hold them, so the ids are compared as text.
        let found: BTreeSet<String> = survey.subjects.iter().map(RecordId::spelt).collect();
        let missing = request.subjects.iter().filter(|id| !found.contains(&id.spelt()));
        let ids: Vec<RecordId> = missing.cloned().collect();
        if !ids.is_empty() {
            return Err(Refusal::NotFound { kind: request.kind.clone(), ids });
        }
        if survey.subjects.len() != request.subjects.len() {
            return Err(Refusal::invalid("a record appears twice", "pass every record only once"));
        }
        Ok(())
    }

    fn check_scope(&self, survey: &Survey) -> Result<(), Refusal> {
        let Self { request, .. } = self;
        let subjects = u64::try_from(request.subjects.len()).unwrap_or(u64::MAX);
        match self.about_actor.scope {
            Some(question) if survey.count(question) != subjects => Err(Refusal::WrongScope {
                kind: request.kind.clone(),
                mode: request.mode,
                ids: request.subjects.clone(),
            }),
            _ => Ok(()),
        }
    }

    /// Returns the fields that the audit entry records for subjects that are deleted or marked. In a mode that erases,
    /// these are the fields that the policy lists; otherwise all fields that are not personal. A list of values other than ids, such as e-mail addresses, counts as personal, because lists cannot be
    /// declared personal.
    fn snapshot(&self) -> Vec<FieldName> {
        if self.request.mode.erases() {
            return self.mode.before.clone();
        }
        let map = &self.query.map;
        let personal_ids = &PersonalIds::of(map);
        let is_list_of_values = |kind: &Kind, field: &FieldName| {
            let mut lists = map.references_from(&kind.name).filter(|one| one.each && one.key.is_some());
            lists.any(|list| list.fields.contains(field))
        };
        let kind = map.kind(&self.request.kind).filter(|_| self.request.mode.deletes());
        let fields = kind.into_iter().flat_map(|kind| {
            map.fields_of(kind)
                .filter(|field| !kind.id.contains(field) && !kind.personal.contains_key(*field))
                .filter(|field| !personal_ids.has(&kind.name, field))
                .filter(move |field| !is_list_of_values(kind, field))
        });
        fields.cloned().collect()
    }
}

/// Returns what happens to the subjects: `tombstone` if any of them must stay.
fn outcome(mode: Mode, steps: &[Step]) -> Disposition {
    let is_tombstone = |step: &Step| step.is_subject() && step.key.disposition == Disposition::Tombstone;
    match mode {
        _ if steps.iter().any(is_tombstone) => Disposition::Tombstone,
        Mode::Create => Disposition::Create,
        Mode::Update => Disposition::Update,
        Mode::Reassign => Disposition::Reassign,
        Mode::HardDelete => Disposition::Delete,
        Mode::SoftDelete => Disposition::SoftDelete,
        Mode::Deactivate => Disposition::Deactivate,
        Mode::Reactivate => Disposition::Reactivate,
        Mode::Restore => Disposition::Restore,
        Mode::Anonymize => Disposition::Anonymize,
    }
}

/// Returns the steps that affect rows, in two forms: for the plan, with the subject's own step last, and for a store.
fn steps(inquiry: &Inquiry, survey: &Survey) -> (Vec<Step>, Vec<ChangeStep>) {
    let touching = inquiry.mode.steps.iter().filter(|step| survey.count(step.question) > 0);
    let touching: Vec<&CompiledStep> = touching.collect();
    let mut shown: Vec<usize> = Vec::new();
    for is_subject in [false, true] {
        let steps = touching.iter().enumerate();
        let own = steps.filter(|(_, step)| step.shown && step.key.path.is_empty() == is_subject);
        shown.extend(own.map(|(at, _)| at));
    }
    let changes = touching.iter().enumerate().map(|(at, step)| ChangeStep {
        kind: step.key.kind.clone(),
        rows: step.rows,
        write: step.write.fill(inquiry.query.now, requested_target(inquiry, step)),
        receipt_step: shown.iter().position(|shown| *shown == at),
    });
    let steps =
        shown.iter().filter_map(|at| touching.get(*at)).map(|step| counted_step(inquiry, step, survey));
    (steps.collect(), changes.collect())
}

fn counted_step(inquiry: &Inquiry, compiled: &CompiledStep, survey: &Survey) -> Step {
    let (grounds, until) = grounds(&compiled.grounds, survey);
    let forced = compiled.forced_by.iter().filter(|(_, question)| survey.count(*question) > 0);
    let forced_by = forced.map(|(reference, question)| Forced {
        reference: reference.clone(),
        count: survey.count(*question),
        sample: survey.sample(*question).to_vec(),
    });
    let target = compiled.write.target(requested_target(inquiry, compiled));
    Step {
        key: compiled.key.clone(),
        count: survey.count(compiled.question),
        until,
        to: target.and_then(|target| target.as_id()),
        grounds,
        forced_by: forced_by.collect(),
    }
}

/// Returns the record that the request names as the new target of the step's reference.
fn requested_target<'a>(inquiry: &'a Inquiry, step: &CompiledStep) -> Option<&'a RecordId> {
    inquiry.request.reassign.get(step.key.path.last()?)
}

/// Returns the retention periods of a step's rows, and when the first and the last row may be deleted.
///
/// The first row may be deleted when the step's own period ends, which is the first in the list. The last row may be
/// deleted when the last of all periods ends.
fn grounds(compiled: &[CompiledGround], survey: &Survey) -> (Vec<Ground>, Option<Until>) {
    let grounds = compiled.iter().map(|ground| counted_ground(ground, survey));
    let grounds: Vec<Ground> = grounds.filter(|ground| ground.count > 0).collect();
    let first = grounds.first().and_then(|ground| ground.until).map(|until| until.first);
    let last = grounds.iter().filter_map(|ground| ground.until).map(|until| until.last).max();
    (grounds, first.zip(last).map(|(first, last)| Until { first, last }))
}

fn counted_ground(compiled: &CompiledGround, survey: &Survey) -> Ground {
    let span = survey.answers.get(compiled.question).and_then(|answer| answer.span);
    let end = |from: DateTime<Utc>| compiled.retention.end(from).unwrap_or(INFINITY);
    Ground {
        reference: compiled.reference.clone(),
        period: compiled.retention.period,
        basis: compiled.retention.basis.clone(),
        count: survey.count(compiled.question),
        undated: survey.count(compiled.undated),
        until: span.map(|(first, last)| Until { first: end(first), last: end(last) }),
    }
}
