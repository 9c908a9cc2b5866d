//! The lifecycle: a policy over a store.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::retries::{Attempts, may_pass};
use super::{Clock, Environment, Error, OperationIds, RandomIds, Retries, SystemClock, audit};
use crate::domain::{ClientRules, Faults, MaskKey, Mode, OperationId, RecordId, Request, to_milliseconds};
use crate::plan::{Plan, Strictness};
use crate::policy::{DeletionPolicy, Inquiry, Refusal};
use crate::protocol::{Digest, Receipt};
use crate::store::Store;

/// A policy over a store: plans requests, carries plans out, and records every attempt.
///
/// ```
/// use client_lifecycle::domain::{Actor, Record, Request};
/// use client_lifecycle::policy::cascade;
/// use client_lifecycle::{DeletionPolicy, Lifecycle, MemoryStore};
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let policy = DeletionPolicy::of("clients")
///     .reference("debts.client_id", "clients")
///     .hard_delete(|mode| mode.allow("ADMIN").rule("debts.client_id", cascade()))
///     .build()?;
/// let store = MemoryStore::new()
///     .with("clients", [Record::new("c1")])
///     .with("debts", [Record::new("d1").with("client_id", "c1")]);
///
/// let lifecycle = Lifecycle::open(store, policy).await?;
/// let request = Request::hard_delete("clients", "c1").by(Actor::new("ana", "ADMIN"));
/// let plan = lifecycle.plan(&request).await?;
/// println!("{plan}");
/// let receipt = lifecycle.apply(&request, &plan).await?;
/// assert!(receipt.complete);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Lifecycle<S> {
    pub(super) store: S,
    pub(super) policy: DeletionPolicy,
    clock: Arc<dyn Clock>,
    pub(super) ids: Arc<dyn OperationIds>,
    pub(super) rules: ClientRules,
    environment: Environment,
    pub(super) retries: Retries,
    pub(super) mask_key: Option<MaskKey>,
}

impl<S: Store> Lifecycle<S> {
    /// Brings a policy and a store together, and checks that the store has what the policy speaks of.
    ///
    /// # Errors
    /// [`Error::Misfit`] lists everything that is missing; [`Error::Store`] when the store cannot be asked.
    pub async fn open(store: S, policy: DeletionPolicy) -> Result<Self, Error> {
        let found = store.check(&policy.map_to_check()).await?;
        let mut faults = Faults::none();
        faults.extend(found);
        faults.or(()).map_err(Error::Misfit)?;
        Ok(Self {
            store,
            policy,
            clock: Arc::new(SystemClock),
            ids: Arc::new(RandomIds),
            rules: ClientRules::default(),
            environment: Environment::Production,
            retries: Retries::default(),
            mask_key: None,
        })
    }

    /// The same with another clock: a fixed instant in tests, or "as if it were then".
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// The same with another source of operation ids.
    #[must_use]
    pub fn with_ids(mut self, ids: impl OperationIds + 'static) -> Self {
        self.ids = Arc::new(ids);
        self
    }

    /// The same in another environment; it is production unless said otherwise.
    #[must_use]
    pub fn with_environment(mut self, environment: Environment) -> Self {
        self.environment = environment;
        self
    }

    /// The same with other rules for the values of clients.
    #[must_use]
    pub fn with_client_rules(mut self, rules: ClientRules) -> Self {
        self.rules = rules;
        self
    }

    /// The same with other retries: how often something is tried when others are in the way, or the connection
    /// breaks. The store waits in between, if it can.
    #[must_use]
    pub fn with_retries(mut self, retries: Retries) -> Self {
        self.retries = retries;
        self
    }

    /// The same with the key of the mask `hmac`. It is shown nowhere, and only a change set that needs it
    /// carries it to the store.
    ///
    /// ```
    /// # use client_lifecycle::domain::{Actor, Mask, MaskKey, Record, Request};
    /// # use client_lifecycle::{DeletionPolicy, Lifecycle, MemoryStore};
    /// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let policy = DeletionPolicy::from_json(r#"{
    ///     "subject": "clients",
    ///     "kinds": { "clients": { "personal": { "email": "hmac" } } },
    ///     "modes": { "anonymize": { "allow": "any" } } }"#)?;
    /// let store = MemoryStore::new().with("clients", [Record::new("c1").with("email", "ana@example.org")]);
    /// let secret = [7; 32]; // from where the host keeps its secrets
    /// let lifecycle = Lifecycle::open(store, policy).await?.with_mask_key(MaskKey::new(secret)?);
    ///
    /// let request = Request::anonymize("clients", "c1").by(Actor::new("ana", "ADMIN"));
    /// lifecycle.delete(&request).await?;
    /// let email = lifecycle.store().rows("clients")[0].get("email").clone();
    /// assert_eq!(email.as_text().map(str::len), Some(64));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_mask_key(mut self, key: MaskKey) -> Self {
        self.mask_key = Some(key);
        self
    }

    /// The policy.
    #[must_use]
    pub fn policy(&self) -> &DeletionPolicy {
        &self.policy
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &S {
        &self.store
    }

    /// What the request would do. Changes and records nothing.
    ///
    /// # Errors
    /// [`Error::Refused`] where there is no plan at all; [`Error::Store`]. A plan that is blocked is a plan.
    pub async fn plan(&self, request: &Request) -> Result<Plan, Error> {
        alone(request)?;
        self.plan_at(request, self.now()).await
    }

    /// Carries out a plan exactly as it was shown, and records the attempt.
    ///
    /// The whole plan binds: if anything in it is no longer true nothing changes and the answer is a
    /// [`Error::Conflict`], item by item. Applied again with the same operation id it answers with the first
    /// receipt.
    ///
    /// # Errors
    /// [`Error`]; every one of them has been recorded as an attempt.
    pub async fn apply(&self, request: &Request, plan: &Plan) -> Result<Receipt, Error> {
        let operation = self.operation(request);
        let done = if let Err(refused) = alone(request) {
            Err(refused.into())
        } else if self.is_for(request, plan) {
            // Who asks and what was acknowledged may differ from when the plan was made.
            match self.replan_for(request, plan).await {
                Ok(plan) => self.carry_out_as_shown(request, &plan, operation).await,
                Err(error) => Err(error),
            }
        } else {
            Err(Error::ForeignPlan)
        };
        self.settled(request, operation, done).await
    }

    /// Plans again and carries out, if the plan is the one with this digest, and records the attempt.
    ///
    /// For confirmations that come back without the plan: from another process, a form, a second command.
    /// The whole plan binds, as in [`apply`](Self::apply).
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
    /// let receipt = lifecycle.confirm(&request, &shown.as_str().into()).await?;
    /// # assert!(receipt.complete);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Changed`], with the plan as it is now, where the digest is another one; otherwise those of
    /// `apply`. Every one of them has been recorded as an attempt.
    pub async fn confirm(&self, request: &Request, digest: &Digest) -> Result<Receipt, Error> {
        let operation = self.operation(request);
        let done = match self.plan(request).await {
            Ok(plan) if plan.digest == *digest => self.carry_out_as_shown(request, &plan, operation).await,
            Ok(plan) => Err(Error::Changed(Box::new(plan))),
            Err(error) => Err(error),
        };
        self.settled(request, operation, done).await
    }

    /// Plans and carries out in one go, and records the attempt.
    ///
    /// Nothing was shown beforehand, so only the decision binds: a row more or less to delete is in the
    /// receipt, a new obstacle is not overrun. When the data changes under it, it plans again, a few times.
    ///
    /// # Errors
    /// [`Error`]; every one of them has been recorded as an attempt.
    pub async fn delete(&self, request: &Request) -> Result<Receipt, Error> {
        self.planned_and_carried_out(request).await
    }

    /// Gives references another target in one go, and records the attempt: all members of a union, or the union
    /// itself. To see first what it would move, [`plan`](Self::plan) and [`apply`](Self::apply) take the same
    /// request.
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
    /// lifecycle.reassign(&request).await?;
    /// assert!(lifecycle.store().rows("members").iter().all(|member| member.get("union_id").as_text() == Some("u2")));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error`]; every one of them has been recorded as an attempt. A target that is not there, deleted or does
    /// not qualify is [`Error::Blocked`].
    pub async fn reassign(&self, request: &Request) -> Result<Receipt, Error> {
        if request.mode != Mode::Reassign {
            let refused = Refusal::wrong_mode(request.mode, "a request of mode reassign");
            return self.settled(request, self.operation(request), Err(refused.into())).await;
        }
        self.planned_and_carried_out(request).await
    }

    async fn planned_and_carried_out(&self, request: &Request) -> Result<Receipt, Error> {
        let operation = self.operation(request);
        let mut attempts = Attempts::at(operation, self.retries);
        let done = loop {
            let attempt = match self.plan(request).await {
                Ok(plan) => self.carry_out(request, plan, operation, Strictness::DecisionOnly).await,
                Err(error) => Err(error),
            };
            match attempt {
                Err(error) if attempts.another() && may_pass(&error) => {
                    attempts.pause(&self.store, error.is_retryable()).await;
                }
                attempt => break attempt,
            }
        };
        self.settled(request, operation, done).await
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        to_milliseconds(self.clock.now())
    }

    pub(super) fn operation(&self, request: &Request) -> OperationId {
        request.operation.unwrap_or_else(|| self.ids.next())
    }

    /// That there is a key where the policy needs one: asked before anything is read.
    fn require_key(&self) -> Result<(), Error> {
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

    pub(super) async fn plan_at(&self, request: &Request, now: DateTime<Utc>) -> Result<Plan, Error> {
        self.require_key()?;
        let inquiry = self.inquire(request, now)?;
        let survey = self.store.survey(inquiry.query()).await?;
        Ok(inquiry.plan(&survey)?)
    }

    /// Checks that the request makes sense under the policy and in this environment, and returns its inquiry.
    pub(super) fn inquire(&self, request: &Request, now: DateTime<Utc>) -> Result<Inquiry, Refusal> {
        let inquiry = self.policy.inquire(request, now)?;
        self.environment.check(request)?;
        Ok(inquiry)
    }

    /// Whether the plan is one for this request: the same subjects, mode and policy.
    fn is_for(&self, request: &Request, plan: &Plan) -> bool {
        plan.kind == request.kind
            && plan.mode == request.mode
            && plan.policy_version == self.policy.version()
            && texts(&plan.execution.query.subjects, ToString::to_string)
                == texts(&request.subjects, ToString::to_string)
    }

    /// Makes the shown plan again for the actor who carries it out: from the same data, with this request's actor,
    /// acknowledgements and time.
    ///
    /// The store compares everything under its locks, so only what this request alone asks is read: whether the
    /// subject is within this actor's scope, or another target than the plan's.
    async fn replan_for(&self, request: &Request, plan: &Plan) -> Result<Plan, Error> {
        self.require_key()?;
        let inquiry = self.inquire(request, self.now())?;
        let again = if inquiry.query().sets == plan.execution.query.sets {
            inquiry.plan(&plan.execution.survey)?
        } else {
            let scope = match inquiry.scope_query() {
                Some(query) => self.store.survey(&query).await?.answers.pop(),
                None => None,
            };
            match inquiry.survey_from(&plan.execution, scope) {
                Some(survey) => inquiry.plan(&survey)?,
                None => inquiry.plan(&self.store.survey(inquiry.query()).await?)?,
            }
        };
        if again.digest == plan.digest { Ok(again) } else { Err(Error::ForeignPlan) }
    }

    async fn carry_out(
        &self,
        request: &Request,
        plan: Plan,
        operation: OperationId,
        strictness: Strictness,
    ) -> Result<Receipt, Error> {
        let entry = audit::done(request, &plan, operation);
        let (changes, names) =
            plan.into_executable()?.into_change_set(operation, entry, strictness, self.mask_key.as_ref());
        self.applied(&changes, &names, None).await
    }

    /// Carries out a plan that was shown. It is not made again: what has changed since is a conflict. Asking
    /// again is safe whatever happened, because the operation id is the same.
    async fn carry_out_as_shown(
        &self,
        request: &Request,
        plan: &Plan,
        operation: OperationId,
    ) -> Result<Receipt, Error> {
        let mut attempts = Attempts::at(operation, self.retries);
        loop {
            let done = self.carry_out(request, plan.clone(), operation, Strictness::ExactPlan).await;
            match done {
                Err(error) if attempts.another() && error.is_retryable() => {
                    attempts.pause(&self.store, true).await;
                }
                done => return done,
            }
        }
    }
}

/// A request that is complete in itself.
fn alone(request: &Request) -> Result<(), Refusal> {
    if request.mode.carries_values() {
        return Err(Refusal::invalid(
            format!("{} needs values, which a request does not hold", request.mode),
            "call `create` or `update` of the lifecycle",
        ));
    }
    Ok(())
}

/// Ids as text, because a store answers with ids as it holds them: 42 for `"42"`, and a UUID that it holds as
/// bytes however the request spells it.
pub(super) fn texts(ids: &[RecordId], text: impl Fn(&RecordId) -> String) -> BTreeSet<String> {
    ids.iter().map(text).collect()
}
