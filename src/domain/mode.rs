//! Modes: what is to be done with the subject.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What is to be done with the subject.
///
/// Five of them take something away, and reach the rows that refer to the subject. `create` and `update` bring
/// values and go with a [`NewClient`](crate::clients::NewClient) or a [`ClientPatch`](crate::clients::ClientPatch); `reassign` gives
/// references another target and leaves the subject as it is.
///
/// ```
/// use client_lifecycle::domain::Mode;
/// assert_eq!("hard_delete".parse(), Ok(Mode::HardDelete));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// A new record.
    Create,
    /// New values of some fields.
    Update,
    /// Another target for references to the subject, or for its own.
    Reassign,
    /// Status OFF.
    Deactivate,
    /// Status ON.
    Reactivate,
    /// Marked as deleted, restorable.
    SoftDelete,
    /// Kept without its personal values.
    Anonymize,
    /// Gone.
    HardDelete,
}

impl Mode {
    /// All modes.
    pub const ALL: [Self; 8] = [
        Self::Create,
        Self::Update,
        Self::Reassign,
        Self::Deactivate,
        Self::Reactivate,
        Self::SoftDelete,
        Self::Anonymize,
        Self::HardDelete,
    ];

    /// The modes that switch or take away.
    pub const REMOVALS: [Self; 5] =
        [Self::Deactivate, Self::Reactivate, Self::SoftDelete, Self::Anonymize, Self::HardDelete];

    /// The name in documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Reassign => "reassign",
            Self::Deactivate => "deactivate",
            Self::Reactivate => "reactivate",
            Self::SoftDelete => "soft_delete",
            Self::Anonymize => "anonymize",
            Self::HardDelete => "hard_delete",
        }
    }

    /// What was done, for names of actions: `DELETED` in `CLIENT_DELETED`.
    #[must_use]
    pub fn past(self) -> &'static str {
        match self {
            Self::Create => "CREATED",
            Self::Update => "UPDATED",
            Self::Reassign => "REASSIGNED",
            Self::Deactivate => "DEACTIVATED",
            Self::Reactivate => "REACTIVATED",
            Self::SoftDelete | Self::HardDelete => "DELETED",
            Self::Anonymize => "ANONYMIZED",
        }
    }

    /// Whether it brings values, which a request alone does not hold.
    #[must_use]
    pub fn carries_values(self) -> bool {
        matches!(self, Self::Create | Self::Update)
    }

    /// Whether rows that refer to the subject are reached by its rules.
    #[must_use]
    pub fn removes(self) -> bool {
        Self::REMOVALS.contains(&self)
    }

    /// Whether the subject no longer counts as there afterwards.
    #[must_use]
    pub fn deletes(self) -> bool {
        matches!(self, Self::SoftDelete | Self::Anonymize | Self::HardDelete)
    }

    /// Whether it takes values away for good.
    #[must_use]
    pub fn erases(self) -> bool {
        matches!(self, Self::Anonymize | Self::HardDelete)
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Mode {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == text).ok_or_else(|| {
            let names = Self::ALL.map(Self::as_str).join(", ");
            format!("`{text}` is no mode; there are {names}")
        })
    }
}
