//! The names of tables and columns in the first policy.

use crate::domain::{FieldName, KindName, ReferenceName};
use crate::sql::catalogue::Table;
use crate::store::system_tables;

/// Names in the policy: those of the database, if a policy allows them.
pub(super) struct Names<'a> {
    pub(super) subject: &'a Table,
    /// The name of the subject as the caller wrote it, which requests will use too.
    pub(super) requested: &'a str,
}

impl Names<'_> {
    /// Returns the name of the table, changed if a kind cannot have it.
    pub(super) fn kind(&self, table: &Table) -> KindName {
        if self.is_subject(table) {
            return self.requested.into();
        }
        let name = KindName::from(table.name.as_str());
        if table.name.is_empty() || system_tables::is_reserved(&name) {
            return format!("table_{name}").into();
        }
        name
    }

    pub(super) fn is_subject(&self, table: &Table) -> bool {
        self.subject.name == table.name
    }

    pub(super) fn reference(&self, from: &Table, column: &str) -> ReferenceName {
        format!("{}.{}", self.kind(from), field(from, column)).into()
    }
}

/// Returns the name of the column. A reference ends with a dot and its field, so a field contains no dot.
pub(super) fn field(table: &Table, column: &str) -> FieldName {
    let mut name = column.replace('.', "_");
    if name.is_empty() {
        name.push_str("unnamed");
    }
    while name != column && table.column(&name).is_some() {
        name.push('_');
    }
    name.into()
}
