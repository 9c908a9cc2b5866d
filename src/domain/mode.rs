//! Modes: what is to be done with the subject.

use super::words::words;

words! {
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
    #[non_exhaustive]
    pub enum Mode: "mode" {
        /// A new record.
        Create = "create",
        /// New values of some fields.
        Update = "update",
        /// Another target for references to the subject, or for its own.
        Reassign = "reassign",
        /// Status OFF.
        Deactivate = "deactivate",
        /// Status ON.
        Reactivate = "reactivate",
        /// Marked as deleted, restorable.
        SoftDelete = "soft_delete",
        /// Kept without its personal values.
        Anonymize = "anonymize",
        /// Gone.
        HardDelete = "hard_delete",
    }
}

impl Mode {
    /// The modes that switch or take away.
    pub const REMOVALS: [Self; 5] =
        [Self::Deactivate, Self::Reactivate, Self::SoftDelete, Self::Anonymize, Self::HardDelete];

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
