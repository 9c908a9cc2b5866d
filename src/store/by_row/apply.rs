//! Applying a change set: read, decide, and write if nothing has changed.

use super::write_audit::Snapshots;
use super::{ATTEMPTS, ByRow, check_names, contention, write_audit};
use crate::domain::{Kind, OperationId};
use crate::protocol::{ChangeSet, NewRow, Receipt};
use crate::store::mask::require_key;
use crate::store::system_tables::{self, OPERATIONS, OUTBOX};
use crate::store::{Batch, Records, RowChange, StoreError, Unchanged};

/// The number of attempts for a change set that only writes audit entries. Such writes conflict only with each other.
const RECORD_ATTEMPTS: usize = 32;

pub(super) async fn apply<R: Records>(store: &ByRow<R>, changes: &ChangeSet) -> Result<Receipt, StoreError> {
    require_key(changes)?;
    let attempts = if changes.is_record_only() { RECORD_ATTEMPTS } else { ATTEMPTS };
    for _ in 0..attempts {
        if let Some(first) = applied_before(&store.records, changes.operation).await? {
            return Ok(first);
        }
        let receipt = if changes.is_record_only() {
            record(store, changes).await?
        } else {
            carry_out(store, changes).await?
        };
        if let Some(receipt) = receipt {
            return Ok(receipt);
        }
    }
    Err(contention())
}

async fn applied_before(
    records: &impl Records,
    operation: OperationId,
) -> Result<Option<Receipt>, StoreError> {
    let kind = Kind::named(OPERATIONS);
    let found = records.get(&kind, &[operation.as_uuid().into()]).await?;
    found.first().map(Receipt::try_from).transpose()
}

/// Writes the audit entries alone; `None` if another attempt came first.
async fn record<R: Records>(store: &ByRow<R>, changes: &ChangeSet) -> Result<Option<Receipt>, StoreError> {
    let mut batch = Batch::default();
    batch.unchanged.push(not_applied(changes.operation));
    write_audit::add(&store.records, &changes.audit, &Snapshots::new(), &mut batch).await?;
    let written = store.write(&batch).await?;
    Ok(written.map(|()| changes.receipt(&[])))
}

/// Writes everything; `None` if something changed since it was read.
async fn carry_out<R: Records>(store: &ByRow<R>, changes: &ChangeSet) -> Result<Option<Receipt>, StoreError> {
    // All parts are named, so that a new one is not forgotten here.
    let ChangeSet {
        operation,
        query,
        locks: _, // The conditions of the batch replace them.
        preconditions,
        inserts,
        event_drafts: _,
        events,
        steps: _,
        audit,
        snapshot,
        receipt: _,
        mask_key: _, // The steps have it.
    } = changes;
    check_names::check_changes(changes)?;
    let evaluation = store.evaluate(query).await?;
    evaluation.check_fields(&check_names::in_changes(changes)).await?;

    let questions = preconditions.iter().map(|each| each.question.clone());
    let questions: Vec<_> = questions.collect();
    let answers = evaluation.answers(&questions)?;
    let differences = changes.differences(answers.iter().map(|answer| answer.count));
    if !differences.is_empty() {
        // A conflict is reported only if everything found was true at one moment.
        let batch = evaluation.into_loaded().into_conditions();
        return match store.write(&batch).await? {
            Some(()) => Err(StoreError::Conflict { differences }),
            None => Ok(None),
        };
    }

    let mut outbox = evaluation.events(changes)?;
    for event in events {
        outbox.push(RowChange::Put { kind: OUTBOX.into(), record: system_tables::event_record(event)? });
    }
    let before = evaluation.snapshot(&query.kind, snapshot);
    let written = evaluation.run_steps(changes)?;
    let receipt = changes.receipt(&written.affected);

    let mut batch = evaluation.into_loaded().into_conditions();
    batch.unchanged.push(not_applied(*operation));
    batch.changes = outbox;
    for NewRow { kind, record } in inserts {
        batch.unchanged.push(Unchanged { kind: kind.clone(), id: record.id.clone(), record: None });
        batch.changes.push(RowChange::Put { kind: kind.clone(), record: record.clone() });
    }
    batch.changes.extend(written.changes);
    write_audit::add(&store.records, audit, &before, &mut batch).await?;
    batch
        .changes
        .push(RowChange::Put { kind: OPERATIONS.into(), record: system_tables::operation_record(&receipt)? });
    Ok(store.write(&batch).await?.map(|()| receipt))
}

/// Requires that the operation has not been applied.
fn not_applied(operation: OperationId) -> Unchanged {
    Unchanged { kind: OPERATIONS.into(), id: operation.as_uuid().into(), record: None }
}
