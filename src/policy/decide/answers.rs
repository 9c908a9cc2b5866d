//! Answers by the position of their question.

use crate::domain::RecordId;
use crate::protocol::Answer;

pub(super) struct Answers<'a>(pub(super) &'a [Answer]);

impl<'a> Answers<'a> {
    /// The count; a store that left an answer out counted nothing.
    pub(super) fn count(&self, question: usize) -> u64 {
        self.0.get(question).map_or(0, |answer| answer.count)
    }

    pub(super) fn sample(&self, question: usize) -> &'a [RecordId] {
        self.0.get(question).map_or(&[], |answer| &answer.sample)
    }

    pub(super) fn get(&self, question: usize) -> Option<&'a Answer> {
        self.0.get(question)
    }
}
