//! Modes: what a request does with its subjects. Also the status, which two of the modes switch.

use super::words::words;

words! {
    /// What to do with the subject.
    ///
    /// Five modes remove the subject or switch its status, and apply rules to the rows that refer to it. `restore` takes
    /// back a soft deletion. `create` and `update` take values: a [`NewClient`](crate::clients::NewClient) or a
    /// [`ClientPatch`](crate::clients::ClientPatch). `reassign` gives references a new target and leaves the subject
    /// unchanged.
    ///
    /// ```
    /// use client_lifecycle::domain::Mode;
    /// assert_eq!("hard_delete".parse(), Ok(Mode::HardDelete));
    /// ```
    #[non_exhaustive]
    pub enum Mode: "mode" {
        /// Creates a record.
        Create = "create",
        /// Sets some fields.
        Update = "update",
        /// Redirects references to the subject, or references that the subject holds.
        Reassign = "reassign",
        /// Sets the status to OFF.
        Deactivate = "deactivate",
        /// Sets the status to ON.
        Reactivate = "reactivate",
        /// Marks the record as deleted. What it replaces is recorded under the operation, so that `restore` can put it
        /// back.
        SoftDelete = "soft_delete",
        /// Takes back a soft deletion: exactly what that operation marked and redirected.
        Restore = "restore",
        /// Keeps the record without its personal values.
        Anonymize = "anonymize",
        /// Deletes the record.
        HardDelete = "hard_delete",
    }
}

impl Mode {
    /// The modes that remove a record or switch its status.
    pub const REMOVALS: [Self; 5] =
        [Self::Deactivate, Self::Reactivate, Self::SoftDelete, Self::Anonymize, Self::HardDelete];

    /// Returns the verb for names of actions: `DELETED` in `CLIENT_DELETED`.
    #[must_use]
    pub fn past(self) -> &'static str {
        match self {
            Self::Create => "CREATED",
            Self::Update => "UPDATED",
            Self::Reassign => "REASSIGNED",
            Self::Deactivate => "DEACTIVATED",
            Self::Reactivate => "REACTIVATED",
            Self::SoftDelete => "SOFT_DELETED",
            Self::Restore => "RESTORED",
            Self::HardDelete => "DELETED",
            Self::Anonymize => "ANONYMIZED",
        }
    }

    /// Returns whether the mode needs values in addition to the request.
    #[must_use]
    pub fn carries_values(self) -> bool {
        matches!(self, Self::Create | Self::Update)
    }

    /// Returns whether the mode has no rules: it reaches no rows over references by itself.
    #[must_use]
    pub(crate) fn has_no_rules(self) -> bool {
        self.carries_values() || self == Self::Restore
    }

    /// Returns whether the mode's rules apply to rows that refer to the subject.
    #[must_use]
    pub fn removes(self) -> bool {
        Self::REMOVALS.contains(&self)
    }

    /// Returns whether the subject counts as deleted afterwards.
    #[must_use]
    pub fn deletes(self) -> bool {
        matches!(self, Self::SoftDelete | Self::Anonymize | Self::HardDelete)
    }

    /// Returns whether the mode destroys values permanently.
    #[must_use]
    pub fn erases(self) -> bool {
        matches!(self, Self::Anonymize | Self::HardDelete)
    }
}

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
