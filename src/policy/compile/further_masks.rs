//! Several masks for one row: where entries mask a kind differently, a row under several gets all of them.

use super::compiled::CompiledStep;
use super::kind_steps::ReachedKind;
use super::query::QueryBuilder;
use super::row_outcome::RowOutcome;
use super::write_template::WriteTemplate;
use crate::protocol::Disposition;

/// Adds a hidden step for each entry that anonymizes, unless all entries have the same masks.
pub(super) fn add_steps(of: &ReachedKind<'_>, steps: &mut Vec<CompiledStep>, query: &mut QueryBuilder) {
    let anonymized = of.own.ranked().filter(|(_, meaning)| meaning.outcome == RowOutcome::Anonymize);
    let anonymized: Vec<_> = anonymized.map(|(_, meaning)| (meaning, of.masks(meaning))).collect();
    if anonymized.windows(2).all(|pair| matches!(pair, [(_, a), (_, b)] if a == b)) {
        return;
    }
    for (meaning, masks) in anonymized {
        let entry = meaning.entry.as_ref();
        let rows = entry
            .and_then(|(reference, index)| of.decided_by(reference, *index, RowOutcome::Anonymize, query));
        let Some(rows) = rows else { continue };
        let key = of.key(meaning, Disposition::Anonymize);
        let write = WriteTemplate::add_masks(masks);
        steps.push(CompiledStep::hidden(key, rows, query.count(rows), write));
    }
}
