//! Why there is no first policy.

use crate::domain::Faults;

/// Why there is no first policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoFirstPolicy {
    /// There is no such table.
    #[error("there is no table `{table}`")]
    NoTable {
        /// What was asked for.
        table: String,
        /// The tables there are.
        tables: Vec<String>,
    },
    /// A view has no keys, so nothing can be said of what hangs on it.
    #[error("`{0}` is a view, and nothing refers to a view")]
    View(String),
    /// No single column identifies the records of the subject.
    #[error("the records of `{table}` cannot be subjects: {why}")]
    NoId {
        /// The table.
        table: String,
        /// What is in the way.
        why: String,
    },
    /// What was read does not make a policy.
    #[error("the catalogue does not make a policy\n{0}")]
    Faults(Faults),
}

impl NoFirstPolicy {
    /// What can be done about it.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::NoTable { tables, .. } if tables.is_empty() => {
                "the database has no tables at all; see that it is the right one".into()
            }
            Self::NoTable { tables, .. } => format!("name one of `{}`", tables.join("`, `")),
            Self::View(_) => "name the table the view is made of".into(),
            Self::NoId { .. } => "give the table a unique column of its own".into(),
            Self::Faults(_) => "write the policy by hand, and see `check`".into(),
        }
    }
}
