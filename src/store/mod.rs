//! Storage: the port a host implements, and its contract.

mod error;
mod forward;

mod batch;
mod by_row;
mod mask;
pub(crate) mod reader;
mod records;
pub mod system_tables;

use std::time::Duration;

use async_trait::async_trait;

pub use batch::{Batch, BatchError, ExactReferrers, Holders, RowChange, Unchanged};
pub use by_row::ByRow;
pub use error::StoreError;
pub use mask::masked;
#[cfg(feature = "sql")]
pub(crate) use mask::require_key;
pub use reader::{ReadQuery, Reader, Which};
pub use records::{Page, Records};

use crate::domain::{DataMap, Fault};
use crate::protocol::{ChangeSet, Receipt, Survey, SurveyQuery};

#[doc = include_str!("contract.md")]
#[async_trait]
pub trait Store: Send + Sync {
    /// Every kind, field, type and nullability of the map that this store does not have, all at once.
    ///
    /// # Errors
    /// [`StoreError`] when the store could not be asked. What it answered is in the faults.
    async fn check(&self, map: &DataMap) -> Result<Vec<Fault>, StoreError>;

    /// The answers to all questions, and the ids of the subjects that the first set holds.
    ///
    /// To be right it
    /// * reads everything from one snapshot;
    /// * writes nothing;
    /// * refuses a kind, a field or a reference it does not have, and a value that is not of its declared
    ///   type, where a condition has to look at it.
    ///
    /// # Errors
    /// [`StoreError`]
    async fn survey(&self, query: &SurveyQuery) -> Result<Survey, StoreError>;

    /// Applies the change set: all of it, or nothing.
    ///
    /// To be right it does the following in one transaction:
    /// 1. answers with the first receipt, and writes nothing, where the operation has been applied before;
    /// 2. locks the rows, or otherwise makes sure that what it reads stays true until commit;
    /// 3. evaluates the sets, checks the preconditions and answers [`StoreError::Conflict`] where one fails;
    /// 4. writes the events, with values from before the first step;
    /// 5. runs the steps in their order, on the rows the sets had before the first of them;
    /// 6. writes one audit entry for each subject, and the operation with its receipt.
    ///
    /// A change set without steps only writes its audit entries.
    ///
    /// # Errors
    /// [`StoreError`]. After any of them nothing has changed, except after
    /// [`StoreError::OutcomeUnknown`].
    async fn apply(&self, changes: &ChangeSet) -> Result<Receipt, StoreError>;

    /// Waits for about so long before something is tried again that others were in the way of.
    ///
    /// Only a store knows on what runtime it is; one that does not wait at all is right too, and is asked again at
    /// once.
    async fn pause(&self, time: Duration) {
        let _ = time;
    }
}
