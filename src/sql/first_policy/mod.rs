//! A first policy for a database, derived from its catalogue.

mod names;
mod schema;

use std::collections::BTreeSet;

use names::{Names, field};
use schema::{Link, Schema};

use super::Catalogue;
use super::catalogue::{Column, Table, default, same};
use super::coverage::uncovered;
use crate::domain::{DeletedField, Faults, FieldType, Kind, OnDelete, StatusField, Value};
use crate::policy::{DeletionPolicy, KindBuilder, PolicyBuilder, restrict};

const UNDECIDED: &str = "not decided yet; `restrict` blocks the deletion until then";

/// Returns a policy that covers every table that depends on `subject` through foreign keys, and deletes only the
/// subject itself. Every reference has the rule `restrict` until a person changes it. Use it as a starting point.
///
/// It contains only what is in the catalogue, with the tables of every schema that the role can see. The id of a kind
/// is the primary key of its table. Without one, it is a unique key that excludes null; without that, the kind has no
/// id. A foreign key that cannot be declared, and a table or a column that only its name connects with the subject, is listed
/// under `undecided` with the reason: nothing is deleted until each of them is decided.
/// The subject's kind is named as `subject` is written, even if the table's name differs in case. A schema in front
/// (`crm.clients`) is left out of the name. If several schemas have a table of the same name, those outside the search
/// path become kinds such as `crm_visits`.
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
    let mut policy = DeletionPolicy::of(names.kind(names.subject));
    for (table, id) in schema.kinds() {
        policy = policy.kind(names.kind(table), |kind| describe(kind, names, table, id));
    }
    let (declared, excluded) = schema.links();
    for link in &declared {
        let Link { from, to, columns, key, .. } = link;
        let nullable: Vec<&str> =
            columns.iter().copied().filter(|column| may_be_null(from, column)).collect();
        if columns.len() > 1 {
            for column in &nullable {
                policy = policy.kind(names.kind(from), |kind| kind.nullable(field(from, column)));
            }
        }
        policy = policy.reference_with(names.reference(from, columns), names.kind(to), |mut reference| {
            reference = reference.fields(columns.iter().map(|column| field(from, column)));
            if let Some(key) = key {
                reference = reference.key(key.iter().map(|column| field(to, column)));
            }
            if nullable.is_empty() { reference } else { reference.nullable() }
        });
    }
    let policy = restrict_all(policy, names, &declared);
    let build = |policy: PolicyBuilder| policy.build().map_err(NoFirstPolicy::Faults);
    let found = uncovered(&build(policy.clone())?, catalogue);
    let mut places = BTreeSet::new();
    let mut undecided = policy;
    for (reference, reason) in excluded {
        if places.insert(reference.to_string()) {
            undecided = undecided.undecided_reference(reference, reason, true);
        }
    }
    for (place, reason) in found {
        let (path, name) = place.split_once('.').unwrap_or_default();
        if places.insert(name.to_owned()) {
            undecided = match path {
                "kinds" => undecided.undecided_table(name, reason, true),
                _ => undecided.undecided_reference(name, reason, true),
            };
        }
    }
    build(undecided)
}

fn may_be_null(table: &Table, column: &str) -> bool {
    let is_key = table.primary_key.iter().any(|part| same(part, column));
    table.column(column).is_some_and(|column| !column.not_null) && !is_key
}

/// Adds a mode in which every reference has the rule `restrict`.
fn restrict_all(policy: PolicyBuilder, names: &Names<'_>, declared: &[Link<'_>]) -> PolicyBuilder {
    policy.hard_delete(|mut mode| {
        mode = mode.allow("ADMIN").reason_required();
        for Link { on_delete, from, columns, .. } in declared {
            let reason = match on_delete {
                OnDelete::NoAction => UNDECIDED.to_owned(),
                action => format!("{UNDECIDED} (the foreign key says ON DELETE {action})"),
            };
            mode = mode.rule(names.reference(from, columns), restrict().rationale(reason));
        }
        mode
    })
}

fn describe(mut kind: KindBuilder, names: &Names<'_>, table: &Table, id: &[&str]) -> KindBuilder {
    if *Kind::named(names.kind(table)).table_name() != table.name {
        kind = kind.table(&table.name);
    }
    kind = kind.id(id.iter().map(|column| field(table, column)).collect::<Vec<_>>());
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
        /// The tables that the caller may have meant, such as those of the same name in other schemas.
        tables: Vec<String>,
    },
    /// The subject is a view, which has no keys.
    #[error("`{0}` is a view, and foreign keys cannot refer to a view")]
    View(String),
    /// Nothing identifies the records of the subject.
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
            Self::NoId { .. } => "add a primary key".into(),
            Self::Faults(_) => "write the policy by hand, and check it with `check`".into(),
        }
    }
}

/// Names of columns that hold when a record was deleted.
const MARKS: [&str; 4] = ["deleted_at", "deletedAt", "deleted_on", "removed_at"];

/// Names of boolean columns that say whether a record is deleted.
const DELETED_FLAGS: [&str; 5] = ["deleted", "is_deleted", "isDeleted", "removed", "is_removed"];

/// Names of boolean columns that say whether a record is ON.
const FLAGS: [&str; 5] = ["active", "is_active", "isActive", "enabled", "is_enabled"];

/// Declares timestamps, dates, flags and states. For the subject, also declares its status.
fn describe_fields(mut kind: KindBuilder, table: &Table, id: &[&str], is_subject: bool) -> KindBuilder {
    let mut status = None;
    let mut deleted_at = None;
    for column in table.columns.iter().filter(|column| !id.contains(&&*column.name)) {
        let field = field(table, &column.name);
        if deleted_at.is_none()
            && let Some(live) = live_value(column)
        {
            deleted_at = Some(DeletedField::new(field, live));
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
    if let Some(deleted) = deleted_at {
        kind = kind.deleted_at(deleted);
    }
    kind
}

/// Returns the value of live rows in a column that may say whether a row is deleted: null or the default of an instant,
/// and `false` for a flag.
fn live_value(column: &Column) -> Option<Value> {
    let is_named = |names: &[&str]| names.iter().any(|name| same(name, &column.name));
    let declared = column.declared.to_ascii_uppercase();
    let says_time = ["DATE", "TIME"].iter().any(|word| declared.contains(word));
    let is_instant = is_named(&MARKS) && !column.is_flag() || is_named(&DELETED_FLAGS) && says_time;
    let is_instant = is_instant && column.storage.fits(FieldType::Timestamp);
    let is_flag = is_named(&DELETED_FLAGS) && !says_time || is_named(&MARKS) && column.is_flag();
    if column.generated {
        return None;
    }
    let default = column.default.as_deref().map(default::literal);
    match default {
        None | Some(Some(Value::Null)) if is_instant && !column.not_null => Some(Value::Null),
        Some(Some(live)) if is_instant => {
            default::typed(FieldType::Timestamp, &live).filter(|at| !at.is_null()).map(|_| live)
        }
        None | Some(Some(Value::Null | Value::Boolean(false) | Value::Integer(0)))
            if is_flag && column.storage.fits(FieldType::Boolean) =>
        {
            Some(false.into())
        }
        // `Some(None)` is a default that only the database can evaluate.
        _ => None,
    }
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
