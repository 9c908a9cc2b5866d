//! A request brought together with its compiled mode.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::refuse;
use crate::domain::{Condition, Mode, RecordId, Request, Value, all, is_null, to_milliseconds};
use crate::plan::Execution;
use crate::policy::compile::{CompiledMode, CompiledTarget, Target};
use crate::policy::{DeletionPolicy, Refusal};
use crate::protocol::{
    Answer, Branch, NamedSet, Question, RankCase, Rows, SetId, Source, Stratum, Survey, SurveyQuery,
};

/// The questions that must be answered to decide a request. Made with [`DeletionPolicy::inquire`].
///
/// ```
/// use client_lifecycle::protocol::{Answer, Survey};
/// use client_lifecycle::{DeletionPolicy, Request};
///
/// let policy = DeletionPolicy::of("clients").hard_delete(|mode| mode.allow_any()).build()?;
/// let request = Request::hard_delete("clients", "c1");
/// let inquiry = policy.inquire(&request, chrono::DateTime::UNIX_EPOCH)?;
/// // A store answers `inquiry.query()`.
/// let survey = Survey::new(vec!["c1".into()], vec![Answer::count(1); 2]);
/// assert!(inquiry.plan(&survey)?.is_executable());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Inquiry {
    pub(super) request: Request,
    pub(super) policy_version: String,
    pub(super) mode: Arc<CompiledMode>,
    pub(super) query: SurveyQuery,
    /// For each target of the mode: the record, and the question whether it exists.
    pub(super) targets: Vec<Option<(RecordId, usize)>>,
    /// The condition of the actor's scope, if it decides. Its set and its question are the last of the query.
    pub(super) scope: Option<Condition>,
}

impl DeletionPolicy {
    /// Checks a request that is judged at `now`, and finds the questions that must be answered to decide it.
    ///
    /// # Errors
    /// [`Refusal`] if the request can be refused without looking at any data.
    pub fn inquire(&self, request: &Request, now: DateTime<Utc>) -> Result<Inquiry, Refusal> {
        let (mode_policy, mode) = refuse::find_mode(self, request)?;
        let scope = refuse::authorize(self, mode_policy, request)?;
        refuse::check_request(mode_policy, &mode, request)?;
        let query = SurveyQuery {
            map: self.map.clone(),
            kind: self.subject.clone(),
            subjects: request.subjects.clone(),
            sets: mode.sets.clone(),
            questions: mode.questions.clone(),
            now: to_milliseconds(now),
        };
        let mut inquiry = Inquiry {
            request: request.clone(),
            policy_version: self.version.clone(),
            targets: Vec::new(),
            mode,
            query,
            scope,
        };
        inquiry.ask_about_request();
        Ok(inquiry)
    }
}

impl Inquiry {
    /// Returns the query for a store.
    #[must_use]
    pub fn query(&self) -> &SurveyQuery {
        &self.query
    }

    /// Returns the query for the actor's scope alone; `None` if no scope decides.
    pub(crate) fn scope_query(&self) -> Option<SurveyQuery> {
        let scope = self.scope_set(SetId(1))?;
        let subjects = self.query.sets.first()?.clone();
        let questions = [Question::count(Rows::all(scope.id))];
        let sets = [subjects, Stratum::Set(scope)];
        Some(SurveyQuery { sets: sets.into(), questions: questions.into(), ..self.query.clone() })
    }

    /// Combines the survey of a plan that was shown with the answer to the [`scope_query`](Self::scope_query).
    ///
    /// Returns `None` if this request asks for something else than the plan did, such as another target.
    pub(crate) fn survey_from(&self, shown: &Execution, scope: Option<Answer>) -> Option<Survey> {
        let unscoped = self.query.sets.len() - usize::from(self.scope.is_some());
        let unscoped_shown = shown.query.sets.len() - usize::from(shown.has_scope);
        if self.query.sets.get(..unscoped) != shown.query.sets.get(..unscoped_shown) {
            return None;
        }
        let mut survey = shown.survey.clone();
        survey.answers.truncate(survey.answers.len() - usize::from(shown.has_scope));
        survey.answers.extend(scope);
        Some(survey)
    }

    /// Adds the questions of this request alone: the targets that the policy or the request names, and last the
    /// actor's scope.
    fn ask_about_request(&mut self) {
        let first_question = self.query.questions.len();
        let mut next = SetId::after(&self.query.sets);
        let mut added: Vec<NamedSet> = Vec::new();
        let mut targets = Vec::with_capacity(self.mode.targets.len());
        for target in &self.mode.targets {
            targets.push(target_id(target, &self.request).map(|id| {
                let set = self.target_set(target, &id, next);
                next = SetId(next.0.saturating_add(1));
                added.push(set);
                (id, first_question + added.len() - 1)
            }));
        }
        added.extend(self.scope_set(next));
        self.targets = targets;
        if added.is_empty() {
            // The sets and questions stay those that all requests of the mode share.
            return;
        }
        let questions = added.iter().map(|set| Question::count(Rows::all(set.id)));
        self.query.questions = self.query.questions.iter().cloned().chain(questions).collect();
        self.query.sets =
            self.query.sets.iter().cloned().chain(added.into_iter().map(Stratum::Set)).collect();
    }

    fn target_set(&self, target: &CompiledTarget, id: &RecordId, set: SetId) -> NamedSet {
        let kind = self.query.map.kind(&target.to);
        let alive = kind.and_then(|kind| kind.deleted_at.clone()).map(is_null);
        let filter =
            kind.filter(|_| self.request.mode == Mode::Reassign).and_then(|kind| kind.filter.clone());
        let must: Vec<Condition> = alive.into_iter().chain(filter).chain(target.qualifies.clone()).collect();
        let when = (!must.is_empty()).then(|| all(must));
        let branch =
            Branch::new(Source::Ids(vec![id.clone()]), vec![RankCase { when, ..RankCase::always(0) }]);
        NamedSet {
            id: set,
            name: "the new target".into(),
            kind: target.to.clone(),
            branches: vec![Branch { except: target.except.clone(), ..branch }],
        }
    }

    fn scope_set(&self, id: SetId) -> Option<NamedSet> {
        let case = RankCase { when: Some(self.scope.clone()?), ..RankCase::always(0) };
        Some(NamedSet {
            id,
            name: "subjects within the actor's scope".into(),
            kind: self.query.kind.clone(),
            branches: vec![Branch::new(Source::Members(Rows::SUBJECTS), vec![case])],
        })
    }

    /// Returns the position of the question about the actor's scope.
    pub(super) fn scope_question(&self) -> Option<usize> {
        self.scope.as_ref().map(|_| self.query.questions.len() - 1)
    }
}

/// Returns the record that redirected references are to point at; `None` if the request names none.
fn target_id(target: &CompiledTarget, request: &Request) -> Option<RecordId> {
    match &target.target {
        Target::Value(value) => Value::as_id(value),
        Target::Requested => request.reassign.get(&target.reference).cloned(),
    }
}
