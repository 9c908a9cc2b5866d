//! PostgreSQL: columns have types, rows are locked, and one statement may write to several tables.

mod begin;
mod block;
mod constraint;
mod cycle;
mod deletions;
mod keys;
mod list;
mod lock;
mod replaced;
mod schema;
mod single_statement;
mod spelling;
mod value;

use std::collections::BTreeSet;

use super::backend::{ApplyStrategy, Asked, Backend, Block, Locks, Spelling};
use super::connection::{AccessMode, SqlValue};
use super::list_column::ListColumn;
use super::render::renderer::{Field, ListField, Renderer};
use super::render::write::insert_operation;
use super::statement::{Prefix, Statement, Writer, quote};
use super::table_schema::{ColumnType, QueryColumns, SchemaCheck, TableSchema, TypeFamily};
use crate::domain::{
    Comparison, FieldName, FieldType, KeyComparison, Kind, KindName, Mask, RecordId, Reference, TableName,
    Value,
};
use crate::protocol::{ChangeSet, NamedSet, Receipt, Rows};
use crate::store::StoreError;

pub(crate) use schema::column_type;
use spelling::SPELLING;

/// The back end of PostgreSQL.
#[derive(Debug)]
pub(crate) struct Postgres;

impl Backend for Postgres {
    fn spelling(&self) -> &'static Spelling {
        &SPELLING
    }

    fn placeholder(&self, position: usize) -> String {
        format!("${position}")
    }

    fn temporary(&self, name: &str) -> String {
        format!("pg_temp.{}", quote(name))
    }

    fn bind(&self, w: &mut Writer, value: SqlValue) {
        let cast = match &value {
            // A NULL without a type fits every column.
            SqlValue::Null => {
                w.push("NULL");
                return;
            }
            SqlValue::Integer(_) => "::bigint",
            SqlValue::Real(_) => "::double precision",
            SqlValue::Text(_) => "::text",
            SqlValue::Blob(_) => "::bytea",
        };
        w.placeholder(value).push(cast);
    }

    fn cast(&self, type_name: &str) -> String {
        format!("::{type_name}")
    }

    fn json_text(&self, json: String) -> String {
        without_nul(json)
    }

    fn begin(&self, access: AccessMode) -> &'static [&'static str] {
        match access {
            AccessMode::Read => begin::BEGIN_READ,
            AccessMode::Write => begin::BEGIN_WRITE,
        }
    }

    fn exists(&self, name: &str) -> String {
        // A role that may not create tables uses those of another schema of its search path.
        let name = quote(name).replace('\'', "''");
        format!(
            "(SELECT n.nspname = current_schema() OR NOT has_schema_privilege(current_schema(), 'CREATE') \
             FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace \
             WHERE c.oid = to_regclass('{name}')) IS TRUE"
        )
    }

    fn record_key(&self, record: &str) -> Option<String> {
        // An index of PostgreSQL takes rows of at most 2.7 kB. Short ids are keys as they are.
        Some(format!(
            "(CASE WHEN octet_length({record}) <= 1000 THEN {record} \
             ELSE left({record}, 200) || md5({record}) || hashtextextended({record}, 0)::text END)"
        ))
    }

    fn recorded_value(&self, field: Field<'_>) -> Result<[String; 2], StoreError> {
        replaced::recorded_value(field)
    }

    fn read_recorded(&self, field: Field<'_>, recorded: &str) -> Result<String, StoreError> {
        replaced::read_recorded(field, recorded)
    }

    fn recorded_pair(&self, record: &str, field: Option<Field<'_>>) -> Result<Option<String>, StoreError> {
        replaced::recorded_pair(record, field).map(Some)
    }

    fn id_of_record(&self, field: Field<'_>, recorded: &str) -> Result<String, StoreError> {
        replaced::read_recorded(field, recorded)
    }

    fn element_of_record(&self, position: usize) -> String {
        format!("(m.record::json ->> {position})")
    }

    fn record_hash(&self) -> Option<[&'static str; 2]> {
        Some(["hashtextextended(", ", 0)"])
    }

    fn migration_lock(&self) -> Option<&'static str> {
        // `IF NOT EXISTS` fails if another process creates the same table at the same time. If no schema exists, the
        // tables would be temporary and lost with the connection.
        Some(
            "SELECT pg_advisory_xact_lock(7811887520106867) IS NULL, \
             current_schema() NOT LIKE 'pg@_temp%' ESCAPE '@'",
        )
    }

    fn timestamp_text(&self, stored: &str) -> String {
        format!("to_char({stored} AT TIME ZONE 'UTC', {})", value::TIMESTAMP_FORM)
    }

    fn recorded_id(&self, _: &Renderer<'_>, _: &KindName, id: &RecordId) -> Result<SqlValue, StoreError> {
        Ok(SqlValue::Text(id.to_string()))
    }

    fn recorded_ids(&self, id: &RecordId) -> Vec<SqlValue> {
        vec![SqlValue::Text(id.to_string())]
    }

    fn listed_id(&self, id: &str) -> String {
        format!("{id}::text")
    }

    fn entry_with_snapshot(&self, w: &mut Writer, entry: String, fields: &str) {
        // PostgreSQL parses the entry once, because it is a subquery.
        w.push("jsonb_set((SELECT ").bind_as(entry, "jsonb").push("), '{before}', coalesce(");
        w.push(fields).push(", '{}'::jsonb))");
    }

    fn cache_key(&self, columns: &QueryColumns<'_>) -> Result<Option<String>, StoreError> {
        schema::cache_key(columns).map(Some)
    }

    fn keys_statement(&self, tables: &[TableName]) -> Result<Statement, StoreError> {
        keys::statement(&Postgres, tables)
    }

    fn schema_statements(&self, columns: &QueryColumns<'_>) -> Result<Vec<Statement>, StoreError> {
        Ok(vec![schema::statement(&schema::cache_key(columns)?)])
    }

    fn read_schema(
        &self,
        columns: &QueryColumns<'_>,
        rows: Vec<Vec<SqlValue>>,
    ) -> Result<TableSchema, StoreError> {
        Ok(schema::read(columns, rows))
    }

    fn schema_version(&self, w: &mut Writer, cache_key: &str, check: SchemaCheck) {
        schema::schema_version(w, cache_key, check);
    }

    fn likely_type(&self, field: Field<'_>) -> Result<ColumnType, StoreError> {
        let query = field.r.query;
        if let Some(list) = field.list()? {
            return Ok(ColumnType::new(&format!("{}[]", list.key.column_type()?.name), TypeFamily::Other));
        }
        // The id of a kind may itself be a reference, even to a kind whose id refers back.
        if !field.kind.id.contains(field.name)
            && let Some((to, key)) = field.referred()?
        {
            return field.r.column_type(to, key);
        }
        // Live records show whether instants are numbers.
        let deleted = field.kind.deleted_at.as_ref().filter(|deleted| deleted.field == *field.name);
        if deleted.is_some_and(|deleted| matches!(deleted.live, Value::Integer(_))) {
            return Ok(value::type_of_declared(FieldType::Integer));
        }
        Ok(match field.kind.declared_type(field.name) {
            Some(declared) => value::type_of_declared(declared),
            None if field.kind.name == query.kind && field.kind.id.only() == Some(field.name) => {
                value::type_of_ids(&query.subjects)
            }
            None => value::type_of_declared(FieldType::Text),
        })
    }

    fn cycle(&self, r: &Renderer<'_>, w: &mut Writer, sets: &[NamedSet]) -> Result<(), StoreError> {
        cycle::expressions(r, w, sets)
    }

    fn keeps_temporary_tables(&self) -> bool {
        false
    }

    fn finds_rows_itself(&self, r: &Renderer<'_>, rows: Rows) -> bool {
        !r.is_cyclic(rows.set)
    }

    fn is_found_by_index(&self, field: Field<'_>, id: Field<'_>) -> Result<bool, StoreError> {
        Ok(field.column_type()?.finds(&id.column_type()?))
    }

    fn held(
        &self,
        reference: &Reference,
        held: Field<'_>,
        key: Field<'_>,
        stored: &str,
    ) -> Result<String, StoreError> {
        if reference.compare == KeyComparison::IgnoreAsciiCase {
            return Ok(value::lower(stored));
        }
        let (to, held, key) = (&key.kind.name, held.column_type()?, key.column_type()?);
        if !held.compares_with(&key) {
            return Err(StoreError::Unsupported(format!(
                "the reference `{}`: the column is {}, but the ids of `{to}` are {}",
                reference.name, held.name, key.name
            )));
        }
        if held.collation == key.collation {
            return Ok(stored.to_owned());
        }
        let collation = key.collation.as_deref().unwrap_or("pg_catalog.\"default\"");
        Ok(format!("{stored} COLLATE {collation}"))
    }

    fn key(&self, reference: &Reference, key: Field<'_>, stored: &str) -> Result<String, StoreError> {
        key.r.check_column(key.kind, key.name)?;
        Ok(match reference.compare {
            KeyComparison::IgnoreAsciiCase => value::lower(stored),
            KeyComparison::Exact => stored.to_owned(),
        })
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
        r: &Renderer<'_>,
        kind: &Kind,
        fields: &[FieldName],
        alias: &str,
    ) -> Result<String, StoreError> {
        let parts = fields.iter().map(|field| {
            let stored = format!("{alias}.{}", quote(kind.column(field)));
            Ok(value::id_as_json(&stored, &r.column_type(kind, field)?))
        });
        let parts = parts.collect::<Result<Vec<String>, StoreError>>()?;
        Ok(match &*parts {
            [part] => part.clone(),
            parts => format!("('[' || {} || ']')", parts.join(" || ',' || ")),
        })
    }

    fn place(&self) -> &'static str {
        "ctid"
    }

    fn finds_places(&self) -> bool {
        true
    }

    fn one_of_tuples(
        &self,
        w: &mut Writer,
        r: &Renderer<'_>,
        kind: &Kind,
        ids: &[RecordId],
    ) -> Result<(), StoreError> {
        value::one_of_tuples(w, r, kind, ids)
    }

    fn lower(&self, field: Field<'_>) -> Result<String, StoreError> {
        let is_text = field.column_type()?.family == TypeFamily::Text;
        let cast = if is_text { "" } else { "::text" };
        Ok(format!("lower({}{cast} COLLATE \"C\")", field.column()))
    }

    fn one_of(&self, w: &mut Writer, id: Field<'_>, ids: &[RecordId]) -> Result<(), StoreError> {
        value::one_of(w, id, ids)
    }

    fn leads_on(&self, held: &str, parent: &str) -> String {
        format!("{held} = {parent}")
    }

    fn answered_id(&self, id: Field<'_>, stored: &str) -> Result<String, StoreError> {
        // A result column has only one type, and ids of different kinds share it. Ids are therefore returned as JSON
        // text.
        Ok(value::id_as_json(stored, &id.column_type()?))
    }

    fn read_id(&self, answer: &SqlValue) -> Option<RecordId> {
        serde_json::from_str(answer.as_text()?).ok()
    }

    fn id_order(&self, id: Field<'_>, stored: &str) -> Result<String, StoreError> {
        Ok(value::order(stored, id.column_type()?.family))
    }

    fn is_after(&self, w: &mut Writer, id: Field<'_>, after: &RecordId) -> Result<(), StoreError> {
        let (column_type, stored) = (id.column_type()?, id.column());
        if column_type.family == TypeFamily::Uuid && after.as_uuid().is_none() {
            // UUIDs sort like their text.
            w.push(&stored).push("::text COLLATE \"C\" > ").bind(after.to_string());
            return Ok(());
        }
        w.push(&value::order(&stored, column_type.family)).push(" > ");
        value::bind_id(w, id, after)
    }

    fn page_key(&self, id: &str) -> (String, String) {
        (format!("{id}::text"), format!("{id}::text COLLATE \"C\""))
    }

    fn pseudonym_id(&self, id: &str) -> String {
        format!("{id}::text")
    }

    fn check_pseudonym(&self, field: Field<'_>) -> Result<(), StoreError> {
        if field.column_type()?.family.is_text() {
            return Ok(());
        }
        Err(value::bad_value(field, "text"))
    }

    fn compare(
        &self,
        w: &mut Writer,
        field: Field<'_>,
        is: Comparison,
        value: &Value,
    ) -> Result<(), StoreError> {
        value::compare(w, field, is, value)
    }

    fn is_invalid(&self, field: Field<'_>, declared: FieldType) -> Result<Option<String>, StoreError> {
        value::is_invalid(field, declared)
    }

    fn milliseconds(&self, field: Field<'_>) -> Result<String, StoreError> {
        value::milliseconds(field)
    }

    fn json_value(&self, field: Field<'_>) -> Result<String, StoreError> {
        value::json_value(field)
    }

    fn new_id(&self, w: &mut Writer, field: Field<'_>, id: &RecordId) -> Result<(), StoreError> {
        value::bind_id(w, field, id)
    }

    fn new_value(&self, w: &mut Writer, field: Field<'_>, value: &Value) -> Result<(), StoreError> {
        value::new_value(w, field, value)
    }

    fn mask(&self, w: &mut Writer, field: Field<'_>, mask: &Mask) -> Result<(), StoreError> {
        value::mask(w, field, mask)
    }

    fn strategy(&self, changes: &ChangeSet, single_statement_limit: u64) -> ApplyStrategy {
        single_statement::strategy(changes, single_statement_limit)
    }

    fn locks(&self, r: &Renderer<'_>, changes: &ChangeSet) -> Result<Locks, StoreError> {
        lock::locks(r, changes)
    }

    fn note(
        &self,
        r: &Renderer<'_>,
        receipt: &Receipt,
        cache_key: Option<&str>,
        locks: &Locks,
    ) -> Result<Statement, StoreError> {
        let noted = r.prefix.quoted("noted");
        let mut w = r.writer();
        w.push("WITH ").push(&noted).push(" AS (");
        insert_operation(&mut w, r.prefix, receipt)?;
        w.push(" RETURNING 1)\nSELECT (SELECT count(*) FROM ").push(&noted).push("), ");
        match cache_key {
            Some(key) => self.schema_version(&mut w, key, SchemaCheck::InTransaction),
            None => {
                w.push("NULL::text");
            }
        }
        if let Some(subjects) = locks.subjects {
            w.push(", (");
            lock::lock_rows(r, &mut w, subjects)?;
            w.push(")");
        }
        Ok(w.finish())
    }

    fn blocks(&self, r: &Renderer<'_>, changes: &ChangeSet) -> Result<Vec<Block>, StoreError> {
        block::blocks(r, changes)
    }

    fn single_statement(
        &self,
        r: &Renderer<'_>,
        changes: &ChangeSet,
        asked: &Asked,
    ) -> Result<Option<Statement>, StoreError> {
        single_statement::statement(r, changes, asked).map(Some)
    }

    fn lock_step(&self, r: &Renderer<'_>, rows: Rows) -> Result<Option<Statement>, StoreError> {
        lock::step(r, rows)
    }

    fn run_deferred(&self, names: &BTreeSet<&str>) -> Option<Statement> {
        let list: Vec<&str> = names.iter().copied().collect();
        let text = || Statement::text(format!("SET CONSTRAINTS {} IMMEDIATE", list.join(", ")));
        (!names.is_empty()).then(text)
    }

    fn deletions(&self, _: &Prefix, tables: &[TableName]) -> Result<Statement, StoreError> {
        deletions::statement(Writer::new(&Postgres), tables)
    }

    fn masked_subjects(&self, w: &mut Writer, prefix: &Prefix, kind: &str) {
        w.push("SELECT s.id FROM ").push(&prefix.quoted("operations")).push(" AS o CROSS JOIN LATERAL ");
        w.push("jsonb_array_elements_text(o.receipt -> 'subjects') AS s(id) WHERE o.receipt ->> 'kind' = ")
            .bind(kind);
        w.push(" AND o.receipt ->> 'outcome' IN ('anonymize', 'tombstone')");
    }

    fn has_concurrent_writers(&self) -> bool {
        true
    }
}

/// Replaces U+0000, because text in PostgreSQL cannot contain it, even as an escape.
fn without_nul(json: String) -> String {
    const NUL: &str = "\\u0000";
    if !json.contains(NUL) {
        return json;
    }
    let mut written = String::with_capacity(json.len());
    let mut rest = &*json;
    while let Some((before, escape)) = rest.find('\\').and_then(|at| rest.split_at_checked(at)) {
        written.push_str(before);
        // A literal backslash is written as two backslashes.
        let length = if escape.starts_with(NUL) { NUL.len() } else { 2 };
        let (escape, after) = escape.split_at_checked(length).unwrap_or((escape, ""));
        written.push_str(if escape == NUL { "\u{fffd}" } else { escape });
        rest = after;
    }
    written.push_str(rest);
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_escape_of_nul_is_replaced() {
        let value = ["a\0b\0", "\\u0000", "\\\0", "\n\u{1}", "ñ\0"];
        let json = without_nul(serde_json::to_string(&value).unwrap_or_default());
        let read: Vec<String> = serde_json::from_str(&json).unwrap_or_default();
        assert_eq!(read, ["a\u{fffd}b\u{fffd}", "\\u0000", "\\\u{fffd}", "\n\u{1}", "ñ\u{fffd}"]);
    }
}
