//! How columns of SQLite store values, judged by their declared types and by their rows.

use super::constraint::{self, TableColumn};
use crate::domain::{FieldName, Kind, TableName};
use crate::sql::connection::SqlValue;
use crate::sql::statement::{Statement, Union, Writer, quote, quote_table};
use crate::sql::table_schema::{ColumnType, Location, QueryColumns, TableSchema, TypeFamily};
use crate::sql::table_trigger::TableTrigger;
use crate::sql::unique_index::UniqueIndex;
use crate::store::StoreError;

/// The maximum number of rows to read when looking for a value that shows how a column stores values.
const SAMPLE: i64 = 10_000;
const COLUMNS_PER_STATEMENT: usize = 200;

/// A question about a kind's table.
#[derive(Clone, Copy)]
enum Ask<'a> {
    /// Whether a row of the kind has no id.
    Ids(&'a Kind, &'a FieldName),
    /// The name of the column with the places of rows, for kinds whose id is not one column. Empty if rows have no
    /// place.
    Place(&'a Kind),
    /// The declared type of a column, and the type of one of its values.
    Column(&'a Kind, &'a FieldName),
    /// The triggers of the kind's table, as a JSON array of names and texts.
    Triggers(&'a Kind),
    /// The unique indexes of the kind's table, and the columns of the table, as JSON arrays.
    Unique(&'a Kind),
    /// The definition of the kind's table. Empty for a view.
    Definition(&'a Kind),
    /// A number that changes whenever a table, an index or a trigger changes.
    Version,
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
                Ask::Ids(kind, id) => {
                    w.push(&misses_id(kind, id)).push(", NULL");
                }
                Ask::Place(kind) => {
                    w.push(&place(kind)).push(", NULL");
                }
                Ask::Column(kind, field) => {
                    w.push(&declared_type(kind, field)).push(", ").push(&sampled_type(kind, field));
                }
                Ask::Triggers(kind) => {
                    w.push(&triggers(kind)).push(", NULL");
                }
                Ask::Unique(kind) => {
                    w.push(&unique_indexes(kind)).push(", ").push(&columns_of(kind));
                }
                Ask::Definition(kind) => {
                    w.push(&definition(kind)).push(", NULL");
                }
                Ask::Version => {
                    w.push(SCHEMA).push(", NULL");
                }
            }
        }
        w.finish()
    });
    statements.collect()
}

/// Renders an expression that returns how the columns store values now, in the text of [`version`]. It returns the same
/// answers as the statements, so a cached schema is right if and only if the text is the same. `None` if there are too
/// many questions for one expression.
pub(super) fn version_expression(columns: &QueryColumns<'_>) -> Option<String> {
    if columns.kinds.len() + columns.columns.len() > COLUMNS_PER_STATEMENT {
        return None;
    }
    let ids = columns.kinds.iter().filter_map(|kind| Some(misses_id(kind, kind.id.only()?)));
    let ids: Vec<String> = ids.collect();
    let mut parts = vec![format!("({})", if ids.is_empty() { "0".to_owned() } else { ids.join(" OR ") })];
    let others = columns.kinds.iter().filter(|kind| kind.id.only().is_none());
    parts.extend(others.map(|kind| place(kind)));
    parts.extend(columns.columns.iter().map(|(kind, field)| {
        let (sample, declared) = (sampled_type(kind, field), declared_type(kind, field));
        format!("coalesce({sample}, {declared}, '')")
    }));
    parts.push(SCHEMA.into());
    Some(parts.join(" || ' ' || "))
}

/// Returns the text of [`version_expression`] if every row has an id: 0; for each column the type of a value or, if
/// the column has no value, its declared type; and the number of the schema.
fn version(columns: &[&str]) -> String {
    [&["0"], columns].concat().join(" ")
}

/// A number in the header of the file. SQLite changes it whenever a table, an index or a trigger changes.
const SCHEMA: &str = "(SELECT v.schema_version FROM pragma_schema_version AS v)";

/// Renders the triggers of a table as a JSON array of names and texts.
fn triggers(kind: &Kind) -> String {
    let table = literal(&kind.table_name().table);
    format!(
        "(SELECT json_group_array(json_array(t.name, t.sql)) FROM (SELECT t.name, t.sql FROM sqlite_master AS t \
         WHERE t.type = 'trigger' AND t.tbl_name = {table} COLLATE NOCASE ORDER BY t.name) AS t)"
    )
}

/// Renders whether a row of the kind has no id. SQLite reads no row for it if the column is declared `NOT NULL`.
fn misses_id(kind: &Kind, id: &FieldName) -> String {
    let (table, id) = (quote_table(&kind.table_name()), quote(kind.column(id)));
    format!("EXISTS (SELECT 1 FROM {table} AS r WHERE r.{id} IS NULL)")
}

/// Renders the name of the column with the places of rows: the first of `rowid`, `_rowid_` and `oid` that is not also a
/// declared column. Empty for views and tables `WITHOUT ROWID`.
fn place(kind: &Kind) -> String {
    let name = kind.table_name();
    let (table, described) = (literal(&name.table), described(&name));
    let schema = schema_of(&name).map(|schema| format!(" AND l.schema = {schema} COLLATE NOCASE"));
    let schema = schema.unwrap_or_default();
    format!(
        "coalesce((SELECT n.value FROM pragma_table_list AS l, json_each('[\"rowid\", \"_rowid_\", \"oid\"]') AS n \
         WHERE l.name = {table} COLLATE NOCASE{schema} AND l.type <> 'view' AND l.wr = 0 AND n.value NOT IN \
         (SELECT lower(x.name) FROM pragma_table_xinfo({described}) AS x) ORDER BY n.key LIMIT 1), '')"
    )
}

/// Renders the unique indexes of a table as a JSON array. Each holds its definition, which is NULL for a constraint, and
/// the column and the collation of each of its keys. The column is NULL for an expression.
fn unique_indexes(kind: &Kind) -> String {
    let table = described(&kind.table_name());
    format!(
        "(SELECT json_group_array(json_array((SELECT s.sql FROM sqlite_master AS s WHERE s.type = 'index' \
         AND s.name = i.name), (SELECT json_group_array(json_array(x.name, x.coll)) FROM pragma_index_xinfo(i.name) AS x \
         WHERE x.key = 1))) FROM pragma_index_list({table}) AS i WHERE i.\"unique\" = 1)"
    )
}

/// Renders the columns of a table as a JSON array: name, declared type, whether it is NOT NULL, and whether it is computed.
fn columns_of(kind: &Kind) -> String {
    let table = described(&kind.table_name());
    format!(
        "(SELECT json_group_array(json_array(x.name, x.type, x.\"notnull\", x.hidden >= 2)) \
         FROM pragma_table_xinfo({table}) AS x)"
    )
}

/// Renders the text that created a table.
fn definition(kind: &Kind) -> String {
    let table = literal(&kind.table_name().table);
    format!(
        "coalesce((SELECT t.sql FROM sqlite_master AS t WHERE t.type = 'table' AND t.name = {table} COLLATE NOCASE), '')"
    )
}

fn declared_type(kind: &Kind, field: &FieldName) -> String {
    let (table, column) = (described(&kind.table_name()), literal(kind.column(field)));
    format!("(SELECT x.type FROM pragma_table_xinfo({table}) AS x WHERE x.name = {column} COLLATE NOCASE)")
}

fn sampled_type(kind: &Kind, field: &FieldName) -> String {
    let (table, column) = (quote_table(&kind.table_name()), quote(kind.column(field)));
    format!(
        "(SELECT typeof(v.v) FROM (SELECT r.{column} AS v FROM {table} AS r LIMIT {SAMPLE}) AS v \
         WHERE v.v IS NOT NULL LIMIT 1)"
    )
}

/// Renders the schema of a table as a literal, if the data map names one.
fn schema_of(name: &TableName) -> Option<String> {
    name.schema.as_deref().map(literal)
}

/// Renders the arguments of a pragma that describes a table.
fn described(name: &TableName) -> String {
    let parts = [Some(literal(&name.table)), schema_of(name)];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Renders the name of a table or column as text.
fn literal(name: &str) -> String {
    format!("'{}'", name.replace('\'', "''"))
}

fn asked<'a>(columns: &QueryColumns<'a>) -> impl Iterator<Item = Ask<'a>> {
    let kinds = columns.kinds.iter().map(|kind| match kind.id.only() {
        Some(id) => Ask::Ids(kind, id),
        None => Ask::Place(kind),
    });
    let triggers =
        columns.kinds.iter().flat_map(|kind| [Ask::Triggers(kind), Ask::Unique(kind), Ask::Definition(kind)]);
    kinds
        .chain(columns.columns.iter().map(|(kind, field)| Ask::Column(kind, field)))
        .chain(triggers)
        .chain([Ask::Version])
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
    let (mut places, mut stored, mut number) = (Vec::new(), Vec::new(), String::new());
    let mut columns_of_table: Vec<TableColumn> = Vec::new();
    for ask in asked(columns) {
        let answer = answers.next().map(Vec::as_slice);
        let (kind, field) = match ask {
            Ask::Place(kind) => {
                let place = answer.and_then(|answer| answer.get(1)).and_then(SqlValue::as_text);
                let place = place.unwrap_or_default();
                places.push(place);
                let location =
                    if place.is_empty() { Location::Unknown } else { Location::Place(place.into()) };
                schema.locations.insert(kind.table_name().into_owned(), location);
                continue;
            }
            Ask::Triggers(kind) => {
                let found = answer.and_then(|answer| answer.get(1)).and_then(SqlValue::as_text);
                let found: Vec<(String, String)> =
                    serde_json::from_str(found.unwrap_or_default()).unwrap_or_default();
                let found: Vec<TableTrigger> =
                    found.into_iter().map(|(name, sql)| TableTrigger::of_sqlite(name, &sql)).collect();
                if !found.is_empty() {
                    schema.triggers.insert(kind.table_name().into_owned(), found);
                }
                continue;
            }
            Ask::Unique(kind) => {
                let text = |at: usize| answer.and_then(|answer| answer.get(at)).and_then(SqlValue::as_text);
                columns_of_table = serde_json::from_str(text(2).unwrap_or_default()).unwrap_or_default();
                let found = read_unique_indexes(text(1).unwrap_or_default(), &columns_of_table);
                if !found.is_empty() {
                    schema.unique.insert(kind.table_name().into_owned(), found);
                }
                continue;
            }
            Ask::Definition(kind) => {
                let sql = answer.and_then(|answer| answer.get(1)).and_then(SqlValue::as_text);
                if let Some(found) = constraint::read(sql.unwrap_or_default(), &columns_of_table) {
                    schema.constraints.insert(kind.table_name().into_owned(), found);
                }
                continue;
            }
            Ask::Version => {
                let found = answer.and_then(|answer| answer.get(1)).and_then(SqlValue::as_integer);
                number = found.unwrap_or_default().to_string();
                continue;
            }
            Ask::Ids(kind, id) => (kind, id),
            Ask::Column(kind, field) => (kind, field),
        };
        let table = schema.tables.entry(kind.table_name().into_owned()).or_default();
        let text = || ColumnType::new("", TypeFamily::Text);
        let column = table.entry(kind.column(field).to_owned()).or_insert_with(text);
        match (ask, answer) {
            (Ask::Ids(..), Some([_, SqlValue::Integer(0), _])) => column.not_null = true,
            (Ask::Ids(..), _) => return Err(StoreError::bad_id(kind)),
            (Ask::Column(..), Some([_, declared, sample])) => {
                stored.push(sample.as_text().or(declared.as_text()).unwrap_or_default());
                column.family = family(declared.as_text().unwrap_or_default(), sample.as_text());
            }
            (_, _) => {}
        }
    }
    schema.schema_version = Some(version(&[places, stored, vec![&number]].concat()));
    // A statement without a transaction compares the same version.
    schema.tables_found.clone_from(&schema.schema_version);
    Ok(schema)
}

/// An index: its definition, and the column and the collation of each key.
type IndexRow = (Option<String>, Vec<(Option<String>, String)>);

fn read_unique_indexes(indexes: &str, columns: &[TableColumn]) -> Vec<UniqueIndex> {
    let columns: Vec<String> = columns.iter().map(|column| column.0.clone()).collect();
    let indexes: Vec<IndexRow> = serde_json::from_str(indexes).unwrap_or_default();
    let read = |(sql, parts): IndexRow| UniqueIndex::of_sqlite(parts, sql.as_deref(), &columns);
    indexes.into_iter().filter_map(read).collect()
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
