//! The settings of a lifecycle: the clock, the source of operation ids, the environment and the retries.

use std::fmt::Debug;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::domain::words::words;
use crate::domain::{OperationId, Reason, Request};
use crate::policy::Refusal;
use crate::store::Store;

/// The source of the current time.
pub trait Clock: Send + Sync + Debug {
    /// Returns the current instant.
    fn now(&self) -> DateTime<Utc>;
}

/// The clock of the machine.
#[derive(Debug)]
pub(super) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

/// A clock that always returns this instant.
impl Clock for DateTime<Utc> {
    fn now(&self) -> DateTime<Utc> {
        *self
    }
}

/// The source of operation ids for requests without one.
pub trait OperationIds: Send + Sync + Debug {
    /// Returns an id that no other operation has.
    fn next(&self) -> OperationId;
}

/// Random UUIDs.
#[derive(Debug)]
pub(super) struct RandomIds;

impl OperationIds for RandomIds {
    fn next(&self) -> OperationId {
        Uuid::new_v4().into()
    }
}

words! {
    /// The environment in which a lifecycle runs. The host sets it; a policy cannot.
    ///
    /// In production, no request may have the reason `test_data`, because what looks like a test account may be a
    /// real account.
    ///
    /// ```
    /// use client_lifecycle::domain::{Actor, Reason, Record, Request};
    /// use client_lifecycle::lifecycle::Environment;
    /// use client_lifecycle::{DeletionPolicy, Lifecycle, MemoryStore};
    /// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let policy = DeletionPolicy::of("clients").hard_delete(|mode| mode.allow("ADMIN")).build()?;
    /// let store = MemoryStore::new().with("clients", [Record::new("c1")]);
    /// let request = Request::hard_delete("clients", "c1").by(Actor::new("ana", "ADMIN")).with_reason(Reason::TestData);
    ///
    /// let lifecycle = Lifecycle::open(store, policy).await?;
    /// assert!(lifecycle.execute(&request).await.is_err());
    /// let lifecycle = lifecycle.with_environment(Environment::NonProduction);
    /// assert!(lifecycle.execute(&request).await.is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[derive(Default)]
    #[non_exhaustive]
    pub enum Environment: "environment" {
        /// The data of real people.
        #[default]
        Production = "production",
        /// Development, tests, staging.
        NonProduction = "non-production",
    }
}

words! {
    /// The names of the actions in audit entries.
    #[derive(Default)]
    #[non_exhaustive]
    pub enum ActionNames: "action names" {
        /// Each mode has its own: `CLIENT_DELETED` for a hard deletion, `CLIENT_SOFT_DELETED` for a soft one.
        #[default]
        ByMode = "by_mode",
        /// Hard and soft deletions are both `CLIENT_DELETED`, for hosts whose reports rely on that name.
        Shared = "shared",
    }
}

impl Environment {
    /// Checks that the request's reason is allowed in this environment.
    pub(super) fn check(self, request: &Request) -> Result<(), Refusal> {
        match (self, request.reason) {
            (Self::Production, Some(Reason::TestData)) => Err(Refusal::Invalid {
                message: "there is no test data in production".into(),
                remedy: "set the real reason, or send the request to a non-production environment".into(),
            }),
            _ => Ok(()),
        }
    }
}

/// The maximum number of attempts if another transaction conflicts, and the pauses between attempts.
///
/// Only conflicts that a retry may resolve are retried, such as a deadlock. If another transaction held a lock for as
/// long as the host's lock timeout, the operation fails at once, whatever retries are set: the timeout is that of the
/// whole operation. See [`StoreError::LockTimeout`](crate::store::StoreError::LockTimeout).
///
/// A failed attempt either changed nothing or can be recognised by its operation id, so no operation is done twice.
/// Inside the host's own transaction, nothing is repeated. Pauses double up to a maximum. Half of each pause is
/// fixed, and the other half depends on the operation id, so two operations that collided do not collide again. If
/// only the data has changed, [`execute`](crate::Lifecycle::execute) plans again without a pause.
///
/// ```
/// use std::time::Duration;
/// use client_lifecycle::lifecycle::Retries;
/// // Long enough for a server to restart: about four seconds in total.
/// let patient = Retries::new(12).waiting(Duration::from_millis(20), Duration::from_millis(500));
/// # let _ = patient;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retries {
    attempts: u32,
    first: Duration,
    longest: Duration,
}

impl Retries {
    /// Allows `attempts` attempts in total (minimum 1). Pauses begin at 10 ms and are at most one second.
    #[must_use]
    pub const fn new(attempts: u32) -> Self {
        let attempts = if attempts == 0 { 1 } else { attempts };
        Self { attempts, first: Duration::from_millis(10), longest: Duration::from_secs(1) }
    }

    /// Allows one attempt.
    #[must_use]
    pub const fn none() -> Self {
        Self::new(1)
    }

    /// Sets the first pause and the longest one.
    #[must_use]
    pub const fn waiting(mut self, first: Duration, longest: Duration) -> Self {
        self.first = first;
        self.longest = longest;
        self
    }

    /// Counts a failed attempt at an operation, and returns whether to try again. Waits first if another transaction
    /// conflicted (`is_retryable`). If only the plan is stale, it does not wait, because a new plan is enough.
    pub(super) async fn again(
        self,
        store: &impl Store,
        operation: OperationId,
        made: &mut u32,
        is_retryable: bool,
        is_stale: bool,
    ) -> bool {
        *made = made.saturating_add(1);
        let follows = *made < self.attempts && (is_retryable || is_stale);
        if follows && is_retryable {
            store.pause(self.pause(operation, *made)).await;
        }
        follows
    }

    /// Returns the pause after `made` attempts at an operation.
    fn pause(self, operation: OperationId, made: u32) -> Duration {
        let doubled = 1_u32.checked_shl(made.saturating_sub(1)).unwrap_or(u32::MAX);
        let whole = self.first.saturating_mul(doubled).min(self.longest);
        // The random half differs between operations, but is the same for every run of the same operation.
        let digest =
            Sha256::new().chain_update(operation.as_uuid()).chain_update(made.to_be_bytes()).finalize();
        let part = digest.iter().take(2).fold(0_u32, |part, byte| part << 8 | u32::from(*byte));
        whole / 2 + whole / 2 * part / (1 << 16)
    }
}

/// Five attempts, with pauses of at most 150 ms in total.
impl Default for Retries {
    fn default() -> Self {
        Self::new(5)
    }
}
