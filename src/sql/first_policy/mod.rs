//! A first policy for a database, derived from its catalogue.

mod schema;

use schema::{Names, Schema, field};

use super::Catalogue;
use super::catalogue::{Column, ForeignKey, OnDelete, Table, same};
use crate::domain::{Faults, FieldType, StatusField};
use crate::policy::{DeletionPolicy, KindBuilder, PolicyBuilder, restrict};

const UNDECIDED: &str = "not decided yet; `restrict` blocks the deletion until then";

/// Returns a policy that covers every table that depends on `subject` through foreign keys, and deletes only the
/// subject itself. Every reference has the rule `restrict` until a person changes it. Use it as a starting point.
///
/// It contains only what is in the catalogue. A table that cannot be a kind, because it has a composite key, is
/// listed under `excluded` with the reason. A table without foreign keys is left out; [`findings`](super::findings)
/// reports it. The subject's kind is named exactly as `subject`, which may differ in case from the table.
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

/// Adds a mode in which every reference has the rule `restrict`.
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
    describe_fields(kind, table, id, names.is_subject(table))
}

/// The reason why no first policy can be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoFirstPolicy {
    /// The table does not exist.
    #[error("the table `{table}` does not exist")]
    NoTable {
        /// The requested name.
        table: String,
        /// The tables of the database.
        tables: Vec<String>,
    },
    /// The subject is a view, which has no keys.
    #[error("`{0}` is a view, and foreign keys cannot refer to a view")]
    View(String),
    /// No single column identifies the records of the subject.
    #[error("`{table}` cannot be the subject: {why}")]
    NoId {
        /// The table.
        table: String,
        /// The reason.
        why: String,
    },
    /// The policy derived from the catalogue is invalid.
    #[error("the policy derived from the catalogue is invalid\n{0}")]
    Faults(Faults),
}

impl NoFirstPolicy {
    /// Returns what to do about it.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::NoTable { tables, .. } if tables.is_empty() => {
                "the database has no tables; check that it is the right one".into()
            }
            Self::NoTable { tables, .. } => format!("use one of `{}`", tables.join("`, `")),
            Self::View(_) => "use the table that the view reads".into(),
            Self::NoId { .. } => "add a unique column".into(),
            Self::Faults(_) => "write the policy by hand, and check it with `check`".into(),
        }
    }
}

/// Names of boolean columns that say whether a record is ON.
const FLAGS: [&str; 5] = ["active", "is_active", "isActive", "enabled", "is_enabled"];

/// Declares timestamps, dates, flags and states. For the subject, also declares its status.
fn describe_fields(mut kind: KindBuilder, table: &Table, id: &str, is_subject: bool) -> KindBuilder {
    let mut status = None;
    let mut deleted_at = None;
    for column in table.columns.iter().filter(|column| column.name != id) {
        let field = field(table, &column.name);
        if deleted_at.is_none() && marks_deletion(column) {
            deleted_at = Some(field);
            continue;
        }
        if is_subject && status.is_none() {
            status = status_of(column).map(|status| StatusField { field: field.clone(), ..status });
        }
        if let Some(field_type) = type_of(column) {
            kind = kind.field(field, field_type);
        }
    }
    if let Some(status) = status {
        kind = kind.status(status);
    }
    if let Some(field) = deleted_at {
        kind = kind.deleted_at(field);
    }
    kind
}

/// Returns whether a column may hold when a row was deleted. It must be nullable, because NULL stands for a row that
/// is not deleted.
fn marks_deletion(column: &Column) -> bool {
    let named = ["deleted_at", "deletedAt", "deleted_on", "removed_at"];
    named.iter().any(|name| same(name, &column.name))
        && !column.not_null
        && !column.generated
        && column.storage.fits(FieldType::Timestamp)
}

/// Returns a status with the values `ON` and `OFF`, unless the column's default is another word, or with `true` and
/// `false`.
fn status_of(column: &Column) -> Option<StatusField> {
    let text = column.storage.is_text()
        && column.default.as_deref().is_none_or(|default| default.trim_matches(['\'', '"']) == "ON");
    if column.generated {
        return None;
    }
    if same(&column.name, "status") && text {
        return Some(column.name.as_str().into());
    }
    let flag = FLAGS.iter().any(|name| same(name, &column.name)) && column.storage.fits(FieldType::Boolean);
    flag.then(|| StatusField {
        on: true.into(),
        off: false.into(),
        ..StatusField::from(column.name.as_str())
    })
}

/// Returns the type of a column, if its declaration or its name is unambiguous.
fn type_of(column: &Column) -> Option<FieldType> {
    let declared = column.declared.to_ascii_uppercase();
    let named = |names: &[&str]| names.iter().any(|name| same(name, &column.name));
    let is_time = column.name.to_ascii_lowercase().ends_with("_at") || column.name.ends_with("At");
    let found = if declared.starts_with("BOOL") || named(&FLAGS) {
        FieldType::Boolean
    } else if declared == "DATE" {
        FieldType::Date
    } else if is_time || declared.starts_with("DATETIME") || declared.starts_with("TIMESTAMP") {
        FieldType::Timestamp
    } else if named(&["status", "state"]) && column.storage.is_text() {
        FieldType::Text
    } else {
        return None;
    };
    column.storage.fits(found).then_some(found)
}
