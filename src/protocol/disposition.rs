//! Dispositions: what becomes of a row.

use crate::domain::words::words;

words! {
    /// What becomes of a row.
    #[non_exhaustive]
    pub enum Disposition: "disposition" {
        /// It goes.
        Delete = "delete",
        /// It is marked as deleted.
        SoftDelete = "soft_delete",
        /// It is set OFF.
        Deactivate = "deactivate",
        /// It is set ON.
        Reactivate = "reactivate",
        /// It is new.
        Create = "create",
        /// Its fields get new values.
        Update = "update",
        /// It stays without its personal values.
        Anonymize = "anonymize",
        /// It stays until a period is over.
        Retain = "retain",
        /// Its reference is emptied.
        SetNull = "set_null",
        /// Its reference is set to its default.
        SetDefault = "set_default",
        /// Its reference is given another target.
        Reassign = "reassign",
        /// It stays.
        Keep = "keep",
        /// It stays masked, because others must keep referring to it.
        Tombstone = "tombstone",
    }
}

impl Disposition {
    /// Whether the row is still there afterwards.
    #[must_use]
    pub fn stays(self) -> bool {
        self != Self::Delete
    }

    /// Whether it is counted per reference, beside what else becomes of the row.
    #[must_use]
    pub fn is_redirect(self) -> bool {
        matches!(self, Self::SetNull | Self::SetDefault | Self::Reassign)
    }

    /// Whether the rows can be put back as they were.
    pub(crate) fn can_come_back(self) -> bool {
        matches!(self, Self::SoftDelete | Self::Deactivate | Self::Reactivate)
    }

    /// Whether the rows stay without their personal values.
    pub(crate) fn is_masked(self) -> bool {
        matches!(self, Self::Anonymize | Self::Tombstone)
    }

    /// Whether the rows stay as they are.
    pub(crate) fn is_untouched(self) -> bool {
        matches!(self, Self::Retain | Self::Keep)
    }
}
