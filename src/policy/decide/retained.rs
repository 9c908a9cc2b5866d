//! Until when retained rows stay.

use chrono::{DateTime, Utc};

use crate::plan::{Ground, Until};
use crate::policy::compile::CompiledGround;
use crate::protocol::Survey;

/// Returns the grounds that keep the rows of a step, and when the first and the last row become due.
///
/// The first row is due when its own ground ends, which is the first of the list. The last row is due when the last of
/// all grounds ends.
pub(super) fn grounds(compiled: &[CompiledGround], survey: &Survey) -> (Vec<Ground>, Option<Until>) {
    let grounds = compiled.iter().map(|ground| one(ground, survey));
    let grounds: Vec<Ground> = grounds.filter(|ground| ground.count > 0).collect();
    let first = grounds.first().and_then(|ground| ground.until).map(|until| until.first);
    let last = grounds.iter().filter_map(|ground| ground.until).map(|until| until.last).max();
    (grounds, first.zip(last).map(|(first, last)| Until { first, last }))
}

fn one(compiled: &CompiledGround, survey: &Survey) -> Ground {
    let span = survey.answers.get(compiled.question).and_then(|answer| answer.span);
    let end = |from: DateTime<Utc>| compiled.period.end(from);
    Ground {
        reference: compiled.reference.clone(),
        period: compiled.period,
        basis: compiled.basis.clone(),
        count: survey.count(compiled.question),
        undated: survey.count(compiled.undated),
        until: span.and_then(|(first, last)| Some(Until { first: end(first)?, last: end(last)? })),
    }
}
