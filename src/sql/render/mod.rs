//! Rendering: sets, questions, steps and events as SQL. Pure: no connection, no clock.

mod column;
mod condition;
mod count;
mod cycle;
mod detail;
mod expression;
mod form;
mod insert;
mod json;
mod keyed;
mod mask;
mod object;
mod parent;
mod place;
mod postgres;
mod read;
mod record;
mod set;
mod shape;
mod step;
mod stored;

use place::Place;

pub(crate) use column::Columns;
pub(crate) use count::{Beside, Counting, Counts};
pub(crate) use form::Forms;
pub(crate) use keyed::PAGE;
pub(crate) use postgres::{AtOnce, Block, BlockStatement, ColumnType, Facts, Locks, Sort, facts, read_facts};
pub(crate) use record::{audit, operation, receipt_of, settle};
pub(crate) use set::Renderer;
pub(crate) use step::StepStatements;

use super::statement::Statement;
use super::{Dialect, Prefix};
use crate::protocol::{ChangeSet, Stratum, SurveyQuery};
use crate::store::StoreError;

impl Renderer<'_> {
    /// The statements that write the members of all fixed sets, in order. Empty where there are none.
    pub(crate) fn fixing(&self) -> Result<Vec<Statement>, StoreError> {
        let mut statements = Vec::new();
        if self.dialect == Dialect::Postgres {
            return Ok(statements);
        }
        for stratum in self.query.sets.iter() {
            match stratum {
                Stratum::Set(set) if self.place(set.id) == Place::Fixed => {
                    statements.push(self.fix(set)?);
                }
                Stratum::Set(_) => {}
                Stratum::Cycle(sets) => statements.push(self.fix_cycle(sets)?),
            }
        }
        Ok(statements)
    }
}

/// The statements of a survey, to be shown: those that count, after those that fix the sets that have to be.
///
/// They are what a store runs on a database of which nothing is known yet; a store that has looked at the
/// columns leaves out what it need not ask.
///
/// # Errors
/// [`StoreError`] when the query names what its map does not have, or what SQL cannot do.
pub fn render_survey(
    dialect: Dialect,
    prefix: &Prefix,
    query: &SurveyQuery,
) -> Result<Vec<Statement>, StoreError> {
    let forms = Forms::default();
    let renderer = Renderer::survey(dialect, prefix, query, &forms)?;
    let mut statements = renderer.fixing()?;
    let rows = query.questions.iter().map(|question| question.rows);
    let beside = Beside { subjects: renderer.first_set(), mark_of: None };
    statements.extend(renderer.counting(rows, beside)?.statements);
    Ok(statements)
}

/// The statements of a change set, to be shown: fixing its sets, counting what must be true, reading what
/// keyed masks are made of (the first page of it), events, steps and records.
///
/// # Errors
/// [`StoreError`] when the change set names what its map does not have, or what SQL cannot do.
pub fn render_changes(
    dialect: Dialect,
    prefix: &Prefix,
    changes: &ChangeSet,
) -> Result<Vec<Statement>, StoreError> {
    let forms = Forms::default();
    let renderer = Renderer::changes(dialect, prefix, changes, &forms)?;
    let mut statements = Vec::new();
    let locks = dialect == Dialect::Postgres && !changes.is_record_only();
    if locks {
        let found = renderer.locks(changes)?;
        statements.push(renderer.note(&changes.receipt.as_planned(), None, &found)?);
        let Locks { texts, tables, first: _, rows, repeat: _ } = found;
        statements.extend(texts.into_iter().chain(tables).chain(rows));
    } else if !changes.is_record_only() {
        statements.push(operation(dialect, prefix, &changes.receipt.as_planned())?);
    }
    statements.extend(renderer.fixing()?);
    statements.extend(renderer.counting(counted(changes), Beside::default())?.statements);
    for step in changes.steps.iter().filter(|step| step.keyed_fields().next().is_some()) {
        statements.push(renderer.keyed_page(step, None)?);
    }
    for row in &changes.inserts {
        statements.push(renderer.insert(row)?);
    }
    for event in &changes.event_drafts {
        statements.push(renderer.events(changes.operation, event)?);
    }
    for event in &changes.events {
        statements.push(renderer.event(event)?);
    }
    statements.push(renderer.audit(changes)?);
    if locks {
        for block in renderer.blocks(changes)? {
            let (BlockStatement::One(statement) | BlockStatement::Together(statement)) = block.statement;
            statements.push(statement);
        }
    } else {
        for step in &changes.steps {
            let StepStatements { mark, write } = renderer.step(changes.operation, step)?;
            statements.extend(mark.into_iter().chain(write));
        }
    }
    Ok(statements)
}

/// The rows a change set counts before it writes: those of its preconditions and of its steps.
pub(crate) fn counted(changes: &ChangeSet) -> impl Iterator<Item = crate::protocol::Rows> {
    let conditions = changes.preconditions.iter();
    let conditions = conditions.map(|condition| condition.question.rows);
    conditions.chain(changes.steps.iter().map(|step| step.rows))
}
