//! Names of columns that suggest a reference.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{Kind, ReferenceName, TableName};
use crate::policy::DeletionPolicy;
use crate::sql::catalogue::{Catalogue, Column, Table};

/// Names of ids that do not contain the name of a kind.
const GENERIC: [&str; 4] = ["id", "uuid", "guid", "rowid"];

/// Names that suggest a reference, each with the kind it would refer to.
pub(super) struct Suspects<'a> {
    /// The key is the folded name, which is the same for `client_id` and `clientId`. Several kinds share a name if
    /// their tables have the same name in different schemas.
    by_name: BTreeMap<String, Vec<(&'a Kind, Why<'a>)>>,
    subject: Option<&'a Kind>,
}

#[derive(Clone, Copy)]
enum Why<'a> {
    /// A declared reference has this name.
    Reference(&'a ReferenceName),
    /// The name is the kind's name with `id` added.
    Kind,
    /// The name is that of the subject's id, and does not contain the name of the kind.
    Id,
}

impl<'a> Suspects<'a> {
    pub(super) fn of(policy: &'a DeletionPolicy) -> Self {
        let map = policy.map();
        let mut by_name: BTreeMap<String, Vec<_>> = BTreeMap::new();
        for reference in map.references() {
            let (Some(from), Some(to)) = (map.kind(&reference.from), map.kind(&reference.to)) else {
                continue;
            };
            let Some(field) = reference.only_field().filter(|_| reference.when.is_none()) else { continue };
            let name = folded(from.column(field));
            // The id of a table that extends another is a reference, but `id` elsewhere is not.
            if !GENERIC.contains(&&*name) {
                by_name.entry(name).or_default().push((to, Why::Reference(&reference.name)));
            }
        }
        for kind in map.kinds() {
            let id = kind.id.only().map_or("id", |id| kind.column(id));
            for name in derived(&kind.table_name().table, id) {
                by_name.entry(name).or_default().push((kind, Why::Kind));
            }
        }
        let subject = map.kind(policy.subject());
        if let Some((subject, id)) = subject.and_then(|subject| Some((subject, subject.id.only()?))) {
            let id = folded(subject.column(id));
            // Names such as `user_id` and `client_no` say which kind they belong to; `id` and `uuid` do not.
            let specific = singulars(&subject.table_name().table).iter().any(|name| id.starts_with(name));
            if specific || id.ends_with("id") && !GENERIC.contains(&&*id) {
                let why = if specific { Why::Kind } else { Why::Id };
                by_name.entry(id).or_default().push((subject, why));
            }
        }
        Self { by_name, subject }
    }

    /// Returns why a column may be a reference, as the end of a sentence that begins "the column".
    pub(super) fn why(&self, table: &Table, column: &Column, catalogue: &Catalogue) -> Option<String> {
        let one = || self.why_one(table, &column.name, catalogue);
        one().or_else(|| self.why_list(table, column, catalogue))
    }

    fn why_one(&self, table: &Table, column: &str, catalogue: &Catalogue) -> Option<String> {
        let mut named = self.by_name.get(&folded(column))?.iter();
        let (kind, why) = named.find(|(kind, _)| !has_its_own(table, kind, catalogue))?;
        let is_own_key = matches!(why, Why::Id) && table.is_primary_key(column);
        if is_own_key || catalogue.is_one_table(&kind.table_name(), &table.name) {
            return None;
        }
        Some(match why {
            Why::Reference(reference) => format!("is named like `{reference}`"),
            Why::Kind | Why::Id => format!("is named like an id of `{}`", kind.name),
        })
    }

    /// Returns why a column may hold a list of ids. A list whose name does not say whose ids it holds, such as
    /// `editor_ids`, may hold those of the subject, but `product_ids` does not if there is a table `products`.
    fn why_list(&self, table: &Table, column: &Column, catalogue: &Catalogue) -> Option<String> {
        let one = column.name.strip_suffix('s').filter(|_| is_list_of_ids(column))?;
        if let Some(why) = self.why_one(table, one, catalogue) {
            return Some(format!("may hold a list of ids: it {why}, in the plural"));
        }
        let is_named = |other: &Table| derived(&other.name.table, "id").any(|name| name == folded(one));
        let subject = self.subject.filter(|_| !catalogue.tables().any(is_named))?;
        Some(format!("may hold a list of ids of `{}`", subject.name))
    }
}

/// Returns whether a column is named like several ids, and may hold a list: an array, JSON or text.
fn is_list_of_ids(column: &Column) -> bool {
    let mut before = column.name.chars().rev();
    let ends = [before.next(), before.next(), before.next()].map(Option::unwrap_or_default);
    let is_named = match ends {
        ['s', 'd', 'I'] => true,
        ['s', 'd', 'i'] => matches!(before.next(), Some('_' | '-' | ' ')),
        _ => false,
    };
    let declared = column.declared.to_ascii_lowercase();
    let holds_lists =
        ["[]", "array", "json", "text", "char", "clob"].iter().any(|part| declared.contains(part));
    is_named && (holds_lists || declared.is_empty())
}

/// Returns whether the kind is in another schema than a table, and the table's own schema has a table of the same name.
/// A column with that name then refers to the table in its own schema, as in databases with one schema for each
/// customer.
fn has_its_own(table: &Table, kind: &Kind, catalogue: &Catalogue) -> bool {
    let name = kind.table_name();
    let own = catalogue.table(&TableName::new(&*name.table).in_schema(&*table.schema));
    let kind = catalogue.table(&name);
    own.zip(kind).is_some_and(|(own, kind)| own.schema == table.schema && kind.schema != table.schema)
}

/// Converts a name to lower case and removes separators.
fn folded(name: &str) -> String {
    let letters = name.chars().filter(|c| !matches!(c, '_' | '-' | ' '));
    letters.flat_map(char::to_lowercase).collect()
}

/// Returns names that suggest an id of a table: `clientsid` and `clientid` for `clients`, and `clientrecordid` if its id is
/// `record_id`.
fn derived(table: &str, id: &str) -> impl Iterator<Item = String> {
    let suffixes = BTreeSet::from(["id".to_owned(), folded(id)]);
    let names = singulars(table);
    names.into_iter().flat_map(move |name| suffixes.clone().into_iter().map(move |id| format!("{name}{id}")))
}

/// Returns the name of a table and its possible singulars.
fn singulars(table: &str) -> Vec<String> {
    let table = folded(table);
    let mut names = vec![table.clone()];
    names.extend(table.strip_suffix("ies").map(|stem| format!("{stem}y")));
    names.extend(table.strip_suffix("es").map(str::to_owned));
    names.extend(table.strip_suffix('s').map(str::to_owned));
    names.retain(|name| !name.is_empty());
    names
}

#[cfg(test)]
mod tests {
    use super::{derived, folded};

    #[test]
    fn ids_may_be_named_after_the_singular_of_a_table() {
        for (table, own, id) in [
            ("Client_Companies", "id", "clientCompanyId"),
            ("addresses", "number", "address_id"),
            ("staff", "id", "staff_id"),
            ("clients", "record_id", "client_record_id"),
        ] {
            assert!(derived(table, own).any(|name| name == folded(id)), "{table}");
        }
    }
}
