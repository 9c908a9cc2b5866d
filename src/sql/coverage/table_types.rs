//! Kinds whose table is not a plain table of this server: materialized views, foreign tables, inheritance.

use super::finding::{Finding, FindingCode};
use super::written_kinds::WrittenKinds;
use crate::domain::DataMap;
use crate::sql::catalogue::{Catalogue, Relation, Table};

pub(super) fn findings(map: &DataMap, catalogue: &Catalogue, written: &WrittenKinds) -> Vec<Finding> {
    let mut found = Vec::new();
    for kind in map.kinds() {
        let Some(table) = catalogue.table(kind.table_name()) else {
            continue;
        };
        let name = &table.name;
        let mut report = |message: String, remedy: &str| {
            let path = format!("kinds.{}", kind.name);
            found.push(Finding::new(FindingCode::UnsuitableTable, path, message).remedy(remedy));
        };
        match table.relation {
            Relation::MaterializedView if written.writes(&kind.name) => report(
                format!("`{name}` is a materialized view, whose rows cannot be written"),
                "declare the tables it is made from, and refresh it",
            ),
            Relation::Foreign => report(
                format!(
                    "`{name}` is a foreign table: no foreign key protects it, and a lock holds only on its server"
                ),
                "declare it in a policy on its own server, and notify that server by an effect",
            ),
            _ => {}
        }
        let children: Vec<&str> = children(catalogue, table).map(|child| child.name.as_str()).collect();
        if !children.is_empty() {
            report(
                format!(
                    "`{name}` is inherited by `{}`: an id may occur in several of them, and a foreign key checks one",
                    children.join("`, `")
                ),
                "use partitions, or make sure that no id occurs twice",
            );
        }
    }
    found
}

/// Returns the tables that inherit from a table, directly or not.
fn children<'a>(catalogue: &'a Catalogue, table: &'a Table) -> impl Iterator<Item = &'a Table> {
    let edges = catalogue.tables().flat_map(|child| {
        let parents = child.inherits.iter();
        parents.map(|parent| (child.name.clone(), parent.clone()))
    });
    let below = super::dependents::dependents(&table.name, edges);
    catalogue.tables().filter(move |child| {
        child.name != table.name
            && !child.inherits.is_empty()
            && below.contains(&child.name.to_ascii_lowercase())
    })
}
