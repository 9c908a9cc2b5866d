//! What no two records may hold: the e-mail address of a client.

use super::Error;
use super::write::conflict_in_words;
use crate::domain::{FieldName, normalised_email};
use crate::protocol::{Branch, ChangeSet, Expected, RankCase, Rows, Source};
use crate::store::StoreError;

/// Tells a conflict about nothing but the claimed e-mail address apart from one about the plan.
pub(super) fn claim_or_conflict(
    error: StoreError,
    changes: &ChangeSet,
    names: &[String],
    email: usize,
) -> Error {
    match &error {
        // If more has changed the decision may be another one, which is reported first.
        StoreError::Conflict { differences }
            if differences.iter().all(|difference| difference.precondition == email) =>
        {
            Error::NotUnique { field: super::find::EMAIL.into() }
        }
        _ => conflict_in_words(error, changes, names),
    }
}

/// Adds that nobody but the rows in `except` holds the e-mail address, and returns the position of this
/// precondition.
///
/// The store checks it in the transaction that writes, under the lock or the conditions that keep it true, so of
/// two writers who want the same address one is told.
pub(super) fn claim(changes: &mut ChangeSet, email: &str, except: Option<Rows>) -> usize {
    let field = FieldName::from(super::find::EMAIL);
    let source = Source::WithText { field, text: normalised_email(email) };
    let branch =
        Branch { except: except.into_iter().collect(), ..Branch::new(source, vec![RankCase::always(0)]) };
    changes.require("others with the same e-mail address", branch, Expected::Exactly(0))
}
