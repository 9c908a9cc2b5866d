//! Finds rows that the steps of a plan would make equal under a unique index.
//!
//! A statement runs only if a step writes a column of a unique index. It evaluates the index on the rows as they will be,
//! and looks up the other rows with the index itself.

use super::connection::{AccessMode, SqlConnection, SqlErrorClass, SqlValue};
use super::render::renderer::Renderer;
use super::render::set::is_among;
use super::session::{ErrorContext, query};
use super::statement::{Query, Statement, Writer, quote};
use super::store::SqlStore;
use super::table_schema::{QueryColumns, TableSchema};
use super::unique_index::UniqueIndex;
use crate::domain::{FieldName, Kind, Mask, Value};
use crate::protocol::{ChangeStep, Clash, NewValue, PlannedWrites, Rows, SetId, Write};
use crate::store::StoreError;

/// The maximum number of ids in a clash.
const SAMPLE: u16 = 5;

impl<C: SqlConnection> SqlStore<C> {
    /// Returns the rows that the steps would make equal under a unique index.
    pub(super) async fn find_clashes(&self, writes: PlannedWrites<'_>) -> Result<Vec<Clash>, StoreError> {
        if !writes.steps.iter().any(|step| step.write.values().iter().any(|(_, value)| may_clash(value))) {
            return Ok(Vec::new());
        }
        let columns = QueryColumns::of_steps(writes.query, writes.steps)?;
        let cached = self.cache.get(&columns);
        if cached.as_ref().is_some_and(|schema| questions(writes, schema).is_empty()) {
            return Ok(Vec::new());
        }
        let context = ErrorContext { map: Some(&writes.query.map), ..self.context("read the data") };
        let mut tx = self.begin(AccessMode::Read, context).await?;
        let mut session = self.session(&mut *tx, context);
        let schema = self.schema(&mut session, &columns, cached.as_ref()).await?;
        let r = Renderer::survey(self.backend(), &self.prefix, writes.query, &schema)?;
        let asked = questions(writes, &schema);
        let mut found = Vec::new();
        if !asked.is_empty() {
            let materialized = self.backend().materialize(&r)?;
            session.materialize(&r, &materialized).await?;
            for question in &asked {
                match query(session.tx, &r.clash(question)?).await {
                    Ok(rows) => found.extend(read(&r, question, &rows)),
                    // An expression of an index that cannot be evaluated here. The index itself still protects its rows.
                    Err(error) if matches!(error.class(), SqlErrorClass::Other | SqlErrorClass::Raised) => {
                        return Ok(found);
                    }
                    Err(error) => return Err(context.error(error)),
                }
            }
            if !materialized.is_empty() {
                session.execute(&r.clear_members()).await?;
            }
        }
        self.end_read(tx, context).await?;
        Ok(found)
    }
}

/// Returns the unique indexes whose columns the steps write.
fn questions<'a>(writes: PlannedWrites<'a>, schema: &'a TableSchema) -> Vec<Question<'a>> {
    let PlannedWrites { query, steps } = writes;
    let indexes = query.map.kinds().flat_map(|kind| {
        let indexes = schema.unique.get(&*kind.table_name()).into_iter().flatten();
        indexes.map(move |index| (kind, index))
    });
    indexes.filter_map(|(kind, index)| Question::of(kind, index, steps)).collect()
}

/// Returns whether two rows that get this value may become equal.
fn may_clash(value: &NewValue) -> bool {
    // Pseudonyms of different values differ.
    !matches!(value, NewValue::Next | NewValue::Elements(_) | NewValue::Masked(Mask::Hmac))
}

/// A unique index whose columns some steps write.
struct Question<'a> {
    kind: &'a Kind,
    index: &'a UniqueIndex,
    /// The steps that write a column of the index, with their positions.
    writing: Vec<(usize, &'a ChangeStep)>,
    deleting: Vec<&'a ChangeStep>,
}

impl<'a> Question<'a> {
    fn of(kind: &'a Kind, index: &'a UniqueIndex, steps: &'a [ChangeStep]) -> Option<Self> {
        let own = || steps.iter().enumerate().filter(|(_, step)| step.kind == kind.name);
        let is_part = |field: &FieldName| has(index, kind.column(field));
        let values = |step: &'a ChangeStep| step.write.values().iter().filter(|(field, _)| is_part(field));
        let writing: Vec<_> = own().filter(|(_, step)| values(step).next().is_some()).collect();
        let written = || writing.iter().flat_map(|(_, step)| values(step)).map(|(_, value)| value);
        // NULL differs from NULL, and lists are not compared.
        let is_null = |value: &NewValue| *value == NewValue::Value(Value::Null);
        let differ = !index.nulls_are_equal && index.condition.is_none() && written().all(is_null);
        if writing.is_empty() || differ || !written().all(may_clash) {
            return None;
        }
        let deleting = own().filter(|(_, step)| step.write == Write::Delete).map(|(_, step)| step).collect();
        Some(Self { kind, index, writing, deleting })
    }
}

fn has(index: &UniqueIndex, column: &str) -> bool {
    index.columns.iter().any(|known| known.eq_ignore_ascii_case(column))
}

/// Reads the answer to a question.
fn read(r: &Renderer<'_>, question: &Question<'_>, rows: &[Vec<SqlValue>]) -> Option<Clash> {
    let count = rows.first().and_then(|row| row.get(1)).and_then(SqlValue::as_integer);
    let count = count.and_then(|count| u64::try_from(count).ok()).filter(|count| *count > 0)?;
    let sample = rows.iter().filter_map(|row| r.read_answer(question.kind, row.first()?)).collect();
    let step = question.writing.first().map_or(0, |(position, _)| *position);
    let key = question.index.keys.iter().map(|key| key.expression.replace('"', "")).collect();
    Some(Clash::new(question.kind.name.clone(), step, key, count).with_sample(sample))
}

impl Renderer<'_> {
    /// Renders the query for the rows that would have the same key as another row: their first ids, each with the number
    /// of all such rows.
    fn clash(&self, question: &Question<'_>) -> Result<Statement, StoreError> {
        let Question { kind, index, writing, deleting } = question;
        let name = |what: &str| self.prefix.quoted(what);
        let row = name("row");
        let key = |at: usize| name(&format!("key_{at}"));
        let collated =
            |at: usize, expression: &str| match &index.keys.get(at).and_then(|one| one.collation.clone()) {
                Some(collation) => format!("({expression}) COLLATE {collation}"),
                None => format!("({expression})"),
            };
        let keys: Vec<String> = (0..index.keys.len()).map(key).collect();
        let written: Vec<&ChangeStep> = writing.iter().map(|(_, step)| *step).collect();
        let sets = written.iter().chain(deleting).map(|step| step.rows.set).collect::<Vec<SetId>>();
        let row_id = self.row_id(kind)?;
        let mut w = self.writer();
        let mut with = self.tables(&mut w, &sets, false)?;
        with.table(&name("moved"), |w| {
            w.push(&format!("SELECT a.{row} AS {row}"));
            for (at, unique) in index.keys.iter().enumerate() {
                w.push(&format!(", ({}) AS {}", unique.expression, key(at)));
            }
            w.push(&format!(" FROM (SELECT {row_id} AS {row}"));
            for column in &index.columns {
                w.push(", ");
                self.column_after(w, kind, column, writing)?;
                w.push(" AS ").name(column);
            }
            let mut query = Query::select_from(w, kind.table_name());
            is_among(query.condition(), &row_id, true, |w| self.ids_of_all(w, &written))?;
            w.push(") AS a");
            if let Some(condition) = &index.condition {
                w.push(" WHERE (").push(condition).push(")");
            }
            Ok(())
        })?;
        with.table(&name("numbered"), |w| {
            let partition: Vec<String> =
                keys.iter().enumerate().map(|(at, key)| collated(at, &format!("m.{key}"))).collect();
            w.push(&format!(
                "SELECT m.*, count(*) OVER (PARTITION BY {}) AS {} FROM {} AS m",
                partition.join(", "),
                name("number"),
                name("moved")
            ));
            if !index.nulls_are_equal {
                let known: Vec<String> = keys.iter().map(|key| format!("m.{key} IS NOT NULL")).collect();
                w.push(" WHERE ").push(&known.join(" AND "));
            }
            Ok(())
        })?;
        with.table(&name("clashing"), |w| {
            w.push(&format!(
                "SELECT n.{row} FROM {} AS n WHERE n.{} > 1 OR EXISTS (SELECT 1",
                name("numbered"),
                name("number")
            ));
            let mut other = Query::select_from(w, kind.table_name());
            for (at, unique) in index.keys.iter().enumerate() {
                let (own, key) = (collated(at, &unique.expression), key(at));
                let equal = if index.nulls_are_equal {
                    format!("{own} IS NOT DISTINCT FROM n.{key}")
                } else {
                    format!("{own} = n.{key}")
                };
                other.condition().push(&equal);
            }
            if let Some(condition) = &index.condition {
                other.condition().push("(").push(condition).push(")");
            }
            is_among(other.condition(), &row_id, false, |w| self.ids_of_all(w, &written))?;
            if !deleting.is_empty() {
                is_among(other.condition(), &row_id, false, |w| self.ids_of_all(w, deleting))?;
            }
            w.push(")");
            Ok(())
        })?;
        let answer = self.answer(kind)?;
        let mut query = Query::select(with.end(), &format!("{answer}, count(*) OVER ()"));
        query.table(kind.table_name(), "r");
        is_among(query.condition(), &row_id, true, |w| {
            w.push(&format!("SELECT c.{row} FROM {} AS c", name("clashing")));
            Ok(())
        })?;
        query.order_by(&self.answer_order(kind)?).limit(SAMPLE);
        Ok(w.finish())
    }

    /// Writes a query for the row ids of several steps.
    fn ids_of_all(&self, w: &mut Writer, steps: &[&ChangeStep]) -> Result<(), StoreError> {
        w.list(" UNION ALL ", steps, |w, step| self.ids(w, step.rows))
    }

    /// Writes a column of the row `r` as it will be after the steps. The last step that has the row decides.
    fn column_after(
        &self,
        w: &mut Writer,
        kind: &Kind,
        column: &str,
        steps: &[(usize, &ChangeStep)],
    ) -> Result<(), StoreError> {
        let mut new: Vec<(Rows, &FieldName, &NewValue)> = Vec::new();
        for (_, step) in steps {
            let values = step.write.values().iter();
            let own = values.filter(|(field, _)| kind.column(field).eq_ignore_ascii_case(column));
            new.extend(own.map(|(field, value)| (step.rows, field, value)));
        }
        let row_id = self.row_id(kind)?;
        let mut close = String::new();
        for (rows, field, value) in new.into_iter().rev() {
            let cast = self.backend.cast(&self.column_type(kind, field)?.name);
            w.push("CASE WHEN ");
            is_among(w, &row_id, true, |w| self.ids(w, rows))?;
            w.push(" THEN (");
            self.new_field(w, kind, field, value)?;
            w.push(")").push(&cast).push(" ELSE ");
            close.push_str(" END");
        }
        w.push("r.").push(&quote(column)).push(&close);
        Ok(())
    }
}
