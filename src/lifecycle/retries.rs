//! Trying again when others were in the way: how often, and how long is waited in between.

use std::time::Duration;

use sha2::{Digest, Sha256};

use super::Error;
use crate::domain::OperationId;
use crate::store::Store;

/// How often something is tried when others are in the way, and how long is waited in between.
///
/// What is tried again has changed nothing, or carries its operation id, so it is never done twice. Inside the host's
/// own transaction nothing is tried again. The pauses double, up to a longest one; of each, half is waited for
/// certain and up to the whole as it falls out for this operation, so that two that met do not meet again. Where
/// nobody is in the way but the data has changed, a deletion is planned again at once.
///
/// ```
/// use std::time::Duration;
/// use client_lifecycle::lifecycle::Retries;
/// // Rides out the restart of a server: about four seconds in all.
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
    /// So many attempts in all, at least one. The first pause is one of 10 ms and none is longer than a second,
    /// unless said otherwise.
    #[must_use]
    pub const fn new(attempts: u32) -> Self {
        let attempts = if attempts == 0 { 1 } else { attempts };
        Self { attempts, first: Duration::from_millis(10), longest: Duration::from_secs(1) }
    }

    /// One attempt.
    #[must_use]
    pub const fn none() -> Self {
        Self::new(1)
    }

    /// The same with another first pause, and another longest.
    #[must_use]
    pub const fn waiting(mut self, first: Duration, longest: Duration) -> Self {
        self.first = first;
        self.longest = longest;
        self
    }

    /// The pause after so many attempts of an operation.
    fn pause(self, operation: OperationId, made: u32) -> Duration {
        let doubled = 1_u32.checked_shl(made.saturating_sub(1)).unwrap_or(u32::MAX);
        let whole = self.first.saturating_mul(doubled).min(self.longest);
        // Random for all who do not share the operation, and the same each time it is tried.
        let digest =
            Sha256::new().chain_update(operation.as_uuid()).chain_update(made.to_be_bytes()).finalize();
        let part = digest.iter().take(2).fold(0_u32, |part, byte| part << 8 | u32::from(*byte));
        whole / 2 + whole / 2 * part / (1 << 16)
    }
}

/// Five attempts, and pauses of 150 ms in all at most.
impl Default for Retries {
    fn default() -> Self {
        Self::new(5)
    }
}

/// The attempts at one operation.
pub(super) struct Attempts {
    retries: Retries,
    operation: OperationId,
    made: u32,
}

impl Attempts {
    pub(super) fn at(operation: OperationId, retries: Retries) -> Self {
        Self { retries, operation, made: 0 }
    }

    /// Counts an attempt; whether another may follow it.
    pub(super) fn another(&mut self) -> bool {
        self.made = self.made.saturating_add(1);
        self.made < self.retries.attempts
    }

    /// Waits before the next one, where others were in the way.
    pub(super) async fn pause(&self, store: &impl Store, is_busy: bool) {
        if is_busy {
            store.pause(self.retries.pause(self.operation, self.made)).await;
        }
    }
}

/// Whether planning again may help.
pub(super) fn may_pass(error: &Error) -> bool {
    matches!(error, Error::Conflict { .. }) || error.is_retryable()
}
