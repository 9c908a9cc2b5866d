//! Findings: what a policy and a database do not agree on.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::domain::Fault;

/// One thing that a person should decide or repair before the policy is relied on.
///
/// ```
/// # use client_lifecycle::sql::{Finding, FindingCode};
/// let finding = Finding::new(FindingCode::UncoveredTable, "kinds.logs", "`logs` refers to `clients`")
///     .remedy("declare it");
/// assert_eq!(finding.to_string(), "uncovered_table at kinds.logs: `logs` refers to `clients` (declare it)");
/// assert_eq!(serde_json::to_value(&finding)?["code"], "uncovered_table");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// What sort of finding it is.
    pub code: FindingCode,
    /// Where: the path in the policy document, which is the place to answer it.
    pub path: String,
    /// What was found.
    pub message: String,
    /// What can be done about it; empty where the message says it.
    pub remedy: String,
}

/// What sort of finding it is. The words are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum FindingCode {
    /// The policy names a table that is not there.
    MissingTable,
    /// The policy names a column that is not there.
    MissingColumn,
    /// The column that a kind names as its id is not unique.
    AmbiguousId,
    /// A key of several columns, where one is needed.
    CompositeKey,
    /// The declared type and the column's, or those of a reference and the id, do not go together.
    TypeMismatch,
    /// Declared nullable or mandatory, and the column is the other.
    NullabilityMismatch,
    /// The foreign key of a reference refers to something else than the policy says.
    ForeignKeyMismatch,
    /// The database changes or deletes rows by itself that no plan names.
    CascadingForeignKey,
    /// A table hangs on the subject and is neither declared nor excluded.
    UncoveredTable,
    /// A column of a declared table refers to a kind and is neither declared nor excluded.
    UncoveredReference,
    /// Neither a foreign key nor a lock keeps others from referring to a record that is being removed.
    UnprotectedReference,
    /// Rows are found by a reference only by reading the whole table.
    MissingIndex,
    /// A trigger does something of its own when the policy removes or changes rows.
    Trigger,
    /// A mask is longer than its column by declaration.
    MaskTooLong,
    /// A mask would give two rows the same value, and the column is unique.
    MaskNotUnique,
    /// Only the database writes the column, and the policy would.
    GeneratedColumn,
    /// Row-level security hides rows from the role, so that a deletion would miss them.
    RowSecurity,
    /// The role may not do to a table what the policy asks for.
    MissingPrivilege,
    /// A kind's table is not simply a table: it is another server's, a view that keeps its rows, or inherited from.
    UnsuitableTable,
    /// The foreign key of a reference was never held against the rows that were there before it.
    UnvalidatedForeignKey,
    /// A store without a catalogue objects to the policy.
    SchemaMismatch,
}

impl Finding {
    /// A finding at a place.
    #[must_use]
    pub fn new(code: FindingCode, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code, path: path.into(), message: message.into(), remedy: String::new() }
    }

    /// The same with what can be done about it.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = remedy.into();
        self
    }

    /// The same as a fault, for which a policy is not opened.
    pub(super) fn into_fault(self) -> Fault {
        Fault::new(self.path, self.message).remedy(self.remedy)
    }

    /// Sorts findings by place, and drops repetitions.
    pub(super) fn in_order(mut findings: Vec<Self>) -> Vec<Self> {
        findings.sort_by(|a, b| {
            (&a.path, a.code, &a.message, &a.remedy).cmp(&(&b.path, b.code, &b.message, &b.remedy))
        });
        findings.dedup();
        findings
    }
}

/// What a store without a catalogue has to say.
impl From<Fault> for Finding {
    fn from(fault: Fault) -> Self {
        Self::new(FindingCode::SchemaMismatch, fault.path, fault.message).remedy(fault.remedy)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}: {}", self.code, self.path, self.message)?;
        if !self.remedy.is_empty() {
            write!(f, " ({})", self.remedy)?;
        }
        Ok(())
    }
}

impl FindingCode {
    /// The word in documents and reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MissingTable => "missing_table",
            Self::MissingColumn => "missing_column",
            Self::AmbiguousId => "ambiguous_id",
            Self::CompositeKey => "composite_key",
            Self::TypeMismatch => "type_mismatch",
            Self::NullabilityMismatch => "nullability_mismatch",
            Self::ForeignKeyMismatch => "foreign_key_mismatch",
            Self::CascadingForeignKey => "cascading_foreign_key",
            Self::UncoveredTable => "uncovered_table",
            Self::UncoveredReference => "uncovered_reference",
            Self::UnprotectedReference => "unprotected_reference",
            Self::MissingIndex => "missing_index",
            Self::Trigger => "trigger",
            Self::MaskTooLong => "mask_too_long",
            Self::MaskNotUnique => "mask_not_unique",
            Self::GeneratedColumn => "generated_column",
            Self::RowSecurity => "row_security",
            Self::MissingPrivilege => "missing_privilege",
            Self::UnsuitableTable => "unsuitable_table",
            Self::UnvalidatedForeignKey => "unvalidated_foreign_key",
            Self::SchemaMismatch => "misfit",
        }
    }

    /// Whether the policy speaks of something that the database does not have at all.
    #[must_use]
    pub fn is_missing(self) -> bool {
        matches!(self, Self::MissingTable | Self::MissingColumn)
    }
}

impl fmt::Display for FindingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for FindingCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
