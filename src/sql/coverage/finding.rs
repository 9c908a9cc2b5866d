//! A finding, and the codes of findings.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::domain::{Fault, FaultCode};

/// A difference between a policy and a database, or something that the policy does not cover.
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
    /// The code.
    pub code: FindingCode,
    /// The path in the policy document where it can be resolved.
    pub path: String,
    /// What was found.
    pub message: String,
    /// What to do about it; empty if the message says so.
    pub remedy: String,
}

/// The code of a finding. The names are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum FindingCode {
    /// The policy names a table that does not exist.
    MissingTable,
    /// The policy names a column that does not exist.
    MissingColumn,
    /// The id of a kind is not unique.
    AmbiguousId,
    /// A key has several columns, but one is needed.
    CompositeKey,
    /// The declared type does not fit the column, or that of a reference does not fit the id.
    TypeMismatch,
    /// The policy and the column differ in whether NULL is allowed.
    NullabilityMismatch,
    /// The foreign key of a reference refers to another table or column than the policy says.
    ForeignKeyMismatch,
    /// The database itself changes or deletes rows that no plan names.
    CascadingForeignKey,
    /// A table depends on the subject and is neither declared nor excluded.
    UncoveredTable,
    /// A column of a declared table refers to a kind and is neither declared nor excluded.
    UncoveredReference,
    /// Neither a foreign key nor a lock prevents references to a record that is being removed.
    UnprotectedReference,
    /// No index finds rows by a reference.
    MissingIndex,
    /// A trigger fires when the policy deletes or updates rows.
    Trigger,
    /// A mask is longer than the declared length of its column.
    MaskTooLong,
    /// A mask may give two rows the same value in a unique column.
    MaskNotUnique,
    /// The policy writes a column that only the database can write.
    GeneratedColumn,
    /// Row-level security hides rows from the current role, so a deletion would miss them.
    RowSecurity,
    /// The current role lacks a privilege that the policy needs.
    MissingPrivilege,
    /// The table of a kind is a foreign table or a materialized view, or other tables inherit from it.
    UnsuitableTable,
    /// The foreign key of a reference was not validated for the rows that existed before it.
    UnvalidatedForeignKey,
    /// Another difference for which the store refuses the policy.
    SchemaMismatch,
}

impl Finding {
    /// Creates a finding without a remedy.
    #[must_use]
    pub fn new(code: FindingCode, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code, path: path.into(), message: message.into(), remedy: String::new() }
    }

    /// Sets what to do about it.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = remedy.into();
        self
    }

    /// Converts it into a fault that keeps the policy from opening.
    pub(in crate::sql) fn into_fault(self) -> Fault {
        Fault::new(FaultCode::SchemaMismatch, self.path, self.message).remedy(self.remedy)
    }

    /// Sorts findings by path, and drops duplicates.
    pub(super) fn in_order(mut findings: Vec<Self>) -> Vec<Self> {
        findings.sort_by(|a, b| {
            (&a.path, a.code, &a.message, &a.remedy).cmp(&(&b.path, b.code, &b.message, &b.remedy))
        });
        findings.dedup();
        findings
    }
}

/// A fault of a store without a catalogue.
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
    /// Returns the name in documents and reports.
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

    /// Returns whether the policy names something that the database does not have.
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
