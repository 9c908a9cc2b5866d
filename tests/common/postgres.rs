//! The rows of a test in PostgreSQL, created and read without the library.

use std::sync::Arc;

use client_lifecycle::domain::UndeclaredReferences;
use client_lifecycle::domain::{
    AuditEntry, DataMap, Event, Fault, FieldName, FieldType, Kind, KindName, Record,
};
use client_lifecycle::postgres::{PostgresStore, sqlx};
use client_lifecycle::protocol::{
    ChangeSet, Clash, Inconsistency, PlannedWrites, Receipt, ReceiptQuery, Survey, SurveyQuery, VerifyQuery,
};
use client_lifecycle::sql::Dialect;
use client_lifecycle::store::{ReadQuery, Reader, Store, StoreError};
use serde_json::{Map, Value, json};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Row};

/// How the foreign keys of the schema are declared.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keys {
    /// The action: `ON DELETE …`.
    pub(crate) on_delete: &'static str,
    /// When the keys are checked: empty for immediately, or `DEFERRABLE …`.
    pub(crate) checked: &'static str,
    /// Whether the tables are created in the reverse order of their names.
    pub(crate) reversed: bool,
}

pub(crate) const PLAIN: Keys = Keys { on_delete: "NO ACTION", checked: "", reversed: false };

pub(crate) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

pub(crate) async fn run(connection: &mut PgConnection, sql: &str) {
    let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(connection).await;
    done.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// Runs statements inside a transaction. Returns `false`, and undoes them, if the database refuses one.
pub(crate) async fn try_run(connection: &mut PgConnection, sql: &str) -> bool {
    run(connection, "SAVEPOINT trying").await;
    let is_done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut *connection).await.is_ok();
    run(connection, if is_done { "RELEASE trying" } else { "ROLLBACK TO trying" }).await;
    is_done
}

/// Returns the statements that drop the tables of a data map and empty the library's tables.
pub(crate) fn dropping(map: &DataMap) -> String {
    let tables: Vec<String> = map.kinds().map(|kind| Dialect::Postgres.table(kind.table_name())).collect();
    let own = ["operations", "audit", "outbox", "marks"].map(|name| format!("DELETE FROM lifecycle_{name}"));
    format!("DROP TABLE IF EXISTS {} CASCADE; {}", tables.join(", "), own.join("; "))
}

/// Vacuums the system catalogue. Tests create thousands of tables, which bloat it if autovacuum is off.
pub(crate) async fn tidy(connection: &mut PgConnection) {
    run(connection, "VACUUM pg_attribute, pg_class, pg_constraint, pg_depend, pg_index, pg_trigger, pg_type")
        .await;
}

/// Returns the statements that create the tables of a data map with these rows.
pub(crate) fn script(map: &DataMap, rows: &Value, keys: Keys) -> String {
    let mut kinds: Vec<&Kind> = map.kinds().collect();
    if keys.reversed {
        kinds.reverse();
    }
    let mut parts: Vec<String> = Vec::new();
    for kind in &kinds {
        let columns = columns(map, kind, rows);
        let columns: Vec<String> = columns
            .iter()
            .map(|(name, sort)| {
                let field = FieldName::from(name.as_str());
                let unique = kind.fields.get(&field).is_some_and(|field| field.unique);
                let rest = match () {
                    () if kind.id.only() == Some(&field) => " PRIMARY KEY",
                    () if super::is_mandatory(map, kind, &field) => " NOT NULL",
                    () if unique => " UNIQUE",
                    () => "",
                };
                format!("{} {sort}{rest}", quote(name))
            })
            .collect();
        let key = list(kind, kind.id.fields());
        let key = (kind.id.fields().len() > 1).then(|| format!("PRIMARY KEY ({key})"));
        let columns: Vec<String> = columns.into_iter().chain(key).collect();
        parts.push(format!(
            "CREATE TABLE {} ({})",
            Dialect::Postgres.table(kind.table_name()),
            columns.join(", ")
        ));
    }
    for kind in &kinds {
        for row in rows[kind.name.as_str()].as_array().into_iter().flatten() {
            parts.push(insert(kind, row));
        }
        let arrays = map
            .fields_of(kind)
            .filter(|field| super::is_list(map, kind, field) && list_column(field.as_str()) == "array");
        // Every second array has an index.
        for field in arrays.filter(|field| field.as_str() == "r4" || field.as_str() == "r8") {
            let (table, column) = (Dialect::Postgres.table(kind.table_name()), quote(field.as_str()));
            parts.push(format!("CREATE INDEX ON {table} USING gin ({column})"));
        }
    }
    // Rows are inserted in the order of the document, before the foreign keys exist. A reference with dangling values
    // gets no key.
    for kind in &kinds {
        for reference in map.references_from(&kind.name).filter(|reference| super::may_have_key(reference)) {
            let to = map.kind(&reference.to).unwrap();
            let all = |kind: &Kind, fields: &[FieldName]| -> Vec<Vec<Value>> {
                let rows = rows[kind.name.as_str()].as_array().cloned().unwrap_or_default();
                let values = |row: &Value| fields.iter().map(|field| row[field.as_str()].clone()).collect();
                rows.iter().map(values).collect()
            };
            let (held, targets) = (all(kind, &reference.fields), all(to, map.key_of(reference)));
            if held.iter().any(|held| !held.iter().any(Value::is_null) && !targets.contains(held)) {
                continue;
            }
            // A key that sets a mandatory column to null fails if rows refer to each other in a cycle.
            let empties = matches!(keys.on_delete, "SET NULL" | "SET DEFAULT");
            let is_id = reference.fields.iter().any(|field| kind.id.contains(field));
            let closes = !reference.nullable && closes_cycle(map, &kind.name, &to.name);
            let impossible = empties && (closes || is_id);
            parts.push(format!(
                "ALTER TABLE {} ADD FOREIGN KEY ({}) REFERENCES {} ({}) ON DELETE {} {}",
                Dialect::Postgres.table(kind.table_name()),
                list(kind, &reference.fields),
                Dialect::Postgres.table(to.table_name()),
                list(to, map.key_of(reference)),
                if impossible { "NO ACTION" } else { keys.on_delete },
                keys.checked
            ));
        }
    }
    parts.join(";\n")
}

pub(crate) fn insert(kind: &Kind, row: &Value) -> String {
    let row = row.as_object().unwrap();
    let columns: Vec<_> = row.keys().map(|name| quote(name)).collect();
    let literal = |(name, value): (&String, &Value)| match value.as_array() {
        Some(list) if list_column(name) == "array" => array(list),
        _ => literal(value),
    };
    let values: Vec<_> = row.iter().map(literal).collect();
    let table = Dialect::Postgres.table(kind.table_name());
    format!("INSERT INTO {table} ({}) VALUES ({})", columns.join(", "), values.join(", "))
}

pub(crate) fn literal(value: &Value) -> String {
    match value {
        Value::Null => "NULL".into(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => format!("'{}'", text.replace('\'', "''")),
        list => format!("'{}'", list.to_string().replace('\'', "''")),
    }
}

/// Returns how a field with this name stores a list of ids. The fields `r0`, `r1`, … of random worlds differ.
fn list_column(field: &str) -> &'static str {
    let number = field.strip_prefix('r').and_then(|number| number.parse::<usize>().ok());
    ["array", "jsonb", "text", "json"][number.unwrap_or_default() % 4]
}

/// Renders a list as an array of PostgreSQL.
fn array(list: &[Value]) -> String {
    let elements =
        list.iter().map(|element| if element.is_null() { "NULL".into() } else { element.to_string() });
    format!("'{{{}}}'", elements.collect::<Vec<_>>().join(",").replace('\'', "''"))
}

/// Returns the columns of a kind with their types: as declared, or guessed from the values.
fn columns(map: &DataMap, kind: &Kind, all: &Value) -> Vec<(String, String)> {
    let mut values: Map<String, Value> = Map::new();
    for row in all[kind.name.as_str()].as_array().into_iter().flatten() {
        for (name, value) in row.as_object().unwrap() {
            let known = values.entry(name.clone()).or_insert(Value::Null);
            if known.is_null() {
                *known = value.clone();
            }
        }
    }
    for field in map.fields_of(kind) {
        values.entry(field.to_string()).or_insert(Value::Null);
    }
    let columns = values.into_iter().map(|(name, value)| {
        let field = FieldName::from(name.as_str());
        // A reference has the type of the key that it holds, even if its own table is empty.
        let key = super::key_of_field(map, kind, &field);
        let key_value = key.map(|(to, key)| &all[to.name.as_str()][0][key.as_str()]);
        let sort = match (kind.declared_type(&field), key_value.unwrap_or(&value)) {
            (Some(FieldType::TimestampMs), _) => "bigint",
            (Some(FieldType::Timestamp), value) if !value.is_number() => "timestamptz",
            (Some(FieldType::Date), _) => "date",
            (_, Value::Bool(_)) => "boolean",
            (_, Value::Number(_)) => "bigint",
            (_, Value::String(text)) if is_uuid(text) => "uuid",
            // Short columns: a table with potentially long rows gets a TOAST table, and creating tables is slow.
            _ if kind.personal.contains_key(&field) => "varchar(70)",
            _ if kind.id.contains(&field) || key.is_some() => "varchar(20)",
            _ => "varchar(70)",
        };
        let sort = match super::is_list(map, kind, &field).then(|| list_column(&name)) {
            None => sort.to_owned(),
            Some("array") => format!("{sort}[]"),
            Some(json) => json.to_owned(),
        };
        (name, sort)
    });
    columns.collect()
}

/// Lists the columns of some fields.
fn list(kind: &Kind, fields: &[FieldName]) -> String {
    let columns: Vec<String> = fields.iter().map(|field| quote(kind.column(field))).collect();
    columns.join(", ")
}

fn is_uuid(text: &str) -> bool {
    uuid::Uuid::try_parse(text).is_ok_and(|uuid| uuid.to_string() == text)
}

fn closes_cycle(map: &DataMap, from: &KindName, to: &KindName) -> bool {
    let mut seen = vec![to.clone()];
    let mut at = 0;
    while let Some(kind) = seen.get(at).cloned() {
        let next = map.references_from(&kind).map(|reference| reference.to.clone());
        let new: Vec<KindName> = next.filter(|kind| !seen.contains(kind)).collect();
        seen.extend(new);
        at += 1;
    }
    seen.contains(from)
}

/// Returns the rows of all kinds as JSON objects.
pub(crate) async fn rows(connection: &mut PgConnection, map: &Arc<DataMap>) -> Value {
    let mut parts = Vec::new();
    for kind in map.kinds() {
        // Renders instants in the library's form, which does not depend on the time zone of the session.
        let instants =
            map.fields_of(kind).filter(|field| kind.declared_type(field) == Some(FieldType::Timestamp));
        let instants: Vec<String> = instants
            .map(|field| {
                let column = format!("the_row.{}", quote(kind.column(field)));
                format!(
                    " || jsonb_build_object('{field}', CASE WHEN pg_typeof({column}) = 'bigint'::regtype \
                     THEN to_jsonb({column}) ELSE to_jsonb(COALESCE(to_char({column}::text::timestamptz \
                     AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'), {column}::text)) END)"
                )
            })
            .collect();
        parts.push(format!(
            "SELECT '{}', COALESCE(json_agg(to_jsonb(the_row){}), '[]')::text FROM {} AS the_row",
            kind.name,
            instants.concat(),
            Dialect::Postgres.table(kind.table_name())
        ));
    }
    let sql = parts.join(" UNION ALL ");
    let found = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(connection).await.unwrap();
    let kinds = found.iter().map(|row| {
        let (name, mut rows): (String, Value) = (row.get(0), serde_json::from_str(row.get(1)).unwrap());
        super::parse_lists(map, map.kind(&name.as_str().into()).unwrap(), &mut rows);
        (name, rows)
    });
    Value::Object(kinds.collect())
}

/// The tables of a data map, in a schema of their own.
pub(crate) struct Tables {
    schema: Arc<super::server::Schema>,
    map: Arc<DataMap>,
}

/// A store that keeps its schema alive.
pub(crate) struct Kept {
    store: PostgresStore,
    _schema: Arc<super::server::Schema>,
}

#[async_trait::async_trait]
impl Store for Kept {
    async fn check(&self, map: &DataMap) -> Result<Vec<Fault>, StoreError> {
        self.store.check(map).await
    }

    async fn undeclared(&self, map: &DataMap) -> Result<UndeclaredReferences, StoreError> {
        self.store.undeclared(map).await
    }

    async fn survey(&self, query: &SurveyQuery) -> Result<Survey, StoreError> {
        self.store.survey(query).await
    }

    async fn apply(&self, changes: &ChangeSet) -> Result<Receipt, StoreError> {
        self.store.apply(changes).await
    }

    async fn clashes(&self, writes: PlannedWrites<'_>) -> Result<Vec<Clash>, StoreError> {
        self.store.clashes(writes).await
    }

    async fn receipt(&self, query: &ReceiptQuery) -> Result<Option<Receipt>, StoreError> {
        self.store.receipt(query).await
    }

    async fn verify(&self, query: &VerifyQuery) -> Result<Vec<Inconsistency>, StoreError> {
        self.store.verify(query).await
    }
}

#[async_trait::async_trait]
impl Reader for Kept {
    async fn read(&self, query: &ReadQuery) -> Result<Vec<Record>, StoreError> {
        self.store.read(query).await
    }
}

impl Tables {
    pub(crate) async fn with(map: &Arc<DataMap>, rows: &Value) -> Self {
        let schema = super::server::Schema::new().await.expect("a server, which was asked for before");
        schema.run(&script(map, rows, PLAIN)).await;
        PostgresStore::new(schema.pool.clone()).migrate().await.unwrap();
        Self { schema: Arc::new(schema), map: map.clone() }
    }

    pub(crate) fn store(&self) -> Kept {
        Kept { store: PostgresStore::new(self.schema.pool.clone()), _schema: self.schema.clone() }
    }

    fn kind(&self, kind: &str) -> &Kind {
        self.map.kind(&kind.into()).unwrap()
    }

    pub(crate) async fn run(&self, sql: &str) {
        self.schema.run(sql).await;
    }

    pub(crate) async fn insert(&self, kind: &str, row: &Value) {
        self.schema.run(&insert(self.kind(kind), row)).await;
    }

    pub(crate) async fn set(&self, kind: &str, id: &str, field: &str, value: &Value) {
        let kind = self.kind(kind);
        let key = quote(kind.id.only().unwrap().as_str());
        let (table, field) = (Dialect::Postgres.table(kind.table_name()), quote(field));
        let (value, id) = (literal(value), literal(&json!(id)));
        self.schema.run(&format!("UPDATE {table} SET {field} = {value} WHERE {key} = {id}")).await;
    }

    pub(crate) async fn remove(&self, kind: &str, id: &str) {
        let kind = self.kind(kind);
        let key = quote(kind.id.only().unwrap().as_str());
        let (table, id) = (Dialect::Postgres.table(kind.table_name()), literal(&json!(id)));
        self.schema.run(&format!("DELETE FROM {table} WHERE {key} = {id}")).await;
    }

    pub(crate) async fn rows(&self) -> Value {
        let mut connection = self.schema.pool.acquire().await.unwrap();
        rows(&mut connection, &self.map).await
    }

    /// Parses the first column of each row as JSON.
    pub(crate) async fn read(&self, sql: impl Into<String>) -> Vec<Value> {
        let rows = sqlx::raw_sql(sqlx::AssertSqlSafe(sql.into())).fetch_all(&self.schema.pool).await.unwrap();
        rows.iter().map(|row| serde_json::from_str(row.get(0)).unwrap()).collect()
    }

    pub(crate) async fn audit(&self) -> Vec<AuditEntry> {
        let sql = "SELECT (entry || jsonb_build_object('subjects', jsonb_build_array(record)))::text \
                   FROM lifecycle_audit ORDER BY sequence";
        self.read(sql).await.into_iter().map(|entry| serde_json::from_value(entry).unwrap()).collect()
    }

    pub(crate) async fn events(&self) -> Vec<Event> {
        let sql = "SELECT jsonb_build_object('operation', operation, 'topic', topic, 'kind', kind, 'record', record, \
                   'at', at, 'fields', payload)::text FROM lifecycle_outbox ORDER BY sequence";
        self.read(sql).await.into_iter().map(|event| serde_json::from_value(event).unwrap()).collect()
    }
}
