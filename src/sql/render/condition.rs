//! Conditions, three-valued as in SQL.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::stored::{comparable, is_bad};
use crate::domain::{BadValue, Condition, FieldName, FieldType, Kind, Value, to_milliseconds};
use crate::sql::SqlValue;
use crate::sql::statement::Writer;
use crate::store::StoreError;

/// A field of the row that is looked at, which every statement calls `r`.
///
/// Always with `r.`: SQLite reads a quoted name that is no column as text.
pub(super) fn column(w: &Writer, kind: &Kind, field: &FieldName) -> String {
    format!("r.{}", w.dialect.quote(kind.column(field)))
}

/// The condition over the row `r`.
pub(super) fn condition(
    w: &mut Writer,
    kind: &Kind,
    now: DateTime<Utc>,
    condition: &Condition,
) -> Result<(), StoreError> {
    match condition {
        Condition::Compare { field, is, value } => {
            let literal = literal(kind, field, value)?;
            let stored = comparable(kind.type_of(field), &column(w, kind, field));
            w.push(&stored).push(" ").push(is.as_sql()).push(" ");
            w.bind(literal);
        }
        Condition::Time { field, is, moment } => {
            let literal = literal(kind, field, &Value::Timestamp(moment.at(now)))?;
            let stored = comparable(kind.type_of(field), &column(w, kind, field));
            w.push(&stored).push(" ").push(is.as_sql()).push(" ");
            w.bind(literal);
        }
        Condition::OneOf { field, values } => {
            let stored = column(w, kind, field);
            if values.is_empty() {
                // `IN ()` is false for null too; the condition is unknown.
                w.push("CASE WHEN ").push(&stored);
                w.push(" IS NOT NULL THEN 0 END");
                return Ok(());
            }
            w.push(&comparable(kind.type_of(field), &stored));
            w.push(" IN (");
            w.list(", ", values, |w, value| {
                w.bind(literal(kind, field, value)?);
                Ok::<_, StoreError>(())
            })?;
            w.push(")");
        }
        Condition::IsNull { field } => {
            let stored = column(w, kind, field);
            w.push(&stored).push(" IS NULL");
        }
        Condition::All(conditions) => join(w, kind, now, conditions, " AND ", "1")?,
        Condition::Any(conditions) => join(w, kind, now, conditions, " OR ", "0")?,
        Condition::Not(inner) => {
            w.push("NOT (");
            self::condition(w, kind, now, inner)?;
            w.push(")");
        }
    }
    Ok(())
}

fn join(
    w: &mut Writer,
    kind: &Kind,
    now: DateTime<Utc>,
    conditions: &[Condition],
    word: &str,
    none: &str,
) -> Result<(), StoreError> {
    if conditions.is_empty() {
        w.push(none);
    }
    w.list(word, conditions, |w, inner| {
        w.push("(");
        condition(w, kind, now, inner)?;
        w.push(")");
        Ok(())
    })
}

/// The fields whose stored values the condition reads, and so may find to be of another type.
pub(super) fn fields_read(condition: &Condition) -> BTreeSet<&FieldName> {
    let mut fields = BTreeSet::new();
    condition.visit(&mut |leaf| match leaf {
        Condition::Compare { field, .. } | Condition::Time { field, .. } => {
            fields.insert(field);
        }
        Condition::OneOf { field, values } if !values.is_empty() => {
            fields.insert(field);
        }
        _ => {}
    });
    fields
}

/// Whether one of the fields holds a value that is not of its type. Never null.
pub(super) fn any_bad<'f>(w: &mut Writer, kind: &Kind, fields: impl IntoIterator<Item = &'f FieldName>) {
    let bad: Vec<String> =
        fields.into_iter().map(|field| is_bad(kind.type_of(field), &column(w, kind, field))).collect();
    w.push(&bad.join(" OR "));
}

/// The value that a field is compared with, in the form in which values of its type compare.
fn literal(kind: &Kind, field: &FieldName, value: &Value) -> Result<SqlValue, StoreError> {
    let field_type = kind.type_of(field);
    if field_type == FieldType::Json {
        return Err(StoreError::Unsupported(format!(
            "comparing `{}.{field}`, which is json; only `is_null` can be asked of it",
            kind.name
        )));
    }
    let read = field_type.read(value).map_err(|bad| bad_literal(kind, field, &bad))?;
    Ok(match read {
        Value::Timestamp(at) => SqlValue::Integer(to_milliseconds(at).timestamp_millis()),
        other => SqlValue::from(&other),
    })
}

fn bad_literal(kind: &Kind, field: &FieldName, bad: &BadValue) -> StoreError {
    StoreError::BadValue {
        kind: kind.name.clone(),
        id: None,
        field: field.clone(),
        expected: bad.expected.to_string(),
    }
}
