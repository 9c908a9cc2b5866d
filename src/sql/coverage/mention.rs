//! Columns that are named like a reference, where no foreign key says what they are.

use std::collections::BTreeMap;

use crate::domain::{Kind, ReferenceName};
use crate::policy::DeletionPolicy;
use crate::sql::catalogue::same;

/// The names that references go by, each with whom it refers to and why it is thought so.
pub(super) struct Names<'a> {
    /// By the name without case and underscores: `client_id` and `clientId` are one.
    by_name: BTreeMap<String, (&'a Kind, Why<'a>)>,
}

#[derive(Clone, Copy)]
enum Why<'a> {
    /// A reference is called so.
    Like(&'a ReferenceName),
    /// It is the kind's name with `id`.
    Derived,
}

impl<'a> Names<'a> {
    pub(super) fn of(policy: &'a DeletionPolicy) -> Self {
        let map = policy.map();
        let mut by_name = BTreeMap::new();
        for reference in map.references() {
            let (Some(from), Some(to)) = (map.kind(&reference.from), map.kind(&reference.to)) else {
                continue;
            };
            let name = folded(from.column(&reference.field));
            by_name.entry(name).or_insert((to, Why::Like(&reference.name)));
        }
        for kind in map.kinds() {
            for name in derived(kind.table_name()) {
                by_name.entry(name).or_insert((kind, Why::Derived));
            }
        }
        if let Some(subject) = map.kind(policy.subject()) {
            let id = folded(subject.column(&subject.id));
            // `user_id` and `client_no` say whose they are; `id` and `uuid` do not.
            let whose = singulars(subject.table_name()).iter().any(|name| id.starts_with(name));
            let generic = ["id", "uuid", "guid", "rowid"].contains(&&*id);
            if whose || id.ends_with("id") && !generic {
                by_name.entry(id).or_insert((subject, Why::Derived));
            }
        }
        Self { by_name }
    }

    /// Why a column is thought to be a reference, as the end of a sentence about it.
    pub(super) fn why(&self, table: &str, column: &str) -> Option<String> {
        let (kind, why) = self.by_name.get(&folded(column))?;
        if same(kind.table_name(), table) {
            return None;
        }
        Some(match why {
            Why::Like(reference) => format!("is named like `{reference}`"),
            Why::Derived => format!("is named like an id of `{}`", kind.name),
        })
    }
}

fn folded(name: &str) -> String {
    let letters = name.chars().filter(|c| !matches!(c, '_' | '-' | ' '));
    letters.flat_map(char::to_lowercase).collect()
}

/// `clients` → `clientsid`, `clientid`.
fn derived(table: &str) -> impl Iterator<Item = String> {
    singulars(table).into_iter().map(|name| name + "id")
}

/// What one row of the table may be called, and the table itself.
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
