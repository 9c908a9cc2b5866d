//! Names in a first policy. They are the names of the database, if a policy can use them.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{FieldName, KindName, ReferenceName, TableName};
use crate::sql::catalogue::Table;
use crate::store::system_tables;

/// The kinds of the tables that a policy declares.
pub(super) struct Names<'a> {
    pub(super) subject: &'a Table,
    kinds: BTreeMap<&'a TableName, KindName>,
}

impl<'a> Names<'a> {
    /// Names the kinds after their tables. If several schemas have a table of the same name, the one on the search path
    /// keeps the name. The others are named after their schema too.
    pub(super) fn of(subject: &'a Table, name: KindName, tables: impl Iterator<Item = &'a Table>) -> Self {
        let mut taken = BTreeSet::from([name.clone()]);
        let mut kinds = BTreeMap::from([(&subject.name, name)]);
        let others = tables.filter(|table| table.name != subject.name);
        let (on_path, outside): (Vec<_>, Vec<_>) = others.partition(|table| table.name.schema.is_none());
        let is_alone = |table: &Table| {
            outside.iter().filter(|other| other.name.table == table.name.table).nth(1).is_none()
        };
        let alone = outside.iter().copied().filter(|table| is_alone(table));
        let shared = outside.iter().copied().filter(|table| !is_alone(table));
        for (table, may_be_plain) in on_path
            .into_iter()
            .chain(alone)
            .map(|table| (table, true))
            .chain(shared.map(|table| (table, false)))
        {
            let plain = plain(&table.name);
            let mut name = if may_be_plain && !taken.contains(&plain) {
                plain
            } else {
                format!("{}_{}", table.schema, table.name.table).into()
            };
            while !taken.insert(name.clone()) {
                name = format!("{name}_").into();
            }
            kinds.insert(&table.name, name);
        }
        Self { subject, kinds }
    }

    /// Returns the kind of a table.
    pub(super) fn kind(&self, table: &Table) -> KindName {
        self.kinds.get(&table.name).cloned().unwrap_or_else(|| plain(&table.name))
    }

    pub(super) fn is_subject(&self, table: &Table) -> bool {
        self.subject.name == table.name
    }

    pub(super) fn reference(&self, from: &Table, columns: &[&str]) -> ReferenceName {
        let fields: Vec<String> = columns.iter().map(|column| field(from, column).to_string()).collect();
        format!("{}.{}", self.kind(from), fields.join("+")).into()
    }
}

/// Returns the name of the table without its schema, changed if it cannot be the name of a kind.
pub(super) fn plain(table: &TableName) -> KindName {
    let name = KindName::from(&*table.table);
    if table.table.is_empty() || system_tables::is_reserved(&name) {
        return format!("table_{name}").into();
    }
    name
}

/// Returns the name of the column, with dots replaced: in the name of a reference, the last dot separates the field.
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
