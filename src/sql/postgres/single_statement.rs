//! Small operations: one statement counts, writes rows, and records events and audit entries.
//!
//! All parts of the statement see the same snapshot, so the counts match the rows it writes. They are compared with
//! the expected counts before the commit.

use super::block::Writes;
use crate::protocol::{ChangeSet, SetId};
use crate::sql::backend::{ApplyStrategy, Asked};
use crate::sql::render::count::WRITTEN;
use crate::sql::render::renderer::Renderer;
use crate::sql::render::write::begin_audit;
use crate::sql::statement::{Statement, Union, With};
use crate::store::StoreError;

/// Chooses a single statement if the planned rows are so few that network round trips take most of the time.
pub(super) fn strategy(changes: &ChangeSet, limit: u64) -> ApplyStrategy {
    let planned = changes.receipt.steps.iter().map(|step| step.planned);
    let is_small = changes.inserts.is_empty()
        && !changes.needs_pseudonyms()
        && planned.fold(0, u64::saturating_add) <= limit;
    if is_small { ApplyStrategy::SingleStatement } else { ApplyStrategy::PerKind }
}

pub(super) fn statement(
    r: &Renderer<'_>,
    changes: &ChangeSet,
    asked: &Asked,
) -> Result<Statement, StoreError> {
    let writes = Writes::new(r, changes.operation, changes.steps.iter().collect())?;
    let counted: Vec<SetId> = asked.keys().copied().collect();
    let reported = changes.event_drafts.iter().map(|event| event.rows.set);
    let sets = counted.iter().copied().chain(reported).chain(r.subjects());
    let sets: Vec<SetId> = sets.chain(writes.needed()?).collect();
    let mut w = r.writer();
    let mut with = r.tables(&mut w, &sets, false)?;
    writes.expressions(&mut with)?;
    records(r, &mut with, changes)?;
    let mut union = Union::new(with.end(), "\nUNION ALL ");
    r.counts(&mut union, &counted, asked);
    let part = union.part().push("SELECT ").number(WRITTEN).push(", 0, ");
    writes.counts(part)?;
    Ok(w.finish())
}

/// Writes the expressions that record events and audit entries.
fn records(r: &Renderer<'_>, with: &mut With<'_>, changes: &ChangeSet) -> Result<(), StoreError> {
    let name = |at: usize| r.prefix.quoted(&format!("reported_{at}"));
    let drafts = changes.event_drafts.len();
    for (at, draft) in changes.event_drafts.iter().enumerate() {
        with.table(&name(at), |w| {
            r.begin_events(w);
            r.drafted_rows(w, changes.operation, draft)
        })?;
    }
    for (at, event) in changes.events.iter().enumerate() {
        with.table(&name(drafts + at), |w| {
            r.begin_events(w);
            r.event_row(w, event)
        })?;
    }
    with.table(&r.prefix.quoted("recorded"), |w| {
        begin_audit(w, r.prefix);
        r.audit_rows(w, changes)
    })
}
