//! Rendering the SQL of surveys, change sets and plans for display.

use uuid::Uuid;

use super::dialect::Dialect;
use super::render::renderer::Renderer;
use super::script::{assumed_counts, script, statements};
use super::statement::{Prefix, Statement};
use super::store::SINGLE_STATEMENT_LIMIT;
use super::table_schema::TableSchema;
use crate::domain::{AuditEntry, AuditOutcome};
use crate::plan::{Plan, Strictness};
use crate::protocol::{ChangeSet, SurveyQuery};
use crate::store::StoreError;

/// Renders the statements of a survey for display: first the statements that materialize sets, then the counts.
///
/// These are the statements for unknown column types. Once a store has read the types, it leaves out checks that are
/// not needed.
///
/// # Errors
/// [`StoreError`] if the query names something that its map does not have, or needs something that SQL cannot
/// express.
pub fn render_survey(
    dialect: Dialect,
    prefix: &Prefix,
    query: &SurveyQuery,
) -> Result<Vec<Statement>, StoreError> {
    let schema = TableSchema::default();
    let r = Renderer::survey(dialect.backend(), prefix, query, &schema)?;
    let mut statements = r.backend.materialize(&r)?;
    let rows = query.questions.iter().map(|question| question.rows);
    statements.extend(r.counting(rows, r.subjects(), None)?);
    Ok(statements)
}

/// Renders the statements of a change set for display, in the order in which they run.
///
/// A store tries this script first. For a small operation on PostgreSQL it is one statement after the locks;
/// otherwise each kind has its own statements. For keyed masks, only the first page is shown.
///
/// # Errors
/// [`StoreError`] if the change set names something that its map does not have, or needs something that SQL cannot
/// express.
pub fn render_changes(
    dialect: Dialect,
    prefix: &Prefix,
    changes: &ChangeSet,
) -> Result<Vec<Statement>, StoreError> {
    let backend = dialect.backend();
    let schema = TableSchema::default();
    let r = Renderer::changes(backend, prefix, changes, &schema)?;
    if changes.is_record_only() {
        return Ok(vec![r.audit(changes)?]);
    }
    let strategy = backend.strategy(changes, SINGLE_STATEMENT_LIMIT);
    let assumed = assumed_counts(changes, strategy);
    Ok(statements(script(&r, changes, strategy, None, &assumed, false)?))
}

impl Plan {
    /// Renders the SQL of this plan: the statements that counted the rows and, if nothing blocks the plan, the
    /// statements that would apply it. The operation id and the audit entry are placeholders.
    ///
    /// # Errors
    /// [`StoreError`] if the plan needs something that SQL cannot express.
    pub fn sql(&self, dialect: Dialect) -> Result<Vec<Statement>, StoreError> {
        let prefix = Prefix::default();
        let mut statements = render_survey(dialect, &prefix, &self.execution.query)?;
        let (operation, subjects) = (Uuid::nil().into(), self.subjects.clone());
        let audit = AuditEntry {
            digest: Some(self.digest.to_string()),
            ..AuditEntry::new(operation, self.mode, &self.kind, subjects, self.at, AuditOutcome::Done)
        };
        let changes = self.clone().into_change_set(Uuid::nil().into(), audit, Strictness::ExactPlan, None);
        if let Ok((changes, _)) = changes {
            statements.extend(render_changes(dialect, &prefix, &changes)?);
        }
        Ok(statements)
    }
}
