//! Answering questions about evaluated sets.

use super::evaluate::{Evaluation, kind};
use crate::domain::{FieldType, RecordId};
use crate::protocol::{Answer, Question, SetId, widen};
use crate::store::{Records, StoreError};

impl<R: Records> Evaluation<'_, R> {
    /// The subjects of the first set, as they are stored.
    pub(super) fn subjects(&self) -> Vec<RecordId> {
        let first = self.sets.get(&SetId::SUBJECTS);
        first.into_iter().flat_map(|set| set.keys().cloned()).collect()
    }

    pub(super) fn answers(&self, questions: &[Question]) -> Result<Vec<Answer>, StoreError> {
        questions.iter().map(|question| self.answer(question)).collect()
    }

    fn answer(&self, question: &Question) -> Result<Answer, StoreError> {
        let Question { rows, sample, span } = question;
        let found = self.rows(*rows)?;
        let named = found.iter().take(usize::from(*sample));
        let answer = Answer::count(found.len() as u64).with_sample(named.map(|(id, _)| id.clone()).collect());
        let (Some(field), Some(set)) = (span, self.query.set(rows.set)) else {
            return Ok(answer);
        };
        let kind = kind(self.query, &set.kind)?;
        let declared = kind.type_of(field);
        let time = if declared.is_time() { declared } else { FieldType::Timestamp };
        let mut seen = None;
        for (id, _) in &found {
            let Some(row) = self.loaded.row(&kind.name, id) else {
                continue;
            };
            let value = time.read(row.get(field)).map_err(|bad| StoreError::BadValue {
                kind: kind.name.clone(),
                id: Some(id.clone()),
                field: field.clone(),
                expected: bad.expected.to_string(),
            })?;
            seen = widen(seen, &value);
        }
        Ok(answer.with_span(seen))
    }
}
