//! The status of a client.

use super::Mode;
use super::words::words;

words! {
    /// Whether a client's account is active. Independent of deletion: an OFF client can be reactivated at any time.
    ///
    /// ```
    /// use client_lifecycle::Status;
    /// assert_eq!("OFF".parse::<Status>()?, Status::Off);
    /// assert_eq!(serde_json::to_string(&Status::On)?, "\"ON\"");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[allow(clippy::exhaustive_enums, reason = "a client is ON or OFF; hosts decide both cases")]
    pub enum Status: "status" {
        /// Active.
        On = "ON",
        /// Inactive.
        Off = "OFF",
    }
}

impl Status {
    /// Returns the mode that changes this status to another; `None` if they are equal.
    ///
    /// ```
    /// use client_lifecycle::Status;
    /// use client_lifecycle::domain::Mode;
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
