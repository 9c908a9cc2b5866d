//! Finds tables that do not behave as the policy expects: their types, row-level security, triggers, privileges,
//! copies.

use super::declared;
use super::declared::tables;
use super::finding::{Finding, FindingCode};
use crate::domain::{DataMap, Kind, Mode, TableName};
use crate::policy::{DeletionPolicy, WrittenKinds};
use crate::sql::catalogue::{Catalogue, Privilege, Relation, Table, TriggerEvent};

/// Reports kinds whose table is not an ordinary table of this server: materialized views, foreign tables,
/// inheritance.
pub(super) fn types(map: &DataMap, catalogue: &Catalogue, written: &WrittenKinds) -> Vec<Finding> {
    let mut found = Vec::new();
    for kind in map.kinds() {
        if let Some(table) = catalogue.table(&kind.table_name()) {
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
                    .remedy("declare the tables that it reads, and refresh it"),
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
    let children: Vec<String> = children(catalogue, table).map(|child| child.name.to_string()).collect();
    if children.is_empty() {
        return None;
    }
    let message = format!(
        "`{}` is inherited by `{}`: an id may occur in several of them, but a foreign key checks only one",
        table.name,
        children.join("`, `")
    );
    Some(
        Finding::new(FindingCode::UnsuitableTable, path, message)
            .remedy("use partitions, or make sure that no id occurs twice"),
    )
}

/// Returns the tables that inherit from a table, directly or indirectly.
fn children<'a>(catalogue: &'a Catalogue, table: &'a Table) -> impl Iterator<Item = &'a Table> {
    let edges = catalogue.tables().flat_map(|child| {
        let parents = child.inherits.iter();
        parents.map(|parent| (&child.name, parent))
    });
    let below = super::declared::dependents(&table.name, edges);
    catalogue.tables().filter(move |child| {
        child.name != table.name && !child.inherits.is_empty() && below.contains(&child.name)
    })
}

/// Reports row-level security that hides rows from the current role. A deletion would miss these rows.
pub(super) fn row_security<'a>(
    map: &'a DataMap,
    catalogue: &'a Catalogue,
) -> impl Iterator<Item = Finding> + 'a {
    tables(map, catalogue).filter(|(_, table)| table.row_security).map(|(kind, table)| {
        let message = format!(
            "row-level security hides rows of `{}` from the current role, so a deletion would miss them",
            table.name
        );
        Finding::new(FindingCode::RowSecurity, format!("kinds.{}", kind.name), message).remedy(
            "use a role that bypasses it (ALTER ROLE … BYPASSRLS), or that owns the table without FORCE",
        )
    })
}

/// Reports tables that Citus distributes. The statements of operations do not run there.
pub(super) fn distributed<'a>(
    map: &'a DataMap,
    catalogue: &'a Catalogue,
) -> impl Iterator<Item = Finding> + 'a {
    tables(map, catalogue).filter(|(_, table)| table.is_distributed).map(|(kind, table)| {
        let message = format!(
            "`{}` is distributed by Citus, and operations do not support distributed tables",
            table.name
        );
        Finding::new(FindingCode::UnsuitableTable, format!("kinds.{}", kind.name), message).remedy(format!(
            "make it an ordinary table with `SELECT undistribute_table('{}')`, or remove the kind",
            table.name
        ))
    })
}

/// Reports views whose rows the policy would write. SQLite has no writable views: its `INSTEAD OF` triggers do not run
/// for the statements of an operation.
pub(super) fn written_views<'a>(
    map: &'a DataMap,
    catalogue: &'a Catalogue,
) -> impl Iterator<Item = Finding> + 'a {
    let views = tables(map, catalogue).filter(|(_, table)| table.is_view());
    let is_written = |kind: &Kind| !catalogue.traits().writes_views && map.uses.written.contains(&kind.name);
    views.filter(move |(kind, _)| is_written(kind)).map(|(kind, view)| {
        let message = format!("`{}` is a view, and operations cannot write to views on SQLite", view.name);
        Finding::new(FindingCode::UnsuitableTable, format!("kinds.{}", kind.name), message)
            .remedy("declare the table that it reads, with a `filter` if the view leaves rows out")
    })
}

/// Reports triggers that fire when the policy inserts, deletes or updates rows. Plans do not show what triggers do.
pub(super) fn triggers<'a>(
    policy: &'a DeletionPolicy,
    catalogue: &'a Catalogue,
    written: &'a WrittenKinds,
) -> impl Iterator<Item = Finding> + 'a {
    let map = policy.map();
    let creates = policy.mode(Mode::Create).is_some();
    let tables = map.kinds().filter_map(|kind| Some((kind, catalogue.table(&kind.table_name())?)));
    tables.flat_map(move |(kind, table)| {
        let fires = table.triggers.iter().filter(move |trigger| match trigger.event {
            TriggerEvent::Delete => written.deletes(&kind.name),
            TriggerEvent::Update => written.updates(&kind.name),
            // `create` is the only operation that inserts rows into a table of the host.
            TriggerEvent::Insert => kind.name == *policy.subject() && creates,
        });
        fires.map(move |trigger| {
            let event = trigger.event.as_str();
            let message = format!(
                "the trigger `{}` fires on {event} of `{}`: its effects are in no plan and no receipt",
                trigger.name, table.name
            );
            Finding::new(FindingCode::Trigger, format!("kinds.{}", kind.name), message).remedy(
                "move its work into the policy, or make sure that it does not change rows of a declared kind",
            )
        })
    })
}

/// Reports rules that run in addition to a DELETE or an UPDATE, or only for some rows. PostgreSQL does not support them in
/// statements with several parts, which operations need.
pub(super) fn partial_rules<'a>(
    map: &'a DataMap,
    catalogue: &'a Catalogue,
) -> impl Iterator<Item = Finding> + 'a {
    tables(map, catalogue).flat_map(|(kind, table)| {
        let rules = table.triggers.iter().filter(|rule| rule.is_partial_rule);
        let rules = rules.filter(|rule| rule.event != TriggerEvent::Insert);
        rules.map(|rule| {
            let message = format!(
                "the rule `{}` on {} of `{}` is DO ALSO or has a condition: PostgreSQL refuses it in operations of \
                 several parts",
                rule.name,
                rule.event.as_str(),
                table.name
            );
            Finding::new(FindingCode::UnsuitableTable, format!("kinds.{}", kind.name), message)
                .remedy("replace it by a trigger")
        })
    })
}

/// Reports privileges that the policy needs and the current role lacks.
pub(super) fn privileges(
    policy: &DeletionPolicy,
    catalogue: &Catalogue,
    written: &WrittenKinds,
) -> Vec<Finding> {
    let mut found = Vec::new();
    for kind in policy.map().kinds() {
        let Some(table) = catalogue.table(&kind.table_name()) else {
            continue;
        };
        let denied = table.denied.iter().filter(|denied| needs(policy, kind, written, **denied));
        let denied: Vec<&str> = denied.map(|denied| denied.as_str()).collect();
        if denied.is_empty() {
            continue;
        }
        let denied = denied.join(", ");
        let message = format!("the current role lacks {denied} on `{}`", table.name);
        found.push(
            Finding::new(FindingCode::MissingPrivilege, format!("kinds.{}", kind.name), message).remedy(
                format!("GRANT {denied} ON {} TO the role", catalogue.dialect().table(kind.table_name())),
            ),
        );
    }
    found
}

fn needs(policy: &DeletionPolicy, kind: &Kind, written: &WrittenKinds, privilege: Privilege) -> bool {
    let is_subject = kind.name == *policy.subject();
    let deletes = written.deletes(&kind.name);
    match privilege {
        Privilege::Select => true,
        Privilege::Insert => is_subject && policy.mode(Mode::Create).is_some(),
        // PostgreSQL requires UPDATE to lock a row, and a row that others may refer to is locked before it is
        // deleted.
        Privilege::Update => {
            let referred = policy.map().references_to(&kind.name).next().is_some();
            is_subject || written.updates(&kind.name) || (deletes && referred)
        }
        Privilege::Delete => deletes,
    }
}

/// Reports materialized views with copies of rows that the policy deletes or masks.
pub(super) fn stale_copies<'a>(
    map: &'a DataMap,
    catalogue: &'a Catalogue,
    written: &'a WrittenKinds,
) -> impl Iterator<Item = Finding> + 'a {
    let views = catalogue.tables().filter(|view| !declared::table_excluded(map, &view.name, catalogue));
    views.filter_map(|view| {
        let is_written = |table: &&TableName| {
            declared::kinds(map, table, catalogue).any(|kind| written.writes(&kind.name))
        };
        let tables: Vec<String> = view.copies.iter().filter(is_written).map(TableName::to_string).collect();
        if tables.is_empty() {
            return None;
        }
        let message = format!(
            "the materialized view keeps old rows of `{}` until it is refreshed",
            tables.join("`, `")
        );
        let finding = Finding::new(FindingCode::UncoveredTable, format!("kinds.{}", view.name), message);
        Some(finding.remedy("refresh it after deletions, and list it under `excluded` with that reason"))
    })
}
