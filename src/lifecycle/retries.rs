//! Retries: the number of attempts if another transaction conflicts, and the pauses between them.

use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::domain::OperationId;
use crate::store::Store;

/// The number of attempts if another transaction conflicts, and the pauses between them.
///
/// A repeated attempt has changed nothing or carries its operation id, so it is never done twice. Nothing is repeated
/// inside the host's own transaction. Pauses double, up to a maximum. Half of each is fixed and half depends on the
/// operation id, so two operations that collided do not collide again. If only the data has changed,
/// [`execute`](crate::Lifecycle::execute) plans again without a pause.
///
/// ```
/// use std::time::Duration;
/// use client_lifecycle::lifecycle::Retries;
/// // Survives the restart of a server: about four seconds in total.
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

    /// Returns the pause after `made` attempts at an operation.
    fn pause(self, operation: OperationId, made: u32) -> Duration {
        let doubled = 1_u32.checked_shl(made.saturating_sub(1)).unwrap_or(u32::MAX);
        let whole = self.first.saturating_mul(doubled).min(self.longest);
        // Differs between operations, and is the same for each run of one.
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

pub(crate) struct Attempts {
    retries: Retries,
    operation: OperationId,
    made: u32,
}

impl Attempts {
    pub(super) fn at(operation: OperationId, retries: Retries) -> Self {
        Self { retries, operation, made: 0 }
    }

    /// Counts a failed attempt, and returns whether another one follows. Waits first if another transaction
    /// conflicted (`is_retryable`), but not if the plan is stale, because planning again is enough then.
    pub(crate) async fn again(&mut self, store: &impl Store, is_retryable: bool, is_stale: bool) -> bool {
        self.made = self.made.saturating_add(1);
        let follows = self.made < self.retries.attempts && (is_retryable || is_stale);
        if follows && is_retryable {
            store.pause(self.retries.pause(self.operation, self.made)).await;
        }
        follows
    }
}
