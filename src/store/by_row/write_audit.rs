//! Audit entries: one record for each subject, none replacing another.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{AuditEntry, FieldName, Kind, RecordId, Value};
use crate::store::system_tables::{AUDIT, audit_id, audit_record};
use crate::store::{Batch, Records, RowChange, StoreError, Unchanged};

/// The recorded fields of each subject, as they were before the operation.
pub(super) type Snapshots = BTreeMap<RecordId, BTreeMap<FieldName, Value>>;

/// The growth factor of the numbers that are tried at once.
const TRIED: usize = 8;

/// Adds the entry to the batch, once for each subject, under the first free numbers.
///
/// The batch is refused if another attempt under the same operation takes one of the numbers first, so both attempts
/// are kept.
pub(super) async fn add(
    records: &impl Records,
    entry: &AuditEntry,
    before: &Snapshots,
    batch: &mut Batch,
) -> Result<(), StoreError> {
    let subjects: BTreeSet<&RecordId> = entry.subjects.iter().collect();
    let mut open: Vec<&RecordId> = subjects.into_iter().collect();
    let mut first = 0;
    let mut count = 1;
    while !open.is_empty() {
        let tried = first..first + count;
        let ids: Vec<RecordId> = open
            .iter()
            .flat_map(|subject| {
                let numbers = tried.clone();
                numbers.map(|number| audit_id(entry.operation, subject, number))
            })
            .collect();
        let found = records.get(&Kind::named(AUDIT), &ids).await?;
        let taken: BTreeSet<RecordId> = found.into_iter().map(|record| record.id).collect();
        let mut crowded = Vec::new();
        for subject in open {
            let mut numbers = tried.clone();
            let free = numbers.find(|number| !taken.contains(&audit_id(entry.operation, subject, *number)));
            let Some(number) = free else {
                crowded.push(subject);
                continue;
            };
            let before = before.get(subject).cloned().unwrap_or_default();
            let record = audit_record(entry, subject, before, number)?;
            batch.unchanged.push(Unchanged { kind: AUDIT.into(), id: record.id.clone(), record: None });
            batch.changes.push(RowChange::Put { kind: AUDIT.into(), record });
        }
        open = crowded;
        first += count;
        count = (count * TRIED).min(512);
    }
    Ok(())
}
