//! The steps of a plan, and what each of them writes.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::answers::Answers;
use super::inquiry::Inquiry;
use super::retained;
use crate::domain::{FieldName, Kind, Mask, Request, Value};
use crate::plan::{Forced, Step};
use crate::policy::compile::{Action, CompiledStep, Target};
use crate::protocol::{ChangeStep, NewValue, Write};

/// The steps that touch rows, as the plan shows them, the subject's own last; and as a store carries them
/// out, in the order in which that can be done.
pub(super) fn steps(
    inquiry: &Inquiry<'_>,
    request: &Request,
    answers: &Answers<'_>,
) -> (Vec<Step>, Vec<ChangeStep>) {
    let touching = |step: &&CompiledStep| answers.count(step.question) > 0;
    let done: Vec<&CompiledStep> = inquiry.mode.steps.iter().filter(touching).collect();
    let mut order: Vec<usize> = (0..done.len()).filter(|at| is_shown(&done, *at)).collect();
    order.sort_by_key(|at| done.get(*at).is_some_and(|step| step.key.path.is_empty()));
    let changes = done.iter().enumerate().filter_map(|(at, compiled)| {
        let kind = inquiry.query.map.kind(&compiled.key.kind)?;
        Some(ChangeStep {
            kind: kind.name.clone(),
            rows: compiled.rows,
            write: write(inquiry, request, kind, compiled),
            receipt_step: order.iter().position(|shown| *shown == at),
        })
    });
    let steps = order.iter().filter_map(|at| done.get(*at)).map(|step| shown(step, request, answers));
    (steps.collect(), changes.collect())
}

fn is_shown(steps: &[&CompiledStep], at: usize) -> bool {
    steps.get(at).is_some_and(|step| step.shown)
}

fn shown(compiled: &CompiledStep, request: &Request, answers: &Answers<'_>) -> Step {
    let (grounds, until) = retained::grounds(&compiled.grounds, answers);
    let forced = compiled.forced_by.iter().filter(|(_, question)| answers.count(*question) > 0);
    let forced_by = forced.map(|(reference, question)| Forced {
        reference: reference.clone(),
        count: answers.count(*question),
        sample: answers.sample(*question).to_vec(),
    });
    Step {
        key: compiled.key.clone(),
        count: answers.count(compiled.question),
        until,
        to: match &compiled.action {
            Action::Redirect(_, target) => target_value(compiled, target, request).as_id(),
            _ => None,
        },
        grounds,
        forced_by: forced_by.collect(),
    }
}

fn write(inquiry: &Inquiry<'_>, request: &Request, kind: &Kind, step: &CompiledStep) -> Write {
    let now = || NewValue::Value(Value::Timestamp(inquiry.query.now));
    // What only completes another step, or lets go of others before it goes, is not written for its own sake.
    let touched = || if step.shown { touched(kind, inquiry.query.now) } else { Vec::new() };
    let marked = || kind.deleted_at.iter().map(|field| (field.clone(), now()));
    let switched = |on: bool| {
        kind.status.iter().map(move |status| {
            let value = if on { &status.on } else { &status.off };
            (status.field.clone(), NewValue::Value(value.clone()))
        })
    };
    match &step.action {
        Action::Delete => Write::Delete,
        Action::Keep => Write::Keep,
        Action::Edit => Write::Update(touched()),
        Action::Mark => Write::Mark(marked().chain(touched()).collect()),
        Action::Switch(on) => Write::Update(switched(*on).chain(touched()).collect()),
        Action::Mask { masks, closes } => {
            let mut values: BTreeMap<FieldName, NewValue> =
                masks.iter().map(|(field, mask)| (field.clone(), masked(mask))).collect();
            if *closes {
                values.extend(switched(false).chain(marked()));
            }
            values.extend(touched());
            Write::Update(values.into_iter().collect())
        }
        Action::Redirect(field, target) => {
            let value = target_value(step, target, request);
            let mut values = vec![(field.clone(), NewValue::Value(value))];
            values.extend(touched());
            Write::Update(values)
        }
    }
}

/// What every write sets: when it was, and how many there have been.
pub(crate) fn touched(kind: &Kind, now: DateTime<Utc>) -> Vec<(FieldName, NewValue)> {
    let at = kind.updated_at.iter().map(|field| (field.clone(), NewValue::Value(Value::Timestamp(now))));
    at.chain(kind.version.iter().map(|field| (field.clone(), NewValue::Next))).collect()
}

/// What a redirected reference is set to.
fn target_value(step: &CompiledStep, target: &Target, request: &Request) -> Value {
    match target {
        Target::Null => Value::Null,
        Target::Value(value) => value.clone(),
        // Where the request names no target the plan has a blocker and is never carried out.
        Target::Requested => {
            let asked = step.key.path.last().and_then(|name| request.reassign.get(name));
            asked.map_or(Value::Null, Value::from)
        }
    }
}

fn masked(mask: &Mask) -> NewValue {
    match mask {
        Mask::Null => NewValue::Value(Value::Null),
        mask => NewValue::Masked(mask.clone()),
    }
}
