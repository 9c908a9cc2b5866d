//! Dispositions: what becomes of a row.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What becomes of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disposition {
    /// It is deleted.
    Delete,
    /// It is marked as deleted.
    SoftDelete,
    /// It is set OFF.
    Deactivate,
    /// It is set ON.
    Reactivate,
    /// It is new.
    Create,
    /// Its fields get new values.
    Update,
    /// It stays without its personal values.
    Anonymize,
    /// It stays until a period is over.
    Retain,
    /// Its reference is emptied.
    SetNull,
    /// Its reference is set to its default.
    SetDefault,
    /// Its reference is given another target.
    Reassign,
    /// It stays.
    Keep,
    /// It stays masked, because others must keep referring to it.
    Tombstone,
}

impl Disposition {
    /// Returns the name in documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::SoftDelete => "soft_delete",
            Self::Deactivate => "deactivate",
            Self::Reactivate => "reactivate",
            Self::Create => "create",
            Self::Update => "update",
            Self::Anonymize => "anonymize",
            Self::Retain => "retain",
            Self::SetNull => "set_null",
            Self::SetDefault => "set_default",
            Self::Reassign => "reassign",
            Self::Keep => "keep",
            Self::Tombstone => "tombstone",
        }
    }

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

impl fmt::Display for Disposition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
