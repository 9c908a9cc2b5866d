//! How columns of SQLite store values, judged by their declared types and by their rows.

use crate::domain::{FieldName, Kind};
use crate::sql::connection::SqlValue;
use crate::sql::statement::{Statement, Union, Writer};
use crate::sql::table_schema::{ColumnType, QueryColumns, TableSchema, TypeFamily};
use crate::store::StoreError;

/// The maximum number of rows to read when looking for a value that shows how a column stores values.
const SAMPLE: i64 = 10_000;
const COLUMNS_PER_STATEMENT: usize = 200;

/// A question about a kind's table.
enum Ask<'a> {
    /// Whether a row of the kind has no id.
    Ids(&'a Kind),
    /// The declared type of a column, and the type of one of its values.
    Column(&'a Kind, &'a FieldName),
}

/// Renders the statements. Each row they return holds the position of a question and two results.
pub(super) fn statements(columns: &QueryColumns<'_>) -> Vec<Statement> {
    let asked: Vec<(usize, Ask<'_>)> = asked(columns).enumerate().collect();
    let statements = asked.chunks(COLUMNS_PER_STATEMENT).map(|part| {
        let mut w = Writer::new(&super::Sqlite);
        let mut union = Union::new(&mut w, "\nUNION ALL ");
        for (position, ask) in part {
            let w = union.part().push(&format!("SELECT {position}, "));
            match ask {
                Ask::Ids(kind) => {
                    w.push("EXISTS (SELECT 1 FROM ").table(kind.table_name());
                    w.push(" AS r WHERE r.").name(kind.column(&kind.id)).push(" IS NULL), NULL");
                }
                Ask::Column(kind, field) => {
                    w.push("(SELECT x.type FROM pragma_table_xinfo(").bind(kind.table_name());
                    w.push(") AS x WHERE x.name = ").bind(kind.column(field));
                    w.push(" COLLATE NOCASE), (SELECT typeof(v.v) FROM (SELECT r.");
                    w.name(kind.column(field)).push(" AS v FROM ").table(kind.table_name());
                    w.push(" AS r LIMIT ").number(SAMPLE);
                    w.push(") AS v WHERE v.v IS NOT NULL LIMIT 1)");
                }
            }
        }
        w.finish()
    });
    statements.collect()
}

fn asked<'a>(columns: &QueryColumns<'a>) -> impl Iterator<Item = Ask<'a>> {
    let kinds = columns.kinds.iter().map(|kind| Ask::Ids(kind));
    kinds.chain(columns.columns.iter().map(|(kind, field)| Ask::Column(kind, field)))
}

/// Reads the results of the questions.
///
/// # Errors
/// [`StoreError::BadValue`] if a row has no id. Such a row would neither be counted nor deleted.
pub(super) fn read(
    columns: &QueryColumns<'_>,
    mut rows: Vec<Vec<SqlValue>>,
) -> Result<TableSchema, StoreError> {
    rows.sort_by_key(|row| row.first().and_then(SqlValue::as_integer));
    let mut schema = TableSchema::default();
    let mut answers = rows.iter();
    for ask in asked(columns) {
        let answer = answers.next().map(Vec::as_slice);
        let (kind, field) = match ask {
            Ask::Ids(kind) => (kind, &kind.id),
            Ask::Column(kind, field) => (kind, field),
        };
        let table = schema.tables.entry(kind.table_name().to_owned()).or_default();
        let text = || ColumnType::new("", TypeFamily::Text);
        let column = table.entry(kind.column(field).to_owned()).or_insert_with(text);
        match (ask, answer) {
            (Ask::Ids(_), Some([_, SqlValue::Integer(0), _])) => column.not_null = true,
            (Ask::Ids(_), _) => {
                return Err(StoreError::bad_value(&kind.name, None, &kind.id, "id"));
            }
            (Ask::Column(..), Some([_, declared, sample])) => {
                column.family = family(declared.as_text().unwrap_or_default(), sample.as_text());
            }
            (Ask::Column(..), _) => {}
        }
    }
    Ok(schema)
}

/// Returns how a column stores values, from its declared type and the type of one of its values.
///
/// If the column has no value, SQLite's rule of type affinity applies: `INT` anywhere in the declared type means
/// integers; `CHAR`, `CLOB` and `TEXT` mean text; in all other columns, a value stays as it was written.
fn family(declared: &str, sample: Option<&str>) -> TypeFamily {
    let declared = declared.to_ascii_uppercase();
    let says = |words: &[&str]| words.iter().any(|word| declared.contains(word));
    match sample {
        Some("blob") => TypeFamily::Bytes,
        Some("integer") => TypeFamily::Integer,
        None if says(&["INT"]) => TypeFamily::Integer,
        None if says(&["BLOB"]) && !says(&["CHAR", "CLOB", "TEXT"]) => TypeFamily::Bytes,
        _ => TypeFamily::Text,
    }
}
