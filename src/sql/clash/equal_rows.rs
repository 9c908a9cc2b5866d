//! Rows that would be equal under a unique index, or overlap under an exclusion constraint.

use super::SAMPLE;
use super::refused_rows::sets_of;
use crate::domain::{Mask, Value};
use crate::protocol::{ChangeStep, Clash, Constraint, NewValue};
use crate::sql::connection::SqlValue;
use crate::sql::constraint::{TableConstraints, has};
use crate::sql::render::after::{KindSteps, StandIn};
use crate::sql::render::renderer::Renderer;
use crate::sql::render::set::is_among;
use crate::sql::statement::{Query, Statement, Writer, quote};
use crate::sql::unique_index::UniqueIndex;
use crate::store::StoreError;

/// A key whose columns some steps write.
pub(super) struct KeyQuestion<'a> {
    steps: KindSteps<'a>,
    index: &'a UniqueIndex,
    constraints: &'a TableConstraints,
}

impl<'a> KeyQuestion<'a> {
    /// Returns the questions about a key. If `step_by_step`, the key is compared after each step.
    pub(super) fn of(
        steps: &KindSteps<'a>,
        index: &'a UniqueIndex,
        constraints: &'a TableConstraints,
        step_by_step: bool,
    ) -> Vec<Self> {
        let read = constraints.sources(&index.columns);
        let values: Vec<&NewValue> =
            read.iter().flat_map(|column| steps.values_of(column)).map(|(_, _, value)| value).collect();
        // NULL differs from NULL.
        let is_null = |value: &&NewValue| **value == NewValue::Value(Value::Null);
        let differ = !index.nulls_are_equal && index.condition.is_none() && values.iter().all(is_null);
        if differ || !values.iter().any(|value| may_clash(value)) {
            return Vec::new();
        }
        let is_relevant = |step: &ChangeStep| {
            let mut fields = step.write.values().iter().map(|(field, _)| steps.kind.column(field));
            fields.any(|column| has(&read, column))
        };
        let mut own = steps.clone();
        own.writing.retain(|(_, step)| is_relevant(step));
        let states = if step_by_step { own.up_to_each() } else { vec![own] };
        states.into_iter().map(|steps| Self { steps, index, constraints }).collect()
    }

    pub(super) fn read(&self, r: &Renderer<'_>, rows: &[Vec<SqlValue>]) -> Option<Clash> {
        let kind = self.steps.kind;
        let count = rows.first().and_then(|row| row.get(1)).and_then(SqlValue::as_integer);
        let count = count.and_then(|count| u64::try_from(count).ok()).filter(|count| *count > 0)?;
        let sample = rows.iter().filter_map(|row| r.read_answer(kind, row.first()?)).collect();
        let step = self.steps.first_position(&self.constraints.sources(&self.index.columns));
        let constraint = match &self.index.exclusion {
            Some(exclusion) => Constraint::Exclusion(exclusion.name.clone()),
            None => Constraint::Unique(
                self.index.keys.iter().map(|key| key.expression.replace('"', "")).collect(),
            ),
        };
        Some(Clash::new(kind.name.clone(), step, constraint, count).with_sample(sample))
    }

    /// Renders the query for the rows that would have the same key as another row: their first ids, each with the number
    /// of all such rows.
    pub(super) fn statement(&self, r: &Renderer<'_>) -> Result<Statement, StoreError> {
        let Self { steps, index, constraints } = self;
        let kind = steps.kind;
        let name = |what: &str| r.prefix.quoted(what);
        let row = name("row");
        let mut w = r.writer();
        let mut with = r.tables(&mut w, &sets_of(steps), false)?;
        with.table(&name("moved"), |w| {
            let table = quote(&kind.table_name().table);
            w.push(&format!("SELECT {table}.{row} AS {row}"));
            for (at, unique) in index.keys.iter().enumerate() {
                w.push(&format!(", ({}) AS {}", unique.expression, key(r, at)));
            }
            w.push(" FROM (");
            r.rows_after(w, steps, &index.columns, constraints, StandIn::Distinct, &steps.written())?;
            w.push(&format!(") AS {table}"));
            if let Some(condition) = &index.condition {
                w.push(" WHERE (").push(condition).push(")");
            }
            Ok(())
        })?;
        let source = if index.exclusion.is_some() { name("moved") } else { name("numbered") };
        if index.exclusion.is_none() {
            with.table(&source, |w| {
                self.numbered(r, w);
                Ok(())
            })?;
        }
        with.table(&name("clashing"), |w| {
            w.push(&format!("SELECT n.{row} FROM {source} AS n WHERE "));
            if index.exclusion.is_some() {
                let moved = name("moved");
                w.push(&format!("EXISTS (SELECT 1 FROM {moved} AS o WHERE o.{row} <> n.{row}"));
                for at in 0..index.keys.len() {
                    w.push(" AND ").push(&self.equal(r, at, &format!("o.{}", key(r, at))));
                }
                w.push(")");
            } else {
                w.push(&format!("n.{} > 1", name("number")));
            }
            w.push(" OR EXISTS (SELECT 1");
            let mut other = Query::select_from(w, kind.table_name());
            for (at, unique) in index.keys.iter().enumerate() {
                other.condition().push(&self.equal(r, at, &format!("({})", unique.expression)));
            }
            if let Some(condition) = &index.condition {
                other.condition().push("(").push(condition).push(")");
            }
            let row_id = r.row_id(kind)?;
            is_among(other.condition(), &row_id, false, |w| r.ids_of_steps(w, &steps.written()))?;
            if !steps.deleting.is_empty() {
                is_among(other.condition(), &row_id, false, |w| r.ids_of_steps(w, &steps.deleted()))?;
            }
            w.push(")");
            Ok(())
        })?;
        let answer = r.answer(kind)?;
        let mut query = Query::select(with.end(), &format!("{answer}, count(*) OVER ()"));
        query.table(kind.table_name(), "r");
        is_among(query.condition(), &r.row_id(kind)?, true, |w| {
            w.push(&format!("SELECT c.{row} FROM {} AS c", name("clashing")));
            Ok(())
        })?;
        query.order_by(&r.answer_order(kind)?).limit(SAMPLE);
        Ok(w.finish())
    }

    /// Writes the moved rows, each with the number of moved rows that have its key.
    fn numbered(&self, r: &Renderer<'_>, w: &mut Writer) {
        let name = |what: &str| r.prefix.quoted(what);
        let keys: Vec<String> = (0..self.index.keys.len()).map(|at| key(r, at)).collect();
        let partition: Vec<String> =
            keys.iter().enumerate().map(|(at, key)| self.collated(at, &format!("m.{key}"))).collect();
        w.push(&format!(
            "SELECT m.*, count(*) OVER (PARTITION BY {}) AS {} FROM {} AS m",
            partition.join(", "),
            name("number"),
            name("moved")
        ));
        if !self.index.nulls_are_equal {
            let known: Vec<String> = keys.iter().map(|key| format!("m.{key} IS NOT NULL")).collect();
            w.push(" WHERE ").push(&known.join(" AND "));
        }
    }

    fn collated(&self, at: usize, expression: &str) -> String {
        match self.index.keys.get(at).and_then(|one| one.collation.as_ref()) {
            Some(collation) => format!("({expression}) COLLATE {collation}"),
            None => format!("({expression})"),
        }
    }

    /// Renders whether a part of the key of another row equals that of the row `n`, or conflicts with it.
    fn equal(&self, r: &Renderer<'_>, at: usize, other: &str) -> String {
        let own = format!("n.{}", key(r, at));
        let operator = match &self.index.exclusion {
            Some(exclusion) => exclusion.operators.get(at).map_or("=", |operator| operator),
            None if self.index.nulls_are_equal => "IS NOT DISTINCT FROM",
            None => "=",
        };
        format!("{} {operator} {own}", self.collated(at, other))
    }
}

/// Returns whether two rows that get this value may become equal.
fn may_clash(value: &NewValue) -> bool {
    // Pseudonyms of different values differ.
    !matches!(value, NewValue::Next | NewValue::Elements(_) | NewValue::Masked(Mask::Hmac))
}

/// Returns the name of a part of the key.
fn key(r: &Renderer<'_>, at: usize) -> String {
    r.prefix.quoted(&format!("key_{at}"))
}
