//! The library's own tables: the statements that create them, and the migration that runs those that are needed.

use super::Prefix;
use super::backend::Spelling;
use super::connection::{AccessMode, SqlConnection, SqlValue};
use super::dialect::Dialect;
use super::statement::Statement;
use super::store::SqlStore;
use crate::store::StoreError;

/// The version of the tables that [`schema`] creates.
const VERSION: i64 = 1;

/// A statement about a table or an index of the library.
struct Step {
    /// The name of the table or index, without quotes.
    about: String,
    /// Whether the statement is needed if the table or index exists. Otherwise it is needed if it does not exist.
    if_present: bool,
    statement: String,
}

fn steps(dialect: Dialect, prefix: &Prefix) -> Vec<Step> {
    let backend = dialect.backend();
    let Spelling { integer, text, operation, record, at, json, sequence, by_key, .. } = backend.spelling();
    let record_key = backend.record_key("record");
    let name = |table: &str| prefix.quoted(table);
    let step =
        |about: &str, statement: String| Step { about: prefix.table(about), if_present: false, statement };
    let table = |about: &str, columns: String| {
        step(about, format!("CREATE TABLE IF NOT EXISTS {} (\n  {columns}", name(about)))
    };
    let key = |columns: &str| match record_key {
        None => format!(",\n  PRIMARY KEY ({columns})\n){by_key}"),
        Some(_) => "\n)".to_owned(),
    };
    let unique_event = match record_key {
        None => ",\n  UNIQUE (operation, topic, kind, record)",
        Some(_) => "",
    };
    let numbered = if record_key.is_some() { format!("sequence {sequence},\n  ") } else { String::new() };
    let mut steps = vec![
        table("schema", format!("version {integer} NOT NULL PRIMARY KEY\n)")),
        table(
            "operations",
            format!(
                "operation {operation} NOT NULL PRIMARY KEY,\n  at {at} NOT NULL,\n  receipt {json} NOT NULL\n)"
            ),
        ),
        table(
            "audit",
            format!(
                "sequence {sequence},\n  operation {operation} NOT NULL,\n  kind {text} NOT NULL,\n  \
                 record{record} NOT NULL,\n  at {at} NOT NULL,\n  action {text} NOT NULL,\n  \
                 outcome {text} NOT NULL,\n  entry {json} NOT NULL\n)"
            ),
        ),
        table(
            "outbox",
            format!(
                "sequence {sequence},\n  operation {operation} NOT NULL,\n  topic {text} NOT NULL,\n  \
                 kind {text} NOT NULL,\n  record{record} NOT NULL,\n  at {at} NOT NULL,\n  \
                 payload {json} NOT NULL{unique_event}\n)"
            ),
        ),
        table(
            "marks",
            format!(
                "{numbered}operation {operation} NOT NULL,\n  kind {text} NOT NULL,\n  record{record} NOT NULL{}",
                key("operation, kind, record")
            ),
        ),
        table(
            "replaced",
            format!(
                "{numbered}operation {operation} NOT NULL,\n  kind {text} NOT NULL,\n  field {text} NOT NULL,\n  \
                 record{record} NOT NULL,\n  before{record},\n  after{record}{}",
                key("operation, kind, field, record")
            ),
        ),
    ];
    let index = |what: &str, index: &str, table: &str, columns: &str| {
        format!("CREATE {what} IF NOT EXISTS {} ON {} ({columns})", name(index), name(table))
    };
    if let (Some([before, after]), Some(key)) = (backend.record_hash(), &record_key) {
        let columns = format!("kind, {before}record{after}");
        steps.push(step("audit_by_hash", index("INDEX", "audit_by_hash", "audit", &columns)));
        // Tables of earlier versions have this index, which no long id fits into.
        let drop = format!("DROP INDEX IF EXISTS {}", name("audit_by_record"));
        steps.push(Step { if_present: true, ..step("audit_by_record", drop) });
        // Tables of earlier versions have a constraint instead, so these indexes are created with their tables.
        let columns = format!("operation, topic, kind, {key}");
        steps.push(step("outbox", index("UNIQUE INDEX", "outbox_once", "outbox", &columns)));
        let columns = format!("operation, kind, {key}");
        steps.push(step("marks", index("UNIQUE INDEX", "marks_once", "marks", &columns)));
        let columns = format!("operation, kind, field, {key}");
        steps.push(step("replaced", index("UNIQUE INDEX", "replaced_once", "replaced", &columns)));
    } else {
        let columns = "kind, record";
        steps.push(step("audit_by_record", index("INDEX", "audit_by_record", "audit", columns)));
    }
    let insert = format!(
        "INSERT INTO {} (version) SELECT {VERSION} WHERE NOT EXISTS (SELECT 1 FROM {0})",
        name("schema")
    );
    steps.push(step("schema", insert));
    steps
}

/// Returns the statements that create the library's tables if they do not exist.
///
/// They may be run any number of times. The [guide](crate::guide::stores) describes the columns.
/// [`SqlStore::migrate`](super::SqlStore::migrate) runs those of them that are needed.
///
/// ```
/// use client_lifecycle::sql::{Dialect, Prefix, schema};
/// let ddl = schema(Dialect::Sqlite, &Prefix::default());
/// assert!(ddl[0].starts_with("CREATE TABLE IF NOT EXISTS \"lifecycle_schema\""));
/// ```
#[must_use]
pub fn schema(dialect: Dialect, prefix: &Prefix) -> Vec<String> {
    steps(dialect, prefix).into_iter().map(|step| step.statement).collect()
}

impl<C: SqlConnection> SqlStore<C> {
    /// Creates those of the library's tables and indexes that do not exist. May be called any number of times.
    ///
    /// If nothing is missing, it only reads, so a role that may use the tables needs no right to create or to own them.
    ///
    /// # Errors
    /// [`StoreError::Unsupported`] if the tables were created by a later version of the library.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let context = self.context("created the library's tables");
        let mut tx = self.begin(AccessMode::Write, context).await?;
        let mut session = self.session(&mut *tx, context);
        let mut has_schema = true;
        if let Some(lock) = self.backend().migration_lock() {
            let rows = session.query(&Statement::text(lock)).await?;
            has_schema = rows.first().and_then(|row| row.get(1)).and_then(SqlValue::as_integer) == Some(1);
        }
        let steps = steps(self.dialect, &self.prefix);
        let exist = steps.iter().map(|step| self.backend().exists(&step.about)).collect::<Vec<_>>();
        let rows = session.query(&Statement::text(format!("SELECT {}", exist.join(", ")))).await?;
        let exist = rows.into_iter().flatten().map(|found| found.as_integer() == Some(1));
        let needed = steps.iter().zip(exist).filter(|(step, exists)| step.if_present == *exists);
        for (step, _) in needed {
            if !has_schema {
                return Err(StoreError::Unsupported(
                    "creating the library's tables: no schema of the search path exists; create one".into(),
                ));
            }
            session.execute(&Statement::text(step.statement.clone())).await?;
        }
        let version = format!("SELECT max(version) FROM {}", self.prefix.quoted("schema"));
        let version = session.integer(&Statement::text(version)).await?;
        if let Some(version) = version.filter(|version| *version > VERSION) {
            return Err(StoreError::Unsupported(format!(
                "tables of schema {version} with the prefix `{}`: this version of the library knows schema {VERSION}",
                self.prefix
            )));
        }
        tx.commit().await.map_err(|error| context.commit_error(error))
    }
}
