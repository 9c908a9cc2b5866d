//! Inquiries: a request that has been checked, together with its compiled mode.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::admission::{authorize, check_request, find_mode, new_targets};
use super::restore;
use crate::domain::{
    Condition, DeletedField, Event, FieldName, MaskKey, Mode, OperationId, PersonalIds, Record, RecordId,
    Request, all, to_milliseconds,
};
use crate::plan::Execution;
use crate::policy::access::Reach;
use crate::policy::compile::{CompiledMode, CompiledTarget, restore as compile_restore};
use crate::policy::{DeletionPolicy, ModePolicy, Refusal};
use crate::protocol::{
    Answer, Branch, NamedSet, Question, RankCase, Receipt, Rows, SetId, Source, Stratum, Survey, SurveyQuery,
};

/// The questions to answer before a request can be decided. Made with [`DeletionPolicy::inquire`].
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
    /// The hash of what decides about the mode.
    pub(super) policy_content: String,
    pub(super) mode: Arc<CompiledMode>,
    pub(super) query: SurveyQuery,
    /// For each target of the mode: the record, and the questions about it. `None` if the request should name it and does
    /// not.
    pub(super) targets: Vec<Option<AskedTarget>>,
    /// The condition of the actor's scope on the subjects, if access depends on a scope.
    pub(super) scope: Option<Condition>,
    /// What else the actor may touch.
    reach: Reach,
    /// The questions about the actor come last in the query, each with a set of its own.
    pub(super) about_actor: AboutActor,
    /// In mode `restore`: the receipt of the operation that is taken back.
    pub(super) undone: Option<Receipt>,
}

/// The positions of the questions about the actor.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct AboutActor {
    /// How many subjects are within the actor's scope.
    pub(super) scope: Option<usize>,
    /// How many other rows of the subject's kind would be written, but are outside the actor's scope.
    pub(super) outside: Option<usize>,
}

impl AboutActor {
    pub(super) fn count(self) -> usize {
        self.scope.iter().chain(&self.outside).count()
    }
}

/// The record to which redirected references will refer, with the positions of the questions about it.
#[derive(Debug)]
pub(super) struct AskedTarget {
    pub(super) id: RecordId,
    /// Whether it exists and stays.
    pub(super) exists: usize,
    /// The rows that would come to lie below themselves, if the rows move within a tree.
    pub(super) below_itself: Option<usize>,
}

/// The sets and questions of one request, which follow those of its mode.
#[derive(Debug)]
pub(super) struct AddedSets {
    next: SetId,
    first_question: usize,
    strata: Vec<Stratum>,
    questions: Vec<Question>,
}

impl AddedSets {
    /// Adds a set, given its number, and returns all of its rows.
    pub(super) fn add(&mut self, set: impl FnOnce(SetId) -> Stratum) -> Rows {
        let id = self.next;
        self.next = SetId(id.0.saturating_add(1));
        self.strata.push(set(id));
        Rows::all(id)
    }

    /// Adds a question and returns its position.
    pub(super) fn ask(&mut self, question: Question) -> usize {
        self.questions.push(question);
        self.first_question + self.questions.len() - 1
    }
}

impl DeletionPolicy {
    /// Checks a request at the time `now`, and collects the questions to answer before it can be decided.
    ///
    /// A request in mode `restore` needs [`inquire_restore`](Self::inquire_restore).
    ///
    /// # Errors
    /// [`Refusal`] if the request can be refused without reading any data.
    pub fn inquire(&self, request: &Request, now: DateTime<Utc>) -> Result<Inquiry, Refusal> {
        let (mode_policy, mode) = find_mode(self, request)?;
        let access = authorize(self, mode_policy, request)?;
        if request.mode == Mode::Restore {
            return Err(Refusal::invalid(
                "a restore depends on the operation that it takes back",
                "pass the receipt of that operation to `inquire_restore`",
            ));
        }
        self.inquiry(request, now, (mode_policy, mode), access)
    }

    /// Checks a request to take back the operation with this receipt, and collects the questions to answer before it can
    /// be decided.
    ///
    /// The subjects become those of the operation, if the request names none.
    ///
    /// # Errors
    /// [`Refusal`] if the request can be refused without reading any more data.
    pub fn inquire_restore(
        &self,
        request: &Request,
        undone: &Receipt,
        now: DateTime<Utc>,
    ) -> Result<Inquiry, Refusal> {
        let request = restore::resolved(request, undone)?;
        let (mode_policy, _) = find_mode(self, &request)?;
        let access = authorize(self, mode_policy, &request)?;
        let mode = compile_restore(&self.subject, &self.map, mode_policy, undone);
        let mut inquiry = self.inquiry(&request, now, (mode_policy, Arc::new(mode)), access)?;
        inquiry.query.undoes = Some(undone.operation);
        inquiry.undone = Some(undone.clone());
        Ok(inquiry)
    }

    /// Checks the permissions for a request in mode `restore`, before anything is read for it.
    pub(crate) fn admit_restore(&self, request: &Request) -> Result<(), Refusal> {
        let (mode_policy, _) = find_mode(self, request)?;
        authorize(self, mode_policy, request).map(|_| ())
    }

    fn inquiry(
        &self,
        request: &Request,
        now: DateTime<Utc>,
        (mode_policy, mode): (&ModePolicy, Arc<CompiledMode>),
        (scope, reach): (Option<Condition>, Reach),
    ) -> Result<Inquiry, Refusal> {
        check_request(mode_policy, &mode, request)?;
        let request = Request { reassign: new_targets(&self.map, request)?, ..request.clone() };
        let query = SurveyQuery {
            map: mode.map.clone(),
            kind: self.subject.clone(),
            subjects: request.subjects.clone(),
            sets: mode.sets.clone(),
            questions: mode.questions.clone(),
            now: to_milliseconds(now),
            mask_key: None,
            undoes: None,
        };
        let mut inquiry = Inquiry {
            policy_version: self.version().to_owned(),
            policy_content: self.content_of(request.mode).to_owned(),
            request,
            targets: Vec::new(),
            mode,
            query,
            scope,
            reach,
            about_actor: AboutActor::default(),
            undone: None,
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

    /// Sets the key under which the library records personal ids, if the map has any.
    pub(crate) fn set_mask_key(&mut self, key: Option<&MaskKey>) {
        self.query.mask_key = key.filter(|_| !PersonalIds::of(&self.query.map).is_empty()).cloned();
    }

    /// Returns the query about the actor alone; `None` if nothing depends on the actor's scope.
    pub(crate) fn scope_query(&self) -> Option<SurveyQuery> {
        if self.about_actor.outside.is_some() {
            let first = self.query.questions.len() - self.about_actor.count();
            let questions = self.query.questions.get(first..)?.into();
            return Some(SurveyQuery { questions, ..self.query.clone() });
        }
        let scope = self.scope_set(SetId(1))?;
        let subjects = self.query.sets.first()?.clone();
        let questions = [Question::count(Rows::all(scope.id))];
        let sets = [subjects, Stratum::Set(scope)];
        Some(SurveyQuery { sets: sets.into(), questions: questions.into(), ..self.query.clone() })
    }

    /// Combines the answers behind a plan that was shown with the answers to the [`scope_query`](Self::scope_query).
    ///
    /// Returns `None` if this request differs from the plan, for example in its reassignment target.
    pub(crate) fn survey_from(&self, shown: &Execution, about_actor: Vec<Answer>) -> Option<Survey> {
        let unscoped = self.query.sets.len() - self.about_actor.count();
        let unscoped_shown = shown.query.sets.len() - shown.about_actor;
        if self.query.sets.get(..unscoped) != shown.query.sets.get(..unscoped_shown) {
            return None;
        }
        let mut survey = shown.survey.clone();
        survey.answers.truncate(survey.answers.len() - shown.about_actor);
        survey.answers.extend(about_actor);
        Some(survey)
    }

    /// Adds the questions of this request: about the targets that the policy or the request names, and last about the
    /// actor's scope.
    fn ask_about_request(&mut self) {
        self.name_targets();
        let mut added = AddedSets {
            next: SetId::after(&self.query.sets),
            first_question: self.query.questions.len(),
            strata: Vec::new(),
            questions: Vec::new(),
        };
        let targets = self.mode.targets.iter().map(|target| {
            target_id(target, &self.request).map(|id| {
                let found = added.add(|set| Stratum::Set(self.target_set(target, &id, set)));
                let exists = added.ask(Question::count(found));
                let below_itself = self.ask_adoption(target, found, &mut added);
                AskedTarget { id, exists, below_itself }
            })
        });
        let targets: Vec<Option<AskedTarget>> = targets.collect();
        if let Some(scope) = self.scope_set(added.next) {
            let rows = added.add(|_| Stratum::Set(scope));
            self.about_actor.scope = Some(added.ask(Question::count(rows)));
        }
        if let Some(outside) = self.outside_set(added.next) {
            let rows = added.add(|_| Stratum::Set(outside));
            self.about_actor.outside = Some(added.ask(Question { sample: 5, ..Question::count(rows) }));
        }
        let unnamed = self.mode.targets.iter().zip(&targets).filter(|(_, id)| id.is_none());
        let unnamed: Vec<usize> = unnamed.map(|(target, _)| target.question).collect();
        if !unnamed.is_empty() {
            // The blocker of a missing target names the rows that need it.
            let questions = self.query.questions.iter().enumerate();
            let questions = questions.map(|(at, question)| match question {
                Question { sample: 0, .. } if unnamed.contains(&at) => {
                    Question { sample: 5, ..question.clone() }
                }
                question => question.clone(),
            });
            self.query.questions = questions.collect();
        }
        self.targets = targets;
        if added.strata.is_empty() {
            // Without such questions, the request shares the sets and questions of its mode.
            return;
        }
        self.query.questions = self.query.questions.iter().cloned().chain(added.questions).collect();
        self.query.sets = self.query.sets.iter().cloned().chain(added.strata).collect();
    }

    /// Puts the targets that the request names into the sets of the mode that stand for them.
    fn name_targets(&mut self) {
        let named = self.mode.named_targets.iter();
        let named = named.filter_map(|(set, name)| Some((*set, self.request.reassign.get(name)?.clone())));
        let named: BTreeMap<SetId, RecordId> = named.collect();
        if named.is_empty() {
            return;
        }
        let sets = self.query.sets.iter().map(|stratum| match stratum {
            Stratum::Set(set) => Stratum::Set(match named.get(&set.id) {
                Some(id) => {
                    let ids = Source::Ids(vec![id.clone()]);
                    NamedSet { branches: vec![Branch::new(ids, vec![RankCase::always(0)])], ..set.clone() }
                }
                None => set.clone(),
            }),
            cycle @ Stratum::Cycle(_) => cycle.clone(),
        });
        self.query.sets = sets.collect();
    }

    fn target_set(&self, target: &CompiledTarget, id: &RecordId, set: SetId) -> NamedSet {
        let kind = self.query.map.kind(&target.to);
        let alive = kind.and_then(|kind| kind.deleted_at.as_ref()).map(DeletedField::is_live);
        // A rule may name a record of the subject's kind that the policy does not touch, such as an account that takes over.
        let may_be_outside = target.to == self.query.kind && self.request.mode != Mode::Reassign;
        let filter = kind.filter(|_| !may_be_outside).and_then(|kind| kind.filter.clone());
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

    /// Returns the set of rows of the subject's kind that would be written, but that the actor may not touch.
    fn outside_set(&self, id: SetId) -> Option<NamedSet> {
        let Reach::Within(inside) = &self.reach else { return None };
        let mut branches = self.mode.written.clone();
        for branch in &mut branches {
            if let Some(inside) = inside {
                branch.leave_out(inside.clone());
            }
        }
        let name = "rows outside the actor's scope".into();
        (!branches.is_empty()).then(|| NamedSet { id, name, kind: self.query.kind.clone(), branches })
    }
}

/// Returns the record that redirected references will refer to; `None` if the request should name it and does not.
fn target_id(target: &CompiledTarget, request: &Request) -> Option<RecordId> {
    match &target.target {
        Some(value) => value.as_id(),
        None => request.reassign.get(&target.reference).cloned(),
    }
}

impl Inquiry {
    /// Checks that the request may create this record. The record must be within the actor's scope, and meet the
    /// policy's filter.
    ///
    /// # Errors
    /// [`Refusal`]
    pub fn admit(&self, record: &Record) -> Result<(), Refusal> {
        let Some(kind) = self.query.map.kind(&self.query.kind) else {
            return Ok(());
        };
        // A value of the wrong type is in no scope.
        let holds =
            |condition: &Condition| matches!(condition.holds(kind, record, self.query.now), Ok(Some(true)));
        if self.scope.as_ref().is_some_and(|scope| !holds(scope)) {
            let ids = vec![record.id.clone()];
            return Err(Refusal::WrongScope { kind: kind.name.clone(), mode: self.request.mode, ids });
        }
        match &kind.filter {
            Some(filter) if !holds(filter) => Err(Refusal::invalid(
                format!("a new record of `{}` must have {filter}", kind.name),
                "set the values that the policy requires",
            )),
            _ => Ok(()),
        }
    }

    /// Returns the events about a record that is created.
    pub(crate) fn events_of_new(&self, operation: OperationId, record: &Record) -> Vec<Event> {
        let kind = self.query.map.kind(&self.query.kind);
        let value = |field: &FieldName| match kind {
            Some(kind) => kind.value_of(record, field).into_owned(),
            None => record.get(field).clone(),
        };
        let events = self.mode.effects.iter().map(|(draft, _)| Event {
            operation,
            topic: draft.topic.clone(),
            kind: self.query.kind.clone(),
            record: record.id.clone(),
            at: self.query.now,
            fields: draft.fields.iter().map(|field| (field.clone(), value(field))).collect(),
        });
        events.collect()
    }
}
