//! Change sets: what is written, in which order, in one write transaction.

use std::collections::BTreeSet;

use super::failure::Doing;
use super::foreseen::{foreseen, is_other_than_planned, uncounted};
use super::render::{self, Beside, Columns, Counts, Renderer, StepStatements};
use super::statement::Statement;
use super::store::{SqlStore, execute};
use super::survey::Reading;
use super::{Access, Dialect, SqlConnection};
use crate::domain::KindName;
use crate::protocol::{ChangeSet, ChangeStep, Receipt, Rows, Write};
use crate::store::{StoreError, require_key};

/// Every statement that writes, rendered before the first of them is run: what SQL cannot do is found while
/// nothing has changed.
struct Writes {
    inserts: Vec<Statement>,
    events: Vec<Statement>,
    steps: Vec<StepStatements>,
    audit: Statement,
}

pub(super) async fn run<C: SqlConnection>(
    store: &SqlStore<C>,
    changes: &ChangeSet,
) -> Result<Receipt, StoreError> {
    if store.dialect == Dialect::Postgres {
        return super::locked::run(store, changes).await;
    }
    require_key(changes)?;
    // Of rows that go below each other SQLite does not count those that a foreign key action took along.
    if !delete_in_a_cycle(changes) {
        match attempt(store, changes, foreseen(changes)).await {
            Err(error) if is_other_than_planned(&error) => {}
            done => return done,
        }
    }
    attempt(store, changes, Vec::new()).await
}

/// Carries the change set out, with these numbers foreseen.
async fn attempt<C: SqlConnection>(
    store: &SqlStore<C>,
    changes: &ChangeSet,
    foreseen: Vec<(Rows, u64)>,
) -> Result<Receipt, StoreError> {
    let ChangeSet {
        operation,
        query,
        // A write transaction of SQLite keeps all other writers out.
        locks: _,
        preconditions: _,
        inserts,
        event_drafts,
        events,
        steps,
        audit: entry,
        snapshot: _,
        receipt: planned,
        mask_key: _, // What it makes is made before the first step.
    } = changes;
    let doing = Doing { map: Some(&query.map), ..store.doing("applied the change set") };
    let columns = Columns::of_changes(changes)?;
    let mut tx = store.begin(Access::Write, doing).await?;
    let mut writing = Reading { tx: &mut *tx, doing };
    let before = render::receipt_of(store.dialect, &store.prefix, *operation);
    if changes.is_record_only() {
        if let Some(receipt) = writing.first_receipt(&before).await? {
            return Ok(receipt);
        }
        let audit = render::audit(store.dialect, &store.prefix, entry)?;
        writing.execute(&audit).await?;
        tx.commit().await.map_err(|error| doing.not_committed(error))?;
        return Ok(changes.receipt(&[]));
    }
    let expected = planned.as_planned();
    let note = render::operation(store.dialect, &store.prefix, &expected)?;
    if writing.execute(&note).await? == 0
        && let Some(receipt) = writing.first_receipt(&before).await?
    {
        return Ok(receipt);
    }
    let forms = store.forms(&mut writing, &columns, None).await?;
    let renderer = Renderer::changes(store.dialect, &store.prefix, changes, &forms)?;
    let writes = Writes {
        inserts: inserts.iter().map(|row| renderer.insert(row)).collect::<Result<_, _>>()?,
        events: event_drafts
            .iter()
            .map(|event| renderer.events(*operation, event))
            .chain(events.iter().map(|event| renderer.event(event)))
            .collect::<Result<_, _>>()?,
        steps: steps.iter().map(|step| renderer.step(*operation, step)).collect::<Result<_, _>>()?,
        audit: renderer.audit(changes)?,
    };
    let fixed = writing.fix(&renderer).await?;
    let counting = renderer.counting(uncounted(changes, &foreseen), Beside::default())?;
    let counts = writing.count(counting).await?.foreseeing(foreseen);
    let counts = writing.readable(&renderer, counts).await?;
    agree(changes, &counts)?;
    let keyed = writing.make_pseudonyms(&renderer, changes).await?;
    for (row, statement) in inserts.iter().zip(&writes.inserts) {
        let inserting = Doing { what: "wrote", kind: Some(row.kind.as_str()), ..doing };
        execute(writing.tx, statement).await.map_err(|error| inserting.failed(error))?;
    }
    for statement in writes.events.iter().chain([&writes.audit]) {
        writing.execute(statement).await?;
    }
    if let Some(sql) = store.dialect.defer_foreign_keys()
        && store.connection.retryable()
        && delete_in_a_cycle(changes)
    {
        let (sql, params) = (sql.to_owned(), Vec::new());
        writing.execute(&Statement { sql, params }).await?;
    }
    let mut affected = Vec::with_capacity(steps.len());
    for (step, statements) in steps.iter().zip(&writes.steps) {
        let done = writing.step(&renderer, step, statements, &counts).await?;
        affected.push(done);
    }
    let receipt = changes.receipt(&affected);
    if receipt != expected {
        writing.execute(&render::settle(store.dialect, &store.prefix, &receipt)?).await?;
    }
    if fixed {
        writing.clear(&renderer).await?;
    }
    if keyed {
        writing.execute(&renderer.clear_pseudonyms()).await?;
    }
    // Foreign keys that are checked at commit object here.
    let committing = Doing { kind: Some(query.kind.as_str()), ..doing };
    tx.commit().await.map_err(|error| committing.not_committed(error))?;
    Ok(receipt)
}

impl Reading<'_, '_> {
    /// Runs a step and compares what it touched with what its set holds.
    async fn step(
        &mut self,
        renderer: &Renderer<'_>,
        step: &ChangeStep,
        statements: &StepStatements,
        counts: &Counts,
    ) -> Result<u64, StoreError> {
        let ChangeStep { kind, rows, write, receipt_step: _ } = step;
        let expected = counts.of(*rows);
        if expected == 0 {
            return Ok(0);
        }
        let writing = Doing { what: "wrote", kind: Some(kind.as_str()), ..self.doing };
        if let Some(mark) = &statements.mark {
            let marked = execute(self.tx, mark).await;
            marked.map_err(|error| writing.failed(error))?;
        }
        let Some(statement) = &statements.write else {
            return Ok(expected);
        };
        let touched = execute(self.tx, statement).await;
        let mut found = touched.map_err(|error| writing.failed(error))?;
        if found < expected && *write == Write::Delete && !counts.foresees(*rows) {
            // Rows below each other in one table may have gone by a foreign key action, which no database
            // counts here. What matters is that they are gone.
            let rest = self.query(&renderer.remaining(kind, *rows)?).await?;
            let rest = rest.iter().flatten().find_map(super::SqlValue::as_integer);
            if rest == Some(0) {
                found = expected;
            }
        }
        if found != expected {
            return Err(StoreError::Interference { kind: kind.clone(), expected, found });
        }
        Ok(found)
    }
}

/// That what must be true is, as far as rows were counted.
pub(super) fn agree(changes: &ChangeSet, counts: &Counts) -> Result<(), StoreError> {
    let found = changes.preconditions.iter().map(|condition| counts.of(condition.question.rows));
    let differences = changes.differences(found);
    if differences.is_empty() { Ok(()) } else { Err(StoreError::Conflict { differences }) }
}

/// Whether rows go of kinds that refer to each other, or of one that refers to itself, so that no order of
/// statements satisfies foreign keys that are checked row by row.
fn delete_in_a_cycle(changes: &ChangeSet) -> bool {
    let map = &changes.query.map;
    let deleted: BTreeSet<&KindName> =
        changes.steps.iter().filter(|step| step.write == Write::Delete).map(|step| &step.kind).collect();
    deleted.iter().any(|start| {
        let mut seen: BTreeSet<&KindName> = BTreeSet::new();
        let mut open = vec![*start];
        while let Some(kind) = open.pop() {
            for reference in map.references_from(kind) {
                if reference.to == **start {
                    return true;
                }
                if deleted.contains(&reference.to) && seen.insert(&reference.to) {
                    open.push(&reference.to);
                }
            }
        }
        false
    })
}
