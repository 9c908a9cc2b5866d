//! Rows as they will be after the steps of a plan, with the columns that the database computes.

use std::collections::BTreeSet;

use super::last_value::{NewField, ValueOfStep, Written};
use super::renderer::{Renderer, column};
use super::set::is_among;
use crate::domain::{FieldName, Kind, Mask};
use crate::protocol::{ChangeStep, NewValue, Write};
use crate::sql::constraint::{TableConstraints, same};
use crate::sql::statement::{Query, Writer, quote};
use crate::store::StoreError;

/// How the mask `hmac` is represented, whose pseudonyms only the library can compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StandIn {
    /// A text that differs if and only if the values differ.
    Distinct,
    /// A text with the length and the characters of a pseudonym.
    Pseudonym,
}

/// The steps of a plan on one kind.
#[derive(Clone)]
pub(crate) struct KindSteps<'a> {
    pub(crate) kind: &'a Kind,
    /// The steps that write values, with their positions in the plan.
    pub(crate) writing: Vec<(usize, &'a ChangeStep)>,
    /// The steps whose rows are gone when the rows are looked at.
    pub(crate) deleting: Vec<(usize, &'a ChangeStep)>,
}

impl<'a> KindSteps<'a> {
    pub(crate) fn of(kind: &'a Kind, steps: &'a [ChangeStep]) -> Self {
        let own = || steps.iter().enumerate().filter(|(_, step)| step.kind == kind.name);
        let writing = own().filter(|(_, step)| step.write.writes_values()).collect();
        let deleting = own().filter(|(_, step)| step.write == Write::Delete).collect();
        Self { kind, writing, deleting }
    }

    /// Returns the new values of a column, each with its step.
    pub(crate) fn values_of(&self, column: &str) -> impl Iterator<Item = ValueOfStep<'a>> {
        let values = self.writing.iter().flat_map(|(_, step)| {
            let step: &'a ChangeStep = step;
            step.write.values().iter().map(move |(field, value)| (step, field, value))
        });
        values.filter(move |(_, field, _)| same(self.kind.column(field), column))
    }

    /// Returns the position of the first step that writes one of these columns, or else of the first step.
    pub(crate) fn first_position(&self, columns: &BTreeSet<String>) -> usize {
        let writes = |step: &ChangeStep| {
            let mut fields = step.write.values().iter().map(|(field, _)| self.kind.column(field));
            fields.any(|written| columns.iter().any(|column| same(column, written)))
        };
        let found = self.writing.iter().find(|(_, step)| writes(step));
        found.or(self.writing.first()).map_or(0, |(position, _)| *position)
    }

    /// Returns the steps up to each step that writes values. Rows that are deleted later are still there.
    pub(crate) fn up_to_each(&self) -> Vec<Self> {
        let up_to = |(at, (last, _)): (usize, &(usize, &'a ChangeStep))| Self {
            kind: self.kind,
            writing: self.writing.iter().take(at + 1).copied().collect(),
            deleting: self.deleting.iter().filter(|(position, _)| position < last).copied().collect(),
        };
        self.writing.iter().enumerate().map(up_to).collect()
    }

    /// Returns the steps that delete rows.
    pub(crate) fn deleted(&self) -> Vec<&'a ChangeStep> {
        self.deleting.iter().map(|(_, step)| *step).collect()
    }

    /// Returns the steps that write values.
    pub(crate) fn written(&self) -> Vec<&'a ChangeStep> {
        self.writing.iter().map(|(_, step)| *step).collect()
    }
}

impl Renderer<'_> {
    /// Writes a query for rows of these steps as they will be after all steps: the row id, under
    /// the name `row`, and these columns.
    pub(crate) fn rows_after(
        &self,
        w: &mut Writer,
        steps: &KindSteps<'_>,
        columns: &BTreeSet<String>,
        constraints: &TableConstraints,
        stand_in: StandIn,
        rows: &[&ChangeStep],
    ) -> Result<(), StoreError> {
        let kind = steps.kind;
        let row = self.prefix.quoted("row");
        // Expressions may name the table.
        let table = quote(&kind.table_name().table);
        let columns = constraints.sources(columns);
        let generated = constraints.generated_among(&columns);
        let plain: Vec<&str> = columns
            .iter()
            .map(|column| &**column)
            .filter(|column| !constraints.is_generated(column))
            .collect();
        for one in generated.iter().rev() {
            w.push(&format!("SELECT {table}.*, ({}) AS ", one.expression)).name(&one.column).push(" FROM (");
        }
        let row_id = self.row_id(kind)?;
        let is_converted = !constraints.declared.is_empty();
        if is_converted {
            // The first part, which has no rows, gives the columns their types and collations.
            w.push(&format!("SELECT {row_id} AS {row}"));
            for name in &plain {
                w.push(", r.").name(name);
            }
            w.push(" FROM ")
                .table(kind.table_name())
                .push(&format!(" AS r WHERE FALSE UNION ALL SELECT b.{row}"));
            for name in &plain {
                let value = format!("b.{}", quote(name));
                let declared = constraints.declared.iter().find(|(column, _)| same(column, name));
                let is_written = steps.values_of(name).next().is_some();
                let stored = declared.filter(|_| is_written);
                w.push(", ").push(
                    &stored
                        .map_or_else(|| value.clone(), |(_, declared)| self.backend.stored(declared, &value)),
                );
            }
            w.push(" FROM (");
        }
        w.push(&format!("SELECT {row_id} AS {row}"));
        for name in &plain {
            w.push(", ");
            self.column_after(w, steps, name, stand_in)?;
            w.push(" AS ").name(name);
        }
        let mut query = Query::select_from(w, kind.table_name());
        is_among(query.condition(), &row_id, true, |w| self.ids_of_steps(w, rows))?;
        if !steps.deleting.is_empty() {
            is_among(query.condition(), &row_id, false, |w| self.ids_of_steps(w, &steps.deleted()))?;
        }
        if is_converted {
            w.push(") AS b");
        }
        for _ in generated {
            w.push(&format!(") AS {table}"));
        }
        Ok(())
    }

    /// Writes a query for the row ids of several steps.
    pub(crate) fn ids_of_steps(&self, w: &mut Writer, steps: &[&ChangeStep]) -> Result<(), StoreError> {
        w.list(" UNION ALL ", steps, |w, step| self.ids(w, step.rows))
    }

    /// Writes a column of the row `r` as it will be after the steps. The last step that has the row decides.
    fn column_after(
        &self,
        w: &mut Writer,
        steps: &KindSteps<'_>,
        column: &str,
        stand_in: StandIn,
    ) -> Result<(), StoreError> {
        let kind = steps.kind;
        let values: Vec<ValueOfStep<'_>> = steps.values_of(column).collect();
        let new: &NewField<'_> = &|w, field, value| {
            w.push("(");
            match value {
                NewValue::Masked(Mask::Hmac) => pseudonym_stand_in(w, kind, field, stand_in),
                value => self.new_field(w, kind, field, value)?,
            }
            w.push(")").push(&self.backend.cast(&self.column_type(kind, field)?.name));
            Ok(())
        };
        // Wider than the column, so that the end of its range can be seen.
        let counter = self.backend.cast("numeric");
        self.value_after(w, kind, column, &values, &Written { new, counter: &counter })
    }
}

/// Writes the stand-in for the pseudonym of a field of the row `r`.
fn pseudonym_stand_in(w: &mut Writer, kind: &Kind, field: &FieldName, stand_in: StandIn) {
    let stored = column(kind, field);
    match stand_in {
        StandIn::Distinct => w.push(&format!("'hmac ' || {stored}")),
        StandIn::Pseudonym => {
            w.push(&format!("CASE WHEN {stored} IS NOT NULL THEN '{}' END", "0123456789abcdef".repeat(4)))
        }
    };
}
