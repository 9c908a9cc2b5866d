//! What was being done, for the words of an answer.

use crate::domain::Mode;

/// What was being done when an answer is due: it is in the words of answers such as `Failed to delete union`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Operation {
    /// Making a record.
    Create,
    /// Reading a record or a list of them.
    Read,
    /// Changing a record, its status too.
    Update,
    /// Giving a record to another.
    Reassign,
    /// Removing a record, in whatever mode.
    #[default]
    Delete,
}

impl Operation {
    pub(super) fn english(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Read => "read",
            Self::Update => "update",
            Self::Reassign => "reassign",
            Self::Delete => "delete",
        }
    }

    pub(super) fn spanish(self) -> &'static str {
        match self {
            Self::Create => "crear",
            Self::Read => "leer",
            Self::Update => "actualizar",
            Self::Reassign => "reasignar",
            Self::Delete => "eliminar",
        }
    }
}

/// What was done: `deleted`, `eliminad` (the ending follows the noun).
pub(super) fn past(mode: Mode) -> (&'static str, &'static str) {
    match mode {
        Mode::Create => ("created", "cread"),
        Mode::Update => ("updated", "actualizad"),
        Mode::Reassign => ("reassigned", "reasignad"),
        Mode::HardDelete | Mode::SoftDelete => ("deleted", "eliminad"),
        Mode::Anonymize => ("anonymized", "anonimizad"),
        Mode::Deactivate => ("deactivated", "desactivad"),
        Mode::Reactivate => ("reactivated", "reactivad"),
    }
}
