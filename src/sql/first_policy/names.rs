//! What tables and columns are called in the first policy.

use crate::domain::{FieldName, KindName, ReferenceName};
use crate::sql::catalogue::Table;
use crate::store::system_tables;

/// Names are those of the database, where a policy can say them.
pub(super) struct Names<'a> {
    pub(super) subject: &'a Table,
    /// The subject as it was asked for: requests will call it so too.
    pub(super) called: &'a str,
}

impl Names<'_> {
    /// The table's name, unless a kind cannot be called so.
    pub(super) fn kind(&self, table: &Table) -> KindName {
        if self.is_subject(table) {
            return self.called.into();
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

/// The column's name. What stands after the last full stop of a reference is its field, so a field has none.
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
