//! A request brought together with its compiled mode.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::answers::Answers;
use super::refuse;
use crate::domain::{Condition, Mode, RecordId, Request, Value, all, is_null};
use crate::policy::compile::{CompiledMode, CompiledTarget, SUBJECTS, Target};
use crate::policy::{DeletionPolicy, ModePolicy, Refusal};
use crate::protocol::{
    Branch, LockRows, NamedSet, Question, RankCase, Rows, SetId, Source, Stratum, SurveyQuery,
};

/// A request, what its mode was compiled to, and the few sets that depend on the request itself.
pub(super) struct Inquiry<'a> {
    pub(super) policy: &'a ModePolicy,
    pub(super) mode: Arc<CompiledMode>,
    pub(super) query: SurveyQuery,
    /// The question for how many subjects are within the actor's scope, where that decides.
    pub(super) scope: Option<usize>,
    /// For each target of the mode: the record and the question whether it is there.
    pub(super) targets: Vec<Option<(RecordId, usize)>>,
}

impl<'a> Inquiry<'a> {
    pub(super) fn new(
        policy: &'a DeletionPolicy,
        request: &Request,
        now: DateTime<Utc>,
    ) -> Result<Self, Refusal> {
        let (mode_policy, mode) = refuse::offered(policy, request)?;
        let scope = refuse::access(policy, mode_policy, request)?;
        refuse::senseless(mode_policy, &mode, request)?;
        let targets = vec![None; mode.targets.len()];
        let (sets, questions) = (mode.sets.clone(), mode.questions.clone());
        let mut inquiry = Self {
            policy: mode_policy,
            mode,
            query: SurveyQuery {
                map: policy.map.clone(),
                kind: policy.subject.clone(),
                subjects: request.subjects.clone(),
                sets,
                questions,
                now,
            },
            scope: None,
            targets,
        };
        if scope.is_some() || !inquiry.targets.is_empty() {
            inquiry.ask_about_request(scope, request);
        }
        Ok(inquiry)
    }

    /// Adds the sets that no other request shares, after all others, so that these keep their numbers.
    fn ask_about_request(&mut self, scope: Option<Condition>, request: &Request) {
        let mut sets = self.query.sets.to_vec();
        let mut questions = self.query.questions.to_vec();
        let mut add = |name: &str, kind, source, except, when| {
            let id = SetId::after(&sets);
            let cases = vec![RankCase { when, ..RankCase::always(0) }];
            let branches = vec![Branch { source, within: Vec::new(), except, cases }];
            sets.push(Stratum::Set(NamedSet { id, name: name.into(), kind, branches }));
            questions.push(Question::count(Rows::all(id)));
            questions.len() - 1
        };
        if scope.is_some() {
            let source = Source::Members(Rows::all(SUBJECTS));
            let kind = self.query.kind.clone();
            self.scope = Some(add("subjects within the actor's scope", kind, source, Vec::new(), scope));
        }
        for (slot, target) in self.targets.iter_mut().zip(&self.mode.targets) {
            let Some(id) = target_id(target, request) else {
                continue;
            };
            let kind = self.query.map.kind(&target.to);
            let alive = kind.and_then(|kind| kind.deleted_at.clone()).map(is_null);
            let only = kind.filter(|_| request.mode == Mode::Reassign).and_then(|kind| kind.filter.clone());
            let must: Vec<Condition> =
                alive.into_iter().chain(only).chain(target.qualifies.clone()).collect();
            let fit = (!must.is_empty()).then(|| all(must));
            let source = Source::Ids(vec![id.clone()]);
            let except = target.except.clone();
            let question = add("the new target", target.to.clone(), source, except, fit);
            *slot = Some((id, question));
        }
        self.query.sets = sets.into();
        self.query.questions = Arc::from(questions);
    }

    pub(super) fn check_scope(&self, request: &Request, answers: &Answers<'_>) -> Result<(), Refusal> {
        let subjects = u64::try_from(request.subjects.len()).unwrap_or(u64::MAX);
        match self.scope {
            Some(question) if answers.count(question) != subjects => Err(Refusal::WrongScope {
                kind: request.kind.clone(),
                mode: request.mode,
                ids: request.subjects.clone(),
            }),
            _ => Ok(()),
        }
    }

    pub(super) fn locks(&self) -> Vec<LockRows> {
        self.mode.locks.iter().map(|rows| LockRows { rows: *rows }).collect()
    }
}

/// The record that redirected references are to point at; `None` where the request names none.
pub(super) fn target_id(target: &CompiledTarget, request: &Request) -> Option<RecordId> {
    match &target.target {
        Target::Null => None,
        Target::Value(value) => Value::as_id(value),
        Target::Requested => request.reassign.get(&target.reference).cloned(),
    }
}
