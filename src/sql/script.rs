//! The script of an operation: its statements, in the order in which they run and are displayed.
//!
//! All statements are rendered before the first one runs. Anything that SQL cannot express is therefore reported
//! before any change.

use std::collections::BTreeMap;

use super::backend::{ApplyStrategy, Block, BlockWrite, Locks};
use super::render::renderer::Renderer;
use super::statement::Statement;
use crate::domain::KindName;
use crate::protocol::{ChangeSet, ChangeStep, Rows};
use crate::store::StoreError;

#[derive(Debug)]
pub(super) enum Part {
    /// Records the operation with the expected receipt. If another transaction is running the same operation, this
    /// waits for it and then returns its receipt.
    Note(Statement),
    /// Locks the rows that the operation depends on, so that later counts stay correct until the commit.
    Lock(Locks),
    /// Writes the members of sets to a temporary table, because later statements change the rows that the sets are
    /// derived from.
    Materialize(Vec<Statement>),
    /// Counts the rows of the preconditions.
    Count(Vec<Statement>),
    /// Computes and stores pseudonyms, page by page. Holds the queries for the first pages.
    MakePseudonyms(Vec<Statement>),
    /// Writes a new row.
    Insert(KindName, Statement),
    /// Writes events and audit entries, with the values from before the first step.
    Record(Statement),
    /// Defers the check of foreign keys to the commit.
    DeferForeignKeys(Statement),
    /// Runs steps.
    Steps(Block),
    /// Counts rows, runs all steps, and records events and audit entries.
    Everything(Statement),
    /// Copies the keys of rows that will be deleted, to compare the tables with the plan after the last step.
    StartWatching,
    /// Compares the tables with the plan.
    FinishWatching,
    /// Replaces the receipt with the actual receipt, if it differs from the expected one.
    CorrectReceipt,
    /// Empties temporary tables that live as long as the connection.
    CleanUp(Vec<Statement>),
}

impl Part {
    /// Returns the statements that can be shown without running anything.
    fn into_statements(self) -> Vec<Statement> {
        match self {
            Self::Note(statement)
            | Self::Insert(_, statement)
            | Self::Record(statement)
            | Self::DeferForeignKeys(statement)
            | Self::Everything(statement) => vec![statement],
            Self::Materialize(statements)
            | Self::Count(statements)
            | Self::MakePseudonyms(statements)
            | Self::CleanUp(statements) => statements,
            Self::Lock(Locks { texts, tables, rows, subjects: _, repeat: _ }) => {
                texts.into_iter().chain(tables).chain(rows).collect()
            }
            Self::Steps(Block { steps: _, mark, write }) => {
                let write = match write {
                    BlockWrite::Nothing => None,
                    BlockWrite::Execute(statement) | BlockWrite::Query(statement) => Some(statement),
                };
                mark.into_iter().chain(write).collect()
            }
            Self::StartWatching | Self::FinishWatching | Self::CorrectReceipt => Vec::new(),
        }
    }
}

/// Renders the script of a change set. `cache_key` is the key of the cached schema. The counts in `assumed` are taken
/// from the plan. `watched` says whether triggers or rules fire.
pub(super) fn script(
    r: &Renderer<'_>,
    changes: &ChangeSet,
    strategy: ApplyStrategy,
    cache_key: Option<&str>,
    assumed: &BTreeMap<Rows, u64>,
    watched: bool,
) -> Result<Vec<Part>, StoreError> {
    let mut parts = Vec::new();
    let locks = r.backend.locks(r, changes)?;
    parts.push(Part::Note(r.backend.note(r, &changes.receipt.as_planned(), cache_key, &locks)?));
    parts.push(Part::Lock(locks));
    if strategy == ApplyStrategy::SingleStatement {
        let asked = r.asked(counts_needed(changes, assumed))?;
        if let Some(statement) = r.backend.single_statement(r, changes, &asked)? {
            parts.extend([Part::Everything(statement), Part::CorrectReceipt]);
            return Ok(parts);
        }
    }
    let materialized = r.backend.materialize(r)?;
    let mut used = Vec::new();
    if !materialized.is_empty() {
        used.push(r.clear_members());
        parts.push(Part::Materialize(materialized));
    }
    parts.push(Part::Count(r.counting(counts_needed(changes, assumed), None, None)?));
    let keyed = changes.steps.iter().filter(|step| step.keyed_fields().next().is_some());
    let pages = keyed.map(|step| r.pseudonym_page(step, None));
    let recorded = changes.recorded_rows().into_iter().map(|(_, rows)| r.page_of_ids(rows, None));
    let pages: Vec<Statement> = pages.chain(recorded).collect::<Result<_, _>>()?;
    if !pages.is_empty() {
        used.push(r.clear_pseudonyms());
        parts.push(Part::MakePseudonyms(pages));
    }
    for row in &changes.inserts {
        parts.push(Part::Insert(row.kind.clone(), r.insert(row)?));
    }
    for draft in &changes.event_drafts {
        parts.push(Part::Record(r.drafted_events(changes.operation, draft)?));
    }
    for event in &changes.events {
        parts.push(Part::Record(r.event(event)?));
    }
    parts.push(Part::Record(r.audit(changes)?));
    let defer = r.backend.defer_foreign_keys(changes);
    parts.extend(defer.map(|sql| Part::DeferForeignKeys(Statement::text(sql))));
    parts.extend(watched.then_some(Part::StartWatching));
    parts.extend(r.backend.blocks(r, changes)?.into_iter().map(Part::Steps));
    parts.extend(watched.then_some(Part::FinishWatching));
    parts.push(Part::CorrectReceipt);
    if r.backend.keeps_temporary_tables() {
        parts.push(Part::CleanUp(used));
    }
    Ok(parts)
}

pub(super) fn statements(script: Vec<Part>) -> Vec<Statement> {
    script.into_iter().flat_map(Part::into_statements).collect()
}

/// Returns the rows whose number is assumed from the plan. The statement that writes them returns the actual number.
/// If the numbers differ, the transaction is rolled back and repeated with explicit counts, so that the error can
/// name the difference.
pub(super) fn assumed_counts(changes: &ChangeSet, strategy: ApplyStrategy) -> BTreeMap<Rows, u64> {
    if strategy == ApplyStrategy::Counted {
        return BTreeMap::new();
    }
    let mut by_receipt: BTreeMap<usize, Vec<&ChangeStep>> = BTreeMap::new();
    for step in &changes.steps {
        by_receipt.entry(step.receipt_step.unwrap_or(usize::MAX)).or_default().push(step);
    }
    let planned = by_receipt.into_iter().filter_map(|(index, steps)| {
        match (&*steps, changes.receipt.steps.get(index)) {
            ([step], Some(planned)) if step.write.changes_rows() && planned.planned > 0 => {
                Some((step.rows, planned.planned))
            }
            _ => None,
        }
    });
    planned.collect()
}

/// Returns the rows to count: the rows of the preconditions and of the steps, without those whose number is assumed.
fn counts_needed(changes: &ChangeSet, assumed: &BTreeMap<Rows, u64>) -> impl Iterator<Item = Rows> {
    let conditions = changes.preconditions.iter().map(|condition| condition.question.rows);
    let all = conditions.chain(changes.steps.iter().map(|step| step.rows));
    all.filter(|rows| !assumed.contains_key(rows))
}
