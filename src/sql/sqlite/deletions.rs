//! Counts the rows that a transaction deletes, with temporary triggers on each table.
//!
//! A row that `INSERT OR REPLACE` replaces fires no trigger for deletions. If the schema has the word REPLACE, the rows
//! are therefore counted too: what is deleted is what was there, and what was inserted, without what is left.

use crate::domain::TableName;
use crate::sql::statement::{Prefix, Statement, quote, quote_table};

/// Views and virtual tables cannot have such triggers.
pub(super) const ORDINARY: &str =
    "SELECT l.name FROM pragma_table_list AS l WHERE l.schema = 'main' AND l.type = 'table'";

/// Renders the statements that start to count the rows deleted from these tables. Foreign key actions and other
/// triggers fire the trigger too.
pub(super) fn start(prefix: &Prefix, tables: &[TableName]) -> Vec<Statement> {
    let counted = prefix.quoted("deletions");
    let mut statements = stop(prefix, tables);
    statements.push(Statement::text(format!(
        "CREATE TABLE temp.{counted} (position INTEGER PRIMARY KEY, number INTEGER NOT NULL, rows INTEGER)"
    )));
    for (position, table) in tables.iter().enumerate() {
        let (deleted, inserted) = (name(prefix, "deletion", position), name(prefix, "insertion", position));
        let table = ordinary(table);
        statements.extend([
            Statement::text(format!(
                "INSERT INTO temp.{counted} VALUES ({position}, 0, CASE WHEN EXISTS (SELECT 1 FROM \
                 main.sqlite_master WHERE sql LIKE '%REPLACE%') THEN (SELECT count(*) FROM main.{table}) END)"
            )),
            Statement::text(format!(
                "CREATE TEMP TRIGGER {deleted} AFTER DELETE ON main.{table} BEGIN \
                 UPDATE {counted} SET number = number + 1 WHERE position = {position}; END"
            )),
            Statement::text(format!(
                "CREATE TEMP TRIGGER {inserted} AFTER INSERT ON main.{table} BEGIN \
                 UPDATE {counted} SET rows = rows + 1 WHERE position = {position}; END"
            )),
        ]);
    }
    statements
}

pub(super) fn statement(prefix: &Prefix, tables: &[TableName]) -> Statement {
    let counted = prefix.quoted("deletions");
    let left = tables.iter().enumerate().map(|(position, table)| {
        format!("WHEN {position} THEN (SELECT count(*) FROM main.{})", ordinary(table))
    });
    let left = left.collect::<Vec<_>>().join(" ");
    let left = if left.is_empty() { "0".into() } else { format!("CASE d.position {left} END") };
    Statement::text(format!(
        "SELECT d.position, CAST(d.position AS TEXT), CASE WHEN d.rows IS NULL THEN d.number ELSE d.rows - {left} \
         END, '' FROM temp.{counted} AS d"
    ))
}

pub(super) fn stop(prefix: &Prefix, tables: &[TableName]) -> Vec<Statement> {
    let both = (0..tables.len()).flat_map(|position| ["deletion", "insertion"].map(|what| (what, position)));
    let triggers =
        both.map(|(what, position)| format!("DROP TRIGGER IF EXISTS temp.{}", name(prefix, what, position)));
    let table = format!("DROP TABLE IF EXISTS temp.{}", prefix.quoted("deletions"));
    triggers.chain([table]).map(Statement::text).collect()
}

fn name(prefix: &Prefix, what: &str, position: usize) -> String {
    quote(&prefix.table(&format!("{what}_{position}")))
}

/// Returns the quoted name of a table in the schema `main`.
fn ordinary(table: &TableName) -> String {
    quote_table(&TableName::new(&*table.table))
}
