//! The rows of a test in a SQLite database, created and read without the library.

use std::sync::Arc;

use client_lifecycle::domain::{AuditEntry, DataMap, Event, FieldName, Kind, KindName};
use client_lifecycle::sql::Dialect;
use client_lifecycle::sqlite::{SqliteStore, sqlx};
use serde_json::{Map, Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, Row, SqlitePool, TypeInfo, ValueRef};

/// A database in memory with the tables of a data map.
pub(crate) struct File {
    pool: SqlitePool,
    map: Arc<DataMap>,
}

/// How the tables of the schema are declared.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schema {
    /// The action of the foreign keys: `ON DELETE …`.
    pub(crate) on_delete: &'static str,
    /// Whether the tables are created in the reverse order of their names.
    pub(crate) reversed: bool,
}

pub(crate) const PLAIN: Schema = Schema { on_delete: "NO ACTION", reversed: false };

fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

impl File {
    pub(crate) async fn with(map: &Arc<DataMap>, rows: &Value) -> Self {
        Self::with_schema(map, rows, PLAIN).await
    }

    pub(crate) async fn with_schema(map: &Arc<DataMap>, rows: &Value, schema: Schema) -> Self {
        let mut kinds: Vec<&Kind> = map.kinds().collect();
        if schema.reversed {
            kinds.reverse();
        }
        let tables: Vec<_> = kinds.into_iter().map(|kind| create_table(map, kind, rows, schema)).collect();
        Self::with_tables(map, &tables.join(";\n"), rows).await
    }

    /// Inserts the rows into tables that `tables` defines.
    pub(crate) async fn with_tables(map: &Arc<DataMap>, tables: &str, rows: &Value) -> Self {
        let options = SqliteConnectOptions::new().in_memory(true).foreign_keys(true);
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await.unwrap();
        let file = Self { pool, map: map.clone() };
        sqlx::raw_sql(AssertSqlSafe(tables.to_owned())).execute(&file.pool).await.unwrap();
        let store = file.store().migrate().await.unwrap();
        drop(store);
        // Rows are inserted in the order of the document, so foreign keys are off until all rows exist.
        file.run("PRAGMA foreign_keys = OFF").await;
        for (kind, rows) in rows.as_object().unwrap() {
            for row in rows.as_array().unwrap() {
                file.insert(kind, row).await;
            }
        }
        file.run("PRAGMA foreign_keys = ON").await;
        file
    }

    pub(crate) fn store(&self) -> SqliteStore {
        SqliteStore::new(self.pool.clone())
    }

    pub(crate) async fn run(&self, sql: &str) {
        let done = sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&self.pool).await;
        done.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// Runs a statement. Returns `false` if the database refuses it.
    pub(crate) async fn try_run(&self, sql: &str) -> bool {
        sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&self.pool).await.is_ok()
    }

    fn kind(&self, kind: &str) -> &Kind {
        self.map.kind(&kind.into()).unwrap()
    }

    pub(crate) async fn insert(&self, kind: &str, row: &Value) {
        let row = row.as_object().unwrap();
        let columns: Vec<_> = row.keys().map(|name| quote(name)).collect();
        let values: Vec<_> = row.values().map(literal).collect();
        let table = Dialect::Sqlite.table(self.kind(kind).table_name());
        let (columns, values) = (columns.join(", "), values.join(", "));
        self.run(&format!("INSERT INTO {table} ({columns}) VALUES ({values})")).await;
    }

    pub(crate) async fn set(&self, kind: &str, id: &str, field: &str, value: &Value) {
        let kind = self.kind(kind);
        let key = quote(kind.id.only().unwrap().as_str());
        let (table, field) = (Dialect::Sqlite.table(kind.table_name()), quote(field));
        let (value, id) = (literal(value), literal(&json!(id)));
        self.run(&format!("UPDATE {table} SET {field} = {value} WHERE {key} = {id}")).await;
    }

    pub(crate) async fn remove(&self, kind: &str, id: &str) {
        let kind = self.kind(kind);
        let key = quote(kind.id.only().unwrap().as_str());
        let (table, id) = (Dialect::Sqlite.table(kind.table_name()), literal(&json!(id)));
        self.run(&format!("DELETE FROM {table} WHERE {key} = {id}")).await;
    }

    pub(crate) async fn rows(&self) -> Value {
        let mut found = Map::new();
        for kind in self.map.kinds() {
            let sql = format!("SELECT * FROM {}", Dialect::Sqlite.table(kind.table_name()));
            let mut rows = self.read(&sql).await.into();
            super::parse_lists(&self.map, kind, &mut rows);
            found.insert(kind.name.to_string(), rows);
        }
        found.into()
    }

    /// Returns the rows of a query as JSON objects.
    pub(crate) async fn read(&self, sql: &str) -> Vec<Value> {
        let rows = sqlx::query(AssertSqlSafe(sql.to_owned())).fetch_all(&self.pool).await.unwrap();
        rows.iter().map(object).collect()
    }

    pub(crate) async fn audit(&self) -> Vec<AuditEntry> {
        let rows = self.read("SELECT record, entry FROM lifecycle_audit ORDER BY sequence").await;
        let entries = rows.into_iter().map(|row| {
            let mut entry: AuditEntry = serde_json::from_str(row["entry"].as_str().unwrap()).unwrap();
            entry.subjects = vec![serde_json::from_value(row["record"].clone()).unwrap()];
            entry
        });
        entries.collect()
    }

    pub(crate) async fn events(&self) -> Vec<Event> {
        let rows = self.read("SELECT * FROM lifecycle_outbox ORDER BY sequence").await;
        let events = rows.into_iter().map(|mut row| {
            row["fields"] = serde_json::from_str(row["payload"].as_str().unwrap()).unwrap();
            serde_json::from_value(row).unwrap()
        });
        events.collect()
    }
}

fn object(row: &sqlx::sqlite::SqliteRow) -> Value {
    use sqlx::Column;
    let columns = row.columns().iter().map(|column| {
        let at = column.ordinal();
        let raw = row.try_get_raw(at).unwrap();
        let value = match raw.type_info().name() {
            _ if raw.is_null() => Value::Null,
            "INTEGER" | "BOOLEAN" => json!(row.try_get_unchecked::<i64, _>(at).unwrap()),
            "REAL" => json!(row.try_get_unchecked::<f64, _>(at).unwrap()),
            _ => json!(row.try_get_unchecked::<String, _>(at).unwrap()),
        };
        (column.name().to_owned(), value)
    });
    Value::Object(columns.collect())
}

fn literal(value: &Value) -> String {
    match value {
        Value::Null => "NULL".into(),
        Value::Bool(value) => i32::from(*value).to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => format!("'{}'", text.replace('\'', "''")),
        list => format!("'{}'", list.to_string().replace('\'', "''")),
    }
}

/// Returns `CREATE TABLE` for a kind, with columns guessed from the rows and foreign keys from the data map.
fn create_table(map: &DataMap, kind: &Kind, all: &Value, schema: Schema) -> String {
    let rows = &all[kind.name.as_str()];
    let mut columns: Map<String, Value> = Map::new();
    for row in rows.as_array().into_iter().flatten() {
        for (name, value) in row.as_object().unwrap() {
            let known = columns.entry(name.clone()).or_insert(Value::Null);
            if known.is_null() {
                *known = value.clone();
            }
        }
    }
    for field in map.fields_of(kind) {
        columns.entry(field.to_string()).or_insert(Value::Null);
    }
    let mut parts: Vec<String> = columns
        .iter()
        .map(|(name, value)| {
            let field = FieldName::from(name.as_str());
            // A reference has the type of the key that it holds, even if its own table is empty.
            let key = super::key_of_field(map, kind, &field);
            let value = key.map_or(value, |(to, key)| &all[to.name.as_str()][0][key.as_str()]);
            let is_integer = value.is_number() || value.is_boolean();
            let is_integer = is_integer && !super::is_list(map, kind, &field);
            let sort = if is_integer { "INTEGER" } else { "TEXT" };
            let unique = kind.fields.get(&field).is_some_and(|field| field.unique);
            let rest = match () {
                () if kind.id.only() == Some(&field) => " PRIMARY KEY NOT NULL",
                () if super::is_mandatory(map, kind, &field) => " NOT NULL",
                () if unique => " UNIQUE",
                () => "",
            };
            format!("{} {sort}{rest}", quote(name))
        })
        .collect();
    if kind.id.fields().len() > 1 {
        parts.push(format!("PRIMARY KEY ({})", list(kind.id.fields())));
    }
    for reference in map.references_from(&kind.name).filter(|reference| super::may_have_key(reference)) {
        let to = map.kind(&reference.to).unwrap();
        // A key that sets a mandatory column to null fails if rows refer to each other in a cycle.
        let empties = matches!(schema.on_delete, "SET NULL" | "SET DEFAULT");
        let is_id = reference.fields.iter().any(|field| kind.id.contains(field));
        let closes = !reference.nullable && closes_cycle(map, &kind.name, &to.name);
        let impossible = empties && (closes || is_id);
        parts.push(format!(
            "FOREIGN KEY ({}) REFERENCES {} ({}) ON DELETE {}",
            list(&reference.fields),
            Dialect::Sqlite.table(to.table_name()),
            list(map.key_of(reference)),
            if impossible { "NO ACTION" } else { schema.on_delete },
        ));
    }
    format!("CREATE TABLE {} ({})", Dialect::Sqlite.table(kind.table_name()), parts.join(", "))
}

fn list(fields: &[FieldName]) -> String {
    let columns: Vec<String> = fields.iter().map(|field| quote(field.as_str())).collect();
    columns.join(", ")
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
