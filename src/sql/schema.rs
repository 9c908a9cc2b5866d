//! The library's own tables, as text that a host may also run with its own migration tool.

use super::{Dialect, Prefix};

/// The version of the tables that [`schema`] describes.
pub(crate) const VERSION: i64 = 1;

/// The tables it describes, without their prefix.
pub(crate) const TABLES: [&str; 5] = ["schema", "operations", "audit", "outbox", "marks"];

/// The statements that create the library's tables where they are not there yet.
///
/// They may be run any number of times. What their columns are is in the [guide](crate::guide::stores).
/// [`SqlStore::migrate`](super::SqlStore::migrate) runs the same text.
///
/// ```
/// use client_lifecycle::sql::{Dialect, Prefix, schema};
/// let ddl = schema(Dialect::Sqlite, &Prefix::default());
/// assert!(ddl[0].starts_with("CREATE TABLE IF NOT EXISTS \"lifecycle_schema\""));
/// ```
#[must_use]
pub fn schema(dialect: Dialect, prefix: &Prefix) -> Vec<String> {
    let name = |table: &str| dialect.quote(&prefix.table(table));
    match dialect {
        Dialect::Sqlite => vec![
            format!(
                "CREATE TABLE IF NOT EXISTS {} (\n  version INTEGER NOT NULL PRIMARY KEY\n)",
                name("schema")
            ),
            // A record's id is kept in the type it has in the host's table: no type, no conversion.
            format!(
                "CREATE TABLE IF NOT EXISTS {} (\n  operation TEXT NOT NULL PRIMARY KEY,\n  at TEXT NOT NULL,\n  \
                 receipt TEXT NOT NULL\n)",
                name("operations")
            ),
            format!(
                "CREATE TABLE IF NOT EXISTS {} (\n  sequence INTEGER PRIMARY KEY AUTOINCREMENT,\n  \
                 operation TEXT NOT NULL,\n  kind TEXT NOT NULL,\n  record NOT NULL,\n  at TEXT NOT NULL,\n  \
                 action TEXT NOT NULL,\n  outcome TEXT NOT NULL,\n  entry TEXT NOT NULL\n)",
                name("audit")
            ),
            format!(
                "CREATE INDEX IF NOT EXISTS {} ON {} (kind, record)",
                name("audit_by_record"),
                name("audit")
            ),
            format!(
                "CREATE TABLE IF NOT EXISTS {} (\n  sequence INTEGER PRIMARY KEY AUTOINCREMENT,\n  \
                 operation TEXT NOT NULL,\n  topic TEXT NOT NULL,\n  kind TEXT NOT NULL,\n  record NOT NULL,\n  \
                 at TEXT NOT NULL,\n  payload TEXT NOT NULL,\n  UNIQUE (operation, topic, kind, record)\n)",
                name("outbox")
            ),
            format!(
                "CREATE TABLE IF NOT EXISTS {} (\n  operation TEXT NOT NULL,\n  kind TEXT NOT NULL,\n  \
                 record NOT NULL,\n  PRIMARY KEY (operation, kind, record)\n) WITHOUT ROWID",
                name("marks")
            ),
            format!(
                "INSERT INTO {} (version) SELECT {VERSION} WHERE NOT EXISTS (SELECT 1 FROM {0})",
                name("schema")
            ),
        ],
        Dialect::Postgres => postgres(name),
    }
}

/// A record's id is kept as text, whatever type it has in the host's table.
fn postgres(name: impl Fn(&str) -> String) -> Vec<String> {
    vec![
        format!("CREATE TABLE IF NOT EXISTS {} (\n  version bigint NOT NULL PRIMARY KEY\n)", name("schema")),
        format!(
            "CREATE TABLE IF NOT EXISTS {} (\n  operation uuid NOT NULL PRIMARY KEY,\n  \
             at timestamptz NOT NULL,\n  receipt jsonb NOT NULL\n)",
            name("operations")
        ),
        format!(
            "CREATE TABLE IF NOT EXISTS {} (\n  sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n  \
             operation uuid NOT NULL,\n  kind text NOT NULL,\n  record text NOT NULL,\n  \
             at timestamptz NOT NULL,\n  action text NOT NULL,\n  outcome text NOT NULL,\n  \
             entry jsonb NOT NULL\n)",
            name("audit")
        ),
        format!("CREATE INDEX IF NOT EXISTS {} ON {} (kind, record)", name("audit_by_record"), name("audit")),
        format!(
            "CREATE TABLE IF NOT EXISTS {} (\n  sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n  \
             operation uuid NOT NULL,\n  topic text NOT NULL,\n  kind text NOT NULL,\n  \
             record text NOT NULL,\n  at timestamptz NOT NULL,\n  payload jsonb NOT NULL,\n  \
             UNIQUE (operation, topic, kind, record)\n)",
            name("outbox")
        ),
        format!(
            "CREATE TABLE IF NOT EXISTS {} (\n  operation uuid NOT NULL,\n  kind text NOT NULL,\n  \
             record text NOT NULL,\n  PRIMARY KEY (operation, kind, record)\n)",
            name("marks")
        ),
        format!(
            "INSERT INTO {} (version) SELECT {VERSION} WHERE NOT EXISTS (SELECT 1 FROM {0})",
            name("schema")
        ),
    ]
}
