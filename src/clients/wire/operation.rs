//! Operations, for the wording of responses.

use crate::domain::Mode;

/// What a request does, for messages such as `Failed to delete union`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Operation {
    /// Creating a record.
    Create,
    /// Reading a record or a list of them.
    Read,
    /// Changing a record or its status.
    Update,
    /// Reassigning a record.
    Reassign,
    /// Removing a record, in any mode.
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

/// Returns the participle for a message: `deleted`, `eliminad` (its ending follows the noun).
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
