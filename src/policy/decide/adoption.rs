//! Rows that get a new parent of their own kind. A row that came to lie below itself would be lost to every walk that
//! starts at the root.

use super::inquiry::{AddedSets, Inquiry};
use crate::domain::{Condition, Reference, all};
use crate::policy::compile::{Adoption, CompiledTarget};
use crate::protocol::{Branch, NamedSet, Question, RankCase, Rows, Source, Stratum};

/// The rank of rows that refer to another row; their parents are found too.
const REFERRING: u16 = 0;
/// The rank of rows that do not meet the condition of the reference.
const OTHER: u16 = 1;

impl Inquiry {
    /// Asks for the rows that would come to lie below themselves: those that move, and are the new target or lie above
    /// it. `found` are the rows of the new target. Returns the position of the question.
    pub(super) fn ask_adoption(
        &self,
        target: &CompiledTarget,
        found: Rows,
        added: &mut AddedSets,
    ) -> Option<usize> {
        let Adoption { rows, former } = target.adoption.as_ref()?;
        let reference = self.query.map.reference(&target.reference)?;
        let kind = &reference.to;
        let within: Vec<Rows> = if reference.holds_id() {
            Vec::new()
        } else {
            // Stores by rows look up a row by its id only. Over another key, they have to know the row already, so the
            // rows below those that move are found first.
            let below = added.add(|id| {
                let further = Source::Referrers { reference: reference.name.clone(), of: Rows::all(id) };
                let always = || vec![RankCase::always(REFERRING)];
                let branches =
                    vec![Branch::new(Source::Members(*rows), always()), Branch::new(further, always())];
                let name = format!("{}: rows that move, and the rows below them", reference.name);
                Stratum::Cycle(vec![NamedSet { id, name, kind: kind.clone(), branches }])
            });
            vec![below]
        };
        let above = added.add(|id| {
            let parents =
                Source::ReferencedBy { reference: reference.name.clone(), of: Rows::ranked(id, REFERRING) };
            let cases = cases(self.referring_condition(reference));
            let mut branches =
                [Branch::new(Source::Members(found), cases.clone()), Branch::new(parents, cases)];
            for branch in &mut branches {
                branch.within.clone_from(&within);
            }
            // Above their former parents, nothing leads to the rows that move.
            let [target, mut parents] = branches;
            parents.except.clone_from(former);
            let name = format!("{}: the new target, and the rows above it", reference.name);
            Stratum::Cycle(vec![NamedSet { id, name, kind: kind.clone(), branches: vec![target, parents] }])
        });
        let adopted = added.add(|id| {
            let mut branch = Branch::new(Source::Members(*rows), vec![RankCase::always(0)]);
            branch.within.push(above);
            let name = format!("{}: rows that would lie below themselves", reference.name);
            Stratum::Set(NamedSet { id, name, kind: kind.clone(), branches: vec![branch] })
        });
        Some(added.ask(Question { sample: 5, ..Question::count(adopted) }))
    }

    /// Returns the condition on rows that refer over a reference. Rows that the filter of the subject's kind excludes
    /// refer too.
    fn referring_condition(&self, reference: &Reference) -> Option<Condition> {
        let kind = self.query.map.kind(&reference.from).filter(|kind| kind.name != self.query.kind);
        let filter = kind.and_then(|kind| kind.filter.clone());
        match (filter, reference.when.clone()) {
            (Some(filter), Some(when)) => Some(all([filter, when])),
            (filter, when) => filter.or(when),
        }
    }
}

fn cases(when: Option<Condition>) -> Vec<RankCase> {
    match when {
        None => vec![RankCase::always(REFERRING)],
        Some(_) => vec![RankCase { when, ..RankCase::always(REFERRING) }, RankCase::always(OTHER)],
    }
}
