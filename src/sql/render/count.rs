//! Counts all sets of a survey in one statement. Also reads details of rows: ids, time spans and unreadable values.

use std::collections::BTreeMap;

use super::renderer::Renderer;
use super::set::INVALID;
use super::shape::fields_read;
use crate::domain::{FieldName, FieldType, Kind, KindName};
use crate::protocol::{Question, Rows, SetId};
use crate::sql::backend::{Asked, Counting};
use crate::sql::connection::SqlValue;
use crate::sql::statement::{Query, Statement, Union, Writer};
use crate::sql::table_schema::SchemaCheck;
use crate::store::StoreError;

/// The maximum number of sets in one statement: SQLite allows 500 SELECTs in a UNION.
const SETS_PER_STATEMENT: usize = 200;

/// The first column of the rows that hold the subjects' ids. For other rows it is the number of a set, from 0.
const SUBJECTS: i64 = -1;
/// The first column of the row that holds the schema version.
pub(crate) const SCHEMA_VERSION: i64 = -2;
/// The first column of the row that holds the numbers of rows that the steps have written.
pub(crate) const WRITTEN: i64 = -3;

/// The numbers of rows that were counted or assumed.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// For each set, the number of rows of each rank, in the order of ranks. Each number includes those of the lower
    /// ranks.
    found: BTreeMap<SetId, Vec<(i64, u64)>>,
    /// Counts that are assumed from the plan. The statement that writes these rows returns the actual numbers.
    assumed: BTreeMap<Rows, u64>,
    /// The ids of the subjects, as the database returned them.
    pub(crate) subjects: Vec<SqlValue>,
    /// The schema version, if it was requested.
    pub(crate) schema_version: Option<String>,
}

impl Renderer<'_> {
    /// Renders the counts of these rows. For sets whose conditions read values, also counts the rows with unreadable
    /// values.
    ///
    /// The first statement also returns the subjects' ids, and checks the schema of the tables in a cache key.
    pub(crate) fn counting(
        &self,
        rows: impl IntoIterator<Item = Rows>,
        mut subjects: Option<SetId>,
        mut checked: Option<(&str, SchemaCheck)>,
    ) -> Result<Vec<Statement>, StoreError> {
        let asked = self.asked(rows)?;
        let sets: Vec<SetId> = asked.keys().copied().collect();
        let mut statements = Vec::new();
        // The first statement is needed even if there is nothing to count.
        let none = sets.is_empty().then_some(&*sets);
        for sets in sets.chunks(SETS_PER_STATEMENT).chain(none) {
            let subjects = subjects.take();
            let needed: Vec<SetId> = sets.iter().copied().chain(subjects).collect();
            let mut w = self.writer();
            self.with(&mut w, &needed)?;
            let mut union = Union::new(&mut w, "\nUNION ALL ");
            // Comes first, because it may set what the rest of the statement needs.
            if let Some((key, check)) = checked.take() {
                let w = union.part().push("SELECT ").number(SCHEMA_VERSION).push(", 0, ");
                self.backend.schema_version(w, key, check);
            }
            self.counts(&mut union, sets, &asked);
            if let Some(set) = subjects {
                let kind = self.set_kind(set)?;
                if let Some(id) = kind.id.only() {
                    let id = self.backend.answered_id(self.field(kind, id), "s.id")?;
                    let mut query = Query::select(union.part(), &format!("{SUBJECTS}, 0, {id}"));
                    self.select_rows(&mut query, Rows::all(set))?;
                } else {
                    let answer = self.answer(kind)?;
                    let mut query = Query::select(union.part(), &format!("{SUBJECTS}, 0, {answer}"));
                    query.table(kind.table_name(), "r");
                    self.is_one(query.condition(), kind, Rows::all(set))?;
                }
            }
            if !union.is_empty() {
                statements.push(w.finish());
            }
        }
        Ok(statements)
    }

    /// Collects the sets to count: those of these rows, and those that may have rows with unreadable values.
    pub(crate) fn asked(&self, rows: impl IntoIterator<Item = Rows>) -> Result<Asked, StoreError> {
        let mut asked = Asked::new();
        let reading = self.shapes.iter().filter(|(_, shape)| shape.reads);
        for rows in rows.into_iter().chain(reading.map(|(set, _)| Rows::all(*set))) {
            let shape = self.shape(rows.set)?;
            // No row can be in a set without branches.
            if shape.branches.is_empty() {
                continue;
            }
            let counting = match shape.readable_rank_within(rows.ranks) {
                Some(rank) if shape.reads => Counting::Readable(rank),
                Some(rank) => Counting::Together(rank),
                None => Counting::ByRank,
            };
            let known = asked.entry(rows.set).or_insert(counting);
            if counting == Counting::ByRank {
                *known = counting;
            }
        }
        Ok(asked)
    }

    /// Writes the queries that count sets. Each row they return holds the number of a set, a rank, and the number of
    /// rows. Grouping computes the rank of a row once, however many ranges of ranks are requested.
    pub(crate) fn counts(&self, union: &mut Union<'_>, sets: &[SetId], asked: &Asked) {
        let text = self.backend.cast("text");
        for set in sets {
            let (rank, unreadable) = match asked.get(set) {
                Some(Counting::Together(rank)) => (rank.to_string(), String::new()),
                Some(Counting::Readable(rank)) => {
                    let unreadable = format!(" || ',' || count(*) FILTER (WHERE s.rank = {INVALID})");
                    (rank.to_string(), unreadable)
                }
                Some(Counting::ByRank) | None => ("s.rank".into(), String::new()),
            };
            let columns = format!("{}, {rank}, count(*){text}{unreadable}", set.0);
            let mut query = Query::select(union.part(), &columns);
            self.select_set(&mut query, *set);
            if asked.get(set) == Some(&Counting::ByRank) {
                query.w().push(" GROUP BY s.rank");
            }
        }
    }
}

impl Counts {
    /// Reads the counts from the rows that the statements returned.
    pub(crate) fn read(rows: impl IntoIterator<Item = Vec<SqlValue>>) -> Self {
        let mut counts = Self::default();
        for row in rows {
            match &*row {
                [SqlValue::Integer(SCHEMA_VERSION), _, SqlValue::Text(version)] => {
                    counts.schema_version = Some(version.clone());
                }
                [SqlValue::Integer(SUBJECTS), _, id] => counts.subjects.push(id.clone()),
                [SqlValue::Integer(set), SqlValue::Integer(rank), count] => {
                    if let (Ok(set), Some((count, unreadable))) = (u16::try_from(*set), numbers(count)) {
                        let ranks = counts.found.entry(SetId(set)).or_default();
                        ranks.push((*rank, count.saturating_sub(unreadable)));
                        ranks.extend((unreadable > 0).then_some((INVALID, unreadable)));
                    }
                }
                _ => {}
            }
        }
        for ranks in counts.found.values_mut() {
            ranks.sort_unstable();
            let mut total = 0;
            for (_, count) in ranks {
                total += *count;
                *count = total;
            }
        }
        counts
    }

    pub(crate) fn assuming(self, assumed: BTreeMap<Rows, u64>) -> Self {
        Self { assumed, ..self }
    }

    pub(crate) fn assumes(&self, rows: Rows) -> bool {
        self.assumed.contains_key(&rows)
    }

    pub(crate) fn of(&self, rows: Rows) -> u64 {
        if let Some(count) = self.assumed.get(&rows) {
            return *count;
        }
        let ranks = self.found.get(&rows.set).map_or(&[][..], Vec::as_slice);
        let up_to = |rank: i64| {
            let position = ranks.partition_point(|(found, _)| *found <= rank).checked_sub(1);
            position.and_then(|position| ranks.get(position)).map_or(0, |(_, count)| *count)
        };
        up_to(rows.ranks.to.into()).saturating_sub(up_to(i64::from(rows.ranks.from) - 1))
    }

    /// Returns the first set that has rows with unreadable values.
    pub(crate) fn unreadable(&self) -> Option<SetId> {
        let mut found = self.found.iter();
        found.find(|(_, ranks)| ranks.first().is_some_and(|(rank, _)| *rank < 0)).map(|(set, _)| *set)
    }
}

/// Reads a number of rows and, if it is there, how many of them have unreadable values.
fn numbers(count: &SqlValue) -> Option<(u64, u64)> {
    let Some(text) = count.as_text() else {
        return Some((u64::try_from(count.as_integer()?).ok()?, 0));
    };
    let (all, unreadable) = text.split_once(',').unwrap_or((text, "0"));
    Some((all.parse().ok()?, unreadable.parse().ok()?))
}

/// The number of fields in one JSON function: PostgreSQL takes 100 arguments, SQLite 127 by default.
const FIELDS_PER_FUNCTION: usize = 50;

impl Renderer<'_> {
    /// Renders the samples and spans of these questions. Each row holds the number of the question, a type (0 for an
    /// id, 1 for a span) and three values. Returns `None` if no question wants a sample or a span.
    pub(crate) fn details(&self, questions: &[(usize, &Question)]) -> Result<Option<Statement>, StoreError> {
        let mut w = self.writer();
        let sets: Vec<SetId> = questions.iter().map(|(_, question)| question.rows.set).collect();
        self.with(&mut w, &sets)?;
        let mut union = Union::new(&mut w, "\nUNION ALL ");
        let null = self.backend.cast("text");
        for (number, question) in questions {
            if question.sample > 0 {
                let kind = self.set_kind(question.rows.set)?;
                let (id, w) = (kind.id.only().map(|id| self.field(kind, id)), union.part());
                let answer = id.map_or(Ok("b.id".into()), |id| self.backend.answered_id(id, "b.id"))?;
                w.push(&format!("SELECT {number}, 0, {answer}, NULL{null}, 0 FROM ("));
                if let Some(id) = id {
                    let mut rows = Query::select(w, "s.id AS id");
                    self.select_rows(&mut rows, question.rows)?;
                    rows.order_by(&self.backend.id_order(id, "s.id")?).limit(question.sample);
                } else {
                    let mut rows = Query::select(w, &format!("{} AS id", self.answer(kind)?));
                    rows.table(kind.table_name(), "r");
                    self.is_one(rows.condition(), kind, question.rows)?;
                    rows.order_by(&self.answer_order(kind)?).limit(question.sample);
                }
                w.push(") AS b");
            }
            if let Some(field) = &question.span {
                self.span(union.part(), *number, question.rows, field)?;
            }
        }
        let is_empty = union.is_empty();
        Ok((!is_empty).then(|| w.finish()))
    }

    fn span(&self, w: &mut Writer, number: usize, rows: Rows, field: &FieldName) -> Result<(), StoreError> {
        let kind = self.set_kind(rows.set)?;
        let invalid = self.invalid(kind, field, kind.time_type_of(field))?;
        let at = self.backend.milliseconds(self.field(kind, field))?;
        let text = self.backend.cast("text");
        let columns =
            format!("{number}, 1, min({at}){text}, max({at}){text}, count(*) FILTER (WHERE {invalid})");
        let mut query = Query::select(w, &columns);
        query.table(kind.table_name(), "r");
        self.is_one(query.condition(), kind, rows)
    }

    fn invalid(&self, kind: &Kind, field: &FieldName, declared: FieldType) -> Result<String, StoreError> {
        let invalid = self.backend.is_invalid(self.field(kind, field), declared)?;
        Ok(invalid.unwrap_or_else(|| "FALSE".into()))
    }

    /// Renders the query for the first row of a set with an invalid value in a condition. It returns the row's id,
    /// and for each field whether its value is invalid.
    pub(crate) fn unreadable(&self, set: SetId) -> Result<(Statement, Vec<FieldName>), StoreError> {
        let lists = self.lists_read(&self.shape(set)?.branches)?;
        let cases = self.shape(set)?.branches.iter().flat_map(|branch| &branch.cases);
        let conditions = cases.filter_map(|case| case.when.as_ref());
        let mut fields: Vec<FieldName> =
            conditions.flat_map(|when| fields_read(when).into_iter().cloned()).collect();
        fields.sort();
        fields.dedup();
        let kind = self.set_kind(set)?;
        let id = self.row_id(kind)?;
        let mut w = self.writer();
        let mut query = Query::select(self.with(&mut w, &[set])?, &self.answer(kind)?);
        for field in &fields {
            let invalid = self.invalid(kind, field, kind.type_of(field))?;
            query.w().push(&format!(", CASE WHEN {invalid} THEN 1 ELSE 0 END"));
        }
        for (field, unreadable) in lists {
            query.w().push(&format!(", CASE WHEN {unreadable} THEN 1 ELSE 0 END"));
            fields.push(field);
        }
        query.table(kind.table_name(), "r");
        let list = query.condition().push(&id).push(" IN (");
        let mut ids = Query::select(list, "s.id");
        self.select_set(&mut ids, set);
        ids.condition().push("s.rank < 0)");
        query.order_by(&self.answer_order(kind)?).limit(1);
        Ok((w.finish(), fields))
    }

    /// Renders the query for the first of these rows whose field does not hold a timestamp.
    pub(crate) fn undated(&self, rows: Rows, field: &FieldName) -> Result<(Statement, KindName), StoreError> {
        let kind = self.set_kind(rows.set)?;
        let invalid = self.invalid(kind, field, kind.time_type_of(field))?;
        let mut w = self.writer();
        let mut query = Query::select(self.with(&mut w, &[rows.set])?, &self.answer(kind)?);
        query.table(kind.table_name(), "r");
        self.is_one(query.condition(), kind, rows)?;
        query.condition().push(&invalid);
        query.order_by(&self.answer_order(kind)?).limit(1);
        Ok((w.finish(), kind.name.clone()))
    }

    /// Renders the query for the number of these rows that still exist.
    pub(crate) fn remaining(&self, kind: &KindName, rows: Rows) -> Result<Statement, StoreError> {
        let kind = self.kind(kind)?;
        let mut w = self.writer();
        let mut query = Query::select(self.with(&mut w, &[rows.set])?, "count(*)");
        query.table(kind.table_name(), "r");
        self.is_one(query.condition(), kind, rows)?;
        Ok(w.finish())
    }

    /// Writes the fields of the row `r` as a JSON object.
    pub(crate) fn object(&self, w: &mut Writer, kind: &Kind, fields: &[FieldName]) -> Result<(), StoreError> {
        let mut parts: Vec<&[FieldName]> = fields.chunks(FIELDS_PER_FUNCTION).collect();
        if parts.is_empty() {
            parts.push(&[]);
        }
        let joined = self.backend.spelling().joined_objects;
        let [open, between, close] = if parts.len() == 1 { [""; 3] } else { joined };
        w.push(open);
        w.list(between, parts, |w, part| {
            w.push(self.backend.spelling().json_object);
            w.list(", ", part, |w, field| {
                let value = self.backend.json_value(self.field(kind, field))?;
                w.bind(field.as_str()).push(", ").push(&value);
                Ok::<_, StoreError>(())
            })?;
            w.push(")");
            Ok::<_, StoreError>(())
        })?;
        w.push(close);
        Ok(())
    }
}
