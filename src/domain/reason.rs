//! Reasons: why something is asked for.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Why something is asked for. What else there is to say belongs into the request's note.
///
/// ```
/// use client_lifecycle::domain::Reason;
/// assert_eq!("privacy_request".parse(), Ok(Reason::PrivacyRequest));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The person asked for it under data protection law.
    PrivacyRequest,
    /// The record was made for a test.
    TestData,
    /// The record was made twice by accident.
    Duplicate,
    /// The record was made to deceive.
    Fraud,
    /// An administrator cleans up.
    AdministrativeCleanup,
    /// The account is no longer to be used: a workflow of the host's ends with it.
    Deactivation,
    /// The user asked for the account to go.
    UserInitiated,
    /// Something else, which the note says.
    Other,
}

impl Reason {
    /// All reasons.
    pub const ALL: [Self; 8] = [
        Self::PrivacyRequest,
        Self::TestData,
        Self::Duplicate,
        Self::Fraud,
        Self::AdministrativeCleanup,
        Self::Deactivation,
        Self::UserInitiated,
        Self::Other,
    ];

    /// The name in documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PrivacyRequest => "privacy_request",
            Self::TestData => "test_data",
            Self::Duplicate => "duplicate",
            Self::Fraud => "fraud",
            Self::AdministrativeCleanup => "administrative_cleanup",
            Self::Deactivation => "deactivation",
            Self::UserInitiated => "user_initiated",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Reason {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text).ok_or_else(|| {
            let names = Self::ALL.map(Self::as_str).join(", ");
            format!("`{text}` is no reason; there are {names}")
        })
    }
}
