//! Rows that a constraint on single rows would refuse: CHECK, NOT NULL, and limits of types.

use std::collections::BTreeSet;

use super::SAMPLE;
use crate::protocol::{ChangeStep, Clash, SetId};
use crate::sql::connection::SqlValue;
use crate::sql::constraint::{RowRule, TableConstraints};
use crate::sql::render::after::{KindSteps, StandIn};
use crate::sql::render::renderer::Renderer;
use crate::sql::render::write::sets_of_elements;
use crate::sql::statement::{Statement, Union, quote};
use crate::store::StoreError;

/// The constraints of a table that the steps on a kind may violate.
pub(super) struct RowQuestion<'a> {
    steps: KindSteps<'a>,
    /// The steps whose rows are asked for.
    rows: Vec<&'a ChangeStep>,
    constraints: &'a TableConstraints,
    rules: Vec<&'a RowRule>,
}

impl<'a> RowQuestion<'a> {
    /// Returns the questions about the constraints. If `step_by_step`, they are evaluated on the rows of each step after it.
    pub(super) fn of(
        steps: &KindSteps<'a>,
        constraints: &'a TableConstraints,
        step_by_step: bool,
    ) -> Vec<Self> {
        let states = if step_by_step { steps.up_to_each() } else { vec![steps.clone()] };
        let asked = states.into_iter().filter_map(|steps| {
            let rows =
                if step_by_step { steps.written().pop().into_iter().collect() } else { steps.written() };
            let is_asked = |rule: &&RowRule| {
                let read = constraints.sources(&rule.columns);
                let mut values = read.iter().flat_map(|column| steps.values_of(column));
                let is_written = |step: &ChangeStep| rows.iter().any(|own| std::ptr::eq(*own, step));
                rule.may_fail_unchanged
                    || values.any(|(step, _, value)| is_written(step) && rule.scope.may_refuse(value))
            };
            let rules: Vec<&RowRule> = constraints.rules.iter().filter(is_asked).collect();
            (!rules.is_empty()).then_some(Self { steps, rows, constraints, rules })
        });
        asked.collect()
    }

    /// Returns one question for each constraint; none if there is only one.
    pub(super) fn split(self) -> Vec<Self> {
        if self.rules.len() < 2 {
            return Vec::new();
        }
        let Self { steps, rows, constraints, rules } = self;
        let alone = |rule| Self { steps: steps.clone(), rows: rows.clone(), constraints, rules: vec![rule] };
        rules.into_iter().map(alone).collect()
    }

    /// Renders the query for the refused rows: the first ids for each constraint, each with the position of the
    /// constraint and the number of all its rows.
    pub(super) fn statement(&self, r: &Renderer<'_>) -> Result<Statement, StoreError> {
        let kind = self.steps.kind;
        let name = |what: &str| r.prefix.quoted(what);
        let (row, after, refused) = (name("row"), name("after"), name("refused"));
        let columns: BTreeSet<String> = self.rules.iter().flat_map(|rule| rule.columns.clone()).collect();
        let mut w = r.writer();
        let mut with = r.tables(&mut w, &sets_of(&self.steps), false)?;
        with.table(&after, |w| {
            r.rows_after(w, &self.steps, &columns, self.constraints, StandIn::Pseudonym, &self.rows)
        })?;
        with.table(&refused, |w| {
            let table = quote(&kind.table_name().table);
            let mut union = Union::new(w, " UNION ALL ");
            for (position, rule) in self.rules.iter().enumerate() {
                union.part().push(&format!(
                    "SELECT {table}.{row} AS {row}, {position} AS n FROM {after} AS {table} WHERE {}",
                    rule.refused
                ));
            }
            Ok(())
        })?;
        let (answer, order) = (r.answer(kind)?, r.answer_order(kind)?);
        let row_id = r.row_id(kind)?;
        with.end().push(&format!(
            "SELECT q.answer, q.n, q.total FROM (SELECT {answer} AS answer, f.n AS n, \
             count(*) OVER (PARTITION BY f.n) AS total, row_number() OVER (PARTITION BY f.n ORDER BY {order}) AS place"
        ));
        w.push(" FROM ").table(kind.table_name());
        w.push(&format!(" AS r JOIN {refused} AS f ON f.{row} = {row_id}) AS q WHERE q.place <= "));
        w.number(SAMPLE).push(" ORDER BY q.n, q.place");
        Ok(w.finish())
    }

    pub(super) fn read(&self, r: &Renderer<'_>, rows: &[Vec<SqlValue>]) -> Vec<Clash> {
        let kind = self.steps.kind;
        let rules = self.rules.iter().enumerate().filter_map(|(position, rule)| {
            let position = i64::try_from(position).ok()?;
            let own =
                || rows.iter().filter(move |row| row.get(1).and_then(SqlValue::as_integer) == Some(position));
            let count = own().next()?.get(2).and_then(SqlValue::as_integer)?;
            let sample = own().filter_map(|row| r.read_answer(kind, row.first()?)).collect();
            let step = self.steps.first_position(&self.constraints.sources(&rule.columns));
            let count = u64::try_from(count).ok()?;
            Some(Clash::new(kind.name.clone(), step, rule.constraint.clone(), count).with_sample(sample))
        });
        rules.collect()
    }
}

/// Returns the sets that a query for the rows after the steps reads.
pub(super) fn sets_of(steps: &KindSteps<'_>) -> Vec<SetId> {
    let written = steps.written();
    let elements = written.iter().flat_map(|step| sets_of_elements(&step.write));
    let deleted = steps.deleted();
    let all = written.iter().chain(&deleted).map(|step| step.rows.set);
    all.chain(elements).collect()
}
