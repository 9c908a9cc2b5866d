//! The digest of a plan: what was shown, in 64 characters.

use std::fmt;

use serde::{Deserialize, Serialize};

/// SHA-256 over everything in a plan that a person relies on, as 64 hexadecimal digits.
///
/// It covers subjects, mode, policy version, blockers, warnings, and steps with their counts and new targets. Steps of
/// volatile kinds are covered without their counts. It does not cover samples, the time, acknowledgements, actor,
/// reason or operation: a plan shown today and confirmed tomorrow is the same plan if the data is the same.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(String);

impl Digest {
    /// The 64 digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Digest {
    fn from(text: &str) -> Self {
        Self(text.to_ascii_lowercase())
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
