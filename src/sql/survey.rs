//! Surveys: what is asked, in which order, in one read transaction.

use chrono::DateTime;

use super::failure::Doing;
use super::known::KnownTables;
use super::render::{Beside, Columns, Counting, Counts, Renderer};
use super::statement::Statement;
use super::store::{SqlStore, execute, query};
use super::{Access, Dialect, SqlConnection, SqlErrorClass, SqlTransaction, SqlValue};
use crate::domain::{FieldName, KindName, RecordId};
use crate::protocol::{Answer, Question, Rows, SetId, Survey, SurveyQuery};
use crate::store::StoreError;

/// How many questions are answered in detail by one statement: SQLite takes 500 SELECTs in a UNION, and a
/// question may need two.
const DETAILS_AT_ONCE: usize = 100;

/// The transaction in which a query is evaluated.
pub(super) struct Reading<'t, 'c> {
    pub(super) tx: &'t mut (dyn SqlTransaction + 'c),
    pub(super) doing: Doing<'t>,
}

pub(super) async fn run<C: SqlConnection>(
    store: &SqlStore<C>,
    survey: &SurveyQuery,
) -> Result<Survey, StoreError> {
    let columns = Columns::of_query(survey)?;
    if let Some(known) = store.known(&columns)? {
        match attempt(store, survey, &columns, Some(&known)).await {
            Ok(Some(survey)) => return Ok(survey),
            Ok(None) => {}
            Err(error) if store.is_outdated(&known, &error).await => {}
            Err(error) => return Err(error),
        }
        store.forget(&known);
    }
    let answered = attempt(store, survey, &columns, None).await?;
    answered.ok_or_else(|| StoreError::Contention { retryable: store.connection.retryable(), source: None })
}

/// The answers; `None` where the tables are no longer what was known of them.
async fn attempt<C: SqlConnection>(
    store: &SqlStore<C>,
    survey: &SurveyQuery,
    columns: &Columns<'_>,
    known: Option<&KnownTables>,
) -> Result<Option<Survey>, StoreError> {
    let SurveyQuery { map, kind: _, subjects: _, sets: _, questions, now: _ } = survey;
    let doing = Doing { map: Some(map), ..store.doing("read the data") };
    let mut tx = store.begin(Access::Read, doing).await?;
    let mut reading = Reading { tx: &mut *tx, doing };
    let forms = store.forms(&mut reading, columns, known).await?;
    let renderer = Renderer::survey(store.dialect, &store.prefix, survey, &forms)?;
    let fixed = reading.fix(&renderer).await?;
    let rows = questions.iter().map(|question| question.rows);
    let first = renderer.first_set();
    let beside = Beside { subjects: first, mark_of: known.map(|known| &*known.tables) };
    let counts = reading.count(renderer.counting(rows, beside)?).await?;
    if known.is_some_and(|known| !known.is_marked(counts.mark.as_deref())) {
        return Ok(None);
    }
    let counts = reading.readable(&renderer, counts).await?;
    let subjects =
        counts.subjects.iter().map(|id| readable_id(&renderer, first.unwrap_or(SetId::SUBJECTS), id));
    let mut subjects: Vec<RecordId> = subjects.collect::<Result<_, _>>()?;
    subjects.sort();
    let answers = questions.iter().map(|question| Answer::count(counts.of(question.rows))).collect();
    let mut survey = Survey::new(subjects, answers);
    reading.details(&renderer, questions, &mut survey).await?;
    if fixed {
        reading.clear(&renderer).await?;
        // The rows are gone; the empty table stays with the connection and is used again.
        tx.commit().await.map_err(|error| doing.failed(error))?;
    }
    Ok(Some(survey))
}

impl Reading<'_, '_> {
    /// Writes the members of all sets that have to be fixed. Whether there were any.
    pub(super) async fn fix(&mut self, renderer: &Renderer<'_>) -> Result<bool, StoreError> {
        let statements = renderer.fixing()?;
        if statements.is_empty() {
            return Ok(false);
        }
        if self.doing.retryable {
            // Nothing is left of a transaction of our own. The table is mostly there.
            if let Some(first) = statements.first()
                && let Err(error) = execute(self.tx, first).await
            {
                if !matches!(error.class(), SqlErrorClass::NoTable(_)) {
                    return Err(self.doing.failed(error));
                }
                self.execute(&renderer.create_members()).await?;
                self.execute(first).await?;
            }
            for statement in statements.iter().skip(1) {
                self.execute(statement).await?;
            }
            return Ok(true);
        }
        self.empty(&renderer.clear_members(), &renderer.create_members()).await?;
        for statement in statements {
            self.execute(&statement).await?;
        }
        Ok(true)
    }

    /// Makes sure that a table of this connection is there and has no rows.
    ///
    /// Rows may be left from a transaction of the host that was committed after ours was given up.
    pub(super) async fn empty(&mut self, clear: &Statement, create: &Statement) -> Result<(), StoreError> {
        if let Err(error) = execute(self.tx, clear).await {
            if !matches!(error.class(), SqlErrorClass::NoTable(_)) {
                return Err(self.doing.failed(error));
            }
            self.execute(create).await?;
        }
        Ok(())
    }

    pub(super) async fn clear(&mut self, renderer: &Renderer<'_>) -> Result<(), StoreError> {
        self.execute(&renderer.clear_members()).await?;
        Ok(())
    }

    pub(super) async fn execute(&mut self, statement: &Statement) -> Result<u64, StoreError> {
        let done = execute(self.tx, statement).await;
        done.map_err(|error| self.doing.failed(error))
    }

    pub(super) async fn query(&mut self, statement: &Statement) -> Result<Vec<Vec<SqlValue>>, StoreError> {
        let found = query(self.tx, statement).await;
        found.map_err(|error| self.doing.failed(error))
    }

    /// Counts rows. Whether all of them could be read is another question: see [`readable`](Self::readable).
    pub(super) async fn count(&mut self, counting: Counting) -> Result<Counts, StoreError> {
        let mut found = Vec::new();
        for statement in &counting.statements {
            found.extend(self.query(statement).await?);
        }
        Ok(counting.read(found))
    }

    /// The counts, if they are those of all rows.
    ///
    /// # Errors
    /// [`StoreError::BadValue`] where a condition had to look at a value that is not of its field's type.
    pub(super) async fn readable(
        &mut self,
        renderer: &Renderer<'_>,
        counts: Counts,
    ) -> Result<Counts, StoreError> {
        match counts.unreadable() {
            Some(set) => Err(self.unreadable(renderer, set).await?),
            None => Ok(counts),
        }
    }

    /// Which value could not be read.
    async fn unreadable(&mut self, renderer: &Renderer<'_>, set: SetId) -> Result<StoreError, StoreError> {
        let (statement, fields) = renderer.unreadable(set)?;
        let kind = renderer.set_kind(set)?;
        let rows = self.query(&statement).await?;
        let mut row = rows.into_iter().next().unwrap_or_default().into_iter();
        let id = row.next().and_then(|id| told_id(renderer.dialect, &id));
        let is_bad = |value: &SqlValue| value.as_integer() == Some(1);
        let field = fields.into_iter().zip(row).find(|(_, bad)| is_bad(bad));
        let field = field.map_or_else(|| kind.id.clone(), |(field, _)| field);
        Ok(StoreError::BadValue {
            expected: kind.type_of(&field).to_string(),
            kind: kind.name.clone(),
            id,
            field,
        })
    }

    async fn details(
        &mut self,
        renderer: &Renderer<'_>,
        questions: &[Question],
        survey: &mut Survey,
    ) -> Result<(), StoreError> {
        let asked: Vec<(usize, &Question)> = questions
            .iter()
            .enumerate()
            .zip(&survey.answers)
            .filter(|((_, question), answer)| {
                answer.count > 0 && (question.sample > 0 || question.span.is_some())
            })
            .map(|(question, _)| question)
            .collect();
        let mut found = Vec::new();
        for part in asked.chunks(DETAILS_AT_ONCE) {
            if let Some(statement) = renderer.details(part)? {
                found.extend(self.query(&statement).await?);
            }
        }
        for row in found {
            let [number, what, first, last, bad] = &*row else {
                continue;
            };
            let number = number.as_integer().unwrap_or_default();
            let question = usize::try_from(number).ok();
            let answer = question.and_then(|question| survey.answers.get_mut(question));
            if let (Some(question), Some(answer)) = (question.and_then(|at| questions.get(at)), answer) {
                if what.as_integer() == Some(0) {
                    let id = readable_id(renderer, question.rows.set, first)?;
                    answer.sample.push(id);
                } else if bad.as_integer() == Some(0) {
                    let number = |value: &SqlValue| match value {
                        SqlValue::Text(text) => text.parse().ok(),
                        value => value.as_integer(),
                    };
                    let at = |value: &SqlValue| number(value).and_then(DateTime::from_timestamp_millis);
                    answer.span = at(first).zip(at(last));
                } else if let Some(field) = &question.span {
                    return Err(self.undated(renderer, question.rows, field).await?);
                }
            }
        }
        for answer in &mut survey.answers {
            answer.sample.sort();
        }
        Ok(())
    }

    async fn undated(
        &mut self,
        renderer: &Renderer<'_>,
        rows: Rows,
        field: &FieldName,
    ) -> Result<StoreError, StoreError> {
        let (statement, kind) = renderer.undated(rows, field)?;
        let found = self.query(&statement).await?;
        let id = found.first().and_then(|row| row.first());
        let id = id.and_then(|id| told_id(renderer.dialect, id));
        Ok(bad_value(&kind, id, field, "timestamp"))
    }
}

fn readable_id(renderer: &Renderer<'_>, set: SetId, id: &SqlValue) -> Result<RecordId, StoreError> {
    let kind = renderer.set_kind(set)?;
    told_id(renderer.dialect, id).ok_or_else(|| bad_value(&kind.name, None, &kind.id, "id"))
}

/// An id as a statement told it.
pub(super) fn told_id(dialect: Dialect, id: &SqlValue) -> Option<RecordId> {
    match dialect {
        Dialect::Sqlite => id.as_id(),
        Dialect::Postgres => serde_json::from_str(id.as_text()?).ok(),
    }
}

pub(super) fn bad_value(
    kind: &KindName,
    id: Option<RecordId>,
    field: &FieldName,
    expected: &str,
) -> StoreError {
    StoreError::BadValue { kind: kind.clone(), id, field: field.clone(), expected: expected.into() }
}
