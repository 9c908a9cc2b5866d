//! The lifecycle: a policy over a store.

use std::sync::{Arc, RwLock};

use chrono::{DateTime, Utc};

use super::effective::effective;
use super::{ActionNames, Clock, Environment, Error, OperationIds, RandomIds, Retries, SystemClock};
use crate::domain::{MaskKey, OperationId, Request, to_milliseconds};
use crate::policy::DeletionPolicy;
use crate::store::Store;

/// A policy over a store: plans requests, applies plans, and records every attempt.
///
/// Every policy has the same methods:
/// * [`plan`](Self::plan) shows what a request would do;
/// * [`apply`](Self::apply) does exactly what a plan shows;
/// * [`confirm`](Self::confirm) does the same, given only the plan's digest;
/// * [`execute`](Self::execute) plans and applies in one call;
/// * [`reject`](Self::reject) records a request that the host itself refuses.
///
/// The request says which mode.
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
    pub(super) policy: Arc<DeletionPolicy>,
    /// The policy together with the foreign keys of the store. Lifecycles over stores with the same tables share it.
    pub(super) effective: Arc<RwLock<Arc<DeletionPolicy>>>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) as_of: Option<DateTime<Utc>>,
    pub(super) action_names: ActionNames,
    ids: Arc<dyn OperationIds>,
    pub(super) environment: Environment,
    pub(super) retries: Retries,
    pub(super) mask_key: Option<MaskKey>,
}

impl<S: Store> Lifecycle<S> {
    /// Opens a policy over a store, and checks that the store has every table and column the policy names.
    ///
    /// Foreign keys of the database that lead to the policy's tables, and that the policy does not declare, become a part
    /// of every plan: the plan names the rows that the database would delete or change by itself. If the keys change
    /// later, they are read anew.
    ///
    /// # Errors
    /// [`Error::SchemaMismatch`] lists everything that is missing; [`Error::Store`] if the store cannot be read.
    pub async fn open(store: S, policy: DeletionPolicy) -> Result<Self, Error> {
        let effective = effective(&store, &policy).await?;
        Ok(Self {
            store,
            policy: Arc::new(policy),
            effective: Arc::new(RwLock::new(Arc::new(effective))),
            clock: Arc::new(SystemClock),
            as_of: None,
            action_names: ActionNames::default(),
            ids: Arc::new(RandomIds),
            environment: Environment::Production,
            retries: Retries::default(),
            mask_key: None,
        })
    }

    /// Returns this lifecycle over another store that has the same tables: inside a transaction of the host, or for
    /// another tenant.
    ///
    /// Both lifecycles share the policy, the clock, the source of operation ids, the environment, the retries and the
    /// mask key. The tables are not checked again, so this is cheap enough for each request. For transactions on sqlx
    /// there is a shorter form: `lifecycle.in_transaction(&mut transaction)`.
    ///
    /// ```
    /// use client_lifecycle::domain::{Actor, Record, Request};
    /// use client_lifecycle::{DeletionPolicy, Lifecycle, MemoryStore};
    /// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let policy = DeletionPolicy::of("clients").hard_delete(|mode| mode.allow("ADMIN")).build()?;
    /// let tenant = |name: &str| MemoryStore::new().with("clients", [Record::new(name)]);
    /// let first = Lifecycle::open(tenant("ana"), policy).await?;
    /// let second = first.with_store(tenant("eva"));
    ///
    /// let request = Request::hard_delete("clients", "eva").by(Actor::new("admin", "ADMIN"));
    /// assert!(first.plan(&request).await.is_err());
    /// assert!(second.plan(&request).await.is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_store<T: Store>(&self, store: T) -> Lifecycle<T> {
        Lifecycle {
            store,
            policy: self.policy.clone(),
            effective: self.effective.clone(),
            clock: self.clock.clone(),
            as_of: self.as_of,
            action_names: self.action_names,
            ids: self.ids.clone(),
            environment: self.environment,
            retries: self.retries,
            mask_key: self.mask_key.clone(),
        }
    }

    /// Sets the clock, which judges requests and dates audit entries: a fixed instant in tests. To judge requests as of
    /// another day, use [`as_of`](Self::as_of).
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Judges requests as of another instant: what a deletion will do in ten years, or a retention that ends in a test.
    ///
    /// Audit entries keep the time of the clock as [`at`](crate::domain::AuditEntry::at), and record this instant as
    /// [`as_of`](crate::domain::AuditEntry::as_of). Nothing can therefore be dated otherwise than it was done.
    ///
    /// ```
    /// use chrono::{DateTime, Utc};
    /// use client_lifecycle::domain::{Actor, Record, Request};
    /// use client_lifecycle::{DeletionPolicy, Lifecycle, MemoryStore};
    /// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let policy = DeletionPolicy::of("clients").hard_delete(|mode| mode.allow("ADMIN")).build()?;
    /// let store = MemoryStore::new().with("clients", [Record::new("c1")]);
    /// let later: DateTime<Utc> = "2040-01-01T00:00:00Z".parse()?;
    /// let lifecycle = Lifecycle::open(store, policy).await?.as_of(later);
    ///
    /// let receipt = lifecycle.execute(&Request::hard_delete("clients", "c1").by(Actor::new("ana", "ADMIN"))).await?;
    /// let entry = lifecycle.store().audit().remove(0);
    /// assert_eq!((receipt.at, entry.as_of), (later, Some(later)));
    /// assert!(entry.at < later);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn as_of(mut self, instant: DateTime<Utc>) -> Self {
        self.as_of = Some(to_milliseconds(instant));
        self
    }

    /// Sets the names of the actions in audit entries; by default each mode has its own.
    #[must_use]
    pub fn with_action_names(mut self, names: ActionNames) -> Self {
        self.action_names = names;
        self
    }

    /// Sets the source of operation ids for requests without one.
    #[must_use]
    pub fn with_ids(mut self, ids: impl OperationIds + 'static) -> Self {
        self.ids = Arc::new(ids);
        self
    }

    /// Sets the environment; the default is production.
    #[must_use]
    pub fn with_environment(mut self, environment: Environment) -> Self {
        self.environment = environment;
        self
    }

    /// Sets how many times an operation is attempted if another transaction conflicts or the connection breaks. The
    /// store may wait between attempts.
    #[must_use]
    pub fn with_retries(mut self, retries: Retries) -> Self {
        self.retries = retries;
        self
    }

    /// Sets the key of the mask `hmac`. The key is never shown, and only change sets that need it pass it to the
    /// store.
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
    /// lifecycle.execute(&request).await?;
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

    /// Returns the policy.
    #[must_use]
    pub fn policy(&self) -> &DeletionPolicy {
        &self.policy
    }

    /// Returns the store.
    #[must_use]
    pub fn store(&self) -> &S {
        &self.store
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.as_of.unwrap_or_else(|| to_milliseconds(self.clock.now()))
    }

    pub(crate) fn new_id(&self) -> OperationId {
        self.ids.next()
    }

    /// Returns the operation id of a request, or a new id if the request has none.
    pub(crate) fn operation(&self, request: &Request) -> OperationId {
        request.operation.unwrap_or_else(|| self.new_id())
    }

    /// Counts a failed attempt at an operation, waits, and returns whether to try again. `replans` says whether the
    /// next attempt makes a new plan. If so, it also tries again when only the data has changed.
    pub(crate) async fn again(
        &self,
        operation: OperationId,
        made: &mut u32,
        error: &Error,
        replans: bool,
    ) -> bool {
        let is_stale = replans && error.is_stale();
        self.retries.again(&self.store, operation, made, error.is_retryable(), is_stale).await
    }
}
