//! Conditions, three-valued as in SQL.

use super::renderer::{Renderer, column};
use crate::domain::{BadValue, Comparison, Condition, FieldName, FieldType, Kind, Value};
use crate::sql::statement::Writer;
use crate::store::StoreError;

impl Renderer<'_> {
    /// Writes the condition for the row `r`.
    pub(crate) fn condition(
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
                self.check_column(kind, field)?;
                w.push(&column(kind, field)).push(" IS NULL");
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
        self.backend.compare(w, self.field(kind, field), is, &literal)
    }

    fn one_of_values(
        &self,
        w: &mut Writer,
        kind: &Kind,
        field: &FieldName,
        values: &[Value],
    ) -> Result<(), StoreError> {
        self.check_column(kind, field)?;
        if values.is_empty() {
            // `IN ()` is false for NULL too; the condition is unknown.
            w.push("CASE WHEN ").push(&column(kind, field)).push(" IS NOT NULL THEN FALSE END");
            return Ok(());
        }
        let literals = values.iter().map(|value| literal(kind, field, value));
        let literals: Vec<Value> = literals.collect::<Result<_, _>>()?;
        self.backend.compare_any(w, self.field(kind, field), &literals)
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

    /// Renders whether one of the fields holds a value that is not of its type, never NULL; `None` if the database
    /// guarantees that none does.
    pub(crate) fn any_invalid<'f>(
        &self,
        kind: &Kind,
        fields: impl IntoIterator<Item = &'f FieldName>,
    ) -> Result<Option<String>, StoreError> {
        let mut invalid = Vec::new();
        for field in fields {
            invalid.extend(self.backend.is_invalid(self.field(kind, field), kind.type_of(field))?);
        }
        Ok((!invalid.is_empty()).then(|| invalid.join(" OR ")))
    }
}

/// Converts a value to the type of the field that it is compared with.
fn literal(kind: &Kind, field: &FieldName, value: &Value) -> Result<Value, StoreError> {
    let field_type = kind.type_of(field);
    if field_type == FieldType::Json {
        return Err(StoreError::Unsupported(format!(
            "comparing `{}.{field}`, which is json; use `is_null`",
            kind.name
        )));
    }
    field_type.read(value).map_err(|BadValue { expected, .. }| StoreError::BadValue {
        kind: kind.name.clone(),
        id: None,
        field: field.clone(),
        expected: expected.to_string(),
    })
}
