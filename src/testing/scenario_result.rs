//! The result of a scenario, and the checks on it.

use std::borrow::Borrow;
use std::fmt::Display;

use serde_json::{Value as Json, json};

use super::model::{self, Rows};
use super::strategies::rows_document;
use super::{run, scenario};
use crate::domain::{FieldName, KindName, Record, RecordId, ReferenceName, Request};
use crate::lifecycle::{Error, Lifecycle};
use crate::memory::MemoryStore;
use crate::plan::{Plan, Step};
use crate::protocol::{Disposition, Receipt};

/// The result of a [`Scenario`](super::Scenario). Every `then_…` method fails the test and prints the plan if the
/// result is not as expected.
#[derive(Debug)]
pub struct ScenarioResult {
    lifecycle: Lifecycle<MemoryStore>,
    plan: Result<Plan, Error>,
    /// The result of applying the plan; `None` if there is no plan to apply.
    done: Option<Result<Receipt, Error>>,
    request: Request,
    /// The rows before the request.
    before: Rows,
}

impl ScenarioResult {
    pub(super) fn new(lifecycle: Lifecycle<MemoryStore>, request: &Request) -> Self {
        let before = all_rows(&lifecycle);
        let plan = run(lifecycle.plan(request));
        let plan_to_apply = plan.as_ref().ok();
        let done = plan_to_apply.map(|plan| run(lifecycle.apply(request, plan)));
        Self { lifecycle, plan, done, request: request.clone(), before }
    }

    /// Makes another request on the remaining rows.
    #[must_use]
    pub fn when(self, request: impl Borrow<Request>) -> Self {
        Self::new(self.lifecycle, request.borrow())
    }

    /// Returns the plan, if there is one.
    #[must_use]
    pub fn plan(&self) -> Option<&Plan> {
        self.plan.as_ref().ok()
    }

    /// Returns the receipt, if the plan was applied.
    #[must_use]
    pub fn receipt(&self) -> Option<&Receipt> {
        self.done.as_ref()?.as_ref().ok()
    }

    /// Returns the store in its current state.
    #[must_use]
    pub fn store(&self) -> &MemoryStore {
        self.lifecycle.store()
    }

    /// Returns the error, if the plan was not applied.
    fn error(&self) -> Option<&Error> {
        let refused = self.plan.as_ref().err();
        refused.or_else(|| self.done.as_ref()?.as_ref().err())
    }

    /// Returns the plan or the error as text.
    fn shown(&self) -> String {
        match &self.plan {
            Ok(plan) => plan.to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[track_caller]
    fn expect<T: PartialEq + Display>(&self, what: impl Display, expected: &T, found: &T) {
        assert!(expected == found, "{what}: expected {expected}, found {found}\n\n{}", self.shown());
    }
}

/// Each check returns the result, so checks can be chained.
#[allow(
    clippy::must_use_candidate,
    clippy::return_self_not_must_use,
    reason = "the result of the last check in a chain is not used"
)]
impl ScenarioResult {
    /// Checks that the request was carried out.
    ///
    /// # Panics
    /// If it was not.
    #[track_caller]
    pub fn then_done(self) -> Self {
        if let Some(error) = self.error() {
            let code = error.code();
            panic!("expected the request to be carried out, found `{code}`\n\n{}", self.shown());
        }
        self
    }

    /// Checks that the request was refused without a plan, with this code: `missing_id`, `not_found`,
    /// `unauthenticated`, `missing_role`, `wrong_scope` or `invalid`.
    ///
    /// # Panics
    /// If the result is different.
    #[track_caller]
    pub fn then_refused(self, code: &str) -> Self {
        let found = self.plan.as_ref().err().map_or("a plan", Error::code);
        self.expect("the refusal", &code, &found);
        self
    }

    /// Checks that `count` rows block the request because of this guard, or because of the rules of this reference.
    ///
    /// # Panics
    /// If the result is different.
    #[track_caller]
    pub fn then_blocked_by(self, name: &str, count: u64) -> Self {
        let blockers = self.plan().map_or(&[][..], |plan| &plan.blockers);
        let by_name = blockers.iter().filter(|blocker| match &blocker.reference {
            Some(reference) => *reference == *name,
            None => blocker.rule == name,
        });
        let found: u64 = by_name.map(|blocker| blocker.count).sum();
        self.expect(format!("rows that block by `{name}`"), &count, &found);
        self
    }

    /// Checks that this warning is about `count` rows, whether or not it is acknowledged.
    ///
    /// # Panics
    /// If the result is different.
    #[track_caller]
    pub fn then_warns_of(self, name: &str, count: u64) -> Self {
        let warnings = self.plan().map_or(&[][..], |plan| &plan.warnings);
        let by_name = warnings.iter().filter(|warning| warning.name == name);
        let found: u64 = by_name.map(|warning| warning.count).sum();
        self.expect(format!("rows that `{name}` warns of"), &count, &found);
        self
    }

    /// Checks that the request was carried out and deleted `count` rows of the kind.
    ///
    /// # Panics
    /// If the result is different.
    #[track_caller]
    pub fn then_deletes(self, kind: &str, count: u64) -> Self {
        self.then_becomes(kind, Disposition::Delete, count)
    }

    /// Checks that the request was carried out and marked `count` rows of the kind as deleted.
    ///
    /// # Panics
    /// If the result is different.
    #[track_caller]
    pub fn then_soft_deletes(self, kind: &str, count: u64) -> Self {
        self.then_becomes(kind, Disposition::SoftDelete, count)
    }

    /// Checks that the request was carried out and anonymized `count` rows of the kind.
    ///
    /// # Panics
    /// If the result is different.
    #[track_caller]
    pub fn then_anonymizes(self, kind: &str, count: u64) -> Self {
        self.then_becomes(kind, Disposition::Anonymize, count)
    }

    /// Checks that the request was carried out and retained `count` rows of the kind.
    ///
    /// # Panics
    /// If the result is different.
    #[track_caller]
    pub fn then_retains(self, kind: &str, count: u64) -> Self {
        self.then_becomes(kind, Disposition::Retain, count)
    }

    /// Checks that the request was carried out and left `count` rows of the kind as tombstones.
    ///
    /// # Panics
    /// If the result is different.
    #[track_caller]
    pub fn then_entombs(self, kind: &str, count: u64) -> Self {
        self.then_becomes(kind, Disposition::Tombstone, count)
    }

    /// Checks that the request was carried out and gave `count` rows of the kind this disposition.
    ///
    /// # Panics
    /// If the result is different.
    #[track_caller]
    pub fn then_becomes(self, kind: &str, disposition: Disposition, count: u64) -> Self {
        let what = format!("{disposition} of `{kind}`");
        self.then_steps(&what, count, |step| step.key.kind == *kind && step.key.disposition == disposition)
    }

    /// Checks that the request was carried out and redirected this reference of `count` rows, or set it to null.
    ///
    /// # Panics
    /// If the result is different.
    #[track_caller]
    pub fn then_redirects(self, reference: &str, count: u64) -> Self {
        let name = ReferenceName::from(reference);
        self.then_steps(&format!("redirects of `{name}`"), count, |step| {
            step.key.disposition.is_redirect() && step.key.path.last() == Some(&name)
        })
    }

    #[track_caller]
    fn then_steps(self, what: &str, count: u64, is_meant: impl Fn(&Step) -> bool) -> Self {
        let result = self.then_done();
        let steps = result.plan().into_iter().flat_map(|plan| &plan.steps);
        let found: u64 = steps.filter(|step| is_meant(step)).map(|step| step.count).sum();
        result.expect(what, &count, &found);
        result
    }

    /// Checks that `count` rows of the kind remain.
    ///
    /// # Panics
    /// If the number is different.
    #[track_caller]
    pub fn then_keeps(self, kind: &str, count: usize) -> Self {
        let found = self.rows(kind).len();
        self.expect(format!("rows of `{kind}` that are left"), &count, &found);
        self
    }

    /// Checks that exactly these rows of the kind remain.
    ///
    /// # Panics
    /// If other rows remain.
    #[track_caller]
    pub fn then_left<I: Into<RecordId>>(self, kind: &str, ids: impl IntoIterator<Item = I>) -> Self {
        let mut ids: Vec<RecordId> = ids.into_iter().map(Into::into).collect();
        ids.sort();
        let mut found: Vec<RecordId> = self.rows(kind).into_iter().map(|row| row.id).collect();
        found.sort();
        let (expected, found) = (listed(&ids), listed(&found));
        self.expect(format!("rows of `{kind}` that are left"), &expected, &found);
        self
    }

    /// Checks that the row still exists and has these values. Other fields are ignored.
    ///
    /// # Panics
    /// If the row does not exist, or has other values.
    #[track_caller]
    pub fn then_holds(self, kind: &str, id: impl Into<RecordId>, fields: &Json) -> Self {
        let id = id.into();
        let row = self.rows(kind).into_iter().find(|row| row.id == id);
        let Some(row) = row else {
            panic!("`{kind}` `{id}` no longer exists\n\n{}", self.shown());
        };
        for (field, expected) in fields.as_object().into_iter().flatten() {
            let what = format!("`{field}` of `{kind}` `{id}`");
            self.expect(what, expected, &json!(row.get(FieldName::from(field.as_str()))));
        }
        self
    }

    /// Checks that there are `count` events with this topic.
    ///
    /// # Panics
    /// If the result is different.
    #[track_caller]
    pub fn then_tells(self, topic: &str, count: usize) -> Self {
        let events = self.store().events();
        let found = events.iter().filter(|event| event.topic == topic).count();
        self.expect(format!("events about `{topic}`"), &count, &found);
        self
    }

    /// Checks that the plan and the remaining rows are those of the [`model`](super::model). A request that was refused
    /// or not carried out must have changed nothing. Set the instant of the request with
    /// [`at`](super::Scenario::at), because the plan and the operation must have the same.
    ///
    /// # Panics
    /// If they differ, or if the request has a mode that the model does not cover: `create`, `update` or `reassign`.
    #[track_caller]
    pub fn then_matches_model(self) -> Self {
        let policy = self.lifecycle.policy();
        let expected = match &self.plan {
            Err(_) => self.before.clone(),
            Ok(plan) => {
                let key = scenario::mask_key();
                let verdict = model::judge(policy, &self.before, &self.request, plan.at, key.as_ref());
                let Some(verdict) = verdict else {
                    panic!("the model has no result for this request\n\n{plan}");
                };
                if let Some(difference) = verdict.difference(policy, plan) {
                    panic!("the plan differs from the model: {difference}\n\n{plan}");
                }
                if self.receipt().is_some() { verdict.rows } else { self.before.clone() }
            }
        };
        let map = policy.map();
        let (expected, found) =
            (rows_document(map, &expected), rows_document(map, &all_rows(&self.lifecycle)));
        self.expect("the rows that are left, compared with the model", &expected, &found);
        self
    }

    #[track_caller]
    fn rows(&self, kind: &str) -> Vec<Record> {
        // A misspelt kind would have no rows, and the check could pass by accident.
        let name = KindName::from(kind);
        let map = self.lifecycle.policy().map();
        assert!(map.kind(&name).is_some(), "the policy has no kind `{kind}`");
        self.store().rows(kind)
    }
}

/// Returns the rows of all kinds of the policy.
fn all_rows(lifecycle: &Lifecycle<MemoryStore>) -> Rows {
    let rows = |kind: &KindName| lifecycle.store().rows(kind.as_str()).into_iter();
    let kinds = lifecycle.policy().map().kinds().map(|kind| &kind.name);
    kinds.map(|kind| (kind.clone(), rows(kind).map(|row| (row.id.clone(), row)).collect())).collect()
}

fn listed(ids: &[RecordId]) -> String {
    let ids: Vec<String> = ids.iter().map(|id| format!("`{id}`")).collect();
    if ids.is_empty() { "none".into() } else { ids.join(", ") }
}
