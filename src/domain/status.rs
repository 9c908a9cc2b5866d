//! The status of a client.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Mode;

/// Whether a client's account is active. Separate from deletion: an OFF client can come back any time.
///
/// ```
/// use client_lifecycle::domain::Status;
/// assert_eq!("OFF".parse::<Status>()?, Status::Off);
/// assert_eq!(serde_json::to_string(&Status::On)?, "\"ON\"");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Status {
    /// Active.
    On,
    /// Inactive.
    Off,
}

/// Text that is neither `ON` nor `OFF`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a status is `ON` or `OFF`")]
pub struct UnknownStatus;

impl Status {
    /// `ON` or `OFF`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::On => "ON",
            Self::Off => "OFF",
        }
    }

    /// The mode that takes a client from this status to another; `None` where there is nothing to do.
    ///
    /// ```
    /// use client_lifecycle::domain::{Mode, Status};
    /// assert_eq!(Status::On.change_to(Status::Off), Some(Mode::Deactivate));
    /// assert_eq!(Status::Off.change_to(Status::On), Some(Mode::Reactivate));
    /// assert_eq!(Status::On.change_to(Status::On), None);
    /// ```
    #[must_use]
    pub fn change_to(self, wanted: Self) -> Option<Mode> {
        match (self, wanted) {
            (Self::On, Self::Off) => Some(Mode::Deactivate),
            (Self::Off, Self::On) => Some(Mode::Reactivate),
            (Self::On, Self::On) | (Self::Off, Self::Off) => None,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Status {
    type Err = UnknownStatus;
    fn from_str(text: &str) -> Result<Self, UnknownStatus> {
        match text {
            "ON" => Ok(Self::On),
            "OFF" => Ok(Self::Off),
            _ => Err(UnknownStatus),
        }
    }
}
