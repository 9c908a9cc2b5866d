//! The questions while they are being collected.

use std::sync::Arc;

use crate::protocol::{Question, Rows};

/// Questions and their positions.
#[derive(Debug)]
pub(crate) struct Questions(Vec<Question>);

impl Questions {
    /// The first question is how many subjects there are.
    pub(super) fn new() -> Self {
        Self(vec![Question::count(Rows::SUBJECTS)])
    }

    /// Asks, and says at which position the answer will be.
    pub(super) fn ask(&mut self, question: Question) -> usize {
        self.0.push(question);
        self.0.len() - 1
    }

    /// Asks for the number of rows.
    pub(super) fn count(&mut self, rows: Rows) -> usize {
        self.ask(Question::count(rows))
    }

    /// Asks for the number of rows and the first five ids.
    pub(super) fn sample(&mut self, rows: Rows) -> usize {
        self.ask(Question { sample: 5, ..Question::count(rows) })
    }
}

impl From<Questions> for Arc<[Question]> {
    fn from(questions: Questions) -> Self {
        questions.0.into()
    }
}
