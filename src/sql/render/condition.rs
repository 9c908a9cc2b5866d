//! Conditions, three-valued as in SQL.

use std::collections::BTreeSet;

use super::set::Renderer;
use super::stored::{comparable, is_bad};
use crate::domain::{BadValue, Comparison, Condition, FieldName, FieldType, Kind, Value, to_milliseconds};
use crate::sql::statement::Writer;
use crate::sql::{Dialect, SqlValue};
use crate::store::StoreError;

/// A field of the row that is looked at, which every statement calls `r`.
///
/// Always with `r.`: SQLite reads a quoted name that is no column as text.
pub(super) fn column(w: &Writer, kind: &Kind, field: &FieldName) -> String {
    format!("r.{}", w.dialect.quote(kind.column(field)))
}

impl Renderer<'_> {
    /// The condition over the row `r`.
    pub(super) fn condition(
        &self,
        w: &mut Writer,
        kind: &Kind,
        condition: &Condition,
    ) -> Result<(), StoreError> {
        match condition {
            Condition::Compare { field, is, value } => self.compare(w, kind, field, *is, value)?,
            Condition::Time { field, is, moment } => {
                self.compare(w, kind, field, *is, &Value::Timestamp(moment.at(self.query.now)))?;
            }
            Condition::OneOf { field, values } => self.one_of_values(w, kind, field, values)?,
            Condition::IsNull { field } => {
                self.known(kind, field)?;
                let stored = column(w, kind, field);
                w.push(&stored).push(" IS NULL");
            }
            Condition::All(conditions) => self.join(w, kind, conditions, " AND ", "TRUE")?,
            Condition::Any(conditions) => self.join(w, kind, conditions, " OR ", "FALSE")?,
            Condition::Not(inner) => {
                w.push("NOT (");
                self.condition(w, kind, inner)?;
                w.push(")");
            }
        }
        Ok(())
    }

    fn compare(
        &self,
        w: &mut Writer,
        kind: &Kind,
        field: &FieldName,
        is: Comparison,
        value: &Value,
    ) -> Result<(), StoreError> {
        let literal = literal(kind, field, value)?;
        match w.dialect {
            Dialect::Sqlite => {
                let stored = comparable(kind.type_of(field), &column(w, kind, field));
                w.push(&stored).push(" ").push(is.as_sql()).push(" ");
                w.bind(in_sqlite(&literal));
            }
            Dialect::Postgres => self.compare_typed(w, kind, field, is, &literal)?,
        }
        Ok(())
    }

    fn one_of_values(
        &self,
        w: &mut Writer,
        kind: &Kind,
        field: &FieldName,
        values: &[Value],
    ) -> Result<(), StoreError> {
        self.known(kind, field)?;
        let stored = column(w, kind, field);
        if values.is_empty() {
            // `IN ()` is false for null too; the condition is unknown.
            w.push("CASE WHEN ").push(&stored).push(" IS NOT NULL THEN FALSE END");
            return Ok(());
        }
        if w.dialect == Dialect::Postgres {
            w.push("(");
            w.list(" OR ", values, |w, value| self.compare(w, kind, field, Comparison::Equal, value))?;
            w.push(")");
            return Ok(());
        }
        w.push(&comparable(kind.type_of(field), &stored));
        w.push(" IN (");
        w.list(", ", values, |w, value| {
            w.bind(in_sqlite(&literal(kind, field, value)?));
            Ok::<_, StoreError>(())
        })?;
        w.push(")");
        Ok(())
    }

    fn join(
        &self,
        w: &mut Writer,
        kind: &Kind,
        conditions: &[Condition],
        word: &str,
        none: &str,
    ) -> Result<(), StoreError> {
        if conditions.is_empty() {
            w.push(none);
        }
        w.list(word, conditions, |w, inner| {
            w.push("(");
            self.condition(w, kind, inner)?;
            w.push(")");
            Ok(())
        })
    }

    /// That the store has the field, as far as anybody has looked.
    pub(super) fn known(&self, kind: &Kind, field: &FieldName) -> Result<(), StoreError> {
        self.forms.column(kind, field).map(|_| ())
    }

    /// Whether one of the fields holds a value that is not of its type: never null, and `None` where the
    /// database sees to it.
    pub(super) fn any_bad<'f>(
        &self,
        w: &Writer,
        kind: &Kind,
        fields: impl IntoIterator<Item = &'f FieldName>,
    ) -> Result<Option<String>, StoreError> {
        let mut bad = Vec::new();
        for field in fields {
            bad.extend(self.bad(w, kind, field, kind.type_of(field))?);
        }
        Ok((!bad.is_empty()).then(|| bad.join(" OR ")))
    }

    /// The same of one field, of whatever type it should be.
    pub(super) fn bad(
        &self,
        w: &Writer,
        kind: &Kind,
        field: &FieldName,
        field_type: FieldType,
    ) -> Result<Option<String>, StoreError> {
        let stored = column(w, kind, field);
        match w.dialect {
            Dialect::Sqlite => Ok(Some(is_bad(field_type, &stored))),
            Dialect::Postgres => self.bad_typed(kind, field, field_type, &stored),
        }
    }
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

/// The value that a field is compared with, in the form in which values of its type compare.
fn literal(kind: &Kind, field: &FieldName, value: &Value) -> Result<Value, StoreError> {
    let field_type = kind.type_of(field);
    if field_type == FieldType::Json {
        return Err(StoreError::Unsupported(format!(
            "comparing `{}.{field}`, which is json; only `is_null` can be asked of it",
            kind.name
        )));
    }
    field_type.read(value).map_err(|bad| bad_literal(kind, field, &bad))
}

fn in_sqlite(literal: &Value) -> SqlValue {
    match literal {
        Value::Timestamp(at) => SqlValue::Integer(to_milliseconds(*at).timestamp_millis()),
        other => SqlValue::from(other),
    }
}

fn bad_literal(kind: &Kind, field: &FieldName, bad: &BadValue) -> StoreError {
    StoreError::BadValue {
        kind: kind.name.clone(),
        id: None,
        field: field.clone(),
        expected: bad.expected.to_string(),
    }
}
