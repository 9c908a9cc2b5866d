//! Storage: the `Store` trait that a host implements, and its contract.

pub(crate) mod by_row;
mod error;
mod interference;
mod mask;
pub(crate) mod patience;
pub(crate) mod reader;
mod records;
pub(crate) mod system_tables;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::domain::{DataMap, Fault, FieldName, Kind, Record, RecordId, Reference, UndeclaredReferences};
use super::protocol::{
    ChangeSet, Clash, Inconsistency, PlannedWrites, Receipt, ReceiptQuery, Survey, SurveyQuery, VerifyQuery,
};

pub use by_row::ByRow;
pub use error::StoreError;
pub(crate) use error::TUPLES;
pub use interference::{FiredTrigger, Interfered};
pub use mask::masked;
#[cfg(feature = "sql")]
pub(crate) use mask::require_key;
pub(crate) use mask::without_key;
pub use patience::{add_wait, patience_left, waited};
pub use reader::{ReadQuery, Reader, Which};
pub use records::{Batch, BatchError, ExactMatches, ExactReferrers, Page, Records, RowChange, Unchanged};
pub use system_tables::{Mark, Switches, SystemTable};

#[doc = include_str!("contract.md")]
#[async_trait]
pub trait Store: Send + Sync {
    /// Returns a fault for every mismatch between the map and this store: missing kinds and fields, wrong types and
    /// nullability.
    ///
    /// # Errors
    /// [`StoreError`] if the store could not be queried.
    async fn check(&self, map: &DataMap) -> Result<Vec<Fault>, StoreError>;

    /// Returns the foreign keys that lead to kinds of the map, directly or through other tables, and that the map does not
    /// declare. What the database does over them then becomes a part of every plan.
    ///
    /// A store without foreign keys returns the default, which is empty.
    ///
    /// # Errors
    /// [`StoreError`] if the store could not be queried.
    async fn undeclared(&self, map: &DataMap) -> Result<UndeclaredReferences, StoreError> {
        let _ = map;
        Ok(UndeclaredReferences::default())
    }

    /// Answers all questions, and returns the ids of the subjects in the first set.
    ///
    /// An implementation
    /// * reads everything from one snapshot;
    /// * writes nothing;
    /// * refuses a kind, a field or a reference that it does not have;
    /// * refuses a value that is not of its declared type if a condition reads it.
    ///
    /// # Errors
    /// [`StoreError`]
    async fn survey(&self, query: &SurveyQuery) -> Result<Survey, StoreError>;

    /// Applies the change set: all of it, or nothing.
    ///
    /// An implementation does the following in one transaction. It
    /// 1. returns the first receipt, and writes nothing, if the operation was applied before;
    /// 2. locks the rows, or otherwise makes sure that what it reads stays true until commit;
    /// 3. evaluates the sets, checks the preconditions and answers [`StoreError::Conflict`] if one fails;
    /// 4. writes the events, with values from before the first step;
    /// 5. runs the steps in their order, on the rows the sets had before the first of them;
    /// 6. writes one audit entry for each subject, and the operation with its receipt.
    ///
    /// A change set without steps only writes its audit entries.
    ///
    /// # Errors
    /// [`StoreError`]. Nothing has changed then, except possibly after [`StoreError::OutcomeUnknown`].
    async fn apply(&self, changes: &ChangeSet) -> Result<Receipt, StoreError>;

    /// Returns the rows that a constraint of the store would refuse as the steps of a plan would write them. They block the
    /// plan. The store changes nothing and takes no locks.
    ///
    /// * Constraints are unique keys, exclusion constraints, CHECK, NOT NULL, and the limits of types:
    ///   [`Constraint`](crate::protocol::Constraint).
    /// * Rows are judged as they will be after all steps or, if the store writes each step by itself, after each step. Rows
    ///   that a step has deleted equal none, and rows that no step writes are compared but not reported.
    /// * The store compares as its key does: with its collation, its expressions, its condition, and its nulls.
    /// * There is one [`Clash`] for each constraint of a kind. It counts all refused rows, and lists the first ids in order.
    /// * The answer describes the rows at the time of the question. Rows that change afterwards are noticed by
    ///   [`apply`](Self::apply), which then fails as a whole.
    /// * Only steps with rows are passed. A reassignment to a record that the request does not name writes null.
    ///
    /// A store that enforces no constraint returns none, as this default does. A store may also leave out a constraint that
    /// it cannot evaluate; `apply` then fails instead.
    ///
    /// # Errors
    /// [`StoreError`]
    async fn clashes(&self, writes: PlannedWrites<'_>) -> Result<Vec<Clash>, StoreError> {
        let _ = writes;
        Ok(Vec::new())
    }

    /// Returns the receipt of an operation, or of the last that removed or restored a record; `None` if there is none.
    /// `restore` needs it to find the operation that it takes back. Attempts that were not applied do not count.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::Unsupported`], unless the store implements it.
    async fn receipt(&self, query: &ReceiptQuery) -> Result<Option<Receipt>, StoreError> {
        let _ = query;
        Err(StoreError::Unsupported("reading receipts; implement `Store::receipt`".into()))
    }

    /// Looks for rows that refer to records that do not exist, and for values that should be masked. Reads whole tables.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::Unsupported`], unless the store implements it.
    async fn verify(&self, query: &VerifyQuery) -> Result<Vec<Inconsistency>, StoreError> {
        let _ = query;
        Err(StoreError::Unsupported("verifying the rows; implement `Store::verify`".into()))
    }

    /// Waits for about this long before a call is repeated after contention.
    ///
    /// Only the store knows its async runtime. A store may return at once; the call is then repeated without a pause.
    async fn pause(&self, time: Duration) {
        let _ = time;
    }
}

macro_rules! forward {
    ($($pointer:ty, $records:ty;)*) => {$(
        #[async_trait]
        impl<S: Store + ?Sized> Store for $pointer {
            async fn check(&self, map: &DataMap) -> Result<Vec<Fault>, StoreError> {
                (**self).check(map).await
            }

            async fn undeclared(&self, map: &DataMap) -> Result<UndeclaredReferences, StoreError> {
                (**self).undeclared(map).await
            }

            async fn survey(&self, query: &SurveyQuery) -> Result<Survey, StoreError> {
                (**self).survey(query).await
            }

            async fn apply(&self, changes: &ChangeSet) -> Result<Receipt, StoreError> {
                (**self).apply(changes).await
            }

            async fn clashes(&self, writes: PlannedWrites<'_>) -> Result<Vec<Clash>, StoreError> {
                (**self).clashes(writes).await
            }

            async fn receipt(&self, query: &ReceiptQuery) -> Result<Option<Receipt>, StoreError> {
                (**self).receipt(query).await
            }

            async fn verify(&self, query: &VerifyQuery) -> Result<Vec<Inconsistency>, StoreError> {
                (**self).verify(query).await
            }

            async fn pause(&self, time: Duration) {
                (**self).pause(time).await;
            }
        }

        #[async_trait]
        impl<S: Reader + ?Sized> Reader for $pointer {
            async fn read(&self, query: &ReadQuery) -> Result<Vec<Record>, StoreError> {
                (**self).read(query).await
            }
        }

        #[async_trait]
        impl<R: Records + ?Sized> Records for $records {
            async fn get(
                &self,
                kind: &Kind,
                ids: &[RecordId],
            ) -> Result<Vec<Record>, StoreError> {
                (**self).get(kind, ids).await
            }

            async fn referrers(
                &self,
                kind: &Kind,
                reference: &Reference,
                ids: &[RecordId],
                page: Page<'_>,
            ) -> Result<Vec<Record>, StoreError> {
                (**self).referrers(kind, reference, ids, page).await
            }

            async fn write(&self, batch: &Batch) -> Result<(), BatchError> {
                (**self).write(batch).await
            }

            async fn find_by_text(
                &self,
                kind: &Kind,
                field: &FieldName,
                text: &str,
            ) -> Result<Vec<Record>, StoreError> {
                (**self).find_by_text(kind, field, text).await
            }

            async fn page(&self, kind: &Kind, page: Page<'_>) -> Result<Vec<Record>, StoreError> {
                (**self).page(kind, page).await
            }

            async fn has_field(&self, kind: &Kind, field: &FieldName) -> Result<bool, StoreError> {
                (**self).has_field(kind, field).await
            }

            async fn describe(&self, map: &DataMap) -> Result<Vec<Fault>, StoreError> {
                (**self).describe(map).await
            }
        }
    )*};
}

forward! {
    &S, &R;
    Box<S>, Box<R>;
    Arc<S>, Arc<R>;
}
