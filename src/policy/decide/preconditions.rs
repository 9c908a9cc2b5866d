//! The preconditions of a plan.

use super::inquiry::Inquiry;
use crate::policy::Severity;
use crate::protocol::{Expected, Precondition, Question, Survey};

/// A precondition with its name for people.
type Named = (Precondition, String);

/// Returns the preconditions of an exact plan, and the preconditions of its decision alone.
pub(super) fn preconditions(inquiry: &Inquiry, survey: &Survey) -> (Vec<Named>, Vec<Named>) {
    let mut found = Preconditions { inquiry, survey, exact: Vec::new(), decision: Vec::new() };
    found.about_subjects();
    found.about_steps();
    found.about_blockers();
    found.about_guards();
    found.about_unknowns();
    found.about_targets();
    (found.exact, found.decision)
}

struct Preconditions<'a> {
    inquiry: &'a Inquiry,
    survey: &'a Survey,
    exact: Vec<Named>,
    decision: Vec<Named>,
}

impl Preconditions<'_> {
    fn about_subjects(&mut self) {
        let request = &self.inquiry.request;
        let subjects = Expected::Exactly(u64::try_from(request.subjects.len()).unwrap_or(u64::MAX));
        self.both(0, subjects, format!("`{}` that exist", request.kind));
        if let Some(question) = self.inquiry.about_actor.outside {
            self.both(
                question,
                self.unchanged(question),
                format!("`{}` outside the actor's scope", request.kind),
            );
        }
        if let Some(question) = self.inquiry.about_actor.scope {
            self.both(question, subjects, format!("`{}` within the actor's scope", request.kind));
        }
    }

    fn about_steps(&mut self) {
        for step in &self.inquiry.mode.steps {
            let count = self.survey.count(step.question);
            let path: Vec<_> = step.key.path.iter().map(ToString::to_string).collect();
            let name = match &*path {
                [] => format!("{} of `{}`", step.key.disposition, step.key.kind),
                path => format!("{} of `{}` over {}", step.key.disposition, step.key.kind, path.join(" <- ")),
            };
            let is_some = step.key.volatile && count > 0;
            let expected = if is_some { Expected::Some } else { Expected::Exactly(count) };
            // A decision must not affect kinds of rows that it did not expect. The number of expected rows may
            // change.
            if count == 0 {
                self.both(step.question, expected, name);
            } else {
                self.exact(step.question, expected, name);
            }
            for ground in &step.grounds {
                let undated = self.survey.count(ground.undated);
                let name = format!("undated rows of `{}` under {}", step.key.kind, ground.retention.basis);
                self.binding(ground.undated, undated, &format!("undated:{}", ground.reference), name);
            }
        }
    }

    fn about_blockers(&mut self) {
        for blocker in &self.inquiry.mode.blockers {
            let name = match &blocker.reference {
                Some(reference) => format!("blocked by {} of `{reference}`", blocker.rule),
                None => format!("blocked by {} of `{}`", blocker.rule, blocker.kind),
            };
            self.both(blocker.question, self.unchanged(blocker.question), name);
        }
    }

    fn about_guards(&mut self) {
        for (guard, question) in &self.inquiry.mode.guards {
            let unchanged = self.unchanged(*question);
            let name = format!("guard `{}`", guard.name);
            match guard.severity {
                Severity::Note => {}
                Severity::Warn if self.is_acknowledged(&guard.name) => {
                    self.exact(*question, unchanged, name);
                }
                Severity::Warn | Severity::Block => self.both(*question, unchanged, name),
            }
        }
    }

    fn about_unknowns(&mut self) {
        for unknown in &self.inquiry.mode.unknowns {
            let found = self.survey.count(unknown.question);
            let name = format!("rows of `{}` under `{}`", unknown.kind, unknown.name);
            self.binding(unknown.question, found, &unknown.name, name);
        }
    }

    /// Binds the number of rows under a warning. A decision expects none, unless the request accepts them.
    fn binding(&mut self, question: usize, found: u64, warning: &str, name: String) {
        if found == 0 && !self.is_acknowledged(warning) {
            self.both(question, Expected::Exactly(0), name);
        } else {
            self.exact(question, Expected::Exactly(found), name);
        }
    }

    fn about_targets(&mut self) {
        for (target, asked) in self.inquiry.mode.targets.iter().zip(&self.inquiry.targets) {
            if let Some(asked) = asked
                && self.survey.count(target.question) > 0
            {
                let name = format!("the new target of `{}`", target.reference);
                self.both(asked.exists, Expected::Exactly(1), name);
                if let Some(below) = asked.below_itself {
                    let name = format!("rows that would lie below themselves over `{}`", target.reference);
                    self.both(below, self.unchanged(below), name);
                }
            }
        }
    }

    fn is_acknowledged(&self, warning: &str) -> bool {
        self.inquiry.request.acknowledged.contains(warning)
    }

    fn unchanged(&self, question: usize) -> Expected {
        Expected::Exactly(self.survey.count(question))
    }

    fn exact(&mut self, question: usize, expected: Expected, name: String) {
        let Some(question) = self.inquiry.query.questions.get(question) else {
            return;
        };
        // Only the number is compared, so samples and dates are not requested again.
        let question = Question::count(question.rows);
        self.exact.push((Precondition { question, expected }, name));
    }

    fn both(&mut self, question: usize, expected: Expected, name: String) {
        self.exact(question, expected, name);
        self.decision.extend(self.exact.last().cloned());
    }
}
