//! What becomes of the subjects, and who is told.

use super::answers::Answers;
use super::inquiry::Inquiry;
use crate::domain::Mode;
use crate::plan::{Effect, Step};
use crate::protocol::{Disposition, Outcome};

/// What becomes of the subjects: `tombstone` as soon as one of them has to stay.
pub(super) fn of(mode: Mode, steps: &[Step]) -> Outcome {
    let stays = steps.iter().any(|step| step.is_subject() && step.key.disposition == Disposition::Tombstone);
    match mode {
        _ if stays => Outcome::Tombstone,
        Mode::Create => Outcome::Create,
        Mode::Update => Outcome::Update,
        Mode::Reassign => Outcome::Reassign,
        Mode::HardDelete => Outcome::Delete,
        Mode::SoftDelete => Outcome::SoftDelete,
        Mode::Deactivate => Outcome::Deactivate,
        Mode::Reactivate => Outcome::Reactivate,
        Mode::Anonymize => Outcome::Anonymize,
    }
}

pub(super) fn effects(inquiry: &Inquiry<'_>, answers: &Answers<'_>) -> Vec<Effect> {
    let effects = inquiry.mode.effects.iter();
    let counted =
        effects.map(|effect| Effect { topic: effect.topic.clone(), count: answers.count(effect.question) });
    counted.filter(|effect| effect.count > 0).collect()
}
