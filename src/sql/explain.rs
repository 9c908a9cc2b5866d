//! Rendering the SQL of surveys, change sets and plans for display.

use uuid::Uuid;

use super::connection::{AccessMode, SqlConnection};
use super::dialect::Dialect;
use super::render::renderer::Renderer;
use super::script::{assumed_counts, script, statements};
use super::statement::{Prefix, Statement};
use super::store::{SINGLE_STATEMENT_LIMIT, SqlStore};
use super::table_schema::{QueryColumns, TableSchema};
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
    survey_statements(dialect, prefix, query, &TableSchema::default())
}

fn survey_statements(
    dialect: Dialect,
    prefix: &Prefix,
    query: &SurveyQuery,
    schema: &TableSchema,
) -> Result<Vec<Statement>, StoreError> {
    let r = Renderer::survey(dialect.backend(), prefix, query, schema)?;
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
    change_statements(dialect, prefix, changes, &TableSchema::default(), SINGLE_STATEMENT_LIMIT)
}

fn change_statements(
    dialect: Dialect,
    prefix: &Prefix,
    changes: &ChangeSet,
    schema: &TableSchema,
    single_statement_limit: u64,
) -> Result<Vec<Statement>, StoreError> {
    let backend = dialect.backend();
    let r = Renderer::changes(backend, prefix, changes, schema)?;
    if changes.is_record_only() {
        return Ok(vec![r.audit(changes)?]);
    }
    let strategy = backend.strategy(changes, single_statement_limit);
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
        if let Some(changes) = shown_changes(self) {
            statements.extend(render_changes(dialect, &prefix, &changes)?);
        }
        Ok(statements)
    }
}

/// Returns what the plan would write, with placeholders for the operation id and the audit entry. `None` if the plan is
/// blocked.
fn shown_changes(plan: &Plan) -> Option<ChangeSet> {
    let (operation, subjects) = (Uuid::nil().into(), plan.subjects.clone());
    let audit = AuditEntry {
        digest: Some(plan.digest.to_string()),
        ..AuditEntry::new(operation, plan.mode, &plan.kind, subjects, plan.at, AuditOutcome::Done)
    };
    let changes = plan.clone().into_change_set(operation, audit, Strictness::ExactPlan, None);
    changes.ok().map(|(changes, _)| changes)
}

impl<C: SqlConnection> SqlStore<C> {
    /// Renders the SQL of a plan for this database, with the types of its columns: the statements that counted the rows and,
    /// if nothing blocks the plan, the statements that would apply it. Runs none of them.
    ///
    /// Unlike those of [`Plan::sql`], all statements run as they are, in their order, in one transaction. The operation id
    /// and the audit entry are placeholders. Temporary tables are created first.
    ///
    /// # Errors
    /// [`StoreError`] if the columns cannot be read, or if the plan needs something that SQL cannot express.
    pub async fn sql(&self, plan: &Plan) -> Result<Vec<Statement>, StoreError> {
        let changes = shown_changes(plan);
        let survey = &plan.execution.query;
        let context = self.context("read the columns");
        let mut tx = self.begin(AccessMode::Read, context).await?;
        let mut session = self.session(&mut *tx, context);
        let schema = session.read_schema(&QueryColumns::of_query(survey)?).await?;
        let r = Renderer::survey(self.backend(), &self.prefix, survey, &schema)?;
        let mut statements = Vec::new();
        let materializes = !r.backend.materialize(&r)?.is_empty();
        statements.extend(materializes.then(|| r.create_members()));
        statements.extend(survey_statements(self.dialect, &self.prefix, survey, &schema)?);
        statements.extend(materializes.then(|| r.clear_members()));
        if let Some(changes) = &changes {
            let schema = session.read_schema(&QueryColumns::of_changes(changes)?).await?;
            let r = Renderer::changes(self.backend(), &self.prefix, changes, &schema)?;
            let materializes = !r.backend.materialize(&r)?.is_empty();
            statements.extend(materializes.then(|| r.create_members()));
            let is_keyed = changes.steps.iter().any(|step| step.keyed_fields().next().is_some());
            statements.extend(is_keyed.then(|| r.create_pseudonyms()));
            let limit = self.single_statement_limit;
            statements.extend(change_statements(self.dialect, &self.prefix, changes, &schema, limit)?);
        }
        self.end_read(tx, context).await?;
        Ok(statements)
    }
}
