//! Numbers that are not counted before rows are written. The plan says how many there were, and the statement that
//! writes them says how many it has written: where these agree, nobody need have counted. Where anything is other
//! than planned, all is rolled back and done again with everything counted first, so that what differs is named.

use crate::protocol::{ChangeSet, Rows};
use crate::store::StoreError;

/// The rows whose number need not be counted, with the number that is planned.
pub(super) fn foreseen(changes: &ChangeSet) -> Vec<(Rows, u64)> {
    let of = |index: usize| changes.steps.iter().filter(move |step| step.receipt_step == Some(index));
    let planned = changes.receipt.steps.iter().enumerate().filter_map(|(index, planned)| {
        let mut steps = of(index);
        match (steps.next(), steps.next()) {
            (Some(step), None) if step.write.changes_rows() && planned.planned > 0 => {
                Some((step.rows, planned.planned))
            }
            _ => None,
        }
    });
    planned.collect()
}

/// The rows that are counted all the same.
pub(super) fn uncounted(changes: &ChangeSet, foreseen: &[(Rows, u64)]) -> impl Iterator<Item = Rows> {
    super::render::counted(changes).filter(|rows| foreseen.iter().all(|(known, _)| known != rows))
}

/// Whether an error may come of something that was not as it was planned.
pub(super) fn is_other_than_planned(error: &StoreError) -> bool {
    match error {
        StoreError::Conflict { .. } | StoreError::Refused { .. } | StoreError::Interference { .. } => true,
        StoreError::Contention { source: Some(source), .. } => source.is::<StoreError>(),
        _ => false,
    }
}
