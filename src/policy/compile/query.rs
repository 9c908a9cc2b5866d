//! The query of a mode while it is compiled: its sets and its questions.

use std::sync::Arc;

use crate::domain::{Condition, KindName};
use crate::protocol::{Branch, NamedSet, Question, RankCase, Rows, SetId, Source, Stratum};

/// Collects sets and questions, and returns the number of each.
#[derive(Debug)]
pub(super) struct QueryBuilder {
    sets: Vec<Stratum>,
    questions: Vec<Question>,
}

impl QueryBuilder {
    /// Starts with the subjects as the first set and their number as the first question.
    pub(super) fn new(subject: &KindName, when: Option<Condition>) -> Self {
        let mut query = Self { sets: Vec::new(), questions: vec![Question::count(Rows::SUBJECTS)] };
        let case = RankCase { when, ..RankCase::always(0) };
        query.add_set("the subjects".into(), subject, vec![Branch::new(Source::Subjects, vec![case])]);
        query
    }

    pub(super) fn add_set(&mut self, name: String, kind: &KindName, branches: Vec<Branch>) -> SetId {
        let id = self.next_set();
        self.sets.push(Stratum::Set(NamedSet { id, name, kind: kind.clone(), branches }));
        id
    }

    /// Adds a set, unless no branch leads into it.
    pub(super) fn add_nonempty(
        &mut self,
        name: String,
        kind: &KindName,
        branches: Vec<Branch>,
    ) -> Option<Rows> {
        (!branches.is_empty()).then(|| Rows::all(self.add_set(name, kind, branches)))
    }

    /// Adds sets that refer to each other. Their numbers start at [`next_set`](Self::next_set).
    pub(super) fn add_cycle(&mut self, sets: Vec<NamedSet>) {
        self.sets.push(Stratum::Cycle(sets));
    }

    pub(super) fn next_set(&self) -> SetId {
        SetId::after(&self.sets)
    }

    /// Returns a set that is not part of a cycle.
    pub(super) fn plain_set(&self, id: SetId) -> Option<&NamedSet> {
        self.sets.iter().find_map(|stratum| match stratum {
            Stratum::Set(set) if set.id == id => Some(set),
            Stratum::Set(_) | Stratum::Cycle(_) => None,
        })
    }

    /// Adds a question and returns the position of its answer.
    pub(super) fn ask(&mut self, question: Question) -> usize {
        self.questions.push(question);
        self.questions.len() - 1
    }

    /// Asks for the number of rows.
    pub(super) fn count(&mut self, rows: Rows) -> usize {
        self.ask(Question::count(rows))
    }

    /// Asks for the number of rows and the first five ids.
    pub(super) fn sample(&mut self, rows: Rows) -> usize {
        self.ask(Question { sample: 5, ..Question::count(rows) })
    }

    pub(super) fn finish(self) -> (Arc<[Stratum]>, Arc<[Question]>) {
        (self.sets.into(), self.questions.into())
    }
}
