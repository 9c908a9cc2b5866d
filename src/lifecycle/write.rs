//! The only caller of [`Store::apply`]. Every write passes through [`Lifecycle::write`]: rows, events, audit entries
//! and receipts, and the record of failed attempts.

use super::recorded::Recorder;
use super::{ActionNames, Change, Error, Lifecycle};
use crate::domain::{AuditEntry, Mode, to_milliseconds};
use crate::protocol::{ChangeSet, Receipt};
use crate::store::{Store, StoreError};

impl<S: Store> Lifecycle<S> {
    /// Writes a change set: all of it, in one transaction, or nothing. Its audit entry is dated by the clock, even if
    /// the request is judged as of another instant.
    pub(crate) async fn write(&self, changes: &ChangeSet) -> Result<Receipt, StoreError> {
        let recorder = Recorder::of(&changes.query.map, self.mask_key.as_ref())?;
        let Some(recorder) = recorder else {
            return self.write_recorded(changes).await;
        };
        let receipt = self.write_recorded(&recorder.changes(changes)).await?;
        Ok(recorder.restored(changes, receipt))
    }

    /// Applies a change set that names no personal ids in its records.
    async fn write_recorded(&self, changes: &ChangeSet) -> Result<Receipt, StoreError> {
        let shares_name = self.action_names == ActionNames::Shared && changes.audit.mode == Mode::SoftDelete;
        if self.as_of.is_none() && !shares_name {
            return self.store.apply(changes).await;
        }
        let mut changes = changes.clone();
        if let Some(as_of) = self.as_of {
            changes.audit.at = to_milliseconds(self.clock.now());
            changes.audit.as_of = Some(as_of);
        }
        if shares_name {
            changes.audit.action = AuditEntry::action(&changes.audit.kind, Mode::HardDelete);
        }
        self.store.apply(&changes).await
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
