//! SQLite: columns have no fixed type, only one transaction writes at a time, and large sets are written to a
//! temporary table.

mod column;
mod constraint;
mod create_table;
mod deletions;
mod keys;
mod list;
mod materialize;
mod schema;

use std::collections::{BTreeMap, BTreeSet};

use super::backend::{ApplyStrategy, Backend, Block, BlockWrite, Locks, Spelling};
use super::connection::{AccessMode, SqlValue};
use super::list_column::ListColumn;
use super::render::renderer::{Field, ListField, Renderer};
use super::render::shape::{Materialization, Shape};
use super::render::write::insert_operation;
use super::statement::{Prefix, Statement, Writer, quote};
use super::table_schema::{ColumnType, QueryColumns, SchemaCheck, TableSchema, TypeFamily};
use crate::domain::{
    Comparison, FieldName, FieldType, Kind, KindName, Mask, RecordId, Reference, TableName, Value,
    to_milliseconds,
};
use crate::protocol::{ChangeSet, Receipt, Rows, SetId, SurveyQuery, Write};
use crate::store::StoreError;

/// The back end of SQLite.
#[derive(Debug)]
pub(crate) struct Sqlite;

/// The spelling of SQLite.
const SPELLING: Spelling = Spelling {
    json_object: "json_object(",
    // Two objects are joined with U+0001, which JSON text never contains, and which is then replaced by a comma.
    joined_objects: ["json(replace(", " || char(1) || ", ", '}' || char(1) || '{', ','))"],
    json_rows: ("json_each(", ") AS j"),
    among: ["", "", ")"],
    parent_lock: "",
    pseudonym_columns: "(kind TEXT NOT NULL, field TEXT NOT NULL, id NOT NULL, value TEXT NOT NULL, \
         PRIMARY KEY (kind, field, id)) WITHOUT ROWID",
    integer: "INTEGER",
    text: "TEXT",
    operation: "TEXT",
    // The column has no type, so SQLite stores an id exactly as it is in the host's table.
    record: "",
    at: "TEXT",
    json: "TEXT",
    sequence: "INTEGER PRIMARY KEY AUTOINCREMENT",
    by_key: " WITHOUT ROWID",
};

impl Backend for Sqlite {
    fn spelling(&self) -> &'static Spelling {
        &SPELLING
    }

    fn placeholder(&self, position: usize) -> String {
        format!("?{position}")
    }

    fn temporary(&self, name: &str) -> String {
        format!("temp.{}", super::statement::quote(name))
    }

    fn begin(&self, access: AccessMode) -> &'static [&'static str] {
        match access {
            AccessMode::Read => &["BEGIN"],
            // The data that was read must still be current when it is written. Other writers are therefore locked out
            // from the start.
            AccessMode::Write => &["BEGIN IMMEDIATE"],
        }
    }

    fn exists(&self, name: &str) -> String {
        format!("EXISTS (SELECT 1 FROM sqlite_master WHERE name = '{}')", name.replace('\'', "''"))
    }

    fn recorded_id(&self, r: &Renderer<'_>, kind: &KindName, id: &RecordId) -> Result<SqlValue, StoreError> {
        let kind = r.kind(kind)?;
        match kind.id.only() {
            Some(field) => r.column_type(kind, field)?.id(&kind.name, id),
            None => Ok(SqlValue::Text(id.to_string())),
        }
    }

    fn recorded_ids(&self, id: &RecordId) -> Vec<SqlValue> {
        // A request may pass the same id as an integer or as text.
        let text = id.to_string();
        let number = text.parse().map_or(SqlValue::Null, SqlValue::Integer);
        vec![SqlValue::Text(text), number]
    }

    fn listed_id(&self, id: &str) -> String {
        column::id_text(id)
    }

    fn entry_with_snapshot(&self, w: &mut Writer, entry: String, fields: &str) {
        w.push("json_set(").bind(entry).push(", '$.before', json(coalesce(").push(fields).push(", '{}')))");
    }

    fn cache_key(&self, columns: &QueryColumns<'_>) -> Result<Option<String>, StoreError> {
        Ok(schema::version_expression(columns))
    }

    fn schema_version(&self, w: &mut Writer, cache_key: &str, _: SchemaCheck) {
        w.push(cache_key);
    }

    fn keys_statement(&self, tables: &[TableName]) -> Result<Statement, StoreError> {
        keys::statement(&Sqlite, tables)
    }

    fn schema_statements(&self, columns: &QueryColumns<'_>) -> Result<Vec<Statement>, StoreError> {
        Ok(schema::statements(columns))
    }

    fn read_schema(
        &self,
        columns: &QueryColumns<'_>,
        rows: Vec<Vec<SqlValue>>,
    ) -> Result<TableSchema, StoreError> {
        schema::read(columns, rows)
    }

    fn likely_type(&self, _: Field<'_>) -> Result<ColumnType, StoreError> {
        Ok(ColumnType::new("", TypeFamily::Text))
    }

    fn materializations(
        &self,
        query: &SurveyQuery,
        changes: Option<&ChangeSet>,
        shapes: &BTreeMap<SetId, Shape<'_>>,
    ) -> BTreeMap<SetId, Materialization> {
        match changes {
            Some(changes) => materialize::of_changes(changes, shapes),
            None => materialize::of_survey(query, shapes),
        }
    }

    fn materialize(&self, r: &Renderer<'_>) -> Result<Vec<Statement>, StoreError> {
        materialize::statements(r)
    }

    fn finds_rows_itself(&self, r: &Renderer<'_>, rows: Rows) -> bool {
        r.materialization(rows.set) == Materialization::AtStep
    }

    fn one_of(&self, w: &mut Writer, id: Field<'_>, ids: &[RecordId]) -> Result<(), StoreError> {
        let column_type = id.column_type()?;
        let (json, bytes) = column::ids(column_type.searched_ids(&id.kind.name, ids)?);
        w.push(&id.column()).push(" IN (SELECT ");
        if column_type.family == TypeFamily::Bytes {
            // JSON cannot hold bytes. The JSON array has one element for each id, and the bytes are one concatenated
            // value.
            w.push("substr(").bind(SqlValue::Blob(bytes)).push(", j.key * 16 + 1, 16)");
        } else {
            w.push("j.value");
        }
        let (open, close) = SPELLING.json_rows;
        w.push(" FROM ").push(open).bind(json).push(close).push(")");
        Ok(())
    }

    fn held(
        &self,
        reference: &Reference,
        _: Field<'_>,
        _: Field<'_>,
        stored: &str,
    ) -> Result<String, StoreError> {
        Ok(column::compared(reference, stored))
    }

    fn key(&self, reference: &Reference, key: Field<'_>, stored: &str) -> Result<String, StoreError> {
        key.r.check_column(key.kind, key.name)?;
        Ok(column::compared(reference, stored))
    }

    fn list(&self, list: ListField<'_>, stored: &str) -> Result<ListColumn, StoreError> {
        list::list(list, stored)
    }

    fn element_key(&self, list: ListField<'_>, stored: &str) -> Result<String, StoreError> {
        list::element_key(list, stored)
    }

    fn new_element(
        &self,
        w: &mut Writer,
        list: ListField<'_>,
        id: &RecordId,
        compared: bool,
    ) -> Result<(), StoreError> {
        list::new_element(w, list, id, compared)
    }

    fn key_text(
        &self,
        _: &Renderer<'_>,
        kind: &Kind,
        fields: &[FieldName],
        alias: &str,
    ) -> Result<String, StoreError> {
        let parts =
            fields.iter().map(|field| column::id_text(&format!("{alias}.{}", quote(kind.column(field)))));
        let parts: Vec<String> = parts.collect();
        let held: Vec<String> = parts.iter().map(|part| format!("{part} IS NOT NULL")).collect();
        let text = match &*parts {
            [part] => format!("json_quote({part})"),
            parts => format!("json_array({})", parts.join(", ")),
        };
        // For NULL, these functions would return the JSON text `null`.
        Ok(format!("CASE WHEN {} THEN {text} END", held.join(" AND ")))
    }

    fn id_of_record(&self, field: Field<'_>, recorded: &str) -> Result<String, StoreError> {
        // The elements of an id of several fields are JSON, which holds a UUID as text.
        let is_element = field.kind.id.only().is_none();
        let is_bytes = is_element && field.column_type()?.family == TypeFamily::Bytes;
        Ok(if is_bytes { format!("unhex(replace({recorded}, '-', ''))") } else { recorded.to_owned() })
    }

    fn element_of_record(&self, position: usize) -> String {
        format!("(m.record ->> {position})")
    }

    fn place(&self) -> &'static str {
        "rowid"
    }

    fn finds_places(&self) -> bool {
        false
    }

    fn one_of_tuples(
        &self,
        w: &mut Writer,
        r: &Renderer<'_>,
        kind: &Kind,
        ids: &[RecordId],
    ) -> Result<(), StoreError> {
        let fields = kind.id.fields();
        let columns: Vec<String> = fields.iter().map(|field| r.field(kind, field).column()).collect();
        let values = fields.iter().enumerate().map(|(position, field)| {
            let is_bytes = r.column_type(kind, field)?.family == TypeFamily::Bytes;
            let value = format!("j.value ->> {position}");
            // JSON holds a UUID as text.
            Ok(if is_bytes { format!("unhex(replace({value}, '-', ''))") } else { value })
        });
        let values = values.collect::<Result<Vec<String>, StoreError>>()?;
        let listed =
            serde_json::to_string(ids).map_err(|source| StoreError::backend("wrote the ids", source))?;
        w.push("(").push(&columns.join(", ")).push(") IN (SELECT ").push(&values.join(", "));
        let (open, close) = SPELLING.json_rows;
        w.push(" FROM ").push(open).bind(listed).push(close).push(")");
        Ok(())
    }

    fn leads_on(&self, held: &str, parent: &str) -> String {
        // With `=`, SQLite would read the whole table of `r` to build a Bloom filter.
        format!("{held} IN (SELECT {parent})")
    }

    fn answered_id(&self, id: Field<'_>, stored: &str) -> Result<String, StoreError> {
        id.r.check_column(id.kind, id.name)?;
        Ok(stored.to_owned())
    }

    fn read_id(&self, answer: &SqlValue) -> Option<RecordId> {
        answer.as_id()
    }

    fn id_order(&self, _: Field<'_>, stored: &str) -> Result<String, StoreError> {
        Ok(format!("{stored} COLLATE BINARY"))
    }

    fn is_after(&self, w: &mut Writer, id: Field<'_>, after: &RecordId) -> Result<(), StoreError> {
        w.push(&id.column()).push(" > ").bind(id.column_type()?.id(&id.kind.name, after)?);
        Ok(())
    }

    fn page_key(&self, id: &str) -> (String, String) {
        (id.to_owned(), id.to_owned())
    }

    fn pseudonym_id(&self, id: &str) -> String {
        // The plus sign removes the affinity of the column.
        format!("+{id}")
    }

    fn compare(
        &self,
        w: &mut Writer,
        field: Field<'_>,
        is: Comparison,
        value: &Value,
    ) -> Result<(), StoreError> {
        w.push(&column::comparable(field)).push(" ").push(is.as_sql()).push(" ").bind(compared(value));
        Ok(())
    }

    fn compare_any(&self, w: &mut Writer, field: Field<'_>, values: &[Value]) -> Result<(), StoreError> {
        w.push(&column::comparable(field)).push(" IN (");
        w.join(", ", values, |w, value| {
            w.bind(compared(value));
        });
        w.push(")");
        Ok(())
    }

    fn converted(&self, field: Field<'_>) -> Option<String> {
        column::converted(field.declared(), &field.column())
    }

    fn is_invalid_in_condition(&self, field: Field<'_>) -> Result<Option<String>, StoreError> {
        Ok(Some(column::is_invalid_in_condition(field)))
    }

    fn is_invalid(&self, field: Field<'_>, declared: FieldType) -> Result<Option<String>, StoreError> {
        Ok(Some(column::is_invalid(declared, &field.column())))
    }

    fn milliseconds(&self, field: Field<'_>) -> Result<String, StoreError> {
        Ok(column::milliseconds(field.declared().epoch_unit(), &field.column()))
    }

    fn json_value(&self, field: Field<'_>) -> Result<String, StoreError> {
        Ok(column::json_value(field.kind.declared_type(field.name), &field.column()))
    }

    fn new_id(&self, w: &mut Writer, field: Field<'_>, id: &RecordId) -> Result<(), StoreError> {
        w.bind(field.column_type()?.id(&field.kind.name, id)?);
        Ok(())
    }

    fn new_value(&self, w: &mut Writer, field: Field<'_>, value: &Value) -> Result<(), StoreError> {
        w.bind(column::new_value(field, value)?);
        Ok(())
    }

    fn mask(&self, w: &mut Writer, field: Field<'_>, mask: &Mask) -> Result<(), StoreError> {
        column::mask(w, field, mask)
    }

    fn stored(&self, declared: &str, value: &str) -> String {
        constraint::stored(declared, value)
    }

    fn strategy(&self, changes: &ChangeSet, _: u64) -> ApplyStrategy {
        // If referring rows of the same kind are deleted by a foreign key action, SQLite does not count them.
        if deletes_in_a_cycle(changes) { ApplyStrategy::Counted } else { ApplyStrategy::PerKind }
    }

    fn note(
        &self,
        r: &Renderer<'_>,
        receipt: &Receipt,
        cache_key: Option<&str>,
        _: &Locks,
    ) -> Result<Statement, StoreError> {
        let mut w = r.writer();
        insert_operation(&mut w, r.prefix, receipt)?;
        w.push(" RETURNING 1");
        if let Some(key) = cache_key {
            self.schema_version(w.push(", "), key, SchemaCheck::InTransaction);
        }
        Ok(w.finish())
    }

    fn blocks(&self, r: &Renderer<'_>, changes: &ChangeSet) -> Result<Vec<Block>, StoreError> {
        let blocks = changes.steps.iter().enumerate().map(|(position, step)| {
            Ok(Block {
                steps: vec![position],
                mark: match step.write {
                    Write::Mark(_) => Some(r.mark(changes.operation, step)?),
                    Write::Replace(_) => r.replaces(changes.operation, step)?,
                    Write::Update(_) | Write::Delete | Write::Keep => None,
                },
                write: r.write(step)?.map_or(BlockWrite::Nothing, BlockWrite::Execute),
            })
        });
        blocks.collect()
    }

    fn writes_step_by_step(&self) -> bool {
        true
    }

    fn defer_foreign_keys(&self, changes: &ChangeSet) -> Option<&'static str> {
        // The setting ends with the transaction. Turning it off earlier would discard pending checks.
        deletes_in_a_cycle(changes).then_some("PRAGMA defer_foreign_keys = ON")
    }

    fn ordinary_tables(&self) -> Option<Statement> {
        Some(Statement::text(deletions::ORDINARY))
    }

    fn count_deletions(&self, prefix: &Prefix, tables: &[TableName]) -> Vec<Statement> {
        deletions::start(prefix, tables)
    }

    fn deletions(&self, prefix: &Prefix, tables: &[TableName]) -> Result<Statement, StoreError> {
        Ok(deletions::statement(prefix, tables))
    }

    fn stop_counting_deletions(&self, prefix: &Prefix, tables: &[TableName]) -> Vec<Statement> {
        deletions::stop(prefix, tables)
    }

    fn masked_subjects(&self, w: &mut Writer, prefix: &Prefix, kind: &str) {
        w.push("SELECT s.value FROM ").push(&prefix.quoted("operations")).push(" AS o CROSS JOIN ");
        w.push("json_each(o.receipt, '$.subjects') AS s WHERE o.receipt ->> 'kind' = ").bind(kind);
        w.push(" AND o.receipt ->> 'outcome' IN ('anonymize', 'tombstone')");
    }

    fn has_concurrent_writers(&self) -> bool {
        false
    }
}

/// Returns whether rows are deleted in a cycle: in kinds that refer to each other, or in a kind that refers to
/// itself. If foreign keys are checked row by row, no order of statements satisfies them.
fn deletes_in_a_cycle(changes: &ChangeSet) -> bool {
    let map = &changes.query.map;
    let deleted: BTreeSet<&KindName> =
        changes.steps.iter().filter(|step| step.write == Write::Delete).map(|step| &step.kind).collect();
    deleted.iter().any(|start| {
        let mut seen: BTreeSet<&KindName> = BTreeSet::new();
        let mut open = vec![*start];
        while let Some(kind) = open.pop() {
            for reference in map.references_from(kind) {
                if reference.to == **start {
                    return true;
                }
                if deleted.contains(&reference.to) && seen.insert(&reference.to) {
                    open.push(&reference.to);
                }
            }
        }
        false
    })
}

/// Converts a value to the form that [`column::comparable`] renders.
fn compared(value: &Value) -> SqlValue {
    match value {
        Value::Timestamp(at) => SqlValue::Integer(to_milliseconds(*at).timestamp_millis()),
        other => SqlValue::from(other),
    }
}
