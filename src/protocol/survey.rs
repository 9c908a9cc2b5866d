//! Surveys: the questions to a store, and its answers. Also named sets, with which a policy describes rows to a
//! store.
//!
//! A set holds rows of one kind, each with a [`Rank`]: a small number that stands for what the policy decided about
//! the row. If several branches lead to a row, it keeps its lowest rank. Sets are evaluated in order and refer to
//! earlier sets by [`SetId`]. A query therefore grows with the data map and not with the number of paths through it.

#![allow(
    clippy::exhaustive_enums,
    clippy::exhaustive_structs,
    reason = "a new part must fail to compile in every store"
)]

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::domain::{
    Condition, DataMap, FieldName, KindName, MaskKey, OperationId, RecordId, ReferenceName, Value,
};

/// What the policy needs to know: sets of rows, and questions about these sets.
///
/// Requests of the same mode mostly share their sets and questions, and differ in the subjects and `now`.
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
    /// The instant at which the request is judged. [`Moment`](crate::domain::Moment)s are relative to it.
    pub now: DateTime<Utc>,
    /// The key of the pseudonyms under which the library records personal ids, if the map has such ids. It is never
    /// stored.
    pub mask_key: Option<MaskKey>,
    /// The operation that is taken back, for [`Source::Replaced`], [`Source::FormerReferrers`] and
    /// [`NewValue::Former`](super::NewValue::Former).
    pub undoes: Option<OperationId>,
}

impl SurveyQuery {
    /// Makes a query without sets and questions.
    pub(crate) fn empty(
        map: Arc<DataMap>,
        kind: KindName,
        subjects: Vec<RecordId>,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            map,
            kind,
            subjects,
            sets: Arc::from([]),
            questions: Arc::from([]),
            now,
            mask_key: None,
            undoes: None,
        }
    }

    /// Returns a set by its number.
    #[must_use]
    pub fn set(&self, id: SetId) -> Option<&NamedSet> {
        let mut sets = self.sets.iter().flat_map(Stratum::sets);
        sets.find(|set| set.id == id)
    }
}

/// A question about the rows of a set. It always asks for their number, and optionally for ids and dates.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[allow(clippy::exhaustive_structs, reason = "a new part must fail to compile in every store")]
pub struct Question {
    /// The rows.
    pub rows: Rows,
    /// How many of the first ids to return.
    pub sample: u8,
    /// A date or timestamp field. The answer holds its first and its last instant.
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
    /// The first ids, in order: integers by value, other ids by UTF-8 bytes.
    pub sample: Vec<RecordId>,
    /// The first and the last instant of the requested field; `None` if every row has null there.
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
    /// The ids of the subjects that were found, in order and as the store holds them. A request for `"42"` finds 42
    /// if ids are integers.
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

    /// Returns the count of an answer, or 0 if the store left the answer out.
    pub(crate) fn count(&self, question: usize) -> u64 {
        self.answers.get(question).map_or(0, |answer| answer.count)
    }

    /// Returns the first ids of an answer.
    pub(crate) fn sample(&self, question: usize) -> &[RecordId] {
        self.answers.get(question).map_or(&[], |answer| &answer.sample)
    }
}

/// Extends a span so that it includes an instant.
pub(crate) fn widen(
    span: Option<(DateTime<Utc>, DateTime<Utc>)>,
    value: &Value,
) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let Value::Timestamp(at) = value else {
        return span;
    };
    Some(span.map_or((*at, *at), |(first, last)| (first.min(*at), last.max(*at))))
}

/// The number of a set: its position among all sets of a query. Sets inside cycles count too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct SetId(pub u16);

impl SetId {
    /// The subjects of the request: the first set of every query.
    pub const SUBJECTS: Self = Self(0);

    /// Returns the number of the next set after these.
    pub(crate) fn after(sets: &[Stratum]) -> Self {
        let count: usize = sets.iter().map(|stratum| stratum.sets().len()).sum();
        Self(u16::try_from(count).unwrap_or(u16::MAX))
    }
}

/// What was decided about a row, as a number that only the policy can interpret. The lowest rank wins.
pub(crate) type Rank = u16;

/// A range of ranks, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Ranks {
    /// The lowest.
    pub from: Rank,
    /// The highest.
    pub to: Rank,
}

impl Ranks {
    /// Every rank.
    pub const ALL: Self = Self { from: 0, to: Rank::MAX };

    /// One rank.
    #[must_use]
    pub const fn only(rank: Rank) -> Self {
        Self { from: rank, to: rank }
    }

    /// Returns whether the rank is in the range.
    #[must_use]
    pub const fn contains(self, rank: Rank) -> bool {
        self.from <= rank && rank <= self.to
    }
}

/// The rows of a set whose ranks lie in a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Rows {
    /// The set.
    pub set: SetId,
    /// The ranks.
    pub ranks: Ranks,
}

impl Rows {
    /// The subjects of the request.
    pub const SUBJECTS: Self = Self::all(SetId::SUBJECTS);

    /// All rows of a set.
    #[must_use]
    pub const fn all(set: SetId) -> Self {
        Self { set, ranks: Ranks::ALL }
    }

    /// The rows of a set with one rank.
    #[must_use]
    pub const fn ranked(set: SetId, rank: Rank) -> Self {
        Self { set, ranks: Ranks::only(rank) }
    }
}

/// A set of rows of one kind, each with its rank.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NamedSet {
    /// Its number.
    pub id: SetId,
    /// A description for people who read the generated SQL.
    pub name: String,
    /// The kind of its rows.
    pub kind: KindName,
    /// The branches of the set. A row that several branches lead to keeps its lowest rank.
    pub branches: Vec<Branch>,
}

/// One way into a set: where the rows come from, which of them are left out, and the ranks of the rest.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Branch {
    /// The source of the rows.
    pub source: Source,
    /// Leaves out rows that are missing from any of these.
    pub within: Vec<Rows>,
    /// Leaves out rows that any of these contains.
    pub except: Vec<Rows>,
    /// Leaves out rows that the deactivation of a subject did not switch OFF. A row counts as switched if an operation
    /// in mode `deactivate` marked it, and had one of these subjects that no later operation has switched ON.
    pub switched: bool,
    /// The first case that applies gives the rank. Rows without such a case are left out.
    pub cases: Vec<RankCase>,
}

impl Branch {
    /// Makes a branch that leaves out no rows.
    #[must_use]
    pub const fn new(source: Source, cases: Vec<RankCase>) -> Self {
        Self { source, within: Vec::new(), except: Vec::new(), switched: false, cases }
    }

    /// Leaves out the rows that meet a condition.
    pub(crate) fn leave_out(&mut self, when: Condition) {
        self.cases.insert(0, RankCase { below: Ranks::ALL, when: Some(when), rank: None });
    }
}

/// The source of the rows of a branch. All are rows of the set's kind.
///
/// `Debug` hides the text.
#[derive(Clone, PartialEq, Serialize)]
pub enum Source {
    /// The subjects of the request that exist.
    Subjects,
    /// The records with these ids that exist.
    Ids(Vec<RecordId>),
    /// The rows with this text in a field. ASCII letters are compared without case.
    WithText {
        /// The field, of the set's kind.
        field: FieldName,
        /// The text.
        text: String,
    },
    /// The rows that refer to a row of `of`.
    Referrers {
        /// The reference, from the set's kind.
        reference: ReferenceName,
        /// The rows referred to.
        of: Rows,
    },
    /// The rows that the rows of `of` refer to.
    ReferencedBy {
        /// The reference, to the set's kind.
        reference: ReferenceName,
        /// The rows that refer.
        of: Rows,
    },
    /// The rows of an earlier set of the same kind.
    Members(Rows),
    /// The rows of `of` that have the same values in all of these fields as a row of `of` with a lower rank, or with
    /// the same rank and a lower id. A row with a null in one of the fields equals no row. Without fields, all rows are
    /// equal. The kind has an id.
    Repeated {
        /// The fields, of the set's kind.
        fields: Vec<FieldName>,
        /// The rows to compare, from an earlier set of the same kind.
        of: Rows,
    },
    /// The rows of which the operation that the query [undoes](SurveyQuery::undoes) recorded all of these fields, and
    /// that still have the values that it gave them. The kind has an id.
    Replaced {
        /// The fields, of the set's kind.
        fields: Vec<FieldName>,
    },
    /// The rows that referred to rows of `of`, with these fields as they were before the operation that the query
    /// [undoes](SurveyQuery::undoes) and that recorded them. Whether they still are as it left them does not matter. If the
    /// reference holds a list, `of` has the row of every element that is no longer in it. The kind has an id.
    FormerReferrers {
        /// The reference, from the set's kind.
        reference: ReferenceName,
        /// The fields of the reference that the operation replaced. The others are read as they are.
        fields: Vec<FieldName>,
        /// The rows that they referred to.
        of: Rows,
    },
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Subjects => f.write_str("Subjects"),
            Self::Ids(ids) => f.debug_tuple("Ids").field(ids).finish(),
            Self::WithText { field, text: _ } => {
                f.debug_struct("WithText").field("field", field).finish_non_exhaustive()
            }
            Self::Referrers { reference, of } => {
                f.debug_struct("Referrers").field("reference", reference).field("of", of).finish()
            }
            Self::ReferencedBy { reference, of } => {
                f.debug_struct("ReferencedBy").field("reference", reference).field("of", of).finish()
            }
            Self::Members(rows) => f.debug_tuple("Members").field(rows).finish(),
            Self::Repeated { fields, of } => {
                f.debug_struct("Repeated").field("fields", fields).field("of", of).finish()
            }
            Self::Replaced { fields } => f.debug_struct("Replaced").field("fields", fields).finish(),
            Self::FormerReferrers { reference, fields, of } => f
                .debug_struct("FormerReferrers")
                .field("reference", reference)
                .field("fields", fields)
                .field("of", of)
                .finish(),
        }
    }
}

/// A case of a branch: its conditions, and the rank of the rows that meet them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RankCase {
    /// Applies only to rows that were reached from rows with these ranks in the source's set.
    pub below: Ranks,
    /// Applies only to rows that meet this condition.
    pub when: Option<Condition>,
    /// The rank of the row. `None` leaves the row out.
    pub rank: Option<Rank>,
}

impl RankCase {
    /// Makes a case that gives every row this rank.
    #[must_use]
    pub const fn always(rank: Rank) -> Self {
        Self { below: Ranks::ALL, when: None, rank: Some(rank) }
    }
}

impl Source {
    /// Returns the rows of another set that the source starts from; `None` if it starts from ids or text.
    pub(crate) fn rows(&self) -> Option<Rows> {
        match self {
            Self::Referrers { of, .. }
            | Self::ReferencedBy { of, .. }
            | Self::Repeated { of, .. }
            | Self::FormerReferrers { of, .. }
            | Self::Members(of) => Some(*of),
            Self::Subjects | Self::Ids(_) | Self::WithText { .. } | Self::Replaced { .. } => None,
        }
    }
}

/// Sets that are evaluated together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub enum Stratum {
    /// A set whose branches refer only to earlier sets.
    Set(NamedSet),
    /// Sets that may refer to each other. The result is the smallest sets that satisfy all branches. During
    /// evaluation a row collects every rank it is reached with; at the end it keeps the lowest.
    Cycle(Vec<NamedSet>),
}

impl Stratum {
    /// Returns the sets in the order of their numbers.
    #[must_use]
    pub fn sets(&self) -> &[NamedSet] {
        match self {
            Self::Set(set) => std::slice::from_ref(set),
            Self::Cycle(sets) => sets,
        }
    }
}
