//! How columns compare text: a reference has to compare as the ids it refers to.

use super::catalogue::Catalogue;
use super::session::query;
use super::statement::{Statement, Writer};
use super::{Dialect, Finding, FindingCode, SqlError, SqlTransaction, SqlValue};
use crate::domain::{DataMap, FieldName, Kind, Reference};

/// How many references one statement asks about.
const AT_ONCE: usize = 100;

/// References that find other rows than a foreign key would: `C1` is `c1` to a column that ignores case, and
/// another id to one that does not.
pub(super) async fn findings(
    tx: &mut (dyn SqlTransaction + '_),
    dialect: Dialect,
    map: &DataMap,
    catalogue: &Catalogue,
) -> Result<Vec<Finding>, SqlError> {
    let there = |kind: &Kind, field: &FieldName| {
        let table = catalogue.table(kind.table_name());
        table.is_some_and(|table| table.column(kind.column(field)).is_some())
    };
    let known: Vec<(&Reference, &Kind, &Kind)> = map
        .references()
        .filter_map(|reference| {
            let (from, to) = (map.kind(&reference.from)?, map.kind(&reference.to)?);
            let both = there(from, &reference.field) && there(to, &to.id);
            both.then_some((reference, from, to))
        })
        .collect();
    let mut found = Vec::new();
    if dialect == Dialect::Postgres {
        // References are compared with the collation of the ids, as by a foreign key.
        return Ok(found);
    }
    for part in known.chunks(AT_ONCE) {
        let rows = query(tx, &statement(dialect, part)).await?;
        for ((reference, _, to), row) in part.iter().zip(rows) {
            let [_, held, id] = &*row else { continue };
            if held != id {
                found.push(
                    Finding::new(
                        FindingCode::TypeMismatch,
                        format!("references.{}", reference.name),
                        format!(
                            "the column {} and the ids of `{}` {}",
                            words(held),
                            to.name,
                            words(id).replacen("compares", "compare", 1)
                        ),
                    )
                    .remedy("give both columns the same collation"),
                );
            }
        }
    }
    Ok(found)
}

fn statement(dialect: Dialect, references: &[(&Reference, &Kind, &Kind)]) -> Statement {
    let mut w = Writer::new(dialect.backend());
    let all = references.iter().enumerate();
    let written = w.list("\nUNION ALL ", all, |w, (at, (reference, from, to))| {
        w.push("SELECT ").number(i64::try_from(at).unwrap_or(i64::MAX));
        w.push(", ");
        compares(w, from, &reference.field);
        w.push(", ");
        compares(w, to, &to.id);
        Ok::<_, std::convert::Infallible>(())
    });
    let Ok(()) = written;
    w.push("\nORDER BY 1");
    w.finish()
}

/// What a column makes of two pairs of texts, as a number. A value that stands below a column in a compound
/// query is compared as that column is; no row is read.
fn compares(w: &mut Writer, kind: &Kind, field: &FieldName) {
    w.push("(SELECT (v.c = 'a') + 2 * (v.c = 'A ') FROM (SELECT r.");
    w.name(kind.column(field)).push(" AS c FROM ");
    w.table(kind.table_name());
    w.push(" AS r WHERE 0 UNION ALL SELECT 'A') AS v)");
}

fn words(compares: &SqlValue) -> &'static str {
    match compares.as_integer() {
        Some(0) => "compares by bytes",
        Some(1) => "compares without case",
        Some(2) => "compares without spaces at the end",
        _ => "compares in another way",
    }
}
