//! What a policy asks of a store, and what a store answers: sets, surveys, change sets and receipts. Pure data.
//!
//! Only authors of stores need this module. Services and people read [`plan`](crate::plan).

mod change_set;
mod digest;
mod disposition;
mod named_set;
mod receipt;
mod survey;

pub use change_set::{
    ChangeSet, ChangeStep, Difference, EventDraft, Expected, LockRows, NewRow, NewValue, Precondition, Write,
};
pub use digest::Digest;
pub use disposition::Disposition;
pub use named_set::{Branch, NamedSet, RankCase, Ranks, Rows, SetId, Source, Stratum};
pub(crate) use named_set::{Members, Rank};
pub use receipt::{OpenItem, Receipt, ReceiptStep};
pub(crate) use survey::widen;
pub use survey::{Answer, Question, Survey, SurveyQuery};
