//! The tables that depend on the subject, and their names, ids and references in a first policy.

use std::collections::BTreeMap;

use super::NoFirstPolicy;
use super::names::{Names, plain};
use crate::domain::{OnDelete, ReferenceName, TableName};
use crate::sql::catalogue::{Catalogue, ForeignKey, Table, same};
use crate::sql::coverage::dependents;

/// The tables that depend on the subject, in every schema.
pub(super) struct Schema<'a> {
    catalogue: &'a Catalogue,
    pub(super) names: Names<'a>,
    /// Each table with the columns of its id.
    tables: BTreeMap<&'a TableName, (&'a Table, Vec<&'a str>)>,
}

/// A foreign key as a reference.
pub(super) struct Link<'a> {
    pub(super) on_delete: OnDelete,
    pub(super) from: &'a Table,
    pub(super) columns: Vec<&'a str>,
    pub(super) to: &'a Table,
    /// The columns referred to, if they are not the id.
    pub(super) key: Option<Vec<&'a str>>,
}

impl<'a> Schema<'a> {
    pub(super) fn of(catalogue: &'a Catalogue, requested: &str) -> Result<Self, NoFirstPolicy> {
        let read = TableName::from(requested);
        let found = catalogue.table(&read);
        let subject = found.or_else(|| catalogue.table(&TableName::new(requested)));
        let Some(subject) = subject.filter(|table| !is_ambiguous(catalogue, table, &read.table)) else {
            let tables = alternatives(catalogue, &read);
            return Err(NoFirstPolicy::NoTable { table: requested.to_owned(), tables });
        };
        if subject.is_view() {
            return Err(NoFirstPolicy::View(subject.name.to_string()));
        }
        if id_of(subject).is_empty() {
            let why = "it has no key".to_owned();
            return Err(NoFirstPolicy::NoId { table: subject.name.to_string(), why });
        }
        let keys = catalogue.foreign_keys();
        let edges = keys.map(|key| (&key.table, &key.to));
        let tables = dependents(&subject.name, edges).into_iter();
        let tables = tables.filter_map(|name| {
            let table = catalogue.table(name)?;
            Some((name, (table, id_of(table))))
        });
        let tables: BTreeMap<_, _> = tables.collect();
        // The schema is not part of the name that requests use.
        let is_read = found.is_some() && (read.schema.is_some() || requested.starts_with('"'));
        let name = if is_read { plain(&read) } else { requested.into() };
        let names = Names::of(subject, name, tables.values().map(|(table, _)| *table));
        Ok(Self { catalogue, names, tables })
    }

    fn at(&self, table: &TableName) -> Option<&(&'a Table, Vec<&'a str>)> {
        self.tables.get(table)
    }

    /// Returns the kinds to declare, each with the columns of its id.
    pub(super) fn kinds(&self) -> impl Iterator<Item = (&'a Table, &[&'a str])> {
        self.tables.values().map(|(table, id)| (*table, &**id))
    }

    /// Returns the references to declare, and those that cannot be declared, each with the reason.
    pub(super) fn links(&self) -> (Vec<Link<'a>>, Vec<(ReferenceName, String)>) {
        let mut declared: Vec<Link<'a>> = Vec::new();
        let mut excluded = Vec::new();
        for key in self.catalogue.foreign_keys() {
            let Some(link) = self.link(key) else { continue };
            let same_columns = |other: &&Link<'a>| {
                let mut columns = other.columns.iter();
                other.from.name == link.from.name
                    && other.columns.len() == link.columns.len()
                    && columns.all(|column| link.columns.contains(column))
            };
            match declared.iter().find(same_columns) {
                // Another foreign key over the same columns to the same table adds nothing.
                Some(other) if other.to.name == link.to.name => {}
                Some(other) => {
                    let reason = format!(
                        "it also refers to `{}`; declare both with an `if`, if rows refer to only one of them",
                        other.to.name
                    );
                    let column = link.columns.first().map_or(&[][..], std::slice::from_ref);
                    let name = self.names.reference(link.from, column);
                    excluded.push((name, reason + &consequence(link.on_delete)));
                }
                None => declared.push(link),
            }
        }
        (declared, excluded)
    }

    /// Returns a foreign key between kinds as a reference. Its columns are in the order of the id referred to.
    fn link(&self, key: &'a ForeignKey) -> Option<Link<'a>> {
        let (from, _) = *self.at(&key.table)?;
        let (to, id) = self.at(&key.to)?;
        // A foreign key over the id and a tenant becomes a reference to the id.
        let is_id = !id.is_empty() && id.iter().all(|column| key.column_to(column).is_some());
        let ordered: Vec<&'a str> =
            if is_id { id.clone() } else { key.to_columns.iter().map(String::as_str).collect() };
        let columns = ordered.iter().map(|column| Some(&*from.column(key.column_to(column)?)?.name));
        let columns: Vec<&'a str> = columns.collect::<Option<_>>()?;
        Some(Link { on_delete: key.on_delete, from, columns, to, key: (!is_id).then_some(ordered) })
    }
}

/// Returns whether a name differs in case from the table that it found, and from another one: `ORDER`, where the database
/// has `"Order"` and `order`.
fn is_ambiguous(catalogue: &Catalogue, found: &Table, requested: &str) -> bool {
    let mut tables = catalogue.tables();
    let is_other = |table: &Table| {
        table.name.table != found.name.table
            && table.schema == found.schema
            && same(&table.name.table, &found.name.table)
    };
    found.name.table != requested && tables.any(is_other)
}

/// Returns the tables that the caller may have meant: those of the same name in other schemas, or else those on the
/// search path, or else all.
fn alternatives(catalogue: &Catalogue, requested: &TableName) -> Vec<String> {
    let tables: Vec<&Table> = catalogue.tables().filter(|table| !table.is_view()).collect();
    let named = |table: &&&Table| same(&table.name.table, &requested.table);
    let on_path = |table: &&&Table| table.name.schema.is_none();
    let named: Vec<&&Table> = tables.iter().filter(named).collect();
    let on_path: Vec<&&Table> = tables.iter().filter(on_path).collect();
    let meant = [named, on_path, tables.iter().collect()].into_iter().find(|tables| !tables.is_empty());
    meant.into_iter().flatten().map(|table| table.name.to_string()).collect()
}

/// Describes what the database does with rows for which the policy has no rule.
fn consequence(action: OnDelete) -> String {
    if action.changes_rows() {
        format!("; the database itself changes its rows (ON DELETE {action})")
    } else {
        "; the database refuses to delete a record that its rows refer to".into()
    }
}

/// Returns the columns of the id of a table: its primary key, or else the first unique key without null, or else none.
fn id_of(table: &Table) -> Vec<&str> {
    if !table.primary_key.is_empty() {
        let key = table.primary_key.iter();
        return key.filter_map(|part| Some(&*table.column(part)?.name)).collect();
    }
    let not_null = |column: &String| table.column(column).is_some_and(|column| column.not_null);
    let unique = table.indexes.iter().find(|index| {
        index.unique
            && !index.partial
            && index.width == index.columns.len()
            && index.columns.iter().all(not_null)
    });
    unique.into_iter().flat_map(|index| &index.columns).map(String::as_str).collect()
}
