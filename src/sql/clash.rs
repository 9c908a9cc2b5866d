//! Finds rows that a constraint would refuse as the steps of a plan would write them.
//!
//! Nothing is asked unless a step writes a column of a constraint. The database itself then evaluates the constraint on
//! the rows as they will be: one query for each unique key, and one for all other constraints of a kind.

mod equal_rows;
mod refused_rows;

use std::sync::Arc;

use equal_rows::KeyQuestion;
use refused_rows::RowQuestion;

use super::connection::{AccessMode, SqlConnection, SqlErrorClass, SqlTransaction, SqlValue};
use super::constraint::TableConstraints;
use super::render::after::KindSteps;
use super::render::renderer::Renderer;
use super::session::{ErrorContext, query};
use super::statement::{Statement, Writer};
use super::store::SqlStore;
use super::table_schema::{QueryColumns, SchemaCheck, TableSchema};
use crate::protocol::{Clash, PlannedWrites};
use crate::store::StoreError;

/// The maximum number of ids in a clash.
const SAMPLE: u16 = 5;

impl<C: SqlConnection> SqlStore<C> {
    /// Returns the rows that a constraint would refuse.
    pub(super) async fn find_clashes(&self, writes: PlannedWrites<'_>) -> Result<Vec<Clash>, StoreError> {
        if !writes.steps.iter().any(|step| step.write.writes_values()) {
            return Ok(Vec::new());
        }
        let columns = QueryColumns::of_steps(writes.query, writes.steps)?;
        let context = ErrorContext { map: Some(&writes.query.map), ..self.context("read the data") };
        let schema = if let Some(schema) = self.confirmed(&columns, context).await? {
            schema
        } else {
            let mut tx = self.begin(AccessMode::Read, context).await?;
            let schema = self.schema(&mut self.session(&mut *tx, context), &columns, None).await?;
            self.end_read(tx, context).await?;
            schema
        };
        let r = Renderer::survey(self.backend(), &self.prefix, writes.query, &schema)?;
        let mut open = questions(writes, &schema, self.backend().writes_step_by_step());
        open.reverse();
        let mut found = Vec::new();
        while !open.is_empty() {
            // After an error, PostgreSQL answers no further question in the same transaction.
            self.ask(&r, context, &mut open, &mut found).await?;
        }
        // The state after a further step may say the same again. The state with the most rows says it best.
        found.sort_by(|left: &Clash, right: &Clash| {
            let by_count = right.count.cmp(&left.count);
            (&left.kind, &left.constraint).cmp(&(&right.kind, &right.constraint)).then(by_count)
        });
        found.dedup_by(|next, first| next.kind == first.kind && next.constraint == first.constraint);
        found.sort_by(|left, right| (&left.kind, left.step).cmp(&(&right.kind, right.step)));
        Ok(found)
    }

    /// Returns the cached schema, unless it is outdated.
    async fn confirmed(
        &self,
        columns: &QueryColumns<'_>,
        context: ErrorContext<'_>,
    ) -> Result<Option<Arc<TableSchema>>, StoreError> {
        let Some(cached) = self.cache.get(columns) else { return Ok(None) };
        if self.cache.is_confirmed(columns) {
            return Ok(Some(cached));
        }
        let Some(key) = self.backend().cache_key(columns)? else { return Ok(None) };
        let mut w = Writer::new(self.backend());
        w.push("SELECT ");
        self.backend().schema_version(&mut w, &key, SchemaCheck::InTransaction);
        let mut tx = self.begin(AccessMode::Read, context).await?;
        let rows = self.session(&mut *tx, context).query(&w.finish()).await?;
        self.end_read(tx, context).await?;
        let version = rows.first().and_then(|row| row.first()).and_then(SqlValue::as_text);
        if cached.is_current(SchemaCheck::InTransaction, version) {
            self.cache.confirm(columns);
            return Ok(Some(cached));
        }
        self.cache.remove(columns);
        Ok(None)
    }

    /// Asks the last questions of a list, and removes those that were asked. A question that the database cannot answer
    /// is split, or dropped if it is about one constraint: the constraint itself still protects its rows.
    async fn ask(
        &self,
        r: &Renderer<'_>,
        context: ErrorContext<'_>,
        open: &mut Vec<Asked<'_>>,
        found: &mut Vec<Clash>,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin(AccessMode::Read, context).await?;
        let materialized = self.backend().materialize(r)?;
        self.session(&mut *tx, context).materialize(r, &materialized).await?;
        while let Some(question) = open.pop() {
            let statement = question.statement(r)?;
            match query(&mut *tx, &statement).await {
                Ok(rows) => found.extend(question.read(r, &rows)),
                Err(error) if matches!(error.class(), SqlErrorClass::Other | SqlErrorClass::Raised) => {
                    open.extend(question.split());
                    return Ok(());
                }
                Err(error) => return Err(context.error(error)),
            }
        }
        self.forget_members(r, tx, context, !materialized.is_empty()).await
    }

    /// Ends the transaction. Empties the table of members, which may live as long as the connection.
    async fn forget_members(
        &self,
        r: &Renderer<'_>,
        mut tx: Box<dyn SqlTransaction + '_>,
        context: ErrorContext<'_>,
        has_members: bool,
    ) -> Result<(), StoreError> {
        if has_members {
            self.session(&mut *tx, context).execute(&r.clear_members()).await?;
        }
        self.end_read(tx, context).await
    }
}

/// A question about the rows of one kind.
enum Asked<'a> {
    Key(KeyQuestion<'a>),
    Rows(RowQuestion<'a>),
}

impl Asked<'_> {
    fn statement(&self, r: &Renderer<'_>) -> Result<Statement, StoreError> {
        match self {
            Self::Key(question) => question.statement(r),
            Self::Rows(question) => question.statement(r),
        }
    }

    fn read(&self, r: &Renderer<'_>, rows: &[Vec<SqlValue>]) -> Vec<Clash> {
        match self {
            Self::Key(question) => question.read(r, rows).into_iter().collect(),
            Self::Rows(question) => question.read(r, rows),
        }
    }

    /// Returns smaller questions; none if the question is about one constraint.
    fn split(self) -> Vec<Self> {
        match self {
            Self::Key(_) => Vec::new(),
            Self::Rows(question) => question.split().into_iter().map(Self::Rows).collect(),
        }
    }
}

/// Returns the questions about constraints whose columns the steps write.
fn questions<'a>(writes: PlannedWrites<'a>, schema: &'a TableSchema, step_by_step: bool) -> Vec<Asked<'a>> {
    let PlannedWrites { query, steps } = writes;
    let kinds = query.map.kinds().map(|kind| (KindSteps::of(kind, steps), kind.table_name()));
    let mut found = Vec::new();
    for (steps, table) in kinds.filter(|(steps, _)| !steps.writing.is_empty()) {
        let constraints = schema.constraints.get(&*table).unwrap_or(TableConstraints::NONE);
        let indexes = schema.unique.get(&*table).into_iter().flatten();
        let keys = indexes.flat_map(|index| KeyQuestion::of(&steps, index, constraints, step_by_step));
        found.extend(keys.map(Asked::Key));
        found.extend(RowQuestion::of(&steps, constraints, step_by_step).into_iter().map(Asked::Rows));
    }
    found
}
