//! Decides which sets are written to a temporary table, and renders the statements for it.
//!
//! SQLite evaluates a common table expression for each reference to it, and has no statement that writes several
//! tables.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::KindName;
use crate::protocol::{ChangeSet, ChangeStep, NamedSet, SetId, Source, Stratum, SurveyQuery, Write};
use crate::sql::render::renderer::Renderer;
use crate::sql::render::shape::{Materialization, Shape};
use crate::sql::render::walk::{WalkIds, walk_steps};
use crate::sql::render::write::sets_of_elements;
use crate::sql::statement::{Query, Statement};
use crate::store::StoreError;

type Materializations = BTreeMap<SetId, Materialization>;

/// The maximum number of copies of common table expressions in one set. SQLite copies an expression each time it is
/// used, so if each set is used twice by the next, the number of copies doubles at each level.
const COPIES: u64 = 40;
/// The maximum number of copies if all sets of a query together have more than [`ALL_COPIES`].
const FEW_COPIES: u64 = 6;
const ALL_COPIES: u64 = 1000;

/// Decides for a survey. Sets are inline, except in cycles and if their SQL would become too long.
pub(super) fn of_survey(query: &SurveyQuery, shapes: &BTreeMap<SetId, Shape<'_>>) -> Materializations {
    let (chosen, copies) = limited(query, shapes, COPIES);
    if copies > ALL_COPIES {
        return limited(query, shapes, FEW_COPIES).0;
    }
    chosen
}

fn limited(query: &SurveyQuery, shapes: &BTreeMap<SetId, Shape<'_>>, limit: u64) -> (Materializations, u64) {
    let mut chosen = Materializations::new();
    let mut copies: BTreeMap<SetId, u64> = BTreeMap::new();
    for stratum in query.sets.iter() {
        let cycle = matches!(stratum, Stratum::Cycle(_));
        for set in stratum.sets() {
            let inputs = shapes.get(&set.id).into_iter().flat_map(Shape::inputs);
            let read = inputs.filter(|input| chosen.get(input) == Some(&Materialization::Inline));
            let own = 1 + read.filter_map(|input| copies.get(&input)).sum::<u64>();
            let materialized = cycle || own > limit;
            chosen.insert(
                set.id,
                if materialized { Materialization::Materialized } else { Materialization::Inline },
            );
            copies.insert(set.id, own);
        }
    }
    (chosen, copies.values().sum())
}

/// Decides for a change set. Sets that a step or an event reads are materialized before the first write, unless only
/// one step reads the set and can find the same rows itself.
pub(super) fn of_changes(changes: &ChangeSet, shapes: &BTreeMap<SetId, Shape<'_>>) -> Materializations {
    let query = &changes.query;
    let mut chosen = of_survey(query, shapes);
    let mut needed: BTreeSet<SetId> = BTreeSet::new();
    let writes = |step: &&ChangeStep| step.write != Write::Keep;
    for step in changes.steps.iter().filter(writes) {
        needed.insert(step.rows.set);
        needed.extend(sets_of_elements(&step.write));
    }
    needed.extend(changes.event_drafts.iter().map(|event| event.rows.set));
    for stratum in query.sets.iter().rev() {
        for set in stratum.sets() {
            if !needed.contains(&set.id) {
                continue;
            }
            let inputs: Vec<SetId> = shapes.get(&set.id).into_iter().flat_map(Shape::inputs).collect();
            let alone =
                chosen.get(&set.id) == Some(&Materialization::Inline) && stays_until_its_step(changes, set);
            if alone && !is_read_in_pages(changes, set) {
                chosen.insert(set.id, Materialization::AtStep);
                needed.extend(inputs);
            } else {
                chosen.insert(set.id, Materialization::Materialized);
            }
        }
    }
    chosen
}

/// Returns whether pseudonyms are computed for the rows of the set. Each page would evaluate the set again.
fn is_read_in_pages(changes: &ChangeSet, set: &NamedSet) -> bool {
    let mut steps = changes.steps.iter().filter(|step| step.rows.set == set.id);
    steps.any(|step| step.keyed_fields().next().is_some())
        || changes.recorded_rows().iter().any(|(_, rows)| rows.set == set.id)
}

/// Returns whether the only step that writes the rows of the set can still find them when it runs. No other set may
/// read this set, the set may read only rows of its own kind, and no earlier step may change these rows.
fn stays_until_its_step(changes: &ChangeSet, set: &NamedSet) -> bool {
    let map = &changes.query.map;
    let mut sets = changes.query.sets.iter().flat_map(Stratum::sets);
    let read = sets.any(|other| {
        other.branches.iter().any(|branch| {
            let of = branch.source.rows();
            let mut rows = of.iter().chain(&branch.within).chain(&branch.except);
            rows.any(|rows| rows.set == set.id)
        })
    });
    let read = read || changes.steps.iter().any(|step| sets_of_elements(&step.write).any(|of| of == set.id));
    let own_rows = set.branches.iter().all(|branch| !matches!(branch.source, Source::ReferencedBy { .. }));
    let mut steps = changes
        .steps
        .iter()
        .enumerate()
        .filter(|(_, step)| step.write != Write::Keep && step.rows.set == set.id);
    let (Some((position, _)), None) = (steps.next(), steps.next()) else {
        return false;
    };
    let references: Vec<_> = map.references_from(&set.kind).collect();
    let disturbs = |step: &ChangeStep| {
        let to_its_kind = || references.iter().filter(|reference| reference.to == step.kind);
        let is_key = |field| to_its_kind().any(|reference| map.key_of(reference).contains(field));
        step.kind == set.kind
            // A foreign key action of the database may change rows that refer to the deleted rows.
            || (step.write == Write::Delete && to_its_kind().next().is_some())
            || step.write.values().iter().any(|(field, _)| is_key(field))
    };
    let mut before = changes.steps.iter().take(position);
    let untouched = before.all(|step| step.write == Write::Keep || !disturbs(step));
    let refers_to_itself = references.iter().any(|reference| reference.to == set.kind);
    !read && own_rows && untouched && !refers_to_itself
}

/// Renders the statements that write the members of all materialized sets, in order.
pub(super) fn statements(r: &Renderer<'_>) -> Result<Vec<Statement>, StoreError> {
    let mut statements = Vec::new();
    for stratum in r.query.sets.iter() {
        match stratum {
            Stratum::Set(set) if r.materialization(set.id) == Materialization::Materialized => {
                let shape = r.shape(set.id)?;
                let inputs: Vec<SetId> = shape.inputs().collect();
                let mut w = r.writer();
                w.push("INSERT INTO ").push(&r.members()).push(" (set_id, id, rank)\n");
                let mut query = Query::select(r.with(&mut w, &inputs)?, "");
                query.w().number(set.id.0).push(", n.id, n.rank");
                query.from("(");
                r.set(query.w(), shape)?;
                query.w().push(") AS n");
                statements.push(w.finish());
            }
            Stratum::Set(_) => {}
            Stratum::Cycle(sets) => statements.push(walk(r, sets)?),
        }
    }
    Ok(statements)
}

/// One column that holds the ids of all kinds.
struct OneColumn;

impl WalkIds for OneColumn {
    fn of(&self, _: &KindName, id: &str) -> String {
        id.to_owned()
    }

    fn parent(&self, _: &KindName) -> String {
        "p.id".into()
    }
}

/// Renders the statement that writes the members of the sets of a cycle. In SQLite, a recursive query may have
/// several recursive parts, so each step is one part.
fn walk(r: &Renderer<'_>, sets: &[NamedSet]) -> Result<Statement, StoreError> {
    let walk = r.prefix.quoted("walk");
    let mut inputs: Vec<SetId> = Vec::new();
    for set in sets {
        inputs.extend(r.shape(set.id)?.inputs());
    }
    let mut w = r.writer();
    w.push("INSERT INTO ").push(&r.members()).push(" (set_id, id, rank)\n");
    let mut with = r.tables(&mut w, &inputs, true)?;
    let over_elements = r.steps_over_elements(sets)?;
    if !over_elements.is_empty() {
        with.raw(|w| r.elements(w, &over_elements))?;
    }
    with.table(&format!("{walk}(set_id, rank, id)"), |w| {
        w.push("\n");
        if !r.walk_seeds(w, "\nUNION ", sets, &OneColumn)? {
            // No rows enter the cycle from outside, but a recursive query needs a first part.
            w.push("SELECT 0, 0, NULL WHERE 0");
        }
        for step in walk_steps(sets) {
            r.walk_step(w.push("\nUNION "), Some(&walk), &step, &OneColumn)?;
        }
        w.push("\n");
        Ok(())
    })?;
    with.end().push("SELECT n.set_id, n.id, min(n.rank) FROM ").push(&walk);
    w.push(" AS n GROUP BY n.set_id, n.id");
    Ok(w.finish())
}
