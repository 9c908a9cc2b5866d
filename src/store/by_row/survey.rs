//! Answers the questions of a query from its evaluated sets.

use chrono::{DateTime, Utc};

use super::check;
use super::evaluate::{Evaluation, kind};
use super::session::{Session, bad_value};
use crate::domain::{FieldName, KeyComparison, KeyReader, Kind, KindName, RecordId};
use crate::protocol::{Answer, Question, Rows, Survey, SurveyQuery, widen};
use crate::store::StoreError;

/// Evaluates a query and answers its questions.
pub(crate) async fn survey<S: Session>(session: &mut S, query: &SurveyQuery) -> Result<Survey, StoreError> {
    let evaluation = Evaluation::of(query, &query.questions, std::iter::empty(), session).await?;
    evaluation.check_fields(&check::in_query(query)).await?;
    Ok(Survey::new(evaluation.subjects(), evaluation.answers(&query.questions)?))
}

/// The first and the last instant.
type Span = (DateTime<Utc>, DateTime<Utc>);

impl<S: Session> Evaluation<'_, S> {
    /// Returns the ids of the subjects that exist, in order and as they are stored.
    pub(super) fn subjects(&self) -> Vec<RecordId> {
        let mut named = self.with_ids(&self.query.kind, self.subject_rows());
        named.sort_unstable();
        named.into_iter().map(|(id, _)| id.clone()).collect()
    }

    pub(super) fn answers(&self, questions: &[Question]) -> Result<Vec<Answer>, StoreError> {
        questions.iter().map(|question| self.answer(question)).collect()
    }

    fn answer(&self, question: &Question) -> Result<Answer, StoreError> {
        let Question { rows, sample, span } = question;
        let answer = Answer::count(self.set(rows.set)?.count(rows.ranks));
        let Some(set) = self.query.set(rows.set) else {
            return Ok(answer);
        };
        let answer = match sample {
            0 => answer,
            _ => answer.with_sample(self.first_ids(&set.kind, *rows, usize::from(*sample))?),
        };
        match span {
            None => Ok(answer),
            Some(field) => Ok(answer.with_span(self.span(kind(self.query, &set.kind)?, *rows, field)?)),
        }
    }

    /// Returns the first ids of the rows, in order.
    fn first_ids(&self, kind: &KindName, rows: Rows, count: usize) -> Result<Vec<RecordId>, StoreError> {
        if self.query.map.kind(kind).is_some_and(|kind| kind.id.is_none()) {
            return self.first_references(kind, rows, count);
        }
        let mut named = self.with_ids(kind, self.rows(rows)?.collect());
        // Sorts only the ids that are shown.
        if count < named.len() {
            named.select_nth_unstable(count);
            named.truncate(count);
        }
        named.sort_unstable();
        Ok(named.into_iter().map(|(id, _)| id.clone()).collect())
    }

    /// Returns what the first rows refer to, for rows without an id: over the first reference, or else over the next.
    fn first_references(
        &self,
        kind: &KindName,
        rows: Rows,
        count: usize,
    ) -> Result<Vec<RecordId>, StoreError> {
        let declared = self::kind(self.query, kind)?;
        // A list is not an id.
        let references = self.query.map.references_from(kind).filter(|reference| !reference.each);
        let keys: Vec<KeyReader> = references
            .map(|reference| KeyReader::new(declared, &reference.fields, KeyComparison::Exact))
            .collect();
        let rows = self.rows(rows)?.filter_map(|(number, _)| self.session.row(kind, number));
        // Rows without a value come last.
        let mut held: Vec<Vec<(bool, Option<RecordId>)>> = rows
            .map(|row| keys.iter().map(|key| key.read(row)).map(|held| (held.is_none(), held)).collect())
            .collect();
        held.sort_unstable();
        let shown = held.into_iter().take(count).map(|held| held.into_iter().find_map(|(_, held)| held));
        let mut shown: Vec<RecordId> = shown.map(|held| held.unwrap_or_else(|| "".into())).collect();
        shown.sort();
        Ok(shown)
    }

    fn span(&self, kind: &Kind, rows: Rows, field: &FieldName) -> Result<Option<Span>, StoreError> {
        let time = kind.time_type_of(field);
        let mut seen = None;
        for (number, _) in self.in_order(&kind.name, self.rows(rows)?.collect()) {
            let Some(row) = self.session.row(&kind.name, number) else {
                continue;
            };
            let value = time.read(row.get(field));
            let value = value.map_err(|bad| bad_value(kind, row, (field.clone(), bad)))?;
            seen = widen(seen, &value);
        }
        Ok(seen)
    }
}
