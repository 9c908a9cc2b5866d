//! What must still be true when the plan is carried out.

use super::answers::Answers;
use super::inquiry::Inquiry;
use crate::domain::Request;
use crate::policy::Severity;
use crate::protocol::{Expected, Precondition};

type Named = (Precondition, String);

/// The preconditions that bind everything that was shown, and those that bind the decision only.
pub(super) fn preconditions(
    inquiry: &Inquiry<'_>,
    request: &Request,
    answers: &Answers<'_>,
) -> (Vec<Named>, Vec<Named>) {
    let mut bound = Bound { inquiry, exact: Vec::new(), decision: Vec::new() };
    let subjects = u64::try_from(request.subjects.len()).unwrap_or(u64::MAX);
    bound.both(0, Expected::Exactly(subjects), format!("`{}` that are there", request.kind));
    if let Some(question) = inquiry.scope {
        let name = format!("`{}` within the actor's scope", request.kind);
        bound.both(question, Expected::Exactly(subjects), name);
    }
    for step in &inquiry.mode.steps {
        let count = answers.count(step.question);
        let path: Vec<_> = step.key.path.iter().map(ToString::to_string).collect();
        let name = match &*path {
            [] => format!("{} of `{}`", step.key.disposition, step.key.kind),
            path => format!("{} of `{}` over {}", step.key.disposition, step.key.kind, path.join(" <- ")),
        };
        let exactly = if step.key.volatile && count > 0 { Expected::Some } else { Expected::Exactly(count) };
        // What a decision did not foresee it must not touch; how many rows it foresaw does not matter.
        if count == 0 {
            bound.both(step.question, exactly, name);
        } else {
            bound.exact(step.question, exactly, name);
        }
        for ground in &step.grounds {
            let name = format!("undated rows of `{}` under {}", step.key.kind, ground.basis);
            let undated = answers.count(ground.undated);
            let accepted = request.acknowledged.contains(&format!("undated:{}", ground.reference));
            if undated == 0 && !accepted {
                bound.both(ground.undated, Expected::Exactly(0), name);
            } else {
                bound.exact(ground.undated, Expected::Exactly(undated), name);
            }
        }
    }
    for blocker in &inquiry.mode.blockers {
        let count = answers.count(blocker.question);
        let name = match &blocker.reference {
            Some(reference) => format!("blocked by {} of `{reference}`", blocker.rule),
            None => format!("blocked by {} of `{}`", blocker.rule, blocker.kind),
        };
        bound.both(blocker.question, Expected::Exactly(count), name);
    }
    for guard in &inquiry.mode.guards {
        let Some(declared) = inquiry.policy.guards.get(guard.guard) else {
            continue;
        };
        let count = answers.count(guard.question);
        let name = format!("guard `{}`", declared.name);
        let acknowledged = request.acknowledged.contains(&declared.name);
        match declared.severity {
            Severity::Note => {}
            Severity::Warn if acknowledged => {
                bound.exact(guard.question, Expected::Exactly(count), name);
            }
            Severity::Warn | Severity::Block => {
                bound.both(guard.question, Expected::Exactly(count), name);
            }
        }
    }
    for (target, asked) in inquiry.mode.targets.iter().zip(&inquiry.targets) {
        if let Some((_, question)) = asked
            && answers.count(target.question) > 0
        {
            let name = format!("the new target of `{}`", target.reference);
            bound.both(*question, Expected::Exactly(1), name);
        }
    }
    (bound.exact, bound.decision)
}

struct Bound<'a, 'b> {
    inquiry: &'b Inquiry<'a>,
    exact: Vec<Named>,
    decision: Vec<Named>,
}

impl Bound<'_, '_> {
    fn exact(&mut self, question: usize, expected: Expected, name: String) {
        let Some(question) = self.inquiry.query.questions.get(question) else {
            return;
        };
        // Only the number binds: samples and dates need not be asked again.
        let question = crate::protocol::Question::count(question.rows);
        self.exact.push((Precondition { question, expected }, name));
    }

    fn both(&mut self, question: usize, expected: Expected, name: String) {
        self.exact(question, expected, name);
        self.decision.extend(self.exact.last().cloned());
    }
}
