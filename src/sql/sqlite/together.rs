//! Combines the updates of a kind. A row that several steps update gets all its values at once, so that a constraint never
//! sees a row that only some of them have written.

use crate::protocol::{ChangeSet, ChangeStep, SetId, Write};
use crate::sql::backend::{Block, BlockWrite};
use crate::sql::render::last_value::{NewField, ValueOfStep, Written};
use crate::sql::render::renderer::Renderer;
use crate::sql::render::set::is_among;
use crate::sql::render::write::sets_of_elements;
use crate::sql::statement::{Query, Statement};
use crate::store::StoreError;

/// Renders the steps in order. Updates of one kind that follow each other are one statement.
pub(super) fn blocks(r: &Renderer<'_>, changes: &ChangeSet) -> Result<Vec<Block>, StoreError> {
    let mut blocks = Vec::new();
    for positions in groups(&changes.steps) {
        let steps: Vec<&ChangeStep> = positions.iter().filter_map(|at| changes.steps.get(*at)).collect();
        if let [step] = &*steps {
            blocks.push(Block {
                steps: positions,
                mark: mark(r, changes, step)?,
                write: r.write(step)?.map_or(BlockWrite::Nothing, BlockWrite::Execute),
            });
            continue;
        }
        for (position, step) in positions.iter().zip(&steps) {
            if let Some(mark) = mark(r, changes, step)? {
                blocks.push(Block { steps: vec![*position], mark: Some(mark), write: BlockWrite::Nothing });
            }
        }
        let write = BlockWrite::Together { count: count(r, &steps)?, write: update(r, &steps)? };
        blocks.push(Block { steps: positions, mark: None, write });
    }
    Ok(blocks)
}

/// Returns whether another step updates rows of the same kind in the same statement.
pub(super) fn is_combined(steps: &[ChangeStep], step: &ChangeStep) -> bool {
    let is_it = |at: &usize| steps.get(*at).is_some_and(|other| std::ptr::eq(other, step));
    groups(steps).iter().any(|group| group.len() > 1 && group.iter().any(is_it))
}

/// Returns the positions of the steps of each statement, in order.
fn groups(steps: &[ChangeStep]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (position, step) in steps.iter().enumerate() {
        // A step that writes nothing does not separate others.
        let last = groups.iter_mut().rfind(|group| {
            group.last().and_then(|at| steps.get(*at)).is_some_and(|other| other.write.changes_rows())
        });
        let last = last.filter(|group| {
            let other = group.last().and_then(|at| steps.get(*at));
            other.is_some_and(|other| other.kind == step.kind && other.write.writes_values())
        });
        match last {
            Some(group) if step.write.writes_values() => group.push(position),
            _ => groups.push(vec![position]),
        }
    }
    groups
}

fn mark(r: &Renderer<'_>, changes: &ChangeSet, step: &ChangeStep) -> Result<Option<Statement>, StoreError> {
    let marks = matches!(step.write, Write::Mark(_));
    marks.then(|| r.mark(changes.operation, step)).transpose()
}

fn sets_of(steps: &[&ChangeStep]) -> Vec<SetId> {
    let sets = steps.iter().map(|step| step.rows.set);
    sets.chain(steps.iter().flat_map(|step| sets_of_elements(&step.write))).collect()
}

/// Renders the query for the number of rows that the steps update.
fn count(r: &Renderer<'_>, steps: &[&ChangeStep]) -> Result<Statement, StoreError> {
    let mut w = r.writer();
    if let Some(step) = steps.first() {
        let kind = r.kind_of_rows(&step.kind, step.rows)?;
        let mut query = Query::select(r.with(&mut w, &sets_of(steps))?, "count(*)");
        query.table(kind.table_name(), "r");
        is_among(query.condition(), &r.row_id(kind)?, true, |w| r.ids_of_steps(w, steps))?;
    }
    Ok(w.finish())
}

fn update(r: &Renderer<'_>, steps: &[&ChangeStep]) -> Result<Statement, StoreError> {
    let mut w = r.writer();
    let Some(first) = steps.first() else { return Ok(w.finish()) };
    let kind = r.kind_of_rows(&first.kind, first.rows)?;
    let values = || {
        steps.iter().flat_map(|step| {
            let step: &ChangeStep = step;
            step.write.values().iter().map(move |(field, value)| (step, field, value))
        })
    };
    let mut columns: Vec<&str> = Vec::new();
    for (_, field, _) in values() {
        let column = kind.column(field);
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    let new: &NewField<'_> = &|w, field, value| r.new_field(w, kind, field, value);
    let mut query = Query::update(r.with(&mut w, &sets_of(steps))?, kind.table_name());
    query.w().list(", ", columns, |w, column| {
        w.name(column).push(" = ");
        let own: Vec<ValueOfStep<'_>> =
            values().filter(|(_, field, _)| kind.column(field) == column).collect();
        r.value_after(w, kind, column, &own, &Written { new, counter: "" })
    })?;
    is_among(query.condition(), &r.row_id(kind)?, true, |w| r.ids_of_steps(w, steps))?;
    Ok(w.finish())
}
