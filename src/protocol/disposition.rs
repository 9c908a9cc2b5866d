//! Dispositions: what becomes of a row.

use crate::domain::words::words;

words! {
    /// What becomes of a row.
    #[non_exhaustive]
    pub enum Disposition: "disposition" {
        /// It is deleted.
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
    /// Returns whether the row is still there afterwards.
    #[must_use]
    pub fn stays(self) -> bool {
        self != Self::Delete
    }

    /// Returns whether rows are counted per reference, in addition to what else becomes of them.
    #[must_use]
    pub fn is_redirect(self) -> bool {
        matches!(self, Self::SetNull | Self::SetDefault | Self::Reassign)
    }

    /// Returns whether the rows can be restored.
    pub(crate) fn can_come_back(self) -> bool {
        matches!(self, Self::SoftDelete | Self::Deactivate | Self::Reactivate)
    }

    /// Returns whether the rows stay without their personal values.
    pub(crate) fn is_masked(self) -> bool {
        matches!(self, Self::Anonymize | Self::Tombstone)
    }

    /// Returns whether the rows stay as they are.
    pub(crate) fn is_untouched(self) -> bool {
        matches!(self, Self::Retain | Self::Keep)
    }
}
