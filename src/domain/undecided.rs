//! What a policy does not decide about yet.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Fault, FaultCode, Faults, ReferenceName, TableName};

/// A table or a reference about which the policy does not decide yet. The check of a database still reports it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "what is not decided yet, such as {\"table\": \"logs\", \"because\": \"`client_id` may hold ids\"}"
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct Undecided {
    /// The table, by its name in the database: `"logs"`, `"crm.logs"`, or `{"schema": "crm", "table": "logs"}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) table: Option<TableName>,
    /// The reference, such as `visits.client_id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reference: Option<ReferenceName>,
    /// The reason.
    #[serde(rename = "because")]
    pub(crate) rationale: String,
    /// With `true`, no record is removed until it is decided. Default: `false`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) restrict: bool,
}

impl fmt::Display for Undecided {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.table, &self.reference) {
            (Some(table), _) => write!(f, "{table}"),
            (None, Some(reference)) => write!(f, "{reference}"),
            (None, None) => Ok(()),
        }
    }
}

/// Checks that every entry names either a table or a reference.
pub(super) fn check(undecided: &[Undecided]) -> Faults {
    let mut faults = Faults::none();
    for (position, one) in undecided.iter().enumerate() {
        let named = one.table.as_ref().is_some_and(|table| !table.has_empty_part());
        if named == one.reference.is_some() {
            let message = "the entry names neither a table nor a reference, or both";
            faults.push(
                Fault::new(FaultCode::MissingName, format!("undecided[{position}]"), message)
                    .remedy("set `table` or `reference`"),
            );
        }
    }
    faults
}
