//! Patterns that random worlds would rarely contain by chance.

use proptest::prelude::*;

use super::seeds::{Declared, EntrySeed};

/// A small pattern that replaces the first references of a random world. If the pattern does not matter for a failure,
/// the failing world shrinks to one without it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Motif {
    /// A chain whose last rows stay and cannot lose their references, so each parent becomes a tombstone.
    Climb,
    /// A row that one reference restricts and another deletes.
    Diamond,
    /// Rows below anonymized or retained rows, with an entry for such parents.
    Below(u8),
    /// Rows that are removed with the last row that owns them: a subject, or a row that refers to a subject.
    Owned(bool),
}

pub(super) fn motif() -> impl Strategy<Value = Motif> {
    prop_oneof![
        5 => Just(Motif::Climb),
        5 => Just(Motif::Diamond),
        7 => (0..2_u8).prop_map(Motif::Below),
        6 => any::<bool>().prop_map(Motif::Owned),
    ]
}

// The numbers of entries, as `entry_of` in `mod.rs` reads them.
const CASCADE: u8 = 0;
const DELETE: u8 = 6;
const RESTRICT: u8 = 9;
const ANONYMIZE: u8 = 12;
const RETAIN: u8 = 14;
const KEEP: u8 = 21;

const NONE: u8 = u8::MAX;
/// The shapes of references with lists, as `Shapes` reads them.
const LISTS: std::ops::RangeInclusive<u8> = 4..=6;
/// The shape of a reference to an id.
const PLAIN: u8 = u8::MAX;

fn entry(rule: u8) -> EntrySeed {
    EntrySeed { when: None, parent: NONE, rule, link: NONE }
}

impl Declared {
    /// Turns a reference with a list into a reference to an id, because a list never forces a row to stay.
    fn without_list(&mut self) {
        if LISTS.contains(&self.shape) {
            self.shape = PLAIN;
        }
    }
}

impl Motif {
    /// Changes the first references of the world: each later kind refers to an earlier one.
    pub(super) fn plant(self, kinds: usize, references: &mut [Declared]) {
        let chain = |references: &mut [Declared], rules: &[&[EntrySeed]]| {
            for (at, (one, rules)) in references.iter_mut().zip(rules).enumerate() {
                if at + 1 < kinds {
                    one.to = at;
                    one.entries = rules.to_vec();
                }
            }
        };
        match self {
            Self::Climb => {
                let cascade = [entry(CASCADE)];
                chain(references, &[&cascade, &cascade, &[entry(KEEP)]]);
                for one in references.iter_mut().take(3) {
                    one.nullable = false;
                    one.without_list();
                }
            }
            Self::Diamond => {
                chain(references, &[&[entry(CASCADE)], &[entry(CASCADE)]]);
                let further = references.get_mut(kinds - 1);
                if let Some(one) = further.filter(|_| kinds > 2) {
                    (one.from, one.to) = (2, 0);
                    one.entries = vec![entry(RESTRICT)];
                }
                // A condition or another key would often let a row refer to nothing.
                for one in references {
                    one.shape = PLAIN;
                }
            }
            Self::Below(parent) => {
                let above = if parent == 0 { RETAIN } else { ANONYMIZE };
                let below = EntrySeed { parent, ..entry(DELETE) };
                chain(references, &[&[entry(above)], &[below, entry(CASCADE)]]);
                for one in references.iter_mut().take(2) {
                    one.without_list();
                }
            }
            Self::Owned(by_subject) => {
                chain(references, &[&[entry(CASCADE)], &[entry(KEEP)]]);
                // An owned row must not lead back to its owner.
                for one in references.iter_mut().skip(kinds - 1).filter(|one| one.from == 2) {
                    one.from = 1;
                }
                let (owner, at) = if by_subject { (0, 1) } else { (1, kinds - 1) };
                if let Some(one) = references.get_mut(1).filter(|_| kinds > 2) {
                    (one.to, one.nullable, one.shape) = (0, true, PLAIN);
                }
                if let Some(one) = references.get_mut(at).filter(|_| kinds > 2) {
                    (one.from, one.to, one.owned, one.shape) = (owner, 2, true, PLAIN);
                    one.nullable = false;
                    one.entries = vec![entry(CASCADE)];
                }
            }
        }
    }
}
