//! A [`Host`] on any SQL connection. It creates the suite's tables, and reads and writes them with plain SQL.

use std::fmt;

use async_trait::async_trait;

use super::session;
use super::world::{KINDS, kind};
use super::{Counted, Host, Recorded, Sent, Traffic, world};
use crate::domain::{FieldName, FieldType, KeyComparison, Kind, Record, RecordId, Value};
use crate::sql::{AccessMode, Dialect, SqlConnection, SqlStore, SqlValue};
use crate::store::Store;

/// A [`Host`] on a [`SqlConnection`]. It creates the tables of [`world`] with the column types of the database. A
/// driver for [`SqlStore`] needs no other host.
///
/// ```ignore
/// async fn my_host() -> SqlHost<MyPool> {
///     SqlHost::new(MyPool::on_an_empty_database(), Dialect::Sqlite).await
/// }
/// client_lifecycle::conformance!(tokio::test, my_host);
/// ```
///
/// The host counts the traffic of the connection, so it also supports the level `scale`:
/// `client_lifecycle::conformance_scale!(tokio::test, my_host);`
///
/// Its own statements run in transactions of the same connection, like other code of an application.
pub struct SqlHost<C: SqlConnection> {
    store: SqlStore<Counted<C>>,
    dialect: Dialect,
}

impl<C: SqlConnection> SqlHost<C> {
    /// Creates the tables in an empty database, with foreign keys. The connection decides whether they are enforced.
    ///
    /// # Panics
    /// If a transaction of the connection lacks a setting of [`begin_statements`](crate::sql::begin_statements). The
    /// message names the setting.
    pub async fn new(connection: C, dialect: Dialect) -> Self {
        session::check(&connection, dialect).await;
        let store = SqlStore::new(Counted::new(connection), dialect);
        store.migrate().await.expect("the library's tables");
        let host = Self { store, dialect };
        for name in KINDS {
            host.execute(&host.table(&kind(name)), &[]).await;
        }
        host
    }

    /// Returns `CREATE TABLE` for a kind of the suite.
    fn table(&self, kind: &Kind) -> String {
        let map = world();
        let quoted = |kind: &Kind, fields: &[FieldName]| {
            let names = fields.iter().map(|field| self.dialect.quote(kind.column(field)));
            names.collect::<Vec<_>>().join(", ")
        };
        let columns = map.fields_of(kind).map(|field| {
            let declared = map.references_from(&kind.name).find_map(|reference| {
                let position = reference.fields.iter().position(|held| held == field)?;
                let key = map.key_of(reference).get(position)?;
                Some(map.kind(&reference.to)?.type_of(key))
            });
            let declared = self.column_type(declared.unwrap_or_else(|| kind.type_of(field)));
            let not_null = if kind.id.contains(field) { " NOT NULL" } else { "" };
            let unique = kind.fields.get(field).is_some_and(|field| field.unique);
            let unique = if unique { " UNIQUE" } else { "" };
            format!("{} {declared}{not_null}{unique}", self.dialect.quote(kind.column(field)))
        });
        let key = (!kind.id.is_none()).then(|| format!("PRIMARY KEY ({})", quoted(kind, kind.id.fields())));
        let keys = map.references_from(&kind.name);
        let keys =
            keys.filter(|reference| reference.when.is_none() && reference.compare == KeyComparison::Exact);
        let keys = keys.filter_map(|reference| {
            let to = map.kind(&reference.to)?;
            let (fields, key) = (quoted(kind, &reference.fields), quoted(to, map.key_of(reference)));
            Some(format!("FOREIGN KEY ({fields}) REFERENCES {} ({key})", self.dialect.table(to.table_name())))
        });
        let columns: Vec<_> = columns.chain(key).chain(keys).collect();
        let table = self.dialect.table(kind.table_name());
        format!("CREATE TABLE {table} ({})", columns.join(", "))
    }

    fn column_type(&self, declared: FieldType) -> &'static str {
        match (self.dialect, declared) {
            (Dialect::Sqlite, FieldType::Integer) => "INTEGER",
            (Dialect::Postgres, FieldType::Integer | FieldType::TimestampMs) => "BIGINT",
            (Dialect::Postgres, FieldType::Date) => "DATE",
            (Dialect::Postgres, FieldType::Timestamp) => "TIMESTAMPTZ",
            _ => "TEXT",
        }
    }

    /// Returns the `INSERT` of one row. It replaces a row with the same id, which could not be deleted first because
    /// other rows refer to it.
    fn insert(&self, kind: &Kind, row: &Record) -> (String, Vec<SqlValue>) {
        let quote = |name: &str| self.dialect.quote(name);
        let id: Vec<Value> = row.id.parts().iter().map(Value::from).collect();
        let key = kind.id.fields().iter().map(|field| kind.column(field)).zip(&id);
        let fields = row.fields.iter().map(|(name, value)| (kind.column(name), value));
        let all: Vec<_> = fields.chain(key).collect();
        let names: Vec<_> = all.iter().map(|(name, _)| quote(name)).collect();
        let updates: Vec<_> = names.iter().map(|name| format!("{name} = excluded.{name}")).collect();
        let (table, names, updates) =
            (self.dialect.table(kind.table_name()), names.join(", "), updates.join(", "));
        let (rows, params) = match self.dialect {
            Dialect::Sqlite => {
                let places: Vec<_> = (1..=all.len()).map(|at| self.dialect.placeholder(at)).collect();
                let params = all.iter().map(|(_, value)| SqlValue::from(*value)).collect();
                (format!("VALUES ({})", places.join(", ")), params)
            }
            // PostgreSQL converts every value to the type of its column.
            Dialect::Postgres => {
                let whole: serde_json::Map<_, _> =
                    all.iter().map(|(name, value)| ((*name).to_owned(), serde_json::json!(value))).collect();
                let whole = serde_json::Value::Object(whole).to_string();
                let rows =
                    format!("SELECT {names} FROM jsonb_populate_record(NULL::{table}, $1::text::jsonb)");
                (rows, vec![SqlValue::Text(whole)])
            }
        };
        let key: Vec<_> = kind.id.fields().iter().map(|field| quote(kind.column(field))).collect();
        let replace = match &*key.join(", ") {
            "" => String::new(),
            key => format!(" ON CONFLICT ({key}) DO UPDATE SET {updates}"),
        };
        (format!("INSERT INTO {table} ({names}) {rows}{replace}"), params)
    }

    /// Renders a column of one of the library's tables as text.
    fn text_of(&self, column: &str) -> String {
        match self.dialect {
            Dialect::Sqlite => column.to_owned(),
            Dialect::Postgres => format!("{column}::text"),
        }
    }

    async fn execute(&self, sql: &str, params: &[SqlValue]) {
        let begun = self.store.connection().begin(AccessMode::Write).await;
        let mut tx = begun.expect("a transaction");
        tx.execute(sql, params).await.expect("a statement of the host");
        tx.commit().await.expect("a commit of the host");
    }

    async fn query(&self, sql: &str) -> Vec<Vec<SqlValue>> {
        let begun = self.store.connection().begin(AccessMode::Read).await;
        let mut tx = begun.expect("a transaction");
        let rows = tx.query(sql, &[]).await.expect("a query of the host");
        tx.commit().await.expect("a commit of the host");
        rows
    }
}

#[async_trait]
impl<C: SqlConnection> Host for SqlHost<C> {
    fn store(&self) -> &dyn Store {
        &self.store
    }

    async fn load(&self, kind: &Kind, rows: Vec<Record>) {
        let begun = self.store.connection().begin(AccessMode::Write).await;
        let mut tx = begun.expect("a transaction");
        for row in rows {
            let (sql, params) = self.insert(kind, &row);
            tx.execute(&sql, &params).await.expect("a row of the host");
        }
        tx.commit().await.expect("a commit of the host");
    }

    async fn rows(&self, kind: &Kind) -> Vec<Record> {
        let map = world();
        let fields: Vec<_> = map.fields_of(kind).filter(|field| !kind.id.contains(field)).collect();
        let columns = kind.id.fields().iter().chain(fields.iter().copied());
        let columns: Vec<_> = columns.map(|field| kind.column(field)).collect();
        let read: Vec<_> = columns
            .iter()
            .map(|column| match (self.dialect, self.dialect.quote(column)) {
                (Dialect::Sqlite, column) => column,
                (Dialect::Postgres, column) => format!("to_jsonb({column})::text"),
            })
            .collect();
        let table = self.dialect.table(kind.table_name());
        let rows = self.query(&format!("SELECT {} FROM {table}", read.join(", "))).await;
        let value = |found: SqlValue| match (self.dialect, found) {
            (_, SqlValue::Null) => Value::Null,
            (Dialect::Postgres, SqlValue::Text(json)) => serde_json::from_str(&json).expect("a value"),
            (_, SqlValue::Integer(number)) => Value::Integer(number),
            (_, SqlValue::Real(number)) => Value::Real(number),
            (_, SqlValue::Text(text)) => Value::Text(text),
            (_, SqlValue::Blob(_)) => panic!("the world has no bytes"),
        };
        let record = |row: Vec<SqlValue>| {
            let mut values = row.into_iter().map(value);
            let id = values.by_ref().take(kind.id.fields().len());
            let id = RecordId::tuple(id.map(|part| part.as_id().expect("a part of an id")));
            let fields = fields.iter().map(|field| (*field).clone());
            Record { id, fields: fields.zip(values).collect() }
        };
        rows.into_iter().map(record).collect()
    }

    async fn audit(&self) -> Vec<Recorded> {
        let operation = self.text_of("operation");
        let rows = self.query(&format!("SELECT {operation}, record, outcome FROM lifecycle_audit")).await;
        let recorded = rows.iter().map(|row| Recorded {
            operation: text(&row[0]).parse().expect("an operation"),
            subject: row[1].as_id().expect("an id"),
            outcome: serde_json::from_value(text(&row[2]).into()).expect("an outcome"),
        });
        recorded.collect()
    }

    async fn events(&self) -> Vec<Sent> {
        let (operation, payload) = (self.text_of("operation"), self.text_of("payload"));
        let rows =
            self.query(&format!("SELECT {operation}, topic, record, {payload} FROM lifecycle_outbox")).await;
        let sent = rows.iter().map(|row| Sent {
            operation: text(&row[0]).parse().expect("an operation"),
            topic: text(&row[1]).into(),
            record: row[2].as_id().expect("an id"),
            fields: serde_json::from_str(text(&row[3])).expect("fields"),
        });
        sent.collect()
    }

    async fn operations(&self) -> usize {
        self.query("SELECT operation FROM lifecycle_operations").await.len()
    }

    fn traffic(&self) -> Option<Traffic> {
        Some(self.store.connection().traffic())
    }
}

impl<C: SqlConnection> fmt::Debug for SqlHost<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SqlHost").field(&self.store).finish()
    }
}

fn text(value: &SqlValue) -> &str {
    value.as_text().expect("text")
}
