//! Making a plan from the answers of a store.

use std::collections::BTreeSet;

use super::inquiry::Inquiry;
use super::{obstacles, preconditions, steps};
use crate::domain::{FieldName, Mode, RecordId};
use crate::plan::{Effect, Execution, Plan, Step};
use crate::policy::Refusal;
use crate::protocol::{Digest, Disposition, LockRows, Survey};

impl Inquiry {
    /// Makes the plan from what a store answered to the [`query`](Self::query).
    ///
    /// Pure: the same inquiry and answers give the same plan.
    ///
    /// # Errors
    /// [`Refusal`] if a subject does not exist or is outside the actor's scope.
    pub fn plan(&self, survey: &Survey) -> Result<Plan, Refusal> {
        if survey.answers.len() != self.query.questions.len() {
            // A missing answer must not look like the absence of blockers.
            return Err(Refusal::invalid(
                "the survey does not answer every question",
                "pass the survey for this request's query",
            ));
        }
        self.check_subjects(survey)?;
        self.check_scope(survey)?;
        let (steps, changes) = steps::steps(self, survey);
        let obstacles = obstacles::obstacles(self, survey, &steps);
        let (exact, decision) = preconditions::preconditions(self, survey);
        let effects = self.mode.effects.iter().map(|effect| Effect {
            topic: effect.events.topic.clone(),
            count: survey.count(effect.question),
        });
        let mut plan = Plan {
            digest: Digest::none(),
            kind: self.request.kind.clone(),
            subjects: survey.subjects.clone(),
            mode: self.request.mode,
            policy_version: self.policy_version.clone(),
            at: self.query.now,
            outcome: outcome(self.request.mode, &steps),
            steps,
            blockers: obstacles.blockers,
            warnings: obstacles.warnings,
            notes: obstacles.notes,
            effects: effects.filter(|effect| effect.count > 0).collect(),
            execution: Execution {
                query: self.query.clone(),
                has_scope: self.scope.is_some(),
                survey: survey.clone(),
                locks: self.mode.locks.iter().map(|rows| LockRows { rows: *rows }).collect(),
                exact,
                decision,
                event_drafts: self.mode.effects.iter().map(|effect| effect.events.clone()).collect(),
                steps: changes,
                snapshot: self.snapshot(),
            },
        };
        plan.digest = plan.digest_of();
        Ok(plan)
    }

    /// Checks that every subject was found exactly once, under the id that the request gives.
    ///
    /// A column that ignores case finds a row by another id. The receipt would then name a record that the request
    /// does not.
    fn check_subjects(&self, survey: &Survey) -> Result<(), Refusal> {
        let request = &self.request;
        // A store answers with ids as it holds them, so only their text can be compared.
        let found: BTreeSet<String> = survey.subjects.iter().map(RecordId::spelt).collect();
        let missing = request.subjects.iter().filter(|id| !found.contains(&id.spelt()));
        let ids: Vec<RecordId> = missing.cloned().collect();
        if !ids.is_empty() {
            return Err(Refusal::NotFound { kind: request.kind.clone(), ids });
        }
        if survey.subjects.len() != request.subjects.len() {
            return Err(Refusal::invalid("a record is given twice", "give every record once"));
        }
        Ok(())
    }

    fn check_scope(&self, survey: &Survey) -> Result<(), Refusal> {
        let Self { request, .. } = self;
        let subjects = u64::try_from(request.subjects.len()).unwrap_or(u64::MAX);
        match self.scope_question() {
            Some(question) if survey.count(question) != subjects => Err(Refusal::WrongScope {
                kind: request.kind.clone(),
                mode: request.mode,
                ids: request.subjects.clone(),
            }),
            _ => Ok(()),
        }
    }

    /// Returns the fields to record of subjects that are deleted or marked: all that are not personal.
    fn snapshot(&self) -> Vec<FieldName> {
        let map = &self.query.map;
        let kind = map.kind(&self.request.kind).filter(|_| self.request.mode.deletes());
        let fields = kind.into_iter().flat_map(|kind| {
            map.fields_of(kind).filter(|field| **field != kind.id && !kind.personal.contains_key(*field))
        });
        fields.cloned().collect()
    }
}

/// Returns what becomes of the subjects: `tombstone` if one of them has to stay.
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
        Mode::Anonymize => Disposition::Anonymize,
    }
}
