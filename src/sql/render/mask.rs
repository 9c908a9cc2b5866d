//! Masks and new values, as SQL expressions of the row `r`.

use chrono::{DateTime, NaiveTime, Utc};

use super::condition::column;
use super::form::Form;
use super::set::{Renderer, id_of};
use super::stored::{id_text, milliseconds};
use crate::domain::{FieldName, FieldType, Kind, Mask, Value};
use crate::protocol::NewValue;
use crate::sql::statement::Writer;
use crate::sql::{Dialect, SqlValue};
use crate::store::StoreError;

impl Renderer<'_> {
    /// The new value of a field.
    pub(super) fn new_value(
        &self,
        w: &mut Writer,
        kind: &Kind,
        field: &FieldName,
        value: &NewValue,
    ) -> Result<(), StoreError> {
        self.known(kind, field)?;
        match value {
            NewValue::Value(value) if self.dialect == Dialect::Postgres => {
                self.new_typed(w, kind, field, value)?;
            }
            NewValue::Masked(mask) if self.dialect == Dialect::Postgres => {
                self.masked_typed(w, kind, field, mask)?;
            }
            NewValue::Value(value) => {
                w.bind(self.stored(kind, field, value)?);
            }
            NewValue::Masked(mask) => self.masked(w, kind, field, mask),
            NewValue::Next => {
                let stored = column(w, kind, field);
                w.push(&format!("coalesce({stored}, 0) + 1"));
            }
        }
        Ok(())
    }

    /// What a mask makes of a field.
    fn masked(&self, w: &mut Writer, kind: &Kind, field: &FieldName, mask: &Mask) {
        let stored = column(w, kind, field);
        match mask {
            Mask::Null => {
                w.push("NULL");
            }
            Mask::Text(text) => {
                w.bind(text.as_str());
            }
            Mask::Year => {
                let at = milliseconds(&stored);
                let year = format!("strftime('%Y', ({at}) / 1000, 'unixepoch') || '-01-01");
                let text = match kind.type_of(field) {
                    FieldType::Timestamp => format!("{year}T00:00:00.000Z'"),
                    _ => format!("{year}'"),
                };
                // What is no instant becomes null: a mask never leaves a value as it is.
                w.push(&format!(
                    "CASE typeof({stored}) WHEN 'integer' THEN CAST(strftime('%s', {year}') AS INTEGER) ELSE {text} END"
                ));
            }
            Mask::Truncate(length) => {
                w.push(&format!("substr({stored}, 1, "));
                w.number(*length).push(")");
            }
            Mask::PlaceholderEmail => {
                let id = id_text(&id_of(w, kind));
                w.push(&format!("({id}) || '@anonymized.invalid'"));
            }
            Mask::Hmac => self.pseudonym(w, kind, field),
        }
    }

    /// A value in the form in which the column holds such values.
    pub(super) fn stored(
        &self,
        kind: &Kind,
        field: &FieldName,
        value: &Value,
    ) -> Result<SqlValue, StoreError> {
        let mut references = self.query.map.references_from(&kind.name);
        if let Some(reference) = references.find(|reference| reference.field == *field)
            && let Some(id) = value.as_id()
        {
            let to = self.kind(&reference.to)?;
            return self.forms.of(&to.name, &to.id).id(&to.name, &id);
        }
        let form = self.forms.of(&kind.name, field);
        Ok(match (kind.type_of(field), value) {
            (FieldType::Uuid, Value::Text(_)) if form == Form::Blob => match value.as_id() {
                Some(id) => form.id(&kind.name, &id)?,
                None => SqlValue::Null,
            },
            (FieldType::Date, Value::Timestamp(at)) if form != Form::Integer => {
                SqlValue::Text(at.date_naive().to_string())
            }
            (_, Value::Timestamp(at)) => form.instant(*at),
            (_, Value::Date(day)) if form == Form::Integer => form.instant(midnight(*day)),
            _ => SqlValue::from(value),
        })
    }
}

fn midnight(day: chrono::NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}
