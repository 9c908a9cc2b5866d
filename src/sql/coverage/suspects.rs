//! Columns that are named like a reference and have no foreign key.

use std::collections::BTreeMap;

use crate::domain::{Kind, ReferenceName};
use crate::policy::DeletionPolicy;
use crate::sql::catalogue::same;

/// The names that suggest a reference, each with the kind it would refer to.
pub(super) struct Suspects<'a> {
    /// By the folded name: `client_id` and `clientId` are the same.
    by_name: BTreeMap<String, (&'a Kind, Why<'a>)>,
}

#[derive(Clone, Copy)]
enum Why<'a> {
    /// A declared reference has the name.
    Reference(&'a ReferenceName),
    /// The name is that of the kind with `id`.
    Kind,
}

impl<'a> Suspects<'a> {
    pub(super) fn of(policy: &'a DeletionPolicy) -> Self {
        let map = policy.map();
        let mut by_name = BTreeMap::new();
        for reference in map.references() {
            let (Some(from), Some(to)) = (map.kind(&reference.from), map.kind(&reference.to)) else {
                continue;
            };
            let name = folded(from.column(&reference.field));
            by_name.entry(name).or_insert((to, Why::Reference(&reference.name)));
        }
        for kind in map.kinds() {
            for name in derived(kind.table_name()) {
                by_name.entry(name).or_insert((kind, Why::Kind));
            }
        }
        if let Some(subject) = map.kind(policy.subject()) {
            let id = folded(subject.column(&subject.id));
            // `user_id` and `client_no` name their kind; `id` and `uuid` do not.
            let specific = singulars(subject.table_name()).iter().any(|name| id.starts_with(name));
            let generic = ["id", "uuid", "guid", "rowid"].contains(&&*id);
            if specific || id.ends_with("id") && !generic {
                by_name.entry(id).or_insert((subject, Why::Kind));
            }
        }
        Self { by_name }
    }

    /// Returns why a column may be a reference, as the end of a sentence about it.
    pub(super) fn why(&self, table: &str, column: &str) -> Option<String> {
        let (kind, why) = self.by_name.get(&folded(column))?;
        if same(kind.table_name(), table) {
            return None;
        }
        Some(match why {
            Why::Reference(reference) => format!("is named like `{reference}`"),
            Why::Kind => format!("is named like an id of `{}`", kind.name),
        })
    }
}

/// Returns a name in lower case without separators.
fn folded(name: &str) -> String {
    let letters = name.chars().filter(|c| !matches!(c, '_' | '-' | ' '));
    letters.flat_map(char::to_lowercase).collect()
}

/// Returns the names of ids of a table: `clientsid` and `clientid` for `clients`.
fn derived(table: &str) -> impl Iterator<Item = String> {
    singulars(table).into_iter().map(|name| name + "id")
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
    fn a_table_lends_its_name_to_ids_in_the_singular_too() {
        for (table, id) in
            [("Client_Companies", "clientCompanyId"), ("addresses", "address_id"), ("staff", "staff_id")]
        {
            assert!(derived(table).any(|name| name == folded(id)), "{table}");
        }
    }
}
