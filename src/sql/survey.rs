//! Surveys: one read transaction that answers all questions.

use std::sync::Arc;

use chrono::DateTime;

use super::connection::{AccessMode, SqlConnection, SqlValue};
use super::render::count::Counts;
use super::render::renderer::Renderer;
use super::session::{ErrorContext, Session};
use super::store::SqlStore;
use super::table_schema::{QueryColumns, SchemaCheck, TableSchema};
use crate::domain::{FieldName, RecordId, instant_of_milliseconds};
use crate::protocol::{Answer, Question, Rows, SetId, Survey, SurveyQuery};
use crate::store::StoreError;

/// The maximum number of questions in one statement for details. SQLite allows 500 SELECTs in a UNION, and a question
/// may need two.
const DETAILS_PER_STATEMENT: usize = 100;

pub(super) async fn run<C: SqlConnection>(
    store: &SqlStore<C>,
    survey: &SurveyQuery,
) -> Result<Survey, StoreError> {
    let columns = QueryColumns::of_query(survey)?;
    let cache_key = store.backend().cache_key(&columns)?;
    if let Some(cached) = store.cache.get(&columns) {
        let answered = match alone(store, survey, &columns, cache_key.as_deref(), &cached).await {
            Ok(None) => attempt(store, survey, &columns, cache_key.as_deref(), Some(&cached)).await,
            answered => answered,
        };
        match answered {
            Ok(Some(survey)) => return Ok(survey),
            Ok(None) => {}
            Err(error) if store.is_outdated(&columns, &cached, &error).await => {}
            Err(error) => return Err(error),
        }
        store.cache.remove(&columns);
    }
    let answered = attempt(store, survey, &columns, None, None).await?;
    answered.ok_or_else(|| StoreError::Contention { retryable: store.connection.retryable(), source: None })
}

/// Answers the questions with one query, without a transaction around it. Returns `None` if that is not possible, or if
/// the cached schema is outdated.
async fn alone<C: SqlConnection>(
    store: &SqlStore<C>,
    survey: &SurveyQuery,
    columns: &QueryColumns<'_>,
    cache_key: Option<&str>,
    cached: &TableSchema,
) -> Result<Option<Survey>, StoreError> {
    let questions = &*survey.questions;
    // If rows are dated, there are nearly always rows, and their dates need a second query.
    let Some(key) = cache_key.filter(|_| questions.iter().all(|question| question.span.is_none())) else {
        return Ok(None);
    };
    let r = Renderer::survey(store.backend(), &store.prefix, survey, cached)?;
    if !store.backend().materialize(&r)?.is_empty() {
        return Ok(None);
    }
    let check = if store.cache.is_confirmed(columns) { SchemaCheck::AloneAgain } else { SchemaCheck::Alone };
    let rows = questions.iter().map(|question| question.rows);
    let statements = r.counting(rows, r.subjects(), Some((key, check)))?;
    let [statement] = &*statements else { return Ok(None) };
    let context = ErrorContext { map: Some(&survey.map), ..store.context("read the data") };
    let read = store.connection.read(&statement.sql, &statement.params).await;
    let Some(rows) = read.map_err(|error| context.error(error))? else { return Ok(None) };
    let counts = Counts::read(rows);
    if !cached.is_current(check, counts.schema_version.as_deref()) || counts.unreadable().is_some() {
        return Ok(None);
    }
    if check == SchemaCheck::Alone {
        store.cache.confirm(columns);
    }
    let found = answered(&r, questions, &counts)?;
    Ok(wanting_details(questions, &found).is_empty().then_some(found))
}

/// Answers the questions. Returns `None` if the cached schema is outdated.
async fn attempt<C: SqlConnection>(
    store: &SqlStore<C>,
    survey: &SurveyQuery,
    columns: &QueryColumns<'_>,
    cache_key: Option<&str>,
    cached: Option<&Arc<TableSchema>>,
) -> Result<Option<Survey>, StoreError> {
    let SurveyQuery { map, kind: _, subjects: _, sets: _, questions, now: _, mask_key: _, undoes: _ } =
        survey;
    let context = ErrorContext { map: Some(map), ..store.context("read the data") };
    let mut tx = store.begin(AccessMode::Read, context).await?;
    let mut session = store.session(&mut *tx, context);
    let schema = store.schema(&mut session, columns, cached).await?;
    let r = Renderer::survey(store.backend(), &store.prefix, survey, &schema)?;
    let materialized = store.backend().materialize(&r)?;
    session.materialize(&r, &materialized).await?;
    let rows = questions.iter().map(|question| question.rows);
    let check = SchemaCheck::InTransaction;
    let statements = r.counting(rows, r.subjects(), cached.and(cache_key).map(|key| (key, check)))?;
    let counts = session.count(&statements).await?;
    if cached.is_some_and(|cached| !cached.is_current(check, counts.schema_version.as_deref())) {
        return Ok(None);
    }
    let counts = session.readable(&r, counts).await?;
    let mut survey = answered(&r, questions, &counts)?;
    session.details(&r, questions, &mut survey).await?;
    if materialized.is_empty() {
        store.end_read(tx, context).await?;
    } else {
        session.execute(&r.clear_members()).await?;
        // The transaction deletes the rows of the temporary table. The empty table stays with the connection for
        // reuse.
        tx.commit().await.map_err(|error| context.error(error))?;
    }
    Ok(Some(survey))
}

/// Returns the subjects that were found, and the counts.
fn answered(r: &Renderer<'_>, questions: &[Question], counts: &Counts) -> Result<Survey, StoreError> {
    let set = r.subjects().unwrap_or(SetId::SUBJECTS);
    let subjects = counts.subjects.iter().map(|id| answered_id(r, set, id));
    let mut subjects: Vec<RecordId> = subjects.collect::<Result<_, _>>()?;
    subjects.sort();
    let answers = questions.iter().map(|question| Answer::count(counts.of(question.rows))).collect();
    Ok(Survey::new(subjects, answers))
}

/// Returns the questions that want a sample or a span of the rows that were counted, with their positions.
fn wanting_details<'q>(questions: &'q [Question], survey: &Survey) -> Vec<(usize, &'q Question)> {
    let counted = questions.iter().enumerate().zip(&survey.answers);
    let wanting = counted.filter(|((_, question), answer)| {
        answer.count > 0 && (question.sample > 0 || question.span.is_some())
    });
    wanting.map(|(question, _)| question).collect()
}

impl Session<'_, '_> {
    /// Adds samples and spans to the answers, for questions that want them and found rows.
    async fn details(
        &mut self,
        r: &Renderer<'_>,
        questions: &[Question],
        survey: &mut Survey,
    ) -> Result<(), StoreError> {
        let mut found = Vec::new();
        for part in wanting_details(questions, survey).chunks(DETAILS_PER_STATEMENT) {
            if let Some(statement) = r.details(part)? {
                found.extend(self.query(&statement).await?);
            }
        }
        for row in found {
            let [number, what, first, last, invalid] = &*row else {
                continue;
            };
            let number = number.as_integer().and_then(|number| usize::try_from(number).ok());
            let answer = number.and_then(|number| survey.answers.get_mut(number));
            let (Some(question), Some(answer)) = (number.and_then(|at| questions.get(at)), answer) else {
                continue;
            };
            if what.as_integer() == Some(0) {
                answer.sample.push(answered_id(r, question.rows.set, first)?);
            } else if invalid.as_integer() == Some(0) {
                answer.span = timestamp(first).zip(timestamp(last));
            } else if let Some(field) = &question.span {
                return Err(self.undated(r, question.rows, field).await?);
            }
        }
        for answer in &mut survey.answers {
            answer.sample.sort();
        }
        Ok(())
    }

    /// Finds the first row whose field does not hold a timestamp.
    async fn undated(
        &mut self,
        r: &Renderer<'_>,
        rows: Rows,
        field: &FieldName,
    ) -> Result<StoreError, StoreError> {
        let (statement, kind) = r.undated(rows, field)?;
        let found = self.query(&statement).await?;
        let id = found.first().and_then(|row| row.first());
        let id = id.and_then(|id| r.read_answer(r.kind(&kind).ok().filter(|kind| !kind.id.is_none())?, id));
        Ok(StoreError::bad_value(&kind, id.as_ref(), field, &r.kind(&kind)?.time_type_of(field)))
    }
}

fn timestamp(milliseconds: &SqlValue) -> Option<DateTime<chrono::Utc>> {
    let number = match milliseconds {
        SqlValue::Text(text) => text.parse().ok(),
        value => value.as_integer(),
    };
    number.map(instant_of_milliseconds)
}

fn answered_id(r: &Renderer<'_>, set: SetId, id: &SqlValue) -> Result<RecordId, StoreError> {
    let kind = r.set_kind(set)?;
    r.read_answer(kind, id).ok_or_else(|| StoreError::bad_id(kind))
}
