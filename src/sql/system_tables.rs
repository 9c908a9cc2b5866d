//! The library's own tables, as text that a host may also run with its own migration tool.

use super::Prefix;
use super::backend::SystemTypes;
use super::dialect::Dialect;

/// The version of the tables that [`schema`] describes.
pub(crate) const VERSION: i64 = 1;

/// Returns the statements that create the library's tables if they do not exist.
///
/// They may be run any number of times. The [guide](crate::guide::stores) describes the columns.
/// [`SqlStore::migrate`](super::SqlStore::migrate) runs the same text.
///
/// ```
/// use client_lifecycle::sql::{Dialect, Prefix, schema};
/// let ddl = schema(Dialect::Sqlite, &Prefix::default());
/// assert!(ddl[0].starts_with("CREATE TABLE IF NOT EXISTS \"lifecycle_schema\""));
/// ```
#[must_use]
pub fn schema(dialect: Dialect, prefix: &Prefix) -> Vec<String> {
    let types = dialect.backend().system_types();
    let SystemTypes { integer, text, operation, record, at, json, sequence, by_key } = types;
    let name = |table: &str| prefix.quoted(table);
    let create = |table: &str| format!("CREATE TABLE IF NOT EXISTS {} (\n  ", name(table));
    vec![
        create("schema") + &format!("version {integer} NOT NULL PRIMARY KEY\n)"),
        create("operations")
            + &format!(
                "operation {operation} NOT NULL PRIMARY KEY,\n  at {at} NOT NULL,\n  receipt {json} NOT NULL\n)"
            ),
        create("audit")
            + &format!(
                "sequence {sequence},\n  operation {operation} NOT NULL,\n  kind {text} NOT NULL,\n  \
                 record{record} NOT NULL,\n  at {at} NOT NULL,\n  action {text} NOT NULL,\n  \
                 outcome {text} NOT NULL,\n  entry {json} NOT NULL\n)"
            ),
        format!("CREATE INDEX IF NOT EXISTS {} ON {} (kind, record)", name("audit_by_record"), name("audit")),
        create("outbox")
            + &format!(
                "sequence {sequence},\n  operation {operation} NOT NULL,\n  topic {text} NOT NULL,\n  \
                 kind {text} NOT NULL,\n  record{record} NOT NULL,\n  at {at} NOT NULL,\n  \
                 payload {json} NOT NULL,\n  UNIQUE (operation, topic, kind, record)\n)"
            ),
        create("marks")
            + &format!(
                "operation {operation} NOT NULL,\n  kind {text} NOT NULL,\n  record{record} NOT NULL,\n  \
                 PRIMARY KEY (operation, kind, record)\n){by_key}"
            ),
        format!(
            "INSERT INTO {} (version) SELECT {VERSION} WHERE NOT EXISTS (SELECT 1 FROM {0})",
            name("schema")
        ),
    ]
}
