//! Recorded values: as text that does not depend on the settings of a session.

use std::collections::BTreeSet;

use super::block::{OfKind, Writes};
use crate::domain::FieldName;
use crate::protocol::{ChangeStep, Write};
use crate::sql::render::renderer::Field;
use crate::sql::statement::{With, Writer};
use crate::sql::table_schema::TypeFamily;
use crate::store::StoreError;

/// Returns the text before and after a value that makes its text. Texts are equal if the values are the same.
pub(super) fn recorded_value(field: Field<'_>) -> Result<[String; 2], StoreError> {
    let column_type = field.column_type()?;
    let name = &column_type.name;
    Ok(match column_type.family {
        // The text of an instant depends on the style of dates and on the time zone, but its JSON in UTC does not. The zone
        // comes before the era, and an infinite instant has none.
        TypeFamily::TimestampTz => [
            "replace(replace(to_json((".into(),
            format!(
                ")::{name} AT TIME ZONE 'UTC') #>> '{{}}' || 'Z', ' BCZ', 'Z BC'), 'infinityZ', 'infinity')"
            ),
        ],
        TypeFamily::Date | TypeFamily::Timestamp => ["(to_json((".into(), format!(")::{name}) #>> '{{}}')")],
        _ => ["((".into(), format!(")::{name})::text")],
    })
}

/// Renders a recorded value with the type of its column.
pub(super) fn read_recorded(field: Field<'_>, recorded: &str) -> Result<String, StoreError> {
    Ok(format!("{recorded}::{}", field.column_type()?.name))
}

/// Renders the id of a record together with the text of a value. NULL is the empty text.
pub(super) fn recorded_pair(record: &str, field: Option<Field<'_>>) -> Result<String, StoreError> {
    let value = match field {
        Some(field) => {
            let [open, close] = recorded_value(field)?;
            format!("{open}{}{close}", field.column())
        }
        None => "m.after".into(),
    };
    Ok(format!("({record} || E'\\x1f' || coalesce('=' || {value}, ''))"))
}

impl Writes<'_> {
    /// Writes the expression that records what these steps replace.
    pub(super) fn replaced(&self, with: &mut With<'_>) -> Result<(), StoreError> {
        let is_recording = |step: &&&ChangeStep| matches!(step.write, Write::Replace(_));
        let mut parts: Vec<(&OfKind<'_>, &FieldName, Vec<&ChangeStep>)> = Vec::new();
        for of in &self.kinds {
            let recording: Vec<&ChangeStep> = self
                .steps
                .iter()
                .filter(is_recording)
                .filter(|step| step.kind == of.kind.name)
                .copied()
                .collect();
            let fields = recording.iter().flat_map(|step| self.r.recorded_fields(step, of.kind));
            for field in fields.collect::<BTreeSet<_>>() {
                let writing =
                    recording.iter().filter(|step| self.r.recorded_fields(step, of.kind).contains(&field));
                parts.push((of, field, writing.copied().collect()));
            }
        }
        if parts.is_empty() {
            return Ok(());
        }
        with.table(&self.r.prefix.quoted("replacing"), |w| {
            self.r.begin_replaced(w);
            w.list(" UNION ALL ", parts, |w, (of, field, writing)| {
                let after = |w: &mut Writer| self.last_value(w, of, field);
                let mut query = self.r.replaced(w, self.operation, of.kind, field, after)?;
                self.is_any_of(&mut query, of.kind, &writing)
            })
        })
    }
}
