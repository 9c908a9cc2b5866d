//! Hashing a plan into its [`Digest`].

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::{Blocker, Step, Warning};
use crate::domain::{KindName, Mode, RecordId};
use crate::protocol::Digest;

/// The parts that the digest covers, in the order in which they are hashed as JSON.
#[derive(Serialize)]
pub(super) struct Covered<'a> {
    pub(super) kind: &'a KindName,
    pub(super) subjects: Vec<String>,
    pub(super) mode: Mode,
    pub(super) version: &'a str,
    pub(super) blockers: Vec<(&'a KindName, Option<&'a str>, &'a str, u64)>,
    pub(super) warnings: Vec<(&'a str, u64)>,
    pub(super) steps: Vec<(&'a super::StepKey, Option<u64>, Option<String>)>,
}

/// Hashes the covered parts of a plan.
pub(super) fn digest(
    kind: &KindName,
    subjects: &[RecordId],
    mode: Mode,
    version: &str,
    blockers: &[Blocker],
    warnings: &[Warning],
    steps: &[Step],
) -> Digest {
    let covered = Covered {
        kind,
        subjects: subjects.iter().map(ToString::to_string).collect(),
        mode,
        version,
        blockers: blockers
            .iter()
            .map(|b| (&b.kind, b.reference.as_ref().map(AsRef::as_ref), &*b.rule, b.count))
            .collect(),
        warnings: warnings.iter().map(|w| (&*w.name, w.count)).collect(),
        steps: steps
            .iter()
            .map(|step| {
                let count = (!step.key.volatile).then_some(step.count);
                (&step.key, count, step.to.as_ref().map(ToString::to_string))
            })
            .collect(),
    };
    let mut hash = Hash(Sha256::new());
    // Writing to a hash cannot fail, and all keys are strings.
    let written = serde_json::to_writer(&mut hash, &covered);
    debug_assert!(written.is_ok(), "the covered parts are plain data");
    let digits = hash.0.finalize().into_iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let digits: String = digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect();
    Digest::of_hash(digits)
}

struct Hash(Sha256);

impl std::io::Write for Hash {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
