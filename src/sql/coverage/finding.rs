//! A finding, and the codes of findings.

use std::fmt;

use serde::Serialize;

use crate::domain::words::words;
use crate::domain::{Fault, FaultCode};

/// A mismatch between a policy and a database, or something in the database that the policy does not cover.
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
    /// The path in the policy document where it can be fixed.
    pub path: String,
    /// What was found.
    pub message: String,
    /// What to do about it. Empty if the message already says it.
    pub remedy: String,
}

words! {
    /// The code of a finding. The names are stable.
    #[non_exhaustive]
    pub enum FindingCode: "finding code" {
        /// The policy names a table that does not exist.
        MissingTable = "missing_table",
        /// The policy names a column that does not exist.
        MissingColumn = "missing_column",
        /// The id of a kind, or another key that a reference holds, is not unique.
        AmbiguousId = "ambiguous_id",
        /// The id of a kind is only a part of the primary key of its table.
        CompositeKey = "composite_key",
        /// The declared type does not fit the column, or the type of a reference does not fit the id it refers to.
        TypeMismatch = "type_mismatch",
        /// The policy and the column differ in whether NULL is allowed.
        NullabilityMismatch = "nullability_mismatch",
        /// The foreign key of a reference refers to another table or column than the policy says.
        ForeignKeyMismatch = "foreign_key_mismatch",
        /// The database itself changes or deletes rows that are in no plan.
        CascadingForeignKey = "cascading_foreign_key",
        /// A table depends on the subject and is neither declared nor excluded.
        UncoveredTable = "uncovered_table",
        /// A column of a declared table refers to a kind and is neither declared nor excluded.
        UncoveredReference = "uncovered_reference",
        /// Neither a foreign key nor a lock prevents references to a record that is being removed.
        UnprotectedReference = "unprotected_reference",
        /// There is no index for looking up rows by a reference.
        MissingIndex = "missing_index",
        /// A trigger fires when the policy deletes or updates rows.
        Trigger = "trigger",
        /// A column keeps its values when rows are anonymized, because the policy does not mention it.
        UnmaskedColumn = "unmasked_column",
        /// A mask is longer than the declared length of its column.
        MaskTooLong = "mask_too_long",
        /// A constraint of the column refuses what a mask writes.
        MaskRefused = "mask_refused",
        /// A mask may give two rows the same value in a unique column.
        MaskNotUnique = "mask_not_unique",
        /// The database does not have the unique key that `on_clash` names.
        ClashKey = "clash_key",
        /// The policy writes a column that only the database can write.
        GeneratedColumn = "generated_column",
        /// Row-level security hides rows from the current role, so a deletion would miss them.
        RowSecurity = "row_security",
        /// The current role lacks a privilege that the policy needs.
        MissingPrivilege = "missing_privilege",
        /// The table of a kind is a foreign table, a materialized view, or a table that others inherit from.
        UnsuitableTable = "unsuitable_table",
        /// The foreign key of a reference was not validated for rows that are older than the key.
        UnvalidatedForeignKey = "unvalidated_foreign_key",
        /// No request reaches the rows of a kind, although the subject refers to them.
        UnreachedKind = "unreached_kind",
        /// The policy names a value that its column cannot hold, such as a label that an enum does not have.
        UnknownLabel = "unknown_label",
        /// Live rows have another value in the column of a deleted mark than the policy says.
        DeletedMark = "deleted_mark",
        /// Another mismatch because of which the store rejects the policy.
        SchemaMismatch = "misfit",
    }
}

impl Finding {
    /// Creates a finding without a remedy.
    #[must_use]
    pub fn new(code: FindingCode, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code, path: path.into(), message: message.into(), remedy: String::new() }
    }

    /// Sets the remedy.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = remedy.into();
        self
    }

    /// Converts the finding to a fault that prevents the policy from opening.
    pub(in crate::sql) fn into_fault(self) -> Fault {
        Fault::new(FaultCode::SchemaMismatch, self.path, self.message).remedy(self.remedy)
    }

    /// Sorts findings by path and removes duplicates.
    pub(super) fn in_order(mut findings: Vec<Self>) -> Vec<Self> {
        findings.sort_by(|a, b| {
            (&a.path, a.code, &a.message, &a.remedy).cmp(&(&b.path, b.code, &b.message, &b.remedy))
        });
        findings.dedup();
        findings
    }
}

/// Converts a fault of a store that has no catalogue.
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
    /// Returns whether the policy names a table or column that the database does not have.
    #[must_use]
    pub fn is_missing(self) -> bool {
        matches!(self, Self::MissingTable | Self::MissingColumn)
    }
}
