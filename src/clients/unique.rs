//! Unique e-mail addresses: the precondition that claims an address, and the error if it is taken.

use crate::domain::FieldName;
use crate::lifecycle::{Error, conflict_in_words};
use crate::protocol::{Branch, ChangeSet, Expected, RankCase, Rows, Source};
use crate::store::StoreError;

/// The field that holds the e-mail address.
pub(super) const EMAIL: &str = "email";

/// Converts the error of a write. If the claimed address is the only conflict, the result is [`Error::NotUnique`].
pub(super) fn claim_or_conflict(
    error: StoreError,
    changes: &ChangeSet,
    names: &[String],
    email: usize,
) -> Error {
    match &error {
        // If other data has changed too, the decision may be different. The whole conflict is then reported.
        StoreError::Conflict { differences }
            if differences.iter().all(|difference| difference.precondition == email) =>
        {
            Error::NotUnique { field: EMAIL.into() }
        }
        _ => conflict_in_words(error, changes, names),
    }
}

/// Adds the precondition that no rows except `except` have the e-mail address. Returns its position.
///
/// The store checks it in the transaction that writes, and keeps it true until the commit. If two transactions claim
/// the same address, one of them fails.
pub(super) fn claim(changes: &mut ChangeSet, email: &str, except: Option<Rows>) -> usize {
    let field = FieldName::from(EMAIL);
    let source = Source::WithText { field, text: normalised_email(email) };
    let branch =
        Branch { except: except.into_iter().collect(), ..Branch::new(source, vec![RankCase::always(0)]) };
    changes.require("others with the same e-mail address", branch, Expected::Exactly(0))
}

/// Returns the address as it is compared: trimmed, with ASCII letters in lower case.
///
/// Other letters stay unchanged, as in databases. For example, the Kelvin sign `\u{212a}` does not equal `k`. An
/// address that only looks like a client's address therefore does not find the client.
///
/// Use it only for comparisons. A client keeps the address as it was entered, and an address with surrounding white
/// space is invalid.
///
/// ```
/// use client_lifecycle::clients::normalised_email;
/// assert_eq!(normalised_email(" Maria@Example.ORG "), "maria@example.org");
/// ```
#[must_use]
pub fn normalised_email(email: &str) -> String {
    email.trim().to_ascii_lowercase()
}
