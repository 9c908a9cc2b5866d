//! Change sets on a database that locks rows: what is written, in which order, in one transaction.
//!
//! The operation is noted first: of two that are the same the second waits, and then finds the receipt. Then
//! everything that could be referred to is locked, outermost first, each kind in a statement of its own, so
//! that what is counted afterwards stays true.

use super::apply::agree;
use super::failure::Doing;
use super::foreseen::{foreseen, is_other_than_planned, uncounted};
use super::known::KnownTables;
use super::render::{
    self, AtOnce, Beside, Block, BlockStatement, Columns, Counting, Counts, Locks, Renderer,
};
use super::store::{SqlStore, execute, query};
use super::survey::Reading;
use super::{Access, SqlConnection, SqlError, SqlErrorClass, SqlValue, Statement};
use crate::protocol::{ChangeSet, ChangeStep, Receipt, Rows, Write};
use crate::store::{StoreError, require_key};

/// How often rows are locked again because more were found, before that is too much.
const LOCKINGS: usize = 4;

/// How a change set is carried out; what comes of it is the same.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// By one statement.
    AtOnce,
    /// By a statement for each kind. How many rows it writes is only compared afterwards.
    InSteps,
    /// The same, and everything is counted before anything is written: what differs from the plan, or stands in
    /// the way, is found and named here.
    Counted,
}

pub(super) async fn run<C: SqlConnection>(
    store: &SqlStore<C>,
    changes: &ChangeSet,
) -> Result<Receipt, StoreError> {
    require_key(changes)?;
    if changes.is_record_only() {
        return record(store, changes).await;
    }
    let columns = Columns::of_changes(changes)?;
    let mut known = store.known(&columns)?;
    let mut way = if is_small(changes, store.at_once) { Way::AtOnce } else { Way::InSteps };
    loop {
        match attempt(store, changes, &columns, known.as_ref(), way).await {
            Ok(Some(receipt)) => return Ok(receipt),
            Ok(None) => {}
            Err(error) if way != Way::Counted && is_other_than_planned(&error) => {
                way = Way::Counted;
                continue;
            }
            // One statement does not say which of its parts the database would not do.
            Err(error) if way == Way::AtOnce && is_of_a_statement(&error) => {
                way = Way::Counted;
                continue;
            }
            Err(error) => match &known {
                Some(known) if store.is_outdated(known, &error).await => {}
                _ => return Err(error),
            },
        }
        if let Some(known) = known.take() {
            store.forget(&known);
        }
    }
}

/// Whether the database has refused a statement, and would not refuse just any.
fn is_of_a_statement(error: &StoreError) -> bool {
    match error {
        StoreError::Backend { source, .. } => {
            source.downcast_ref::<SqlError>().is_some_and(|error| *error.class() == SqlErrorClass::Other)
        }
        StoreError::Unknown { .. } | StoreError::Unsupported(_) => true,
        _ => false,
    }
}

/// Whether a change set is one statement: so few rows are planned that going to the server takes longest.
fn is_small(changes: &ChangeSet, at_most: u64) -> bool {
    let planned = changes.receipt.steps.iter().map(|step| step.planned);
    changes.inserts.is_empty()
        && changes.steps.iter().all(|step| step.keyed_fields().next().is_none())
        && planned.fold(0, u64::saturating_add) <= at_most
}

/// Records an attempt that was not carried out.
async fn record<C: SqlConnection>(store: &SqlStore<C>, changes: &ChangeSet) -> Result<Receipt, StoreError> {
    let doing = Doing { map: Some(&changes.query.map), ..store.doing("applied the change set") };
    let mut tx = store.begin(Access::Write, doing).await?;
    let mut writing = Reading { tx: &mut *tx, doing };
    let before = render::receipt_of(store.dialect, &store.prefix, changes.operation);
    if let Some(receipt) = writing.first_receipt(&before).await? {
        return Ok(receipt);
    }
    writing.execute(&render::audit(store.dialect, &store.prefix, &changes.audit)?).await?;
    tx.commit().await.map_err(|error| doing.not_committed(error))?;
    Ok(changes.receipt(&[]))
}

/// What writes, after the locks.
enum Writes {
    AtOnce(Box<AtOnce>),
    InSteps { counting: Counting, inserts: Vec<Statement>, reported: Vec<Statement>, blocks: Vec<Block> },
}

/// Carries the change set out; `None` where the tables are no longer what was known of them, and nothing was done.
async fn attempt<C: SqlConnection>(
    store: &SqlStore<C>,
    changes: &ChangeSet,
    columns: &Columns<'_>,
    known: Option<&KnownTables>,
    way: Way,
) -> Result<Option<Receipt>, StoreError> {
    let ChangeSet {
        operation,
        query,
        locks: _,
        preconditions: _,
        inserts,
        event_drafts,
        events,
        steps,
        audit: _,
        snapshot: _,
        receipt: planned,
        mask_key: _, // What it makes is made before the first step.
    } = changes;
    let doing = Doing { map: Some(&query.map), ..store.doing("applied the change set") };
    let mut tx = store.begin(Access::Write, doing).await?;
    let mut writing = Reading { tx: &mut *tx, doing };
    let forms = store.forms(&mut writing, columns, known).await?;
    let renderer = Renderer::changes(store.dialect, &store.prefix, changes, &forms)?;
    // Every statement is rendered before the first of them writes: what SQL cannot do is found while nothing
    // has changed.
    let locks = renderer.locks(changes)?;
    let foreseen = if way == Way::Counted { Vec::new() } else { foreseen(changes) };
    let counted = uncounted(changes, &foreseen);
    let writes = if way == Way::AtOnce {
        Writes::AtOnce(Box::new(renderer.at_once(changes, counted)?))
    } else {
        let reported = events.iter().map(|event| renderer.event(event));
        let reported = event_drafts.iter().map(|draft| renderer.events(*operation, draft)).chain(reported);
        Writes::InSteps {
            inserts: inserts.iter().map(|row| renderer.insert(row)).collect::<Result<_, _>>()?,
            reported: reported.chain([renderer.audit(changes)]).collect::<Result<_, _>>()?,
            blocks: renderer.blocks(changes)?,
            counting: renderer.counting(counted, Beside::default())?,
        }
    };
    let expected = planned.as_planned();
    let note = renderer.note(&expected, known.map(|known| &*known.tables), &locks)?;
    let noted = writing.query(&note).await?;
    let mut noted = noted.first().into_iter().flatten();
    if noted.next().and_then(SqlValue::as_integer) == Some(0) {
        let before = render::receipt_of(store.dialect, &store.prefix, *operation);
        if let Some(receipt) = writing.first_receipt(&before).await? {
            return Ok(Some(receipt));
        }
    }
    if known.is_some_and(|known| !known.is_marked(noted.next().and_then(SqlValue::as_text))) {
        return Ok(None);
    }
    writing.lock(&locks).await?;
    let affected = match writes {
        Writes::AtOnce(at_once) => writing.at_once(&renderer, changes, *at_once, foreseen).await?,
        Writes::InSteps { counting, inserts: new, reported, blocks } => {
            let counts = writing.count(counting).await?.foreseeing(foreseen);
            let counts = writing.readable(&renderer, counts).await?;
            agree(changes, &counts)?;
            writing.make_pseudonyms(&renderer, changes).await?;
            for (row, statement) in inserts.iter().zip(&new) {
                let inserting = Doing { what: "wrote", kind: Some(row.kind.as_str()), ..doing };
                execute(writing.tx, statement).await.map_err(|error| inserting.failed(error))?;
            }
            for statement in &reported {
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
            affected
        }
    };
    let receipt = changes.receipt(&affected);
    if receipt != expected {
        writing.execute(&render::settle(store.dialect, &store.prefix, &receipt)?).await?;
    }
    // Foreign keys that are checked at commit object here.
    let committing = Doing { kind: Some(query.kind.as_str()), ..doing };
    tx.commit().await.map_err(|error| committing.not_committed(error))?;
    Ok(Some(receipt))
}

impl Reading<'_, '_> {
    pub(super) async fn first_receipt(
        &mut self,
        statement: &Statement,
    ) -> Result<Option<Receipt>, StoreError> {
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

    /// Runs the statement that does everything, and compares what it found with what was expected, and what each
    /// step touched with what its set held.
    async fn at_once(
        &mut self,
        renderer: &Renderer<'_>,
        changes: &ChangeSet,
        at_once: AtOnce,
        foreseen: Vec<(Rows, u64)>,
    ) -> Result<Vec<u64>, StoreError> {
        let writing = Doing { what: "wrote", kind: Some(changes.query.kind.as_str()), ..self.doing };
        let rows = query(self.tx, &at_once.statement).await.map_err(|error| writing.failed(error))?;
        let (counts, written) = at_once.read(rows)?;
        let counts = self.readable(renderer, counts.foreseeing(foreseen)).await?;
        agree(changes, &counts)?;
        let steps: Vec<&ChangeStep> = changes.steps.iter().collect();
        self.as_counted(renderer, &steps, &counts, &written).await?;
        Ok(written)
    }

    /// That every step has written as many rows as its set held.
    async fn as_counted(
        &mut self,
        renderer: &Renderer<'_>,
        steps: &[&ChangeStep],
        counts: &Counts,
        written: &[u64],
    ) -> Result<(), StoreError> {
        for (step, found) in steps.iter().zip(written) {
            let expected = counts.of(step.rows);
            if *found != expected {
                return Err(self.mismatch(renderer, step, expected, *found).await);
            }
        }
        Ok(())
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
        let steps: Vec<&ChangeStep> = steps.iter().map(|(_, step)| *step).collect();
        self.as_counted(renderer, &steps, counts, &found).await?;
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
