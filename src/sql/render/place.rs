//! Where the rows of a set are read from.

use std::collections::{BTreeMap, BTreeSet};

use super::shape::Shape;
use crate::protocol::{ChangeSet, NamedSet, SetId, Source, Stratum, SurveyQuery, Write};

/// Where the rows of a set are read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// From the statement that needs them: a common table expression.
    Inline,
    /// From the table of members, where they are written once.
    Fixed,
    /// From the statement that writes them, which is the only one to change their kind up to then. The set
    /// is counted inline beforehand.
    AtStep,
}

/// The places of all sets of a query.
pub(super) type Places = BTreeMap<SetId, Place>;

/// How many copies of set texts one set may grow to. The database copies a common table expression for each
/// reference when it prepares a statement, references within the copies included, so that sets which are read
/// twice at each level double; they are fixed before that.
const COPIES: u64 = 40;
/// The same where the sets of a query together have more than [`ALL_COPIES`].
const FEW_COPIES: u64 = 6;
const ALL_COPIES: u64 = 1000;

/// For a survey: inline, except for cycles and for sets whose text would grow too much.
pub(super) fn for_survey(query: &SurveyQuery, shapes: &BTreeMap<SetId, Shape<'_>>) -> Places {
    let (places, copies) = limited(query, shapes, COPIES);
    if copies > ALL_COPIES {
        return limited(query, shapes, FEW_COPIES).0;
    }
    places
}

fn limited(query: &SurveyQuery, shapes: &BTreeMap<SetId, Shape<'_>>, limit: u64) -> (Places, u64) {
    let mut places = Places::new();
    let mut copies: BTreeMap<SetId, u64> = BTreeMap::new();
    for stratum in query.sets.iter() {
        let cycle = matches!(stratum, Stratum::Cycle(_));
        for set in stratum.sets() {
            let inputs = shapes.get(&set.id).into_iter().flat_map(Shape::inputs);
            let read = inputs.filter(|input| places.get(input) == Some(&Place::Inline));
            let own = 1 + read.filter_map(|input| copies.get(&input)).sum::<u64>();
            let fixed = cycle || own > limit;
            places.insert(set.id, if fixed { Place::Fixed } else { Place::Inline });
            copies.insert(set.id, own);
        }
    }
    (places, copies.values().sum())
}

/// For a change set: whatever a step or an event reads is fixed before the first write, unless its only
/// step can find the same rows by itself.
pub(super) fn for_changes(changes: &ChangeSet, shapes: &BTreeMap<SetId, Shape<'_>>) -> Places {
    let query = &changes.query;
    let mut places = for_survey(query, shapes);
    let mut needed: BTreeSet<SetId> = BTreeSet::new();
    let writes = |step: &&crate::protocol::ChangeStep| step.write != Write::Keep;
    for step in changes.steps.iter().filter(writes) {
        needed.insert(step.rows.set);
    }
    needed.extend(changes.event_drafts.iter().map(|event| event.rows.set));
    for stratum in query.sets.iter().rev() {
        for set in stratum.sets() {
            if !needed.contains(&set.id) {
                continue;
            }
            let inputs: Vec<SetId> = shapes.get(&set.id).into_iter().flat_map(Shape::inputs).collect();
            let alone = places.get(&set.id) == Some(&Place::Inline) && stays_until_its_step(changes, set);
            if alone && !is_read_in_pages(changes, set) {
                places.insert(set.id, Place::AtStep);
                needed.extend(inputs);
            } else {
                places.insert(set.id, Place::Fixed);
            }
        }
    }
    places
}

/// Whether keyed masks are made for the rows of the set: each page would evaluate the set again.
fn is_read_in_pages(changes: &ChangeSet, set: &NamedSet) -> bool {
    let mut steps = changes.steps.iter().filter(|step| step.rows.set == set.id);
    steps.any(|step| step.keyed_fields().next().is_some())
}

/// Whether the only step that writes the rows of the set still finds them: no other set reads the set, the
/// set looks at rows of its own kind only, and nothing has changed those before.
fn stays_until_its_step(changes: &ChangeSet, set: &NamedSet) -> bool {
    let map = &changes.query.map;
    let mut sets = changes.query.sets.iter().flat_map(Stratum::sets);
    let read = sets.any(|other| {
        other.branches.iter().any(|branch| {
            let of = match &branch.source {
                Source::Referrers { of, .. } | Source::ReferencedBy { of, .. } | Source::Members(of) => {
                    Some(of)
                }
                Source::Subjects | Source::Ids(_) | Source::WithText { .. } => None,
            };
            let mut rows = of.into_iter().chain(&branch.within).chain(&branch.except);
            rows.any(|rows| rows.set == set.id)
        })
    });
    let own_rows = set.branches.iter().all(|branch| !matches!(branch.source, Source::ReferencedBy { .. }));
    let mut steps = changes
        .steps
        .iter()
        .enumerate()
        .filter(|(_, step)| step.write != Write::Keep && step.rows.set == set.id);
    let (Some((position, _)), None) = (steps.next(), steps.next()) else {
        return false;
    };
    // A foreign key action of the database may touch rows below the ones that go.
    let parents: BTreeSet<_> = map.references_from(&set.kind).map(|reference| &reference.to).collect();
    let untouched = changes.steps.iter().take(position).all(|step| {
        step.write == Write::Keep
            || (step.kind != set.kind && !(step.write == Write::Delete && parents.contains(&step.kind)))
    });
    !read && own_rows && untouched && !parents.contains(&set.kind)
}
