//! The SQL of a plan, to be shown.

use uuid::Uuid;

use super::{Dialect, Prefix, Statement, render_changes, render_survey};
use crate::domain::{AuditEntry, AuditOutcome};
use crate::plan::{Plan, Strictness};
use crate::store::StoreError;

impl Plan {
    /// The statements that this plan comes to: those that counted, and, where nothing stands in its way,
    /// those that would carry it out. Operation and audit entry are stand-ins.
    ///
    /// # Errors
    /// [`StoreError`] when the plan asks for what SQL cannot do.
    pub fn sql(&self, dialect: Dialect) -> Result<Vec<Statement>, StoreError> {
        let prefix = Prefix::default();
        let mut statements = render_survey(dialect, &prefix, &self.execution.query)?;
        let audit = AuditEntry {
            before: std::collections::BTreeMap::new(),
            action: AuditEntry::action(&self.kind, self.mode),
            operation: Uuid::nil().into(),
            kind: self.kind.clone(),
            subjects: self.subjects.clone(),
            at: self.at,
            mode: self.mode,
            outcome: AuditOutcome::Done,
            actor: None,
            reason: None,
            note: None,
            digest: Some(self.digest.to_string()),
            detail: serde_json::Value::Null,
        };
        if let Ok(executable) = self.clone().into_executable() {
            let (changes, _) =
                executable.into_change_set(Uuid::nil().into(), audit, Strictness::ExactPlan, None);
            statements.extend(render_changes(dialect, &prefix, &changes)?);
        }
        Ok(statements)
    }
}
