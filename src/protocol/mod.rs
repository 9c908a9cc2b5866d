//! What a policy asks of a store, and what a store answers: sets, surveys, change sets and receipts. Pure data.
//!
//! Only authors of stores need this module. Services and people read [`plan`](crate::plan).

mod change_set;
mod clash;
mod inconsistency;
mod receipt;
mod receipt_query;
mod survey;

pub use change_set::{
    ChangeSet, ChangeStep, Difference, ElementChange, EventDraft, Expected, LockRows, NewRow, NewValue,
    Precondition, Write,
};
pub use clash::{Clash, Constraint, PlannedWrites};
pub use inconsistency::{Inconsistency, Inconsistent, VerifyQuery};
pub use receipt::{Digest, Disposition, OpenItem, Receipt, ReceiptStep};
pub use receipt_query::ReceiptQuery;
pub use survey::{
    Answer, Branch, NamedSet, Question, RankCase, Ranks, Rows, SetId, Source, Stratum, Survey, SurveyQuery,
};
pub(crate) use survey::{Rank, widen};
