//! The digest of a plan.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::ParseError;

/// SHA-256 over everything in a plan that a person relies on, as 64 hexadecimal digits.
///
/// It covers subjects, mode, policy version, blockers, warnings, and steps with their counts and new targets. Steps of
/// volatile kinds are covered without their counts. It does not cover samples, the time, acknowledgements, actor,
/// reason or operation: a plan shown today and confirmed tomorrow is the same plan if the data is the same.
///
/// `Deserialize` trusts the text that a store wrote. For other text, use `try_from`.
///
/// ```
/// use client_lifecycle::protocol::Digest;
/// assert!(Digest::try_from("0".repeat(64).as_str()).is_ok());
/// assert!(Digest::try_from("3 debts").is_err());
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(String);

impl Digest {
    /// Returns the 64 digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Digest {
    /// Returns the digest of the digits that a hash was rendered as.
    pub(crate) fn of_hash(digits: String) -> Self {
        Self(digits)
    }

    /// Returns the empty digest of an operation that had no plan.
    pub(crate) fn none() -> Self {
        Self(String::new())
    }
}

impl TryFrom<&str> for Digest {
    type Error = ParseError;

    /// Reads 64 hexadecimal digits, in upper or lower case.
    fn try_from(text: &str) -> Result<Self, ParseError> {
        if text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            let found = text.chars().count();
            Err(ParseError::new(format!(
                "expected a digest of 64 hexadecimal digits, found text of {found} characters"
            )))
        }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
