//! Groups steps into statements, and renders each statement.
//!
//! On PostgreSQL, sets are not stored before the first write. Each statement evaluates the sets of its rows again, so
//! it must not depend on anything that an earlier statement has changed. If it would (several steps of one kind, a
//! cycle, a tombstone that depends on its referring rows), these steps become one statement. All parts of a statement
//! see the same snapshot, and foreign keys are checked at its end, so neither the order nor cycles matter.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{DataMap, FieldName, Kind, KindName, OperationId};
use crate::protocol::{ChangeSet, ChangeStep, NewValue, Rows, SetId, Source, Write};
use crate::sql::backend::{Block, BlockWrite};
use crate::sql::render::last_value::{NewField, ValueOfStep, Written};
use crate::sql::render::renderer::Renderer;
use crate::sql::render::set::{holds_one, is_among};
use crate::sql::render::write::sets_of_elements;
use crate::sql::statement::{Query, Statement, Union, With, Writer};
use crate::store::StoreError;

/// Renders the statements that carry out the steps, in order.
pub(super) fn blocks(r: &Renderer<'_>, changes: &ChangeSet) -> Result<Vec<Block>, StoreError> {
    let mut blocks: Vec<Vec<usize>> = Vec::new();
    let graph = Graph::new(&r.query.map);
    for (position, step) in changes.steps.iter().enumerate() {
        r.kind_of_rows(&step.kind, step.rows)?;
        if !step.write.changes_rows() {
            continue;
        }
        let mut read = kinds_read(r, step.rows.set)?;
        for set in sets_of_elements(&step.write) {
            read.extend(kinds_read(r, set)?);
        }
        // A foreign key action of the database may change rows that refer to the deleted rows.
        let above_read: BTreeSet<&KindName> = read.iter().flat_map(|kind| graph.parents(kind)).collect();
        let circle = graph.circle(&step.kind);
        // Returns whether the two steps must be in the same statement: the other step could change which rows this
        // step finds, or could fail because this step has not run yet.
        let disturbs = |other: &ChangeStep| {
            let deletes = other.write == Write::Delete;
            read.contains(&other.kind)
                || (deletes && above_read.contains(&other.kind))
                || circle.contains(&other.kind)
        };
        let earlier = blocks.iter().position(|block| {
            let mut steps = block.iter().filter_map(|at| changes.steps.get(*at));
            steps.any(disturbs)
        });
        let mut together = earlier.map_or_else(Vec::new, |first| blocks.split_off(first).concat());
        together.push(position);
        blocks.push(together);
    }
    let blocks = blocks.into_iter().map(|steps| {
        let of: Vec<&ChangeStep> = steps.iter().filter_map(|at| changes.steps.get(*at)).collect();
        let write = match &*of {
            [step] if !matches!(step.write, Write::Mark(_) | Write::Replace(_)) => {
                r.write(step)?.map_or(BlockWrite::Nothing, BlockWrite::Execute)
            }
            _ => BlockWrite::Query(together(r, changes.operation, of)?),
        };
        Ok(Block { steps, mark: None, write })
    });
    blocks.collect()
}

/// Returns the kinds that a statement reads to find the rows of a set.
fn kinds_read<'a>(r: &'a Renderer<'_>, set: SetId) -> Result<BTreeSet<&'a KindName>, StoreError> {
    let mut kinds = BTreeSet::new();
    for set in r.needed(&[set])? {
        let set = r.shape(set)?.set;
        kinds.insert(&set.kind);
        for branch in &set.branches {
            if let Source::ReferencedBy { reference, .. } = &branch.source {
                kinds.insert(&r.reference(reference)?.from);
            }
        }
    }
    Ok(kinds)
}

/// The references between kinds.
struct Graph<'a> {
    parents: BTreeMap<&'a KindName, BTreeSet<&'a KindName>>,
    children: BTreeMap<&'a KindName, BTreeSet<&'a KindName>>,
}

impl<'a> Graph<'a> {
    fn new(map: &'a DataMap) -> Self {
        let mut graph = Self { parents: BTreeMap::new(), children: BTreeMap::new() };
        for reference in map.references() {
            graph.parents.entry(&reference.from).or_default().insert(&reference.to);
            graph.children.entry(&reference.to).or_default().insert(&reference.from);
        }
        graph
    }

    /// Returns the kinds that rows of a kind refer to.
    fn parents(&self, kind: &KindName) -> impl Iterator<Item = &'a KindName> {
        self.parents.get(kind).into_iter().flatten().copied()
    }

    /// Returns the kinds of a cycle with this kind: they refer to it, and it refers to them, directly or indirectly.
    fn circle(&self, kind: &KindName) -> BTreeSet<&'a KindName> {
        let above = reached(&self.parents, kind);
        if above.is_empty() {
            return above;
        }
        let below = reached(&self.children, kind);
        above.intersection(&below).copied().collect()
    }
}

/// Returns the kinds that can be reached from a kind along the edges.
fn reached<'a>(
    edges: &BTreeMap<&'a KindName, BTreeSet<&'a KindName>>,
    kind: &KindName,
) -> BTreeSet<&'a KindName> {
    let mut seen = BTreeSet::new();
    let mut open: Vec<&KindName> = vec![kind];
    while let Some(kind) = open.pop() {
        for next in edges.get(kind).into_iter().flatten().copied() {
            if seen.insert(next) {
                open.push(next);
            }
        }
    }
    seen
}

/// Renders the single statement of several steps.
fn together(
    r: &Renderer<'_>,
    operation: OperationId,
    steps: Vec<&ChangeStep>,
) -> Result<Statement, StoreError> {
    let writes = Writes::new(r, operation, steps)?;
    let mut w = r.writer();
    let mut with = r.tables(&mut w, &writes.needed()?, false)?;
    writes.expressions(&mut with)?;
    writes.counts(with.end().push("SELECT "))?;
    Ok(w.finish())
}

/// The steps of one statement, as common table expressions. Each kind has at most one DELETE and one UPDATE, and no
/// row is in both.
pub(super) struct Writes<'a> {
    pub(super) r: &'a Renderer<'a>,
    pub(super) operation: OperationId,
    pub(super) steps: Vec<&'a ChangeStep>,
    pub(super) kinds: Vec<OfKind<'a>>,
}

/// The steps on one kind, and the names of the expressions that return the ids of deleted and of updated rows.
pub(super) struct OfKind<'a> {
    pub(super) kind: &'a Kind,
    deletes: Vec<&'a ChangeStep>,
    updates: Vec<(&'a ChangeStep, &'a [(FieldName, NewValue)])>,
    gone: String,
    kept: String,
}

impl OfKind<'_> {
    fn updates(&self, step: &ChangeStep) -> bool {
        self.updates.iter().any(|(other, _)| std::ptr::eq(*other, step))
    }
}

impl<'a> Writes<'a> {
    pub(super) fn new(
        r: &'a Renderer<'a>,
        operation: OperationId,
        steps: Vec<&'a ChangeStep>,
    ) -> Result<Self, StoreError> {
        let mut kinds: Vec<OfKind<'a>> = Vec::new();
        for step in &steps {
            let kind = r.kind_of_rows(&step.kind, step.rows)?;
            let at = kinds.iter().position(|of| of.kind.name == kind.name).unwrap_or(kinds.len());
            if at == kinds.len() {
                let name = |what: &str| r.prefix.quoted(&format!("{what}_{at}"));
                let (gone, kept) = (name("gone"), name("kept"));
                kinds.push(OfKind { kind, deletes: Vec::new(), updates: Vec::new(), gone, kept });
            }
            let Some(of) = kinds.get_mut(at) else { continue };
            match &step.write {
                Write::Delete => of.deletes.push(step),
                Write::Update(fields) | Write::Mark(fields) | Write::Replace(fields)
                    if !fields.is_empty() =>
                {
                    of.updates.push((step, fields));
                }
                Write::Update(_) | Write::Mark(_) | Write::Replace(_) | Write::Keep => {}
            }
        }
        Ok(Self { r, operation, steps, kinds })
    }

    /// Returns the sets that these expressions read.
    pub(super) fn needed(&self) -> Result<Vec<SetId>, StoreError> {
        let mut sets = Vec::new();
        for step in &self.steps {
            sets.extend(sets_of_elements(&step.write));
            let of_kind = self.steps.iter().filter(|other| other.kind == step.kind).count();
            match step.write {
                // The rows of this kind do not depend on other steps.
                Write::Delete | Write::Update(_) if of_kind == 1 && step.write.changes_rows() => {
                    sets.extend(self.r.needed_for(step.rows)?);
                }
                _ => sets.push(step.rows.set),
            }
        }
        Ok(sets)
    }

    /// Writes these expressions. The expressions of their sets must come before.
    pub(super) fn expressions(&self, with: &mut With<'_>) -> Result<(), StoreError> {
        for of in &self.kinds {
            if !of.deletes.is_empty() {
                with.table(&format!("{}(id)", of.gone), |w| self.delete(w, of))?;
            }
            if !of.updates.is_empty() {
                with.table(&format!("{}(id)", of.kept), |w| self.update(w, of))?;
            }
        }
        self.replaced(with)?;
        let marking = self.steps.iter().filter(|step| matches!(step.write, Write::Mark(_)));
        let marking: Vec<&ChangeStep> = marking.copied().collect();
        if marking.is_empty() {
            return Ok(());
        }
        with.table(&self.r.prefix.quoted("marked"), |w| self.marks(w, &marking))
    }

    fn delete(&self, w: &mut Writer, of: &OfKind<'_>) -> Result<(), StoreError> {
        let mut query = Query::delete(w, of.kind.table_name());
        match &*of.deletes {
            [step] if of.updates.is_empty() => self.r.are_rows(&mut query, of.kind, step.rows)?,
            all => self.is_any_of(&mut query, of.kind, all)?,
        }
        query.w().push(" RETURNING ").push(&self.r.row_id(of.kind)?);
        Ok(())
    }

    fn update(&self, w: &mut Writer, of: &OfKind<'_>) -> Result<(), StoreError> {
        let mut fields: Vec<&FieldName> = Vec::new();
        for (field, _) in of.updates.iter().flat_map(|(_, fields)| *fields) {
            if !fields.contains(&field) {
                fields.push(field);
            }
        }
        let mut query = Query::update(w, of.kind.table_name());
        query.w().list(", ", fields, |w, field| {
            w.name(of.kind.column(field)).push(" = ");
            self.last_value(w, of, field)
        })?;
        let id = self.r.row_id(of.kind)?;
        let mut returned = id.clone();
        if of.kind.id.only().is_none() {
            // An update moves a row to another place. The statement returns the old place, by which the sets know the
            // row.
            let before = self.r.row_id_of(of.kind, "o")?;
            query.table(of.kind.table_name(), "o");
            query.condition().push(&before).push(" = ").push(&id);
            returned = before;
        }
        match &*of.updates {
            [(step, _)] if of.deletes.is_empty() => self.r.are_rows(&mut query, of.kind, step.rows)?,
            all => {
                let steps: Vec<&ChangeStep> = all.iter().map(|(step, _)| *step).collect();
                self.is_any_of(&mut query, of.kind, &steps)?;
            }
        }
        if !of.deletes.is_empty() {
            // A row that is deleted must not be updated as well.
            let deletes = &of.deletes;
            is_among(query.condition(), &id, false, |w| self.ids_of(w, deletes))?;
        }
        query.w().push(" RETURNING ").push(&returned);
        Ok(())
    }

    /// Writes the value of a field after all steps. If several steps write it, the last step that has the row
    /// decides.
    pub(super) fn last_value(
        &self,
        w: &mut Writer,
        of: &OfKind<'_>,
        field: &FieldName,
    ) -> Result<(), StoreError> {
        let values = of.updates.iter().flat_map(|(step, fields)| {
            let own = fields.iter().filter(|(name, _)| name == field);
            own.map(|(field, value)| (*step, field, value))
        });
        let values: Vec<ValueOfStep<'_>> = values.collect();
        if let ([(_, _, value)], [_]) = (&*values, &*of.updates) {
            return self.r.new_field(w, of.kind, field, value);
        }
        let new: &NewField<'_> = &|w, field, value| self.r.new_field(w, of.kind, field, value);
        self.r.value_after(w, of.kind, of.kind.column(field), &values, &Written { new, counter: "" })
    }

    /// Writes the condition that the row `r` is a row of any of these steps.
    pub(super) fn is_any_of(
        &self,
        query: &mut Query<'_>,
        kind: &Kind,
        steps: &[&ChangeStep],
    ) -> Result<(), StoreError> {
        let (row_id, by_index) = (self.r.row_id(kind)?, self.r.finds_row_ids(kind)?);
        holds_one(query.condition(), &row_id, by_index, |w| self.ids_of(w, steps))
    }

    /// Writes a query for the ids of the rows of several steps.
    fn ids_of(&self, w: &mut Writer, steps: &[&ChangeStep]) -> Result<(), StoreError> {
        w.list(" UNION ALL ", steps, |w, step| self.r.ids(w, step.rows))
    }

    /// Writes the expression that records the rows of all marking steps, without duplicates.
    fn marks(&self, w: &mut Writer, marking: &[&ChangeStep]) -> Result<(), StoreError> {
        self.r.begin_marks(w);
        w.list(" UNION ", marking, |w, step| {
            let mut query = Query::select(w, "");
            let columns = query.w().bind_as(self.operation.to_string(), "uuid").push(", ");
            columns.bind(step.kind.as_str()).push(", ");
            let kind = self.r.kind(&step.kind)?;
            if kind.id.only().is_some() {
                self.r.id_to_record(columns, kind, "c.id", "c.id::text");
            } else {
                columns.push("(SELECT ");
                self.r.id_to_record(columns, kind, "c.id", &self.r.recorded(kind)?);
                columns.push(" FROM ").table(kind.table_name()).push(" AS r WHERE ");
                columns.push(&self.r.row_id(kind)?).push(" = c.id)");
            }
            self.select_ids(&mut query, step.rows)?;
            if let Some(of) = self.of(step).filter(|of| of.updates(step)) {
                is_returned(&mut query, &[&of.kept])?;
            }
            Ok::<_, StoreError>(())
        })?;
        w.push(" ON CONFLICT DO NOTHING");
        Ok(())
    }

    /// Writes the number of rows that each step has written, as a JSON array.
    pub(super) fn counts(&self, w: &mut Writer) -> Result<(), StoreError> {
        // A function takes at most 100 arguments; an array has no such limit.
        w.push("array_to_json(ARRAY[");
        w.list(", ", &self.steps, |w, step| {
            w.push("(");
            self.count(w, step)?;
            w.push(")");
            Ok::<_, StoreError>(())
        })?;
        w.push("]::bigint[])::text");
        Ok(())
    }

    /// Writes the number of rows of one step. If a later step deletes a row, the row counts for both steps.
    fn count(&self, w: &mut Writer, step: &ChangeStep) -> Result<(), StoreError> {
        let mut written: Vec<&str> = Vec::new();
        let mut query = Query::select(w, "count(*)");
        if let Some(of) = self.of(step) {
            let updates = of.updates(step);
            let only = of.deletes.len() + of.updates.len() == 1;
            match &step.write {
                Write::Delete => written.push(&of.gone),
                _ if updates && of.deletes.is_empty() => written.push(&of.kept),
                _ if updates => written.extend([of.kept.as_str(), of.gone.as_str()]),
                _ => {}
            }
            if let ([name], true) =
                (&*written, only || matches!(step.write, Write::Delete) && of.deletes.len() == 1)
            {
                query.from(name);
                return Ok(());
            }
        }
        self.select_ids(&mut query, step.rows)?;
        if !written.is_empty() {
            is_returned(&mut query, &written)?;
        }
        Ok(())
    }

    fn of(&self, step: &ChangeStep) -> Option<&OfKind<'a>> {
        self.kinds.iter().find(|of| of.kind.name == step.kind)
    }

    /// Writes a FROM clause with the ids of a set's rows, as `c`.
    fn select_ids(&self, query: &mut Query<'_>, rows: Rows) -> Result<(), StoreError> {
        query.from("(");
        let mut ids = Query::select(query.w(), "s.id AS id");
        self.r.select_rows(&mut ids, rows)?;
        query.w().push(") AS c");
        Ok(())
    }
}

/// Writes the condition that the id of `c` is among the ids that the expressions returned.
fn is_returned(query: &mut Query<'_>, written: &[&str]) -> Result<(), StoreError> {
    is_among(query.condition(), "c.id", true, |w| {
        let mut union = Union::new(w, " UNION ALL ");
        for name in written {
            union.part().push("SELECT k.id FROM ").push(name).push(" AS k");
        }
        Ok(())
    })
}
