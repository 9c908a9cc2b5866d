//! Until when retained rows stay.

use chrono::{DateTime, Utc};

use super::answers::Answers;
use crate::plan::{Ground, Until};
use crate::policy::compile::CompiledGround;

/// The grounds that keep the rows of a step, and from when to when they become due.
///
/// The first row may go when its own ground is over, which is the first in the list; the last row when
/// the last of all grounds is.
pub(super) fn grounds(compiled: &[CompiledGround], answers: &Answers<'_>) -> (Vec<Ground>, Option<Until>) {
    let grounds = compiled.iter().map(|ground| one(ground, answers));
    // A further ground that keeps none of the rows is no ground.
    let grounds: Vec<Ground> = grounds.filter(|ground| ground.count > 0).collect();
    let first = grounds.first().and_then(|ground| ground.until).map(|until| until.first);
    let last = grounds.iter().filter_map(|ground| ground.until).map(|until| until.last).max();
    (grounds, first.zip(last).map(|(first, last)| Until { first, last }))
}

fn one(compiled: &CompiledGround, answers: &Answers<'_>) -> Ground {
    let span = answers.get(compiled.question).and_then(|answer| answer.span);
    let end = |from: DateTime<Utc>| compiled.period.end(from);
    Ground {
        reference: compiled.reference.clone(),
        period: compiled.period,
        basis: compiled.basis.clone(),
        count: answers.count(compiled.question),
        undated: answers.count(compiled.undated),
        until: span.and_then(|(first, last)| Some(Until { first: end(first)?, last: end(last)? })),
    }
}
