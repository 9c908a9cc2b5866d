//! Applies change sets: one write transaction runs the script of the operation.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::backend::{ApplyStrategy, Block, BlockWrite, Locks};
use super::connection::{AccessMode, SqlConnection, SqlError, SqlErrorClass, SqlValue};
use super::render::count::{Counts, WRITTEN};
use super::render::renderer::Renderer;
use super::render::write;
use super::script::{Part, assumed_counts, script};
use super::session::{ErrorContext, Session, execute, query};
use super::store::SqlStore;
use super::table_schema::{QueryColumns, SchemaCheck, TableSchema};
use super::triggers::{fired, names};
use super::watch::{Deletions, Watch};
use crate::protocol::{ChangeSet, ChangeStep, Receipt, Rows, Write};
use crate::store::patience::counting;
use crate::store::{Interfered, StoreError, require_key};

/// The maximum number of rounds in which rows are locked, if each round finds further rows.
const MAX_LOCK_ROUNDS: usize = 4;

const APPLIED: &str = "applied the change set";

pub(super) async fn run<C: SqlConnection>(
    store: &SqlStore<C>,
    changes: &ChangeSet,
) -> Result<Receipt, StoreError> {
    require_key(changes)?;
    if changes.is_record_only() {
        return record_attempt(store, changes).await;
    }
    let columns = QueryColumns::of_changes(changes)?;
    let cache_key = store.backend().cache_key(&columns)?;
    let mut cached = store.cache.get(&columns);
    let mut strategy = store.backend().strategy(changes, store.single_statement_limit);
    loop {
        match attempt(store, changes, &columns, cache_key.as_deref(), cached.as_ref(), strategy).await {
            Ok(Some(receipt)) => return Ok(receipt),
            Ok(None) => {}
            Err(error) if strategy != ApplyStrategy::Counted && differs_from_plan(&error) => {
                strategy = ApplyStrategy::Counted;
                continue;
            }
            // The error of a single statement does not say which part the database refused, so use one statement for
            // each kind.
            Err(error) if strategy == ApplyStrategy::SingleStatement && is_about_statement(&error) => {
                strategy = ApplyStrategy::Counted;
                continue;
            }
            Err(error) => match &cached {
                Some(cached) if store.is_outdated(&columns, cached, &error).await => {}
                _ => {
                    // A domain may have a new constraint, which the schema version does not show. The next plan reads it.
                    if matches!(error, StoreError::Refused { .. }) {
                        store.cache.remove(&columns);
                    }
                    return Err(error);
                }
            },
        }
        store.cache.remove(&columns);
        cached = None;
    }
}

/// Returns whether the error may be caused by a difference from the plan.
fn differs_from_plan(error: &StoreError) -> bool {
    match error {
        StoreError::Conflict { .. } | StoreError::Refused { .. } | StoreError::Interference { .. } => true,
        StoreError::Contention { source: Some(source), .. } => source.is::<StoreError>(),
        _ => false,
    }
}

/// Returns whether the database refused this particular statement.
fn is_about_statement(error: &StoreError) -> bool {
    match error {
        StoreError::Backend { source, .. } => {
            source.downcast_ref::<SqlError>().is_some_and(|error| *error.class() == SqlErrorClass::Other)
        }
        StoreError::Unknown { .. } | StoreError::Unsupported(_) => true,
        _ => false,
    }
}

/// Records an attempt that was not applied.
async fn record_attempt<C: SqlConnection>(
    store: &SqlStore<C>,
    changes: &ChangeSet,
) -> Result<Receipt, StoreError> {
    let context = ErrorContext { map: Some(&changes.query.map), ..store.context(APPLIED) };
    let mut tx = store.begin(AccessMode::Write, context).await?;
    let mut session = store.session(&mut *tx, context);
    if let Some(receipt) = session.first_receipt(changes).await? {
        return Ok(receipt);
    }
    session.execute(&write::audit(store.backend(), &store.prefix, &changes.audit)?).await?;
    tx.commit().await.map_err(|error| context.commit_error(error))?;
    Ok(changes.receipt(&[]))
}

/// Runs the script. Returns `None` if the cached schema is outdated; then nothing was done.
async fn attempt<C: SqlConnection>(
    store: &SqlStore<C>,
    changes: &ChangeSet,
    columns: &QueryColumns<'_>,
    cache_key: Option<&str>,
    cached: Option<&Arc<TableSchema>>,
    strategy: ApplyStrategy,
) -> Result<Option<Receipt>, StoreError> {
    let query = &changes.query;
    let context = ErrorContext { map: Some(&query.map), ..store.context(APPLIED) };
    let mut tx = store.begin(AccessMode::Write, context).await?;
    let mut session = store.session(&mut *tx, context);
    let schema = match store.schema(&mut session, columns, cached).await {
        Ok(schema) => schema,
        // If the operation was already applied, its receipt is returned, even if the tables have changed since.
        Err(error) => return session.first_receipt(changes).await.ok().flatten().map(Some).ok_or(error),
    };
    let fired = fired(changes, &schema)?;
    let triggers = names(&fired);
    let context = ErrorContext { triggers: &triggers, ..context };
    session.context = context;
    let mut r = Renderer::changes(store.backend(), &store.prefix, changes, &schema)?;
    if !store.backend().has_concurrent_writers() {
        r.only_subject = session.only_subject(&r).await?;
    }
    let watch = if fired.is_empty() { None } else { Some(Watch::new(&r, changes, &fired)?) };
    // Triggers must have the same effect whatever the number of rows.
    let strategy = if watch.is_some() { ApplyStrategy::Counted } else { strategy };
    let assumed = assumed_counts(changes, strategy);
    let parts = script(&r, changes, strategy, cached.and(cache_key), &assumed, watch.is_some())?;
    let running =
        Running { session, r: &r, changes, assumed, counts: Counts::default(), affected: Vec::new(), watch };
    let receipt = match running.run(parts, cached).await? {
        Outcome::Done(receipt) => receipt,
        Outcome::DoneBefore(receipt) => return Ok(Some(receipt)),
        Outcome::Outdated => return Ok(None),
    };
    // Foreign keys that are deferred to the commit fail here.
    let committing = ErrorContext { kind: Some(query.kind.as_str()), ..context };
    tx.commit().await.map_err(|error| committing.commit_error(error))?;
    Ok(Some(receipt))
}

enum Outcome {
    Done(Receipt),
    /// The operation was already applied.
    DoneBefore(Receipt),
    /// The cached schema is outdated.
    Outdated,
}

struct Running<'a, 't, 'c> {
    session: Session<'t, 'c>,
    r: &'a Renderer<'a>,
    changes: &'a ChangeSet,
    assumed: BTreeMap<Rows, u64>,
    counts: Counts,
    /// The number of rows of each step.
    affected: Vec<u64>,
    /// What to compare after the last step, if triggers or rules fire.
    watch: Option<Watch>,
}

impl Running<'_, '_, '_> {
    async fn run(
        mut self,
        parts: Vec<Part>,
        cached: Option<&Arc<TableSchema>>,
    ) -> Result<Outcome, StoreError> {
        let (r, changes, context) = (self.r, self.changes, self.session.context);
        let expected = changes.receipt.as_planned();
        let mut receipt = expected.clone();
        let mut deletions = Deletions::default();
        for part in parts {
            match part {
                Part::Note(statement) => {
                    // It also locks the subjects, if it can.
                    let rows = counting(self.session.query(&statement), Result::is_ok).await?;
                    let mut answers = rows.iter().flatten();
                    let is_new = answers.next().and_then(SqlValue::as_integer) == Some(1);
                    if !is_new && let Some(receipt) = self.session.first_receipt(changes).await? {
                        return Ok(Outcome::DoneBefore(receipt));
                    }
                    let version = answers.next().and_then(SqlValue::as_text);
                    let check = SchemaCheck::InTransaction;
                    if cached.is_some_and(|cached| !cached.is_current(check, version)) {
                        return Ok(Outcome::Outdated);
                    }
                }
                Part::Lock(locks) => self.session.lock(&locks).await?,
                Part::Materialize(statements) => self.session.materialize(r, &statements).await?,
                Part::Count(statements) => {
                    let counts = self.session.count(&statements).await?;
                    self.check_counts(counts).await?;
                    // Steps that write nothing are only counted.
                    self.affected = changes.steps.iter().map(|step| self.counts.of(step.rows)).collect();
                }
                Part::MakePseudonyms(_) => self.session.make_pseudonyms(r, changes).await?,
                Part::Insert(kind, statement) => {
                    let inserted = execute(self.session.tx, &statement).await;
                    inserted.map_err(|error| context.writing(&kind).error(error))?;
                }
                // In the host's transaction, this would also defer the checks of the host's own statements.
                Part::DeferForeignKeys(_) if !context.retryable => {}
                Part::DeferForeignKeys(statement) | Part::Record(statement) => {
                    self.session.execute(&statement).await?;
                }
                Part::Steps(block) => self.block(&block).await?,
                Part::Everything(statement) => self.everything(&statement).await?,
                Part::StartWatching => {
                    if let Some(watch) = &mut self.watch {
                        deletions = self.session.start_watching(r, watch, &self.affected).await?;
                    }
                }
                Part::FinishWatching => {
                    if let Some(watch) = &self.watch {
                        let expected = (changes, &*self.affected);
                        self.session.finish_watching(r, watch, &deletions, expected).await?;
                    }
                }
                Part::CorrectReceipt => {
                    receipt = changes.receipt(&self.affected);
                    if receipt != expected {
                        let correction = write::correct_receipt(r.backend, r.prefix, &receipt)?;
                        self.session.execute(&correction).await?;
                    }
                }
                Part::CleanUp(statements) => {
                    for statement in &statements {
                        self.session.execute(statement).await?;
                    }
                }
            }
        }
        Ok(Outcome::Done(receipt))
    }

    /// Compares the counts with the preconditions.
    async fn check_counts(&mut self, counts: Counts) -> Result<(), StoreError> {
        let counts = counts.assuming(std::mem::take(&mut self.assumed));
        let counts = self.session.readable(self.r, counts).await?;
        let found = self.changes.preconditions.iter().map(|condition| counts.of(condition.question.rows));
        let differences = self.changes.differences(found);
        if !differences.is_empty() {
            return Err(StoreError::Conflict { differences });
        }
        self.counts = counts;
        Ok(())
    }

    /// Runs the statement that does the whole operation.
    async fn everything(&mut self, statement: &super::Statement) -> Result<(), StoreError> {
        let context = self.session.context.writing(&self.changes.query.kind);
        let rows = query(self.session.tx, statement).await.map_err(|error| context.error(error))?;
        let written = rows.iter().find_map(|row| match &**row {
            [SqlValue::Integer(WRITTEN), _, written] => written.as_text(),
            _ => None,
        });
        let written = read_written(written)?;
        self.check_counts(Counts::read(rows)).await?;
        for (step, found) in self.changes.steps.iter().zip(written) {
            let count = self.check_written(step, found).await?;
            self.affected.push(count);
        }
        Ok(())
    }

    async fn block(&mut self, block: &Block) -> Result<(), StoreError> {
        let Block { steps, mark, write } = block;
        let steps: Vec<(usize, &ChangeStep)> =
            steps.iter().filter_map(|at| Some((*at, self.changes.steps.get(*at)?))).collect();
        let Some((_, first)) = steps.first() else { return Ok(()) };
        if steps.iter().all(|(_, step)| self.counts.of(step.rows) == 0) {
            return Ok(());
        }
        let context = self.session.context.writing(&first.kind);
        if let Some(mark) = mark {
            execute(self.session.tx, mark).await.map_err(|error| context.error(error))?;
        }
        let written = match write {
            BlockWrite::Nothing => return Ok(()),
            BlockWrite::Execute(statement) => {
                vec![execute(self.session.tx, statement).await.map_err(|error| context.error(error))?]
            }
            BlockWrite::Query(statement) => {
                let rows = query(self.session.tx, statement).await.map_err(|error| context.error(error))?;
                read_written(rows.first().and_then(|row| row.first()).and_then(SqlValue::as_text))?
            }
        };
        for ((position, step), found) in steps.iter().zip(written) {
            let count = self.check_written(step, found).await?;
            if let Some(affected) = self.affected.get_mut(*position) {
                *affected = count;
            }
        }
        Ok(())
    }

    /// Compares the number of rows that a deletion or an update wrote with the number of rows in the step's set. If
    /// rows that should be deleted still exist, a trigger or a rule has kept them. Otherwise, another transaction has
    /// changed the rows; on SQLite there is none.
    async fn check_written(&mut self, step: &ChangeStep, found: u64) -> Result<u64, StoreError> {
        let expected = self.counts.of(step.rows);
        if found == expected {
            return Ok(found);
        }
        // While triggers fire, the rows of all steps are locked.
        let watched = self.watch.is_some();
        let concurrent = self.r.backend.has_concurrent_writers() && !watched;
        let is_counted = !self.counts.assumes(step.rows);
        let interference = self.session.interference(&step.kind, Interfered::Written, expected, found);
        if step.write == Write::Delete && (concurrent || is_counted && found < expected) {
            let rest = self.session.integer(&self.r.remaining(&step.kind, step.rows)?).await?;
            if !concurrent && rest == Some(0) {
                // A foreign key action or a trigger has deleted these rows. Databases do not include such rows in the
                // count.
                return Ok(expected);
            }
            if !concurrent || rest.is_some_and(|rest| rest > 0) {
                return Err(interference);
            }
        }
        if concurrent {
            let retryable = self.session.context.retryable;
            return Err(StoreError::Contention { retryable, source: Some(Box::new(interference)) });
        }
        Err(interference)
    }
}

fn read_written(text: Option<&str>) -> Result<Vec<u64>, StoreError> {
    let written = serde_json::from_str(text.unwrap_or_default());
    written.map_err(|source| StoreError::backend("counted what was written", source))
}

impl Session<'_, '_> {
    /// Reads the receipt of the operation, if it was already applied.
    async fn first_receipt(&mut self, changes: &ChangeSet) -> Result<Option<Receipt>, StoreError> {
        let statement = write::first_receipt(self.backend, self.context.prefix, changes.operation);
        let rows = self.query(&statement).await?;
        let Some(receipt) = rows.first().and_then(|row| row.first()) else {
            return Ok(None);
        };
        let receipt = serde_json::from_str(receipt.as_text().unwrap_or_default());
        receipt.map(Some).map_err(|source| StoreError::backend("read the first receipt", source))
    }

    /// Locks rows, starting with the subjects. In a cycle, it repeats this until no further rows are found, because
    /// another transaction can add referring rows until a row is locked.
    async fn lock(&mut self, locks: &Locks) -> Result<(), StoreError> {
        for statement in &locks.texts {
            counting(self.query(statement), Result::is_ok).await?;
        }
        for statement in &locks.tables {
            counting(self.execute(statement), Result::is_ok).await?;
        }
        let mut before = None;
        for _ in 0..MAX_LOCK_ROUNDS {
            let mut found = Vec::with_capacity(locks.rows.len());
            for statement in &locks.rows {
                found.push(counting(self.integer(statement), Result::is_ok).await?);
            }
            if !locks.repeat || before.as_ref() == Some(&found) {
                return Ok(());
            }
            before = Some(found);
        }
        Err(StoreError::Contention { retryable: self.context.retryable, source: None })
    }
}
