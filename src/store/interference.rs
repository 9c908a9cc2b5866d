//! What triggers and rules of the database did beside the plan.

use std::fmt;

use crate::domain::{KindName, ReferenceName};

/// A trigger or a rule that fires when an operation writes the table of a kind.
///
/// ```
/// use client_lifecycle::store::FiredTrigger;
/// assert_eq!(FiredTrigger::new("notes", "notes_log").to_string(), "`notes_log` on `notes`");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct FiredTrigger {
    /// The kind whose table has it.
    pub kind: KindName,
    /// Its name.
    pub name: String,
}

impl FiredTrigger {
    /// Names a trigger or a rule of the table of a kind.
    pub fn new(kind: impl Into<KindName>, name: impl Into<String>) -> Self {
        Self { kind: kind.into(), name: name.into() }
    }
}

impl fmt::Display for FiredTrigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` on `{}`", self.name, self.kind)
    }
}

/// The difference between the rows as they are and the rows that the plan describes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Interfered {
    /// A step wrote another number of rows than its set has.
    Written,
    /// Another number of rows of the kind was deleted, in all.
    Deleted,
    /// Rows of the kind that were to be deleted exist.
    Remaining,
    /// Rows of the kind refer over this reference to rows that were deleted.
    Referring(ReferenceName),
}

impl Interfered {
    /// Says what was found and what was expected.
    pub(super) fn explain(&self, kind: &KindName, expected: u64, found: u64) -> String {
        match self {
            Self::Written => format!("a step on `{kind}` wrote {found} rows, expected {expected}"),
            Self::Deleted => format!("{found} rows of `{kind}` were deleted, expected {expected}"),
            Self::Remaining => format!("{found} rows of `{kind}` that were deleted still exist"),
            Self::Referring(reference) => {
                format!("{found} rows of `{kind}` refer over `{reference}` to rows that were deleted")
            }
        }
    }
}

/// Names the triggers and rules that fire; empty if there are none.
pub(super) fn naming(triggers: &[FiredTrigger]) -> String {
    if triggers.is_empty() {
        return String::new();
    }
    let names: Vec<String> = triggers.iter().map(ToString::to_string).collect();
    format!("; triggers and rules that fire: {}", names.join(", "))
}
