//! Kinds whose table is not simply a table, and views that keep copies of their rows.

use super::decided;
use super::touched::Touched;
use crate::domain::DataMap;
use crate::sql::catalogue::{Catalogue, Relation, Table};
use crate::sql::{Finding, FindingCode};

pub(super) fn findings(map: &DataMap, catalogue: &Catalogue, touched: &Touched) -> Vec<Finding> {
    let mut found = Vec::new();
    for kind in map.kinds() {
        let Some(table) = catalogue.table(kind.table_name()) else {
            continue;
        };
        let path = format!("kinds.{}", kind.name);
        let written = touched.deletes(&kind.name) || touched.updates(&kind.name);
        match table.relation {
            Relation::MaterializedView if written => {
                let message = format!("`{}` is a materialized view, whose rows nobody can write", table.name);
                found.push(
                    Finding::new(FindingCode::UnsuitableTable, &path, message)
                        .remedy("name the tables it is made from, and refresh it"),
                );
            }
            Relation::Foreign => {
                let message = format!(
                    "`{}` is a table of another server: no foreign key protects it, and a lock holds only there",
                    table.name
                );
                found.push(
                    Finding::new(FindingCode::UnsuitableTable, &path, message)
                        .remedy("give it a policy on its own server, and tell that by an effect"),
                );
            }
            _ => {}
        }
        let heirs: Vec<&str> = heirs(catalogue, table).map(|heir| heir.name.as_str()).collect();
        if !heirs.is_empty() {
            let message = format!(
                "`{}` inherit from `{}`: an id may occur in several of them, and a foreign key looks at one",
                heirs.join("`, `"),
                table.name
            );
            found.push(
                Finding::new(FindingCode::UnsuitableTable, &path, message)
                    .remedy("use partitions, or see that ids are never given twice"),
            );
        }
    }
    found.extend(copies(map, catalogue, touched));
    found
}

/// What is deleted or masked in the tables is still in there.
fn copies<'a>(
    map: &'a DataMap,
    catalogue: &'a Catalogue,
    touched: &'a Touched,
) -> impl Iterator<Item = Finding> + 'a {
    let views = catalogue.tables().filter(|view| !decided::table_excluded(map, &view.name));
    views.filter_map(|view| {
        let written = |table: &&String| {
            decided::kinds(map, table).any(|kind| touched.deletes(&kind.name) || touched.updates(&kind.name))
        };
        let tables: Vec<&str> = view.copies.iter().filter(written).map(String::as_str).collect();
        if tables.is_empty() {
            return None;
        }
        let message = format!(
            "the materialized view keeps rows of `{}` as they were until it is refreshed",
            tables.join("`, `")
        );
        let finding = Finding::new(FindingCode::UncoveredTable, format!("kinds.{}", view.name), message);
        Some(finding.remedy("refresh it after deletions; then list it under `excluded` and say so"))
    })
}

/// The tables that inherit from one, however far.
fn heirs<'a>(catalogue: &'a Catalogue, table: &'a Table) -> impl Iterator<Item = &'a Table> {
    let edges = catalogue.tables().flat_map(|heir| {
        let parents = heir.inherits.iter();
        parents.map(|parent| (heir.name.clone(), parent.clone()))
    });
    let below = super::reach(&table.name, edges);
    catalogue.tables().filter(move |heir| {
        heir.name != table.name
            && !heir.inherits.is_empty()
            && below.contains(&heir.name.to_ascii_lowercase())
    })
}
