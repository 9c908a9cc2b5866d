//! A first policy for a database that nobody has described yet.

mod error;
mod fields;
mod identity;
mod names;
mod survey;

use crate::policy::{DeletionPolicy, KindBuilder, PolicyBuilder, restrict};

use super::Catalogue;
use super::catalogue::{ForeignKey, OnDelete, Table};

pub use error::NoFirstPolicy;
use names::{Names, field};
use survey::Survey;

const UNDECIDED: &str = "nobody has decided yet; restrict deletes nothing that was not looked at";

/// A policy that covers every table that hangs on `subject` by foreign keys, and deletes nothing but the
/// subject itself: each reference is `restrict`, until a person decides otherwise. Written as a document it
/// is what to begin with. The kind of the subject is called as it is asked for, in whatever case.
///
/// Only what the catalogue says is in it. A table that the crate cannot treat as a kind, because of a key of
/// several columns, is listed under `excluded` with the reason. A table without foreign keys is not in it
/// at all, so that [`findings`](super::findings) asks for it.
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
/// [`NoFirstPolicy`] where the subject is no table with an id.
pub fn first_policy(catalogue: &Catalogue, subject: &str) -> Result<DeletionPolicy, NoFirstPolicy> {
    let survey = Survey::of(catalogue, subject)?;
    let names = &survey.names;
    let mut policy = DeletionPolicy::of(subject);
    for (table, id) in survey.kinds() {
        let say = |kind| describe(kind, names, table, id);
        policy = policy.kind(names.kind(table), say);
    }
    let declared: Vec<_> = survey.references().collect();
    for (_, from, column, to) in &declared {
        policy = policy.reference(names.reference(from, column), names.kind(to));
        let column_of = from.column(column);
        let key_part = from.primary_key.iter().any(|part| part == column);
        if column_of.is_some_and(|column| !column.not_null) && !key_part {
            policy = policy.nullable();
        }
    }
    for (reference, because) in survey.left_out_references() {
        policy = policy.exclude_reference(reference, because);
    }
    for (table, because) in survey.left_out_tables() {
        policy = policy.exclude_table(&table.name, because);
    }
    decide(policy, names, &declared).build().map_err(NoFirstPolicy::Faults)
}

type Declared<'a> = (&'a ForeignKey, &'a Table, &'a str, &'a Table);

/// The most cautious mode there is.
fn decide(policy: PolicyBuilder, names: &Names<'_>, declared: &[Declared<'_>]) -> PolicyBuilder {
    policy.hard_delete(|mut mode| {
        mode = mode.allow("ADMIN").reason_required();
        for (key, from, column, _) in declared {
            let because = match key.on_delete {
                OnDelete::NoAction => UNDECIDED.to_owned(),
                action => format!("{UNDECIDED} (the foreign key says ON DELETE {action})"),
            };
            mode = mode.rule(names.reference(from, column), restrict().rationale(because));
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
