//! The constraints of a table of SQLite. No pragma lists CHECK constraints and the expressions of computed columns, so they
//! are read from the text that created the table.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::create_table::{Definition, Part};
use crate::protocol::Constraint;
use crate::sql::catalogue::Affinity;
use crate::sql::constraint::{GeneratedColumn, RowRule, RuleScope, StrictType, TableConstraints, mentions};
use crate::sql::statement::quote;

/// A column: its name, its declared type, whether it is NOT NULL, and whether it is computed.
#[derive(Deserialize)]
pub(super) struct TableColumn(pub(super) String, pub(super) String, i64, i64);

/// Reads what a table requires of its rows; `None` if it requires nothing.
pub(super) fn read(create_table: &str, columns: &[TableColumn]) -> Option<TableConstraints> {
    let definition = Definition::read(create_table);
    let read = |expression: &str| -> BTreeSet<String> {
        let named = columns.iter().filter(|column| mentions(expression, &column.0));
        named.map(|column| column.0.clone()).collect()
    };
    let mut found = TableConstraints::default();
    for part in &definition.parts {
        match part {
            Part::Check { name, expression } => found.rules.push(RowRule {
                constraint: Constraint::Check(name.clone().unwrap_or_else(|| expression.trim().to_owned())),
                refused: format!("({expression}) IS FALSE"),
                columns: read(expression),
                may_fail_unchanged: false,
                scope: RuleScope::Any,
            }),
            Part::Computed { column, expression } => {
                let mut reads = read(expression);
                reads.retain(|name| !name.eq_ignore_ascii_case(column));
                found.generated.push(GeneratedColumn {
                    column: column.clone(),
                    expression: expression.clone(),
                    reads,
                });
            }
        }
    }
    for column in columns {
        found.rules.extend(not_null(column));
        found.rules.extend(strict(column).filter(|_| definition.is_strict));
    }
    if found.rules.is_empty() && found.generated.is_empty() {
        return None;
    }
    found.declared = columns.iter().map(|column| (column.0.clone(), column.1.clone())).collect();
    Some(found)
}

fn not_null(TableColumn(column, _, not_null, computed): &TableColumn) -> Option<RowRule> {
    (*not_null != 0).then(|| RowRule {
        constraint: Constraint::NotNull(column.clone()),
        refused: format!("{} IS NULL", quote(column)),
        columns: [column.clone()].into(),
        may_fail_unchanged: false,
        // A computed column may be null whatever is written.
        scope: if *computed == 0 { RuleScope::Null { years: true } } else { RuleScope::Any },
    })
}

/// Returns what a STRICT table requires of a column.
fn strict(TableColumn(column, declared, _, computed): &TableColumn) -> Option<RowRule> {
    let (types, strict) = match &*declared.to_ascii_uppercase() {
        "INT" | "INTEGER" => ("'integer'", StrictType::Integer),
        "REAL" => ("'real'", StrictType::Real),
        "TEXT" => ("'text'", StrictType::Text),
        "BLOB" => ("'blob'", StrictType::Blob),
        _ => return None,
    };
    Some(RowRule {
        constraint: Constraint::Limit {
            column: column.clone(),
            limit: format!("{declared} of a STRICT table"),
        },
        refused: format!("typeof({}) NOT IN ({types}, 'null')", quote(column)),
        columns: [column.clone()].into(),
        may_fail_unchanged: false,
        scope: if *computed == 0 { RuleScope::Typed(strict) } else { RuleScope::Any },
    })
}

/// Renders a written value as a column of the declared type stores it.
pub(super) fn stored(declared: &str, value: &str) -> String {
    let is_number = format!("typeof({value}) = 'text' AND CAST(CAST({value} AS NUMERIC) AS TEXT) = {value}");
    match Affinity::of(declared, false) {
        Affinity::Text => format!("CAST({value} AS TEXT)"),
        Affinity::Real => format!(
            "CASE WHEN typeof({value}) = 'integer' OR {is_number} THEN CAST({value} AS REAL) ELSE {value} END"
        ),
        Affinity::Integer | Affinity::Numeric | Affinity::Uuid => {
            format!("CASE WHEN {is_number} THEN CAST({value} AS NUMERIC) ELSE {value} END")
        }
        Affinity::Blob | Affinity::Untyped | Affinity::Computed => value.to_owned(),
    }
}
