//! The one way to [`Store::apply`]. Everything that is written passes through [`Lifecycle::write`]: rows, events, audit
//! entries and receipts of operations that are done, and the record of attempts that are not.

use super::{Change, Error, Lifecycle};
use crate::protocol::{ChangeSet, Receipt};
use crate::store::{Store, StoreError};

impl<S: Store> Lifecycle<S> {
    /// Writes a change set: all of it, in one transaction, or nothing.
    pub(crate) async fn write(&self, changes: &ChangeSet) -> Result<Receipt, StoreError> {
        self.store.apply(changes).await
    }
}

/// Names the preconditions that no longer hold in the words of the plan; there is one name for each precondition.
pub(crate) fn conflict_in_words(error: StoreError, changes: &ChangeSet, names: &[String]) -> Error {
    match error {
        StoreError::Conflict { differences } => {
            Error::Conflict { changes: Change::of(&differences, &changes.preconditions, names) }
        }
        error => error.into(),
    }
}
