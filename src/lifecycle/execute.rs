//! From a request to a receipt: plan; apply a plan; confirm a plan by its digest; execute in one call.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::record::{done_entry, is_receipt_of};
use super::write::conflict_in_words;
use super::{Error, Lifecycle};
use crate::domain::{Mode, OperationId, RecordId, Request, RequestHash};
use crate::plan::{Plan, Strictness};
use crate::policy::{Inquiry, Refusal};
use crate::protocol::{ChangeSet, Digest, PlannedWrites, Receipt, Survey};
use crate::store::Store;
use crate::store::patience::one_operation;

impl<S: Store> Lifecycle<S> {
    /// Plans a request and returns what it would do. Changes nothing and records nothing.
    ///
    /// # Errors
    /// [`Error::Refused`] if the request is refused before there is a plan; [`Error::Store`]. A blocked plan is
    /// returned as a plan, not as an error.
    pub async fn plan(&self, request: &Request) -> Result<Plan, Error> {
        reject_value_modes(request)?;
        self.plan_at(request, self.now()).await
    }

    pub(crate) async fn plan_at(&self, request: &Request, now: DateTime<Utc>) -> Result<Plan, Error> {
        self.require_mask_key()?;
        let mut refreshes = 0;
        loop {
            let done = self.plan_once(request, now).await;
            if !self.refreshed(&done, &mut refreshes).await? {
                return done;
            }
        }
    }

    async fn plan_once(&self, request: &Request, now: DateTime<Utc>) -> Result<Plan, Error> {
        let inquiry = match request.mode {
            Mode::Restore => self.inquire_restore(request, now).await?,
            _ => self.inquire(request, now)?,
        };
        let survey = self.store.survey(inquiry.query()).await?;
        self.foresee(inquiry.plan(&survey)?).await
    }

    /// Adds what the store would refuse to write, as blockers.
    async fn foresee(&self, mut plan: Plan) -> Result<Plan, Error> {
        if plan.execution.steps.iter().any(|step| step.write.writes_values()) {
            let writes = PlannedWrites { query: &plan.execution.query, steps: &plan.execution.steps };
            let clashes = self.store.clashes(writes).await?;
            plan.block_clashes(clashes);
        }
        Ok(plan)
    }

    /// Makes the inquiry for a request. Refuses a request that the policy or this environment does not allow.
    pub(crate) fn inquire(&self, request: &Request, now: DateTime<Utc>) -> Result<Inquiry, Refusal> {
        let mut inquiry = self.effective().inquire(request, now)?;
        inquiry.set_mask_key(self.mask_key.as_ref());
        self.environment.check(request)?;
        Ok(inquiry)
    }

    /// Decides a plan again for the request that applies it. The actor, the acknowledgements and the time may differ
    /// from the request that was planned.
    ///
    /// This does not read the data again: the store compares it with the plan under its locks. It reads only which
    /// subjects are within this actor's scope, or everything if the request has other reassignment targets than the
    /// plan.
    async fn replan_for(&self, request: &Request, plan: &Plan) -> Result<Plan, Error> {
        reject_value_modes(request)?;
        if !self.is_for(request, plan) {
            return Err(Error::PlanMismatch);
        }
        self.require_mask_key()?;
        let inquiry = match &plan.execution.undone {
            Some(undone) => self.inquire_undoing(request, undone, self.now())?,
            None => self.inquire(request, self.now())?,
        };
        let planned = |survey: &Survey| {
            let mut again = inquiry.plan(survey)?;
            again.block_clashes(plan.execution.clashes.clone());
            Ok::<Plan, Refusal>(again)
        };
        let again = if inquiry.query().sets == plan.execution.query.sets {
            planned(&plan.execution.survey)?
        } else {
            let scope = match inquiry.scope_query() {
                Some(query) => self.store.survey(&query).await?.answers,
                None => Vec::new(),
            };
            match inquiry.survey_from(&plan.execution, scope) {
                Some(survey) => planned(&survey)?,
                None => self.foresee(inquiry.plan(&self.store.survey(inquiry.query()).await?)?).await?,
            }
        };
        match again.digest == plan.digest {
            true => Ok(again),
            false if inquiry.query().map.keys() != plan.execution.query.map.keys() => {
                Err(Error::Changed(Box::new(again)))
            }
            false => Err(Error::PlanMismatch),
        }
    }

    /// Returns whether the plan was made for this request: the same subjects, mode and policy.
    fn is_for(&self, request: &Request, plan: &Plan) -> bool {
        plan.kind == request.kind
            && plan.mode == request.mode
            && plan.policy_version == self.policy.version()
            && names_subjects_of(request, plan)
    }

    /// Checks that the lifecycle has a key if the policy needs one. Called before anything is read.
    pub(super) fn require_mask_key(&self) -> Result<(), Error> {
        if self.mask_key.is_some() {
            return Ok(());
        }
        let fields = self.policy.keyed_fields();
        if fields.is_empty() {
            return Ok(());
        }
        Err(Error::NoMaskKey {
            fields: fields.iter().map(|(kind, field)| format!("{kind}.{field}")).collect(),
        })
    }
}

impl<S: Store> Lifecycle<S> {
    /// Applies a plan exactly as it was shown, and records the attempt.
    ///
    /// If anything in the plan no longer holds, nothing changes and the result is [`Error::Conflict`], which lists
    /// the differences. If the same operation id is applied again, the result is the first receipt.
    ///
    /// # Errors
    /// [`Error`]. Every failure is recorded as an attempt.
    pub async fn apply(&self, request: &Request, plan: &Plan) -> Result<Receipt, Error> {
        one_operation(async {
            let operation = self.operation(request);
            let done = self.replan_and_apply(request, plan, operation).await;
            self.record_outcome(request, operation, done, |receipt| self.answers(receipt, request)).await
        })
        .await
    }

    /// Plans the request again, applies the plan if it has this digest, and records the attempt.
    ///
    /// Use it if the confirmation arrives without the plan: from another process, a form, or a second command. The
    /// plan is applied exactly as it was shown, as with [`apply`](Self::apply).
    ///
    /// ```
    /// # use client_lifecycle::domain::{Actor, Record, Request};
    /// # use client_lifecycle::{DeletionPolicy, Lifecycle, MemoryStore};
    /// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// # let policy = DeletionPolicy::of("clients").hard_delete(|mode| mode.allow("ADMIN")).build()?;
    /// # let store = MemoryStore::new().with("clients", [Record::new("c1")]);
    /// # let lifecycle = Lifecycle::open(store, policy).await?;
    /// # let request = Request::hard_delete("clients", "c1").by(Actor::new("ana", "ADMIN"));
    /// let shown = lifecycle.plan(&request).await?.digest.to_string();
    /// // … the digest comes back with the confirmation …
    /// let receipt = lifecycle.confirm(&request, &shown.as_str().try_into()?).await?;
    /// # assert!(receipt.complete);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Changed`] with the current plan if its digest differs; otherwise the errors of `apply`. Every failure
    /// is recorded as an attempt.
    pub async fn confirm(&self, request: &Request, digest: &Digest) -> Result<Receipt, Error> {
        one_operation(async {
            let operation = self.operation(request);
            let done = match self.plan(request).await {
                Ok(plan) if plan.digest == *digest => self.replan_and_apply(request, &plan, operation).await,
                Ok(plan) => Err(Error::Changed(Box::new(plan))),
                Err(error) => Err(error),
            };
            self.record_outcome(request, operation, done, |receipt| self.answers(receipt, request)).await
        })
        .await
    }

    /// Plans and applies in one call, whatever the request's mode, and records the attempt.
    ///
    /// Because no plan is shown, only the decision must still hold. Different row counts appear in the receipt; a new
    /// blocker stops the operation. If the data changes in between, the request is planned again, a limited number of
    /// times.
    ///
    /// ```
    /// use client_lifecycle::domain::{Actor, Record, Request};
    /// use client_lifecycle::policy::reassign;
    /// use client_lifecycle::{DeletionPolicy, Lifecycle, MemoryStore};
    /// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let policy = DeletionPolicy::of("unions")
    ///     .reference("members.union_id", "unions")
    ///     .reassign(|mode| mode.allow("ADMIN").rule("members.union_id", reassign()))
    ///     .build()?;
    /// let store = MemoryStore::new()
    ///     .with("unions", [Record::new("u1"), Record::new("u2")])
    ///     .with("members", [Record::new(1).with("union_id", "u1"), Record::new(2).with("union_id", "u2")]);
    /// let lifecycle = Lifecycle::open(store, policy).await?;
    /// let request = Request::reassigning("unions", "u1")
    ///     .reassign("members.union_id", "u2")
    ///     .by(Actor::new("ana", "ADMIN"));
    /// lifecycle.execute(&request).await?;
    /// assert!(lifecycle.store().rows("members").iter().all(|member| member.get("union_id").as_text() == Some("u2")));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error`]. Every failure is recorded as an attempt.
    pub async fn execute(&self, request: &Request) -> Result<Receipt, Error> {
        one_operation(async {
            let operation = self.operation(request);
            let (mut made, mut refreshes) = (0, 0);
            let done = loop {
                let done = self.plan_and_apply(request, operation).await;
                match self.refreshed(&done, &mut refreshes).await {
                    Ok(true) => continue,
                    Ok(false) => {}
                    Err(error) => break Err(error),
                }
                match done {
                    Err(error) if self.again(operation, &mut made, &error, true).await => {}
                    done => break done,
                }
            };
            self.record_outcome(request, operation, done, |receipt| self.answers(receipt, request)).await
        })
        .await
    }

    /// Applies a plan that was shown. If the foreign keys have changed since, decides it again with the new keys.
    async fn replan_and_apply(
        &self,
        request: &Request,
        plan: &Plan,
        operation: OperationId,
    ) -> Result<Receipt, Error> {
        let mut refreshes = 0;
        loop {
            let done = match self.replan_for(request, plan).await {
                Ok(plan) => self.apply_as_shown(request, &plan, operation).await,
                Err(error) => Err(error),
            };
            if !self.refreshed(&done, &mut refreshes).await? {
                return done;
            }
        }
    }

    async fn plan_and_apply(&self, request: &Request, operation: OperationId) -> Result<Receipt, Error> {
        let plan = self.plan(request).await?;
        self.apply_once(request, plan, operation, Strictness::DecisionOnly).await
    }

    /// Applies a plan that was shown, without planning again. Any later change of the data is a conflict. Retries are
    /// safe, because they use the same operation id.
    async fn apply_as_shown(
        &self,
        request: &Request,
        plan: &Plan,
        operation: OperationId,
    ) -> Result<Receipt, Error> {
        let mut made = 0;
        loop {
            match self.apply_once(request, plan.clone(), operation, Strictness::ExactPlan).await {
                Err(error) if self.again(operation, &mut made, &error, false).await => {}
                done => return done,
            }
        }
    }

    async fn apply_once(
        &self,
        request: &Request,
        plan: Plan,
        operation: OperationId,
        strictness: Strictness,
    ) -> Result<Receipt, Error> {
        let hash = self.request_hash(request, operation, &());
        let (changes, names) = self.change_set(request, plan, operation, strictness, hash)?;
        self.write(&changes).await.map_err(|error| conflict_in_words(error, &changes, &names))
    }

    /// Returns the change set of a plan, and a name for each of its preconditions. `hash` is the hash of the request as
    /// the caller made it.
    pub(crate) fn change_set(
        &self,
        request: &Request,
        plan: Plan,
        operation: OperationId,
        strictness: Strictness,
        hash: RequestHash,
    ) -> Result<(ChangeSet, Vec<String>), Error> {
        let entry = done_entry(request, &plan, operation);
        let made = plan.into_change_set(operation, entry, strictness, self.mask_key.as_ref());
        let (mut changes, names) = made.map_err(Error::Blocked)?;
        changes.receipt.request = Some(hash);
        Ok((changes, names))
    }

    /// Returns whether a receipt answers a request that brings no values.
    fn answers(&self, receipt: &Receipt, request: &Request) -> bool {
        is_receipt_of(receipt, request, &self.request_hash(request, receipt.operation, &()))
    }
}

/// Refuses the modes `create` and `update`, whose values a request does not hold.
fn reject_value_modes(request: &Request) -> Result<(), Refusal> {
    if request.mode.carries_values() {
        return Err(Refusal::invalid(
            format!("{} needs values, which a request does not hold", request.mode),
            "call `create` or `update` of `lifecycle.clients()`",
        ));
    }
    Ok(())
}

/// Returns ids as a set of texts. Stores return ids as they hold them: the integer 42 for `"42"`, and a UUID in its
/// canonical form.
pub(super) fn texts(ids: &[RecordId], text: impl Fn(&RecordId) -> String) -> BTreeSet<String> {
    ids.iter().map(text).collect()
}

/// Returns whether a request is about the subjects of a plan. If it names only the operation to take back, the plan has
/// the subjects of that operation.
fn names_subjects_of(request: &Request, plan: &Plan) -> bool {
    if request.undoes.is_some() && request.subjects.is_empty() {
        return request.undoes == plan.undoes();
    }
    texts(&plan.execution.query.subjects, ToString::to_string)
        == texts(&request.subjects, ToString::to_string)
}
