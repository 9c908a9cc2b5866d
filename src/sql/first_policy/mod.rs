//! A first policy for a database, made from its catalogue.

mod error;
mod fields;
mod identity;
mod names;
mod schema;

use crate::policy::{DeletionPolicy, KindBuilder, PolicyBuilder, restrict};

use super::Catalogue;
use super::catalogue::{ForeignKey, OnDelete, Table};

pub use error::NoFirstPolicy;
use names::{Names, field};
use schema::Schema;

const UNDECIDED: &str = "not decided yet; `restrict` blocks the deletion until then";

/// Returns a policy that covers every table that depends on `subject` through foreign keys, and deletes only the
/// subject itself. Each reference is `restrict`, until a person decides otherwise. It is a document to start from.
///
/// It contains only what the catalogue shows. A table that cannot be a kind, because of a composite key, is listed
/// under `excluded` with the reason. A table without foreign keys is left out, and [`findings`](super::findings)
/// reports it. The kind of the subject has the name that is passed, in any case.
///
/// The same catalogue gives the same policy.
///
/// ```no_run
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// use client_lifecycle::sql::first_policy;
/// use client_lifecycle::sqlite::SqliteStore;
/// let catalogue = SqliteStore::connect("sqlite:app.db").await?.catalogue().await?;
/// println!("{}", serde_json::to_string_pretty(&first_policy(&catalogue, "clients")?)?);
/// # Ok(()) }
/// ```
///
/// # Errors
/// [`NoFirstPolicy`] if the subject is not a table with an id.
pub fn first_policy(catalogue: &Catalogue, subject: &str) -> Result<DeletionPolicy, NoFirstPolicy> {
    let schema = Schema::of(catalogue, subject)?;
    let names = &schema.names;
    let mut policy = DeletionPolicy::of(subject);
    for (table, id) in schema.kinds() {
        policy = policy.kind(names.kind(table), |kind| describe(kind, names, table, id));
    }
    let declared: Vec<_> = schema.references().collect();
    for (_, from, column, to) in &declared {
        let column_of = from.column(column);
        let key_part = from.primary_key.iter().any(|part| part == column);
        let nullable = column_of.is_some_and(|column| !column.not_null) && !key_part;
        policy = policy.reference_with(names.reference(from, column), names.kind(to), |reference| {
            if nullable { reference.nullable() } else { reference }
        });
    }
    for (reference, reason) in schema.excluded_references() {
        policy = policy.exclude_reference(reference, reason);
    }
    for (table, reason) in schema.excluded_tables() {
        policy = policy.exclude_table(&table.name, reason);
    }
    restrict_all(policy, names, &declared).build().map_err(NoFirstPolicy::Faults)
}

type Declared<'a> = (&'a ForeignKey, &'a Table, &'a str, &'a Table);

/// Adds a mode that restricts every reference.
fn restrict_all(policy: PolicyBuilder, names: &Names<'_>, declared: &[Declared<'_>]) -> PolicyBuilder {
    policy.hard_delete(|mut mode| {
        mode = mode.allow("ADMIN").reason_required();
        for (key, from, column, _) in declared {
            let reason = match key.on_delete {
                OnDelete::NoAction => UNDECIDED.to_owned(),
                action => format!("{UNDECIDED} (the foreign key says ON DELETE {action})"),
            };
            mode = mode.rule(names.reference(from, column), restrict().rationale(reason));
        }
        mode
    })
}

fn describe(mut kind: KindBuilder, names: &Names<'_>, table: &Table, id: &str) -> KindBuilder {
    if names.kind(table) != table.name.as_str() {
        kind = kind.table(&table.name);
    }
    kind = kind.id(field(table, id));
    for column in &table.columns {
        let field = field(table, &column.name);
        if field != column.name.as_str() {
            kind = kind.column(&field, &column.name);
        }
    }
    fields::describe(kind, table, id, names.is_subject(table))
}
