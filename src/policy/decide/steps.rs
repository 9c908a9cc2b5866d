//! The steps of a plan, and what each of them writes.

use super::inquiry::Inquiry;
use super::retained;
use crate::domain::RecordId;
use crate::plan::{Forced, Step};
use crate::policy::compile::CompiledStep;
use crate::protocol::{ChangeStep, Survey};

/// Returns the steps that touch rows: as the plan shows them, with the subject's own last, and as a store runs them.
pub(super) fn steps(inquiry: &Inquiry, survey: &Survey) -> (Vec<Step>, Vec<ChangeStep>) {
    let touching = inquiry.mode.steps.iter().filter(|step| survey.count(step.question) > 0);
    let touching: Vec<&CompiledStep> = touching.collect();
    let mut shown: Vec<usize> = Vec::new();
    for is_subject in [false, true] {
        let steps = touching.iter().enumerate();
        let own = steps.filter(|(_, step)| step.shown && step.key.path.is_empty() == is_subject);
        shown.extend(own.map(|(at, _)| at));
    }
    let changes = touching.iter().enumerate().map(|(at, step)| ChangeStep {
        kind: step.key.kind.clone(),
        rows: step.rows,
        write: step.write.fill(inquiry.query.now, requested_target(inquiry, step)),
        receipt_step: shown.iter().position(|shown| *shown == at),
    });
    let steps = shown.iter().filter_map(|at| touching.get(*at)).map(|step| counted(inquiry, step, survey));
    (steps.collect(), changes.collect())
}

fn counted(inquiry: &Inquiry, compiled: &CompiledStep, survey: &Survey) -> Step {
    let (grounds, until) = retained::grounds(&compiled.grounds, survey);
    let forced = compiled.forced_by.iter().filter(|(_, question)| survey.count(*question) > 0);
    let forced_by = forced.map(|(reference, question)| Forced {
        reference: reference.clone(),
        count: survey.count(*question),
        sample: survey.sample(*question).to_vec(),
    });
    let target = compiled.write.target();
    Step {
        key: compiled.key.clone(),
        count: survey.count(compiled.question),
        until,
        to: target.and_then(|target| target.value(requested_target(inquiry, compiled)).as_id()),
        grounds,
        forced_by: forced_by.collect(),
    }
}

/// Returns the record that the request names as the new target of the step's reference.
fn requested_target<'a>(inquiry: &'a Inquiry, step: &CompiledStep) -> Option<&'a RecordId> {
    inquiry.request.reassign.get(step.key.path.last()?)
}
