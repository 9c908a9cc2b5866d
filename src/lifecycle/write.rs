//! The only caller of [`Store::apply`]. Every write passes through [`Lifecycle::write`]: rows, events, audit entries
//! and receipts, and the record of failed attempts.

use super::{Change, Error, Lifecycle};
use crate::protocol::{ChangeSet, Receipt};
use crate::store::{Store, StoreError};

impl<S: Store> Lifecycle<S> {
    /// Writes a change set: all of it, in one transaction, or nothing.
    pub(crate) async fn write(&self, changes: &ChangeSet) -> Result<Receipt, StoreError> {
        self.store.apply(changes).await
    }
}

/// Describes the preconditions that no longer hold in the words of the plan. `names` has one name for each
/// precondition.
pub(crate) fn conflict_in_words(error: StoreError, changes: &ChangeSet, names: &[String]) -> Error {
    match error {
        StoreError::Conflict { differences } => {
            Error::Conflict { changes: Change::of(&differences, &changes.preconditions, names) }
        }
        error => error.into(),
    }
}
