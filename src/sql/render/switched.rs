//! Rows that the deactivation of a subject switched OFF.

use super::renderer::Renderer;
use crate::domain::{AuditOutcome, Kind, Mode};
use crate::sql::statement::Writer;
use crate::store::{StoreError, without_key};

impl Renderer<'_> {
    /// Writes the condition that the row `r` was switched OFF together with a subject of the query, and that the subject
    /// was not switched ON since.
    ///
    /// The audit entries of a subject have the order of its operations, and the receipts have their modes.
    pub(crate) fn is_switched(&self, w: &mut Writer, kind: &Kind) -> Result<(), StoreError> {
        let [marks, audit, operations] =
            ["marks", "audit", "operations"].map(|name| self.prefix.quoted(name));
        let subject = self.kind(&self.query.kind)?;
        let (row, listed) = (self.recorded(kind)?, self.backend.listed_id(&self.recorded(subject)?));
        w.push(&row).push(&self.backend.cast("text"));
        w.push(&format!(" IN (SELECT m.record FROM {marks} AS m WHERE m.kind = ")).bind(kind.name.as_str());
        w.push(&format!(" AND m.operation IN (SELECT a.operation FROM {audit} AS a"));
        w.push(&format!(" JOIN {operations} AS o ON o.operation = a.operation WHERE a.kind = "));
        w.bind(subject.name.as_str()).push(" AND a.outcome = ").bind(AuditOutcome::Done.as_str());
        w.push(" AND o.receipt ->> 'mode' = ").bind(Mode::Deactivate.as_str());
        w.push(" AND a.record IN (");
        if let Some(field) = self.personal_ids.field_of(subject) {
            let key = self.query.mask_key.as_ref().ok_or_else(|| without_key(&subject.name, field))?;
            w.join(", ", &self.query.subjects, |w, id| {
                w.bind(self.personal_ids.recorded(key, subject, id).to_string());
            });
        } else {
            w.push(&format!("SELECT {listed} FROM ")).table(subject.table_name()).push(" AS r WHERE ");
            self.has_id(w, subject, &self.query.subjects)?;
        }
        w.push(&format!(") AND NOT EXISTS (SELECT 1 FROM {audit} AS n"));
        w.push(&format!(" JOIN {operations} AS p ON p.operation = n.operation WHERE n.kind = a.kind"));
        w.push(" AND n.record = a.record AND n.sequence > a.sequence AND n.outcome = ");
        w.bind(AuditOutcome::Done.as_str()).push(" AND p.receipt ->> 'mode' = ");
        w.bind(Mode::Reactivate.as_str());
        if let Some(operation) = self.operation {
            // The audit entry of the operation itself comes before its steps.
            w.push(" AND n.operation <> ").bind_as(operation.to_string(), "uuid");
        }
        w.push(")))");
        Ok(())
    }
}
