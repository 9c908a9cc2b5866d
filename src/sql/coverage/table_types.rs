//! Kinds whose table is not a plain table of this server: materialized views, foreign tables, inheritance.

use super::finding::{Finding, FindingCode};
use super::written_kinds::WrittenKinds;
use crate::domain::DataMap;
use crate::sql::catalogue::{Catalogue, Relation, Table};

pub(super) fn findings(map: &DataMap, catalogue: &Catalogue, written: &WrittenKinds) -> Vec<Finding> {
    let mut found = Vec::new();
    for kind in map.kinds() {
        if let Some(table) = catalogue.table(kind.table_name()) {
            let path = format!("kinds.{}", kind.name);
            found.extend(relation(table, written.writes(&kind.name), &path));
            found.extend(inheritance(table, catalogue, &path));
        }
    }
    found
}

fn relation(table: &Table, is_written: bool, path: &str) -> Option<Finding> {
    let name = &table.name;
    match table.relation {
        Relation::MaterializedView if is_written => {
            let message = format!("`{name}` is a materialized view, whose rows cannot be written");
            Some(
                Finding::new(FindingCode::UnsuitableTable, path, message)
                    .remedy("declare the tables it is made from, and refresh it"),
            )
        }
        Relation::Foreign => {
            let message = format!(
                "`{name}` is a foreign table: no foreign key protects it, and a lock holds only on its server"
            );
            Some(
                Finding::new(FindingCode::UnsuitableTable, path, message).remedy(
                    "declare it in a policy on its own server, and notify that server with an effect",
                ),
            )
        }
        _ => None,
    }
}

fn inheritance(table: &Table, catalogue: &Catalogue, path: &str) -> Option<Finding> {
    let children: Vec<&str> = children(catalogue, table).map(|child| child.name.as_str()).collect();
    if children.is_empty() {
        return None;
    }
    let message = format!(
        "`{}` is inherited by `{}`: an id may occur in several of them, and a foreign key checks one",
        table.name,
        children.join("`, `")
    );
    Some(
        Finding::new(FindingCode::UnsuitableTable, path, message)
            .remedy("use partitions, or make sure that no id occurs twice"),
    )
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
