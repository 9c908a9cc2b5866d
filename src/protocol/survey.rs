//! Surveys: what a store is asked, and what it answers.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{NamedSet, Rows, SetId, Stratum};
use crate::domain::{DataMap, FieldName, KindName, RecordId, Value};

/// What the policy wants to know: which rows it means, and questions about them.
///
/// The sets and the questions are the same for every request of one mode; subjects and `now` differ.
#[derive(Debug, Clone)]
#[allow(clippy::exhaustive_structs, reason = "a new part must fail to compile in every store")]
pub struct SurveyQuery {
    /// The kinds and references that the sets speak of.
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
    /// A set, by its number.
    #[must_use]
    pub fn set(&self, id: SetId) -> Option<&NamedSet> {
        let mut sets = self.sets.iter().flat_map(Stratum::sets);
        sets.find(|set| set.id == id)
    }
}

/// A question about the rows of a set. The number of rows is always asked.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[allow(clippy::exhaustive_structs, reason = "a new part must fail to compile in every store")]
pub struct Question {
    /// Which rows.
    pub rows: Rows,
    /// How many ids to name, the first in order; none where 0.
    pub sample: u8,
    /// The field, a date or a timestamp, whose first and last instant is asked.
    pub span: Option<FieldName>,
}

impl Question {
    /// How many there are.
    #[must_use]
    pub const fn count(rows: Rows) -> Self {
        Self { rows, sample: 0, span: None }
    }
}

/// The answer to one question.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Answer {
    /// How many rows there are.
    pub count: u64,
    /// The first ids, in order: integers by value, all others by UTF-8 bytes.
    pub sample: Vec<RecordId>,
    /// The first and the last instant of the field, where any row has one.
    pub span: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

impl Answer {
    /// A number of rows.
    #[must_use]
    pub fn count(count: u64) -> Self {
        Self { count, ..Self::default() }
    }

    /// The same with a sample.
    #[must_use]
    pub fn with_sample(mut self, sample: Vec<RecordId>) -> Self {
        self.sample = sample;
        self
    }

    /// The same with a span of instants.
    #[must_use]
    pub fn with_span(mut self, span: Option<(DateTime<Utc>, DateTime<Utc>)>) -> Self {
        self.span = span;
        self
    }
}

/// What is true now.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Survey {
    /// The ids of the subjects in the first set, in order, as the store holds them: a request for `"42"`
    /// finds 42 where ids are integers.
    pub subjects: Vec<RecordId>,
    /// The answers, in the order of the questions.
    pub answers: Vec<Answer>,
}

impl Survey {
    /// A survey.
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

/// The span that holds both an instant and all those seen before.
pub(crate) fn widen(
    span: Option<(DateTime<Utc>, DateTime<Utc>)>,
    value: &Value,
) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let Value::Timestamp(at) = value else {
        return span;
    };
    Some(span.map_or((*at, *at), |(first, last)| (first.min(*at), last.max(*at))))
}
