//! Finds tables and columns that depend on the subject and are neither declared nor excluded.

use std::collections::{BTreeMap, BTreeSet};

use super::declared;
use super::declared::dependents;
use super::finding::{Finding, FindingCode};
use crate::domain::{DataMap, Kind, ReferenceName, TableName};
use crate::policy::DeletionPolicy;
use crate::sql::catalogue::{Catalogue, Column, ForeignKey, Table, same};

/// Reports tables and columns that depend on the subject, by a foreign key or by their name, but are neither declared
/// nor excluded.
pub(super) fn findings(policy: &DeletionPolicy, catalogue: &Catalogue) -> Vec<Finding> {
    let map = &**policy.map();
    let suspects = Suspects::of(policy);
    let dependents = dependents_of_subject(policy, catalogue);
    let tables = catalogue
        .tables()
        .filter(|table| !table.is_view() && !declared::table_excluded(map, &table.name, catalogue));
    let mut found = Vec::new();
    for table in tables {
        // Rows of a table that inherits from a declared table are also rows of the declared table.
        let inherited = |column: &str| {
            let mut parents = table
                .inherits
                .iter()
                .filter(|parent| declared::kinds(map, parent, catalogue).next().is_some());
            parents
                .any(|parent| catalogue.table(parent).is_some_and(|parent| parent.column(column).is_some()))
        };
        let keys: Vec<&ForeignKey> = catalogue
            .foreign_keys_of(&table.name)
            .filter(|key| !key.columns.iter().all(|column| inherited(column)))
            .filter(|key| dependents.contains(&key.to))
            .filter(|key| !declared::key_declared(map, key, catalogue))
            .filter(|key| !declared::key_columns_excluded(map, key, catalogue))
            .collect();
        let named: Vec<(&Column, String)> = table
            .columns
            .iter()
            .filter(|column| !inherited(&column.name) && !is_known(map, table, column, catalogue))
            .filter_map(|column| Some((column, suspects.why(table, &column.name, catalogue)?)))
            .collect();
        if declared::kinds(map, &table.name, catalogue).next().is_some() {
            found.extend(keys.iter().filter_map(|key| by_key(map, key, catalogue)));
            found.extend(named.iter().map(|(column, why)| by_name(table, column, why)));
        } else if !keys.is_empty() || !named.is_empty() {
            found.push(table_finding(table, &keys, &named));
        }
    }
    found
}

/// Returns the tables that depend on the subject through foreign keys and declared references. Excluded tables may
/// lie on the way.
fn dependents_of_subject<'a>(policy: &DeletionPolicy, catalogue: &'a Catalogue) -> BTreeSet<&'a TableName> {
    let map = policy.map();
    let keys = catalogue
        .foreign_keys()
        .filter(|key| !declared::key_columns_excluded(map, key, catalogue))
        .map(|key| (&key.table, &key.to));
    let table = |kind: Option<&Kind>| Some(&declared::table(kind?, catalogue)?.name);
    let references = map
        .references()
        .filter_map(|reference| Some((table(map.kind(&reference.from))?, table(map.kind(&reference.to))?)));
    // Owned rows depend on their owners.
    let owned = map
        .references()
        .filter(|reference| reference.owned)
        .filter_map(|reference| Some((table(map.kind(&reference.to))?, table(map.kind(&reference.from))?)));
    match table(map.kind(policy.subject())) {
        Some(subject) => dependents(subject, keys.chain(references).chain(owned)),
        None => BTreeSet::new(),
    }
}

/// Returns whether something other than its name says what the column holds.
fn is_known(map: &DataMap, table: &Table, column: &Column, catalogue: &Catalogue) -> bool {
    let mut keys = catalogue.foreign_keys_of(&table.name);
    keys.any(|key| key.columns.iter().any(|part| same(part, &column.name)))
        || declared::column_excluded(map, &table.name, &column.name, catalogue)
        || declared::references(map, &table.name, &column.name, catalogue).next().is_some()
        || declared::kinds(map, &table.name, catalogue).any(|kind| {
            let is = |field| same(kind.column(field), &column.name);
            kind.id.fields().iter().any(is) || kind.shard_key.as_ref().is_some_and(is)
        })
}

/// Reports a foreign key of a declared table. A key to an undeclared table is reported only after that table is
/// declared.
fn by_key(map: &DataMap, key: &ForeignKey, catalogue: &Catalogue) -> Option<Finding> {
    let to = declared::kinds(map, &key.to, catalogue).next()?;
    let path = format!("references.{}.{}", key.table, key.columns.join("+"));
    let is_to_id =
        !to.id.is_none() && to.id.fields().iter().all(|field| key.column_to(to.column(field)).is_some());
    if !is_to_id {
        let message = format!(
            "the foreign key (`{}`) refers to `{}` (`{}`), which is not the id of `{}`",
            key.columns.join("`, `"),
            key.to,
            key.to_columns.join("`, `"),
            to.name
        );
        let names = key.to_columns.iter().map(|column| format!("\"{}.{column}\"", to.name));
        let names = names.collect::<Vec<_>>().join(", ");
        let names = if key.to_columns.len() == 1 { names } else { format!("[{names}]") };
        return Some(Finding::new(FindingCode::UncoveredReference, path, message).remedy(format!(
            "declare the reference with `\"to\": {names}`, or list it under `excluded` with a reason"
        )));
    }
    let message = format!(
        "the foreign key refers to `{}`, but the reference is neither declared nor excluded",
        to.name
    );
    Some(
        Finding::new(FindingCode::UncoveredReference, path, message)
            .remedy("declare the reference and give it a rule, or list it under `excluded` with a reason"),
    )
}

fn by_name(table: &Table, column: &Column, why: &str) -> Finding {
    Finding::new(
        FindingCode::UncoveredReference,
        format!("references.{}.{}", table.name, column.name),
        format!("the column {why}, but it is neither declared nor excluded"),
    )
    .remedy("declare the reference and give it a rule, or list it under `excluded` with a reason")
}

fn table_finding(table: &Table, keys: &[&ForeignKey], named: &[(&Column, String)]) -> Finding {
    let by_key = keys.iter().map(|key| {
        let columns = key.columns.join("`, `");
        format!("`{columns}` refers to `{}`", key.to)
    });
    let by_name = named.iter().map(|(column, why)| format!("`{}` {why}", column.name));
    let why: Vec<String> = by_key.chain(by_name).collect();
    let path = format!("kinds.{}", table.name);
    let message = format!("the table is neither declared nor excluded: {}", why.join(", "));
    Finding::new(FindingCode::UncoveredTable, path, message).remedy(
        "declare it with its references and give them rules, or list it under `excluded` with a reason",
    )
}

/// Names of ids that do not contain the name of a kind.
const GENERIC: [&str; 4] = ["id", "uuid", "guid", "rowid"];

/// Names that suggest a reference, each with the kind it would refer to.
pub(super) struct Suspects<'a> {
    /// The key is the folded name, which is the same for `client_id` and `clientId`. Several kinds share a name if
    /// their tables have the same name in different schemas.
    by_name: BTreeMap<String, Vec<(&'a Kind, Why<'a>)>>,
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
        Self { by_name }
    }

    /// Returns why a column may be a reference, as the end of a sentence that begins "the column".
    pub(super) fn why(&self, table: &Table, column: &str, catalogue: &Catalogue) -> Option<String> {
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

/// Returns names that suggest an id of a table: `clientsid` and `clientid` for `clients`, and `clientrecordid` if its
/// id is `record_id`.
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
