//! Surveys: the questions a store is asked, and its answers.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{NamedSet, Rows, SetId, Stratum};
use crate::domain::{DataMap, FieldName, KindName, RecordId, Value};

/// What the policy needs to know: sets of rows, and questions about them.
///
/// Most sets and questions are the same for every request of a mode; the subjects and `now` differ.
#[derive(Debug, Clone)]
#[allow(clippy::exhaustive_structs, reason = "a new part must fail to compile in every store")]
pub struct SurveyQuery {
    /// The kinds and references that the sets name.
    pub map: Arc<DataMap>,
    /// The kind of the subjects.
    pub kind: KindName,
    /// The subjects.
    pub subjects: Vec<RecordId>,
    /// The sets, in the order in which they are evaluated.
    pub sets: Arc<[Stratum]>,
    /// The questions.
    pub questions: Arc<[Question]>,
    /// The instant at which the request is judged: what [`Moment`](crate::domain::Moment)s are relative to.
    pub now: DateTime<Utc>,
}

impl SurveyQuery {
    /// Returns a set by its number.
    #[must_use]
    pub fn set(&self, id: SetId) -> Option<&NamedSet> {
        let mut sets = self.sets.iter().flat_map(Stratum::sets);
        sets.find(|set| set.id == id)
    }
}

/// A question about the rows of a set. It always asks for the number of rows.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[allow(clippy::exhaustive_structs, reason = "a new part must fail to compile in every store")]
pub struct Question {
    /// The rows.
    pub rows: Rows,
    /// The number of ids to return, the first in order.
    pub sample: u8,
    /// A date or timestamp field whose first and last instant are requested.
    pub span: Option<FieldName>,
}

impl Question {
    /// Makes a question for the number of rows.
    #[must_use]
    pub const fn count(rows: Rows) -> Self {
        Self { rows, sample: 0, span: None }
    }
}

/// The answer to one question.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Answer {
    /// The number of rows.
    pub count: u64,
    /// The first ids, in order: integers by value, all others by UTF-8 bytes.
    pub sample: Vec<RecordId>,
    /// The first and the last instant of the field, if any row has one.
    pub span: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

impl Answer {
    /// Makes an answer from a number of rows.
    #[must_use]
    pub fn count(count: u64) -> Self {
        Self { count, ..Self::default() }
    }

    /// Sets the sample.
    #[must_use]
    pub fn with_sample(mut self, sample: Vec<RecordId>) -> Self {
        self.sample = sample;
        self
    }

    /// Sets the span of instants.
    #[must_use]
    pub fn with_span(mut self, span: Option<(DateTime<Utc>, DateTime<Utc>)>) -> Self {
        self.span = span;
        self
    }
}

/// The answers of a store.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Survey {
    /// The ids of the subjects in the first set, in order and as the store holds them: a request for `"42"` finds
    /// 42 if ids are integers.
    pub subjects: Vec<RecordId>,
    /// The answers, in the order of the questions.
    pub answers: Vec<Answer>,
}

impl Survey {
    /// Makes a survey.
    #[must_use]
    pub fn new(subjects: Vec<RecordId>, answers: Vec<Answer>) -> Self {
        Self { subjects, answers }
    }

    /// Returns the count of an answer; a store that left the answer out counted nothing.
    pub(crate) fn count(&self, question: usize) -> u64 {
        self.answers.get(question).map_or(0, |answer| answer.count)
    }

    /// Returns the first ids of an answer.
    pub(crate) fn sample(&self, question: usize) -> &[RecordId] {
        self.answers.get(question).map_or(&[], |answer| &answer.sample)
    }
}

/// Extends a span of instants to an instant.
pub(crate) fn widen(
    span: Option<(DateTime<Utc>, DateTime<Utc>)>,
    value: &Value,
) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let Value::Timestamp(at) = value else {
        return span;
    };
    Some(span.map_or((*at, *at), |(first, last)| (first.min(*at), last.max(*at))))
}
