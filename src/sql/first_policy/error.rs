//! Errors of making a first policy.

use crate::domain::Faults;

/// The reason why no first policy can be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoFirstPolicy {
    /// The table does not exist.
    #[error("the table `{table}` does not exist")]
    NoTable {
        /// The requested name.
        table: String,
        /// The tables of the database.
        tables: Vec<String>,
    },
    /// The subject is a view, which has no keys.
    #[error("`{0}` is a view, and foreign keys cannot refer to a view")]
    View(String),
    /// No single column identifies the records of the subject.
    #[error("`{table}` cannot be the subject: {why}")]
    NoId {
        /// The table.
        table: String,
        /// The reason.
        why: String,
    },
    /// The catalogue yields an invalid policy.
    #[error("the catalogue yields an invalid policy\n{0}")]
    Faults(Faults),
}

impl NoFirstPolicy {
    /// Returns the remedy.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::NoTable { tables, .. } if tables.is_empty() => {
                "the database has no tables; check that it is the right one".into()
            }
            Self::NoTable { tables, .. } => format!("name one of `{}`", tables.join("`, `")),
            Self::View(_) => "name the table that the view reads".into(),
            Self::NoId { .. } => "give the table a unique column".into(),
            Self::Faults(_) => "write the policy by hand, and check it with `check`".into(),
        }
    }
}
