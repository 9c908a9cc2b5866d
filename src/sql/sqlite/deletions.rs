//! Counts the rows that a transaction deletes, with a temporary trigger on each table.

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
        "CREATE TABLE temp.{counted} (position INTEGER PRIMARY KEY, number INTEGER NOT NULL)"
    )));
    for (position, table) in tables.iter().enumerate() {
        let (trigger, table) = (name(prefix, position), quote_table(&TableName::new(&*table.table)));
        statements.extend([
            Statement::text(format!("INSERT INTO temp.{counted} VALUES ({position}, 0)")),
            Statement::text(format!(
                "CREATE TEMP TRIGGER {trigger} AFTER DELETE ON main.{table} BEGIN \
                 UPDATE {counted} SET number = number + 1 WHERE position = {position}; END"
            )),
        ]);
    }
    statements
}

pub(super) fn statement(prefix: &Prefix) -> Statement {
    let counted = prefix.quoted("deletions");
    Statement::text(format!(
        "SELECT d.position, CAST(d.position AS TEXT), d.number, '' FROM temp.{counted} AS d"
    ))
}

pub(super) fn stop(prefix: &Prefix, tables: &[TableName]) -> Vec<Statement> {
    let triggers =
        (0..tables.len()).map(|position| format!("DROP TRIGGER IF EXISTS temp.{}", name(prefix, position)));
    let table = format!("DROP TABLE IF EXISTS temp.{}", prefix.quoted("deletions"));
    triggers.chain([table]).map(Statement::text).collect()
}

fn name(prefix: &Prefix, position: usize) -> String {
    quote(&prefix.table(&format!("deletion_{position}")))
}
