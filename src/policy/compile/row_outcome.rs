//! The outcome of a row.

use crate::domain::Mode;

/// What happens to a row. The order is the precedence: if several references lead to the row, the first outcome wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum RowOutcome {
    /// It stays until a period is over.
    Retain,
    /// It stays masked.
    Anonymize,
    /// It is marked as deleted.
    Soft,
    /// An earlier operation marked it as deleted. It counts as soft-deleted and is in no step.
    AlreadySoft,
    /// Its status is switched.
    Off,
    /// It is deleted.
    Delete,
    /// It is the subject of `anonymize`. It counts as deleted, but stays.
    Erased,
    /// It stays.
    Keep,
}

impl RowOutcome {
    /// The first outcome in the order of precedence.
    pub(super) const FIRST: Self = Self::Retain;

    /// Returns whether the rules apply to rows that refer to this row.
    pub(crate) fn is_removed(self) -> bool {
        (Self::Soft..=Self::Erased).contains(&self)
    }

    pub(crate) fn is_deleted(self) -> bool {
        self == Self::Delete
    }

    /// Returns whether the row is marked as deleted, by this operation or an earlier one.
    pub(crate) fn is_soft(self) -> bool {
        matches!(self, Self::Soft | Self::AlreadySoft)
    }

    /// Returns whether the row stays but is marked as deleted, or switched OFF.
    pub(crate) fn is_marked(self) -> bool {
        self.is_soft() || self == Self::Off
    }

    /// Returns whether the row is kept although the operation reached it: retained or anonymized.
    pub(crate) fn is_kept_back(self) -> bool {
        self < Self::Soft
    }

    pub(crate) fn of_subject(mode: Mode) -> Self {
        match mode {
            Mode::Create | Mode::Update | Mode::Reassign | Mode::Restore => Self::Keep,
            Mode::Deactivate | Mode::Reactivate => Self::Off,
            Mode::SoftDelete => Self::Soft,
            Mode::Anonymize => Self::Erased,
            Mode::HardDelete => Self::Delete,
        }
    }
}
