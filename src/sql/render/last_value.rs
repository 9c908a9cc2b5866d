//! The value of a field after several steps that may write it.

use super::renderer::Renderer;
use super::set::is_among;
use crate::domain::{FieldName, Kind};
use crate::protocol::{ChangeStep, NewValue};
use crate::sql::statement::Writer;
use crate::store::StoreError;

/// A step, a field, and the new value that the step gives to the field.
pub(crate) type ValueOfStep<'a> = (&'a ChangeStep, &'a FieldName, &'a NewValue);

/// Writes the new value of a field of the row `r`.
pub(crate) type NewField<'a> = dyn Fn(&mut Writer, &FieldName, &NewValue) -> Result<(), StoreError> + 'a;

/// How new values are written.
pub(crate) struct Written<'a> {
    pub(crate) new: &'a NewField<'a>,
    /// A cast of the value to which a counter adds one.
    pub(crate) counter: &'a str,
}

impl Renderer<'_> {
    /// Writes a column of the row `r` as it is after these steps. The last step that has the row decides.
    pub(crate) fn value_after(
        &self,
        w: &mut Writer,
        kind: &Kind,
        column: &str,
        values: &[ValueOfStep<'_>],
        written: &Written<'_>,
    ) -> Result<(), StoreError> {
        let Some(((step, field, value), before)) = values.split_last() else {
            w.push("r.").name(column);
            return Ok(());
        };
        let row_id = self.row_id(kind)?;
        let is_row = |w: &mut Writer| is_among(w, &row_id, true, |w| self.ids(w, step.rows));
        if let NewValue::Elements(change) = value {
            // Decides for each element whether the step has the row, so that the previous list is rendered only once.
            let old = |w: &mut Writer| self.value_after(w, kind, column, before, written);
            return self.changed_list(w, change, old, Some(&is_row));
        }
        let is_meant = |w: &mut Writer| {
            w.push("CASE WHEN ");
            is_row(w)
        };
        if **value == NewValue::Next {
            // Adds one if the step has the row; NULL counts as 0. The previous value appears only once.
            w.push("COALESCE((");
            self.value_after(w, kind, column, before, written)?;
            w.push(")").push(written.counter).push(" + ");
            is_meant(w)?;
            w.push(" THEN 1 ELSE 0 END, ");
            is_meant(w)?;
            w.push(" THEN 1 END)");
            return Ok(());
        }
        is_meant(w)?;
        w.push(" THEN ");
        (written.new)(w, field, value)?;
        w.push(" ELSE ");
        self.value_after(w, kind, column, before, written)?;
        w.push(" END");
        Ok(())
    }
}
