//! What no two records may hold: the e-mail address of a client.

use super::{Change, Error, Lifecycle};
use crate::domain::{FieldName, normalised_email};
use crate::protocol::{Branch, ChangeSet, Expected, RankCase, Receipt, Rows, Source};
use crate::store::{Store, StoreError};

impl<S: Store> Lifecycle<S> {
    /// Applies a change set, of which one precondition may say that an e-mail address is free. What no longer holds
    /// is told in the words of the plan.
    pub(super) async fn applied(
        &self,
        changes: &ChangeSet,
        names: &[String],
        email: Option<usize>,
    ) -> Result<Receipt, Error> {
        match self.store.apply(changes).await {
            Ok(receipt) => Ok(receipt),
            Err(StoreError::Conflict { differences }) => {
                let only = |email| differences.iter().all(|difference| difference.precondition == email);
                // Where more has changed the decision may be another one, which is told first.
                if email.is_some_and(only) {
                    return Err(Error::Taken { field: super::find::EMAIL.into() });
                }
                Err(Error::Conflict { changes: Change::of(&differences, &changes.preconditions, names) })
            }
            Err(error) => Err(error.into()),
        }
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
