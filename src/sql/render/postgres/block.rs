//! Steps on PostgreSQL: which of them one statement does, and that statement.
//!
//! Nothing is fixed before the first write. Each statement finds its rows itself, by the same sets, so it
//! must not read what an earlier one has written: steps for which that cannot be avoided (several of one
//! kind, a cycle, a tombstone that looks at what stays below it) are one statement. All parts of a statement
//! see what was there before it, and foreign keys are checked at its end, so neither order nor cycles matter.

use std::collections::BTreeSet;

use crate::domain::{DataMap, FieldName, Kind, KindName, OperationId};
use crate::protocol::{ChangeSet, ChangeStep, NewValue, Rows, SetId, Source, Write};
use crate::sql::render::Renderer;
use crate::sql::render::set::id_of;
use crate::sql::statement::{Statement, Writer};
use crate::store::StoreError;

/// Steps that one statement does.
pub(crate) struct Block {
    /// Their positions in the change set.
    pub(crate) steps: Vec<usize>,
    pub(crate) statement: BlockStatement,
}

/// What is run for a block.
pub(crate) enum BlockStatement {
    /// The rows it affects are those of the step.
    One(Statement),
    /// It answers with a JSON array of the rows that each step has written.
    Together(Statement),
}

/// The steps of a block on one kind, and the names of what becomes of its rows.
pub(super) struct OfKind<'a> {
    kind: &'a Kind,
    deletes: Vec<&'a ChangeStep>,
    updates: Vec<(&'a ChangeStep, &'a [(FieldName, NewValue)])>,
    gone: String,
    kept: String,
}

impl OfKind<'_> {
    /// Whether a step is one of those that change rows.
    fn updates(&self, step: &ChangeStep) -> bool {
        self.updates.iter().any(|(other, _)| std::ptr::eq(*other, step))
    }
}

impl<'a> Renderer<'a> {
    /// The statements that do the steps, in order.
    pub(crate) fn blocks(&self, changes: &ChangeSet) -> Result<Vec<Block>, StoreError> {
        let mut blocks: Vec<Vec<usize>> = Vec::new();
        for (position, step) in changes.steps.iter().enumerate() {
            self.kind_of_rows(&step.kind, step.rows)?;
            if !step.write.changes_rows() {
                continue;
            }
            let read = self.kinds_read(step.rows.set)?;
            let earlier = blocks.iter().position(|block| {
                let mut steps = block.iter().filter_map(|at| changes.steps.get(*at));
                steps.any(|other| disturbs(&self.query.map, other, step, &read))
            });
            let mut together = earlier.map_or_else(Vec::new, |first| blocks.split_off(first).concat());
            together.push(position);
            blocks.push(together);
        }
        let blocks = blocks.into_iter().map(|steps| {
            let of: Vec<&ChangeStep> = steps.iter().filter_map(|at| changes.steps.get(*at)).collect();
            let statement = match &*of {
                [step] if !matches!(step.write, Write::Mark(_)) => BlockStatement::One(self.one(step)?),
                of => BlockStatement::Together(self.together(changes.operation, of)?),
            };
            Ok(Block { steps, statement })
        });
        blocks.collect()
    }

    /// The kinds of which rows are read to find those of a set.
    fn kinds_read(&self, set: SetId) -> Result<BTreeSet<&KindName>, StoreError> {
        let mut kinds = BTreeSet::new();
        for set in self.needed(&[set])? {
            let set = self.shape(set)?.set;
            kinds.insert(&set.kind);
            for branch in &set.branches {
                if let Source::ReferencedBy { reference, .. } = &branch.source {
                    kinds.insert(&self.reference(reference)?.from);
                }
            }
        }
        Ok(kinds)
    }

    /// The statement of a step that is alone.
    fn one(&self, step: &ChangeStep) -> Result<Statement, StoreError> {
        let kind = self.kind_of_rows(&step.kind, step.rows)?;
        let mut w = self.writer();
        self.with_rows(&mut w, step.rows)?;
        match &step.write {
            Write::Update(fields) | Write::Mark(fields) => {
                w.push("UPDATE ").table(kind.table_name()).push(" AS r SET ");
                w.list(", ", fields, |w, (field, value)| {
                    w.name(kind.column(field)).push(" = ");
                    self.new_value(w, kind, field, value)
                })?;
            }
            Write::Delete | Write::Keep => {
                w.push("DELETE FROM ").table(kind.table_name()).push(" AS r");
            }
        }
        w.push(" WHERE ");
        self.are_rows(&mut w, kind, step.rows)?;
        Ok(w.finish())
    }

    /// The statement of several steps: at most one DELETE and one UPDATE of each kind, of rows that are not
    /// the same.
    fn together(&self, operation: OperationId, steps: &[&ChangeStep]) -> Result<Statement, StoreError> {
        let kinds = self.of_kinds(steps)?;
        let mut w = self.writer();
        self.tables(&mut w, "WITH ", &self.needed_by(steps)?)?;
        self.writes_of(&mut w, operation, steps, &kinds)?;
        w.push("\nSELECT ");
        self.written(&mut w, steps, &kinds)?;
        Ok(w.finish())
    }

    /// The sets that the statement of several steps reads.
    pub(super) fn needed_by(&self, steps: &[&ChangeStep]) -> Result<Vec<SetId>, StoreError> {
        let mut sets = Vec::new();
        for step in steps {
            let of_kind = steps.iter().filter(|other| other.kind == step.kind).count();
            match step.write {
                // The rows of its kind are found without knowing those of any other step.
                Write::Delete | Write::Update(_) if of_kind == 1 && step.write.changes_rows() => {
                    sets.extend(self.needed_for(step.rows)?);
                }
                _ => sets.push(step.rows.set),
            }
        }
        Ok(sets)
    }

    /// The steps by their kinds.
    pub(super) fn of_kinds<'s>(&self, steps: &[&'s ChangeStep]) -> Result<Vec<OfKind<'s>>, StoreError>
    where
        'a: 's,
    {
        let mut kinds: Vec<OfKind<'s>> = Vec::new();
        for step in steps {
            let kind = self.kind(&step.kind)?;
            let name =
                |what: &str, at: usize| self.dialect.quote(&self.prefix.table(&format!("{what}_{at}")));
            let at = kinds.iter().position(|of| of.kind.name == kind.name).unwrap_or(kinds.len());
            if at == kinds.len() {
                let (gone, kept) = (name("gone", at), name("kept", at));
                kinds.push(OfKind { kind, deletes: Vec::new(), updates: Vec::new(), gone, kept });
            }
            let Some(of) = kinds.get_mut(at) else { continue };
            match &step.write {
                Write::Delete => of.deletes.push(step),
                Write::Update(fields) | Write::Mark(fields) if !fields.is_empty() => {
                    of.updates.push((step, fields));
                }
                Write::Update(_) | Write::Mark(_) | Write::Keep => {}
            }
        }
        Ok(kinds)
    }

    /// The common table expressions that write, after those of the sets.
    pub(super) fn writes_of(
        &self,
        w: &mut Writer,
        operation: OperationId,
        steps: &[&ChangeStep],
        kinds: &[OfKind<'_>],
    ) -> Result<(), StoreError> {
        for of in kinds {
            self.writes_of_kind(w, of)?;
        }
        self.marks_together(w, operation, steps, kinds)
    }

    /// The rows that each step has written, as a JSON array.
    pub(super) fn written(
        &self,
        w: &mut Writer,
        steps: &[&ChangeStep],
        kinds: &[OfKind<'_>],
    ) -> Result<(), StoreError> {
        let (open, close) = self.dialect.json_array();
        w.push(open);
        w.list(", ", steps, |w, step| self.count_written(w, step, kinds))?;
        w.push(close);
        Ok(())
    }

    fn writes_of_kind(&self, w: &mut Writer, of: &OfKind<'_>) -> Result<(), StoreError> {
        let id = id_of(w, of.kind);
        let deleted = || of.deletes.iter().map(|step| step.rows);
        if !of.deletes.is_empty() {
            w.push(",\n").push(&of.gone).push("(id) AS (DELETE FROM ").table(of.kind.table_name());
            w.push(" AS r WHERE ");
            match &*of.deletes {
                [step] if of.updates.is_empty() => self.are_rows(w, of.kind, step.rows)?,
                _ => self.is_any_of(w, of.kind, deleted())?,
            }
            w.push(" RETURNING ").push(&id).push(")");
        }
        if of.updates.is_empty() {
            return Ok(());
        }
        let mut fields: Vec<&FieldName> = Vec::new();
        for (field, _) in of.updates.iter().flat_map(|(_, fields)| *fields) {
            if !fields.contains(&field) {
                fields.push(field);
            }
        }
        w.push(",\n").push(&of.kept).push("(id) AS (UPDATE ").table(of.kind.table_name());
        w.push(" AS r SET ");
        w.list(", ", fields, |w, field| {
            w.name(of.kind.column(field)).push(" = ");
            self.last_value(w, of, field)
        })?;
        w.push(" WHERE ");
        match &*of.updates {
            [(step, _)] if of.deletes.is_empty() => self.are_rows(w, of.kind, step.rows)?,
            all => self.is_any_of(w, of.kind, all.iter().map(|(step, _)| step.rows))?,
        }
        if !of.deletes.is_empty() {
            // What goes is not changed first.
            w.push(" AND ").push(&id).push(" NOT IN (");
            self.any_of(w, deleted())?;
            w.push(")");
        }
        w.push(" RETURNING ").push(&id).push(")");
        Ok(())
    }

    /// The value of a field after all steps, in their order: what the last one which has the row makes of it.
    fn last_value(&self, w: &mut Writer, of: &OfKind<'_>, field: &FieldName) -> Result<(), StoreError> {
        let values = of.updates.iter().flat_map(|(step, fields)| {
            let own = fields.iter().filter(|(name, _)| name == field);
            own.map(|(_, value)| (*step, value))
        });
        let values: Vec<(&ChangeStep, &NewValue)> = values.collect();
        if let ([(_, value)], [_]) = (&*values, &*of.updates) {
            return self.new_value(w, of.kind, field, value);
        }
        self.after_steps(w, of, field, &values)
    }

    fn after_steps(
        &self,
        w: &mut Writer,
        of: &OfKind<'_>,
        field: &FieldName,
        steps: &[(&ChangeStep, &NewValue)],
    ) -> Result<(), StoreError> {
        let Some(((step, value), before)) = steps.split_last() else {
            w.push("r.").name(of.kind.column(field));
            return Ok(());
        };
        let is_meant = |w: &mut Writer| {
            w.push("CASE WHEN ").push(&id_of(&self.writer(), of.kind)).push(" IN ");
            self.ids(w, step.rows)
        };
        if **value == NewValue::Next {
            // One more where the row is meant, null too; and the value before it is written only once.
            w.push("COALESCE((");
            self.after_steps(w, of, field, before)?;
            w.push(") + ");
            is_meant(w)?;
            w.push(" THEN 1 ELSE 0 END, ");
            is_meant(w)?;
            w.push(" THEN 1 END)");
            return Ok(());
        }
        is_meant(w)?;
        w.push(" THEN ");
        self.new_value(w, of.kind, field, value)?;
        w.push(" ELSE ");
        self.after_steps(w, of, field, before)?;
        w.push(" END");
        Ok(())
    }

    /// That the id of a row `r` is in one of several sets.
    fn is_any_of(
        &self,
        w: &mut Writer,
        kind: &Kind,
        all: impl Iterator<Item = Rows>,
    ) -> Result<(), StoreError> {
        let by_index = self.is_found_by(kind, &kind.id, kind)?;
        w.push(&id_of(w, kind)).push(if by_index { " = ANY(ARRAY(" } else { " IN (" });
        self.any_of(w, all)?;
        w.push(if by_index { "))" } else { ")" });
        Ok(())
    }

    /// The ids of several sets, as a query.
    fn any_of(&self, w: &mut Writer, all: impl Iterator<Item = Rows>) -> Result<(), StoreError> {
        w.list(" UNION ALL ", all, |w, rows| {
            w.push("SELECT s.id FROM ");
            self.rows(w, rows).map(|_| ())
        })
    }

    /// Notes the rows of all steps that mark, each once.
    fn marks_together(
        &self,
        w: &mut Writer,
        operation: OperationId,
        steps: &[&ChangeStep],
        kinds: &[OfKind<'_>],
    ) -> Result<(), StoreError> {
        let marking = steps.iter().copied().filter(|step| matches!(step.write, Write::Mark(_)));
        let marking: Vec<&ChangeStep> = marking.collect();
        if marking.is_empty() {
            return Ok(());
        }
        w.push(",\n").name(&self.prefix.table("marked")).push(" AS (INSERT INTO ");
        w.name(&self.prefix.table("marks")).push(" (operation, kind, record) ");
        w.list(" UNION ", marking, |w, step| {
            w.push("SELECT ").bind_as(operation.to_string(), "uuid").push(", ").bind(step.kind.as_str());
            w.push(", c.id::text FROM (SELECT s.id AS id FROM ");
            self.rows(w, step.rows)?;
            w.push(") AS c");
            let of = kinds.iter().find(|of| of.kind.name == step.kind);
            if let Some(of) = of.filter(|of| of.updates(step)) {
                w.push(" WHERE (c.id IN (SELECT k.id FROM ").push(&of.kept).push(" AS k)) IS TRUE");
            }
            Ok::<_, StoreError>(())
        })?;
        w.push(" ON CONFLICT DO NOTHING)");
        Ok(())
    }

    /// How many rows a step has written; a row that a later one deletes counts for both.
    fn count_written(
        &self,
        w: &mut Writer,
        step: &ChangeStep,
        kinds: &[OfKind<'_>],
    ) -> Result<(), StoreError> {
        let of = kinds.iter().find(|of| of.kind.name == step.kind);
        let mut written: Vec<&str> = Vec::new();
        if let Some(of) = of {
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
                w.push("(SELECT count(*) FROM ").push(name).push(")");
                return Ok(());
            }
        }
        w.push("(SELECT count(*) FROM (SELECT s.id AS id FROM ");
        self.rows(w, step.rows)?;
        w.push(") AS c");
        if !written.is_empty() {
            w.push(" WHERE (c.id IN (");
            w.list(" UNION ALL ", written, |w, name| {
                w.push("SELECT k.id FROM ").push(name).push(" AS k");
                Ok::<_, StoreError>(())
            })?;
            w.push(")) IS TRUE");
        }
        w.push(")");
        Ok(())
    }
}

/// Whether a step, done by an earlier statement, could change which rows a later one finds, or be refused
/// because the later one has not been done yet.
fn disturbs(map: &DataMap, earlier: &ChangeStep, later: &ChangeStep, read: &BTreeSet<&KindName>) -> bool {
    let deletes = earlier.write == Write::Delete;
    // A foreign key action of the database may touch rows below the ones that go.
    let acts = |kind: &&KindName| map.references_from(kind).any(|reference| reference.to == earlier.kind);
    read.contains(&earlier.kind)
        || (deletes && read.iter().any(acts))
        || (refers(map, &earlier.kind, &later.kind) && refers(map, &later.kind, &earlier.kind))
}

/// Whether rows of one kind refer to rows of another, over any number of references.
fn refers(map: &DataMap, from: &KindName, to: &KindName) -> bool {
    let mut seen = BTreeSet::from([from]);
    let mut open = vec![from];
    while let Some(kind) = open.pop() {
        for reference in map.references_from(kind) {
            if reference.to == *to {
                return true;
            }
            if seen.insert(&reference.to) {
                open.push(&reference.to);
            }
        }
    }
    false
}
