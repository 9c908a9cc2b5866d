//! What hangs on the subject, and what of it can be declared.

use std::collections::{BTreeMap, BTreeSet};

use super::{Names, NoFirstPolicy, identity};
use crate::domain::ReferenceName;
use crate::sql::catalogue::{Catalogue, ForeignKey, OnDelete, Table, same};
use crate::sql::coverage::reach;

/// The tables that hang on the subject, by their names in lower case.
pub(super) struct Survey<'a> {
    catalogue: &'a Catalogue,
    pub(super) names: Names<'a>,
    /// Each with the column of its id, or why it has none.
    hanging: BTreeMap<String, (&'a Table, Result<&'a str, String>)>,
    /// Those that can be declared, because a chain of references leads from them to the subject.
    kinds: BTreeSet<String>,
}

impl<'a> Survey<'a> {
    pub(super) fn of(catalogue: &'a Catalogue, called: &'a str) -> Result<Self, NoFirstPolicy> {
        let Some(subject) = catalogue.table(called) else {
            let tables = catalogue.tables().filter(|table| !table.is_view());
            return Err(NoFirstPolicy::NoTable {
                table: called.to_owned(),
                tables: tables.map(|table| table.name.clone()).collect(),
            });
        };
        if subject.is_view() {
            return Err(NoFirstPolicy::View(subject.name.clone()));
        }
        let keys = catalogue.foreign_keys();
        let edges = keys.map(|key| (key.table.clone(), key.to.clone()));
        let names = reach(&subject.name, edges);
        let hanging = names
            .iter()
            .filter_map(|name| {
                let table = catalogue.table(name)?;
                Some((name.clone(), (table, identity::of(catalogue, table, &names))))
            })
            .collect();
        let mut survey =
            Self { catalogue, names: Names { subject, called }, hanging, kinds: BTreeSet::new() };
        if let Some((table, Err(why))) = survey.at(&subject.name) {
            return Err(NoFirstPolicy::NoId { table: table.name.clone(), why: why.clone() });
        }
        let edges: Vec<_> =
            survey.pairs().map(|(_, from, _, to)| (from.name.clone(), to.name.clone())).collect();
        survey.kinds = reach(&subject.name, edges);
        Ok(survey)
    }

    fn at(&self, table: &str) -> Option<&(&'a Table, Result<&'a str, String>)> {
        self.hanging.get(&table.to_ascii_lowercase())
    }

    fn is_kind(&self, table: &str) -> bool {
        self.kinds.contains(&table.to_ascii_lowercase())
    }

    /// The kinds to declare, each with the column of its id.
    pub(super) fn kinds(&self) -> impl Iterator<Item = (&'a Table, &'a str)> {
        let declared = self.hanging.iter();
        declared
            .filter(|(name, _)| self.kinds.contains(*name))
            .filter_map(|(_, (table, id))| Some((*table, *id.as_ref().ok()?)))
    }

    /// Foreign keys that refer to the id of a table that has one: from which table and column, to which.
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
        // A field refers to one kind.
        .filter(move |(_, from, column, _)| taken.insert((&from.name, column)))
    }

    /// The references to declare.
    pub(super) fn references(&self) -> impl Iterator<Item = (&'a ForeignKey, &'a Table, &'a str, &'a Table)> {
        self.pairs().filter(|(_, from, _, to)| self.is_kind(&from.name) && self.is_kind(&to.name))
    }

    /// Foreign keys between kinds that cannot be declared, each with the reason.
    pub(super) fn left_out_references(&self) -> Vec<(ReferenceName, String)> {
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
                let because = if is_reference(key, column) {
                    format!("it refers to `{}` as well, and a field refers to one kind", key.to)
                } else {
                    format!("it refers to `{}` by what is not its id", key.to)
                };
                Some((self.names.reference(from, column), because + &meanwhile(key.on_delete)))
            })
            .collect()
    }

    /// Tables that cannot be declared, each with the reason.
    pub(super) fn left_out_tables(&self) -> impl Iterator<Item = (&'a Table, String)> {
        let left_out = self.hanging.iter();
        left_out.filter(|(name, _)| !self.kinds.contains(*name)).map(|(_, (table, id))| {
            let keys = self.catalogue.foreign_keys_of(&table.name);
            let keys: Vec<_> = keys.filter(|key| self.at(&key.to).is_some()).collect();
            let parents: BTreeSet<&str> = keys.iter().map(|key| key.to.as_str()).collect();
            let parents = parents.into_iter().collect::<Vec<_>>().join("`, `");
            let why = match id {
                Err(why) => format!("it cannot be declared: {why}"),
                Ok(_) => format!("it hangs on the subject only over `{parents}`, by what is no declared id"),
            };
            let action = keys.iter().find(|key| key.on_delete.changes_rows()).or(keys.first());
            let action = action.map(|key| meanwhile(key.on_delete));
            (*table, why + &action.unwrap_or_default())
        })
    }
}

/// What the database does in place of the policy.
fn meanwhile(action: OnDelete) -> String {
    if action.changes_rows() {
        format!("; the database changes its rows by itself (ON DELETE {action})")
    } else {
        "; while rows of it refer to a record, the database refuses to delete that".into()
    }
}
