//! The tables that depend on the subject, and their names and ids in a first policy. Some of them cannot be declared.

use std::collections::{BTreeMap, BTreeSet};

use super::NoFirstPolicy;
use crate::domain::{FieldName, KindName, ReferenceName};
use crate::sql::catalogue::{Catalogue, ForeignKey, OnDelete, Table, same};
use crate::sql::coverage::dependents;
use crate::store::system_tables;

/// The tables that depend on the subject, by name in lower case.
pub(super) struct Schema<'a> {
    catalogue: &'a Catalogue,
    pub(super) names: Names<'a>,
    /// Each table with its id column, or with the reason why it has none.
    tables: BTreeMap<String, (&'a Table, Result<&'a str, String>)>,
    /// The tables that can be declared, because declared references connect them with the subject.
    kinds: BTreeSet<String>,
}

impl<'a> Schema<'a> {
    pub(super) fn of(catalogue: &'a Catalogue, requested: &'a str) -> Result<Self, NoFirstPolicy> {
        let Some(subject) = catalogue.table(requested) else {
            let tables = catalogue.tables().filter(|table| !table.is_view());
            return Err(NoFirstPolicy::NoTable {
                table: requested.to_owned(),
                tables: tables.map(|table| table.name.clone()).collect(),
            });
        };
        if subject.is_view() {
            return Err(NoFirstPolicy::View(subject.name.clone()));
        }
        let keys = catalogue.foreign_keys();
        let edges = keys.map(|key| (key.table.clone(), key.to.clone()));
        let names = dependents(&subject.name, edges);
        let tables = names
            .iter()
            .filter_map(|name| {
                let table = catalogue.table(name)?;
                Some((name.clone(), (table, id_of(catalogue, table, &names))))
            })
            .collect();
        let mut schema =
            Self { catalogue, names: Names { subject, requested }, tables, kinds: BTreeSet::new() };
        if let Some((table, Err(why))) = schema.at(&subject.name) {
            return Err(NoFirstPolicy::NoId { table: table.name.clone(), why: why.clone() });
        }
        let edges: Vec<_> =
            schema.pairs().map(|(_, from, _, to)| (from.name.clone(), to.name.clone())).collect();
        schema.kinds = dependents(&subject.name, edges);
        Ok(schema)
    }

    fn at(&self, table: &str) -> Option<&(&'a Table, Result<&'a str, String>)> {
        self.tables.get(&table.to_ascii_lowercase())
    }

    fn is_kind(&self, table: &str) -> bool {
        self.kinds.contains(&table.to_ascii_lowercase())
    }

    /// Returns the kinds to declare, each with its id column.
    pub(super) fn kinds(&self) -> impl Iterator<Item = (&'a Table, &'a str)> {
        self.tables
            .iter()
            .filter(|(name, _)| self.kinds.contains(*name))
            .filter_map(|(_, (table, id))| Some((*table, *id.as_ref().ok()?)))
    }

    /// Returns the foreign keys to ids, each with the referencing table, the referencing column and the referenced
    /// table.
    fn pairs(&self) -> impl Iterator<Item = (&'a ForeignKey, &'a Table, &'a str, &'a Table)> {
        let keys = self.catalogue.foreign_keys();
        let mut taken: BTreeSet<(&str, &str)> = BTreeSet::new();
        keys.filter_map(|key| {
            let (from, Ok(_)) = self.at(&key.table)? else {
                return None;
            };
            let (to, Ok(id)) = self.at(&key.to)? else {
                return None;
            };
            let column = from.column(key.column_to(id)?)?.name.as_str();
            Some((key, *from, column, *to))
        })
        // A field can refer to only one kind.
        .filter(move |(_, from, column, _)| taken.insert((&from.name, column)))
    }

    /// Returns the references to declare.
    pub(super) fn references(&self) -> impl Iterator<Item = (&'a ForeignKey, &'a Table, &'a str, &'a Table)> {
        self.pairs().filter(|(_, from, _, to)| self.is_kind(&from.name) && self.is_kind(&to.name))
    }

    /// Returns the foreign keys between kinds that cannot be declared, each with the reason.
    pub(super) fn excluded_references(&self) -> Vec<(ReferenceName, String)> {
        let declared: Vec<_> = self.references().collect();
        let is_declared = |key: &ForeignKey| declared.iter().any(|(other, ..)| std::ptr::eq(*other, key));
        let is_reference = |key: &ForeignKey, column: &str| {
            let mut references = declared.iter();
            references.any(|(_, from, of, _)| same(&from.name, &key.table) && same(of, column))
        };
        self.catalogue
            .foreign_keys()
            .filter(|key| self.is_kind(&key.table) && self.is_kind(&key.to) && !is_declared(key))
            .filter_map(|key| {
                let from = self.catalogue.table(&key.table)?;
                let mut columns = key.columns.iter();
                let column = columns.find(|column| !is_reference(key, column)).or(key.columns.first())?;
                let reason = if is_reference(key, column) {
                    format!("it also refers to `{}`, but a field can refer to only one kind", key.to)
                } else {
                    format!("it refers to `{}` by a column that is not its id", key.to)
                };
                Some((self.names.reference(from, column), reason + &consequence(key.on_delete)))
            })
            .collect()
    }

    /// Returns the tables that cannot be declared, each with the reason.
    pub(super) fn excluded_tables(&self) -> impl Iterator<Item = (&'a Table, String)> {
        let excluded = self.tables.iter();
        excluded.filter(|(name, _)| !self.kinds.contains(*name)).map(|(_, (table, id))| {
            let keys = self.catalogue.foreign_keys_of(&table.name);
            let keys: Vec<_> = keys.filter(|key| self.at(&key.to).is_some()).collect();
            let parents: BTreeSet<&str> = keys.iter().map(|key| key.to.as_str()).collect();
            let parents = parents.into_iter().collect::<Vec<_>>().join("`, `");
            let why = match id {
                Err(why) => format!("it cannot be declared: {why}"),
                Ok(_) => format!("it depends only on `{parents}`, by a column that is not a declared id"),
            };
            let action = keys.iter().find(|key| key.on_delete.changes_rows()).or(keys.first());
            let action = action.map(|key| consequence(key.on_delete));
            (*table, why + &action.unwrap_or_default())
        })
    }
}

/// Describes what the database does with rows for which the policy has no rule.
fn consequence(action: OnDelete) -> String {
    if action.changes_rows() {
        format!("; the database itself changes its rows (ON DELETE {action})")
    } else {
        "; the database refuses to delete a record that its rows refer to".into()
    }
}

/// Returns the id column of a table, or why it has none. A column that refers to another table of `dependents` cannot
/// be the id.
fn id_of<'a>(
    catalogue: &'a Catalogue,
    table: &'a Table,
    dependents: &BTreeSet<String>,
) -> Result<&'a str, String> {
    let refers = |column: &str| {
        let mut keys = catalogue
            .foreign_keys_of(&table.name)
            .filter(|key| dependents.contains(&key.to.to_ascii_lowercase()));
        keys.any(|key| key.columns.iter().any(|part| same(part, column)))
    };
    let candidates: Vec<&str> = table
        .columns
        .iter()
        .filter(|column| {
            let key = table.is_primary_key(&column.name);
            // If a unique column can be NULL, rows may lack an id.
            (key || column.not_null && table.is_unique(&column.name)) && !refers(&column.name)
        })
        .map(|column| column.name.as_str())
        .collect();
    let key = candidates.iter().find(|name| table.is_primary_key(name));
    let referred = |name: &&&str| {
        let mut keys = catalogue.foreign_keys();
        keys.any(|key| same(&key.to, &table.name) && key.column_to(name).is_some())
    };
    // Prefer a column that other tables refer to. Among such columns, prefer the primary key.
    let id = key.filter(referred).or_else(|| candidates.iter().find(referred)).or(key).or(candidates.first());
    id.copied().ok_or_else(|| why_not(table))
}

fn why_not(table: &Table) -> String {
    match &*table.primary_key {
        [] => "it has no key".into(),
        [key] => {
            format!("its primary key `{key}` is also a reference, and there is no other unique column")
        }
        key => {
            format!("its primary key (`{}`) is composite, and no single column is unique", key.join("`, `"))
        }
    }
}

/// Names in the policy. They are the names of the database, if a policy can use them.
pub(super) struct Names<'a> {
    pub(super) subject: &'a Table,
    /// The subject's name as the caller wrote it. Requests use it too.
    pub(super) requested: &'a str,
}

impl Names<'_> {
    /// Returns the name of the table, changed if it cannot be the name of a kind.
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
