//! Change sets on a database that locks rows: what is written, in which order, in one transaction.
//!
//! The operation is noted first: of two that are the same the second waits, and then finds the receipt. Then
//! everything that could be referred to is locked, outermost first, each kind in a statement of its own, so
//! that what is counted afterwards stays true.

use super::failure::Doing;
use super::render::{self, BlockStatement, Columns, Counts, Locks, Renderer};
use super::store::{SqlStore, execute, query};
use super::survey::Reading;
use super::{Access, SqlConnection, SqlValue, Statement};
use crate::plan::{ChangeSet, ChangeStep, Receipt, Write};
use crate::store::{StoreError, require_key};

/// How often rows are locked again because more were found, before that is too much.
const LOCKINGS: usize = 4;

pub(super) async fn run<C: SqlConnection>(
    store: &SqlStore<C>,
    changes: &ChangeSet,
) -> Result<Receipt, StoreError> {
    let ChangeSet {
        operation,
        query,
        locks: _,
        preconditions,
        inserts,
        events,
        told,
        steps,
        audit: entry,
        snapshot: _,
        receipt,
        mask_key: _, // What it makes is made before the first step.
    } = changes;
    require_key(changes)?;
    let doing = Doing { map: Some(&query.map), ..store.doing("applied the change set") };
    let columns = Columns::of_changes(changes)?;
    let before = render::receipt_of(store.dialect, &store.prefix, *operation);
    let mut tx = store.begin(Access::Write, doing).await?;
    let mut writing = Reading { tx: &mut *tx, doing };
    if changes.is_record_only() {
        if let Some(receipt) = writing.first_receipt(&before).await? {
            return Ok(receipt);
        }
        writing.execute(&render::audit(store.dialect, &store.prefix, entry)?).await?;
        tx.commit().await.map_err(|error| doing.not_committed(error))?;
        return Ok(changes.receipt(&[]));
    }
    let note = render::operation(store.dialect, &store.prefix, receipt)?;
    if writing.execute(&note).await? == 0
        && let Some(receipt) = writing.first_receipt(&before).await?
    {
        return Ok(receipt);
    }
    let forms = writing.forms(&columns, store.dialect).await?;
    let renderer = Renderer::changes(store.dialect, &store.prefix, changes, &forms)?;
    // Every statement is rendered before the first of them writes: what SQL cannot do is found while nothing
    // has changed.
    let locks = renderer.locks(changes)?;
    let new: Vec<Statement> = inserts.iter().map(|row| renderer.insert(row)).collect::<Result<_, _>>()?;
    let told = told.iter().map(|event| renderer.told(event));
    let told = events.iter().map(|event| renderer.events(*operation, event)).chain(told);
    let told: Vec<Statement> = told.chain([renderer.audit(changes)]).collect::<Result<_, _>>()?;
    let blocks = renderer.blocks(changes)?;
    writing.lock(&locks).await?;
    let counts = writing.count(&renderer, render::counted(changes)).await?;
    let found = preconditions.iter().map(|condition| counts.of(condition.question.rows));
    let differences = changes.differences(found);
    if !differences.is_empty() {
        return Err(StoreError::Conflict { differences });
    }
    writing.make_pseudonyms(&renderer, changes).await?;
    for (row, statement) in inserts.iter().zip(&new) {
        let inserting = Doing { what: "wrote", kind: Some(row.kind.as_str()), ..doing };
        execute(writing.tx, statement).await.map_err(|error| inserting.failed(error))?;
    }
    for statement in &told {
        writing.execute(statement).await?;
    }
    // What no block does is only counted.
    let mut affected: Vec<u64> = steps.iter().map(|step| counts.of(step.rows)).collect();
    for block in &blocks {
        let of: Vec<(usize, &ChangeStep)> =
            block.steps.iter().filter_map(|at| Some((*at, steps.get(*at)?))).collect();
        let done = writing.block(&renderer, &of, &block.statement, &counts).await?;
        for ((position, _), count) in of.iter().zip(done) {
            if let Some(affected) = affected.get_mut(*position) {
                *affected = count;
            }
        }
    }
    let receipt = changes.receipt(&affected);
    writing.execute(&render::settle(store.dialect, &store.prefix, &receipt)?).await?;
    // Foreign keys that are checked at commit object here.
    let committing = Doing { kind: Some(query.kind.as_str()), ..doing };
    tx.commit().await.map_err(|error| committing.not_committed(error))?;
    Ok(receipt)
}

impl Reading<'_, '_> {
    async fn first_receipt(&mut self, statement: &Statement) -> Result<Option<Receipt>, StoreError> {
        let rows = self.query(statement).await?;
        let Some(receipt) = rows.first().and_then(|row| row.first()) else {
            return Ok(None);
        };
        let receipt = serde_json::from_str(receipt.as_text().unwrap_or_default());
        receipt.map(Some).map_err(|source| StoreError::backend("read the first receipt", source))
    }

    /// Locks, outermost first. Where rows may hang on rows of their own kind it is done until no more of them
    /// are found: what was locked last had not kept others from coming below it until then.
    async fn lock(&mut self, locks: &Locks) -> Result<(), StoreError> {
        for statement in &locks.texts {
            self.query(statement).await?;
        }
        for statement in &locks.tables {
            self.execute(statement).await?;
        }
        let mut before = None;
        for _ in 0..LOCKINGS {
            let mut found = Vec::with_capacity(locks.rows.len());
            for statement in &locks.rows {
                let rows = self.query(statement).await?;
                found.push(rows.iter().flatten().find_map(SqlValue::as_integer));
            }
            if !locks.repeat || before.as_ref() == Some(&found) {
                return Ok(());
            }
            before = Some(found);
        }
        Err(StoreError::Contention { retryable: self.doing.retryable, source: None })
    }

    /// Runs the statement of a block, and compares what each step touched with what its set held.
    async fn block(
        &mut self,
        renderer: &Renderer<'_>,
        steps: &[(usize, &ChangeStep)],
        statement: &BlockStatement,
        counts: &Counts,
    ) -> Result<Vec<u64>, StoreError> {
        if steps.iter().all(|(_, step)| counts.of(step.rows) == 0) {
            return Ok(vec![0; steps.len()]);
        }
        let kind = steps.first().map(|(_, step)| step.kind.as_str());
        let writing = Doing { what: "wrote", kind, ..self.doing };
        let found: Vec<u64> = match statement {
            BlockStatement::One(statement) => {
                vec![execute(self.tx, statement).await.map_err(|error| writing.failed(error))?]
            }
            BlockStatement::Together(statement) => {
                let rows = query(self.tx, statement).await.map_err(|error| writing.failed(error))?;
                let text = rows.first().and_then(|row| row.first()).and_then(SqlValue::as_text);
                serde_json::from_str(text.unwrap_or_default())
                    .map_err(|source| StoreError::backend("counted what was written", source))?
            }
        };
        for ((_, step), found) in steps.iter().zip(&found) {
            let expected = counts.of(step.rows);
            if *found != expected {
                return Err(self.mismatch(renderer, step, expected, *found).await);
            }
        }
        Ok(found)
    }

    /// Other rows were written than had been counted. Rows that should have gone and are still there were
    /// kept by the database; otherwise others have changed them in between.
    async fn mismatch(
        &mut self,
        renderer: &Renderer<'_>,
        step: &ChangeStep,
        expected: u64,
        found: u64,
    ) -> StoreError {
        let interference = StoreError::Interference { kind: step.kind.clone(), expected, found };
        if step.write == Write::Delete {
            let rest = match renderer.remaining(&step.kind, step.rows) {
                Ok(statement) => self.query(&statement).await,
                Err(error) => return error,
            };
            match rest.map(|rows| rows.iter().flatten().find_map(SqlValue::as_integer)) {
                Ok(Some(rest)) if rest > 0 => return interference,
                Ok(_) => {}
                Err(error) => return error,
            }
        }
        StoreError::Contention { retryable: self.doing.retryable, source: Some(Box::new(interference)) }
    }
}
