//! Recorded values: as text that does not depend on the settings of a session.

use std::collections::BTreeSet;

use super::block::{OfKind, Writes};
use crate::domain::FieldName;
use crate::protocol::{ChangeStep, Write};
use crate::sql::render::renderer::Field;
use crate::sql::statement::{With, Writer};
use crate::sql::table_schema::{ColumnType, TypeFamily};
use crate::store::StoreError;

/// Returns the text before and after a value that makes its text.
pub(super) fn recorded_value(field: Field<'_>) -> Result<[String; 2], StoreError> {
    let column_type = field.column_type()?;
    let name = &column_type.name;
    Ok(match column_type.family {
        // The text of an instant depends on the style of dates, but its JSON does not.
        TypeFamily::Date | TypeFamily::Timestamp | TypeFamily::TimestampTz => {
            ["(to_json((".into(), format!(")::{name}) #>> '{{}}')")]
        }
        _ => ["((".into(), format!(")::{name})::text")],
    })
}

/// Renders a recorded value with the type of its column.
pub(super) fn read_recorded(field: Field<'_>, recorded: &str) -> Result<String, StoreError> {
    Ok(format!("{recorded}::{}", field.column_type()?.name))
}

/// Renders the condition that a column equals a recorded value.
pub(super) fn equals_recorded(field: Field<'_>, recorded: &str) -> Result<String, StoreError> {
    let (column_type, stored) = (field.column_type()?, field.column());
    Ok(if has_equality(&column_type) {
        format!("{stored} IS NOT DISTINCT FROM {}", read_recorded(field, recorded)?)
    } else {
        let [open, close] = recorded_value(field)?;
        format!("{open}{stored}{close} IS NOT DISTINCT FROM {recorded}")
    })
}

/// Returns whether values of the type can be compared. `json` and some others cannot.
fn has_equality(column_type: &ColumnType) -> bool {
    !matches!(column_type.family, TypeFamily::Json | TypeFamily::Other)
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
