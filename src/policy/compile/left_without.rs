//! Guards with `left_without`: rows to which a row refers now, but none will refer after the operation.

use super::context::{CompileContext, QueryBuilder};
use super::outcomes::{OutcomesByKind, RowOutcome, refining};
use crate::domain::{Condition, DeletedField, KindName, Reference, ReferenceName, all};
use crate::policy::Guard;
use crate::protocol::{Branch, RankCase, Rows, SetId, Source};

/// A guard with `left_without`, and the rows that it depends on.
pub(super) struct LeftWithout<'a> {
    guard: &'a Guard,
    reference: &'a Reference,
    /// What a row must meet to refer over the reference.
    referring: Vec<Condition>,
    /// The removed rows of the kind that refers.
    removed: Rows,
    /// The removed rows of the kind referred to.
    also_removed: Option<Rows>,
}

impl<'a> LeftWithout<'a> {
    /// Returns `None` if the operation removes no rows that refer.
    pub(super) fn of(
        context: &CompileContext<'a>,
        guard: &'a Guard,
        name: &ReferenceName,
        outcomes: &OutcomesByKind,
    ) -> Option<Self> {
        let reference = context.map.reference(name)?;
        let removed = outcomes.get(&reference.from)?.rows(RowOutcome::is_removed)?;
        let also_removed = outcomes.get(&guard.on).and_then(|on| on.rows(RowOutcome::is_removed));
        let alive = context
            .map
            .kind(&reference.from)
            .and_then(|kind| kind.deleted_at.as_ref())
            .map(DeletedField::is_live);
        let referring = [context.referring_condition(reference), alive].into_iter().flatten().collect();
        Some(Self { guard, reference, referring, removed, also_removed })
    }

    /// Returns the kind whose rows refer.
    pub(super) fn from(&self) -> &'a KindName {
        &self.reference.from
    }

    /// Adds the set of rows to which a live row refers now, but none will refer after the operation. Also returns all
    /// rows to which a removed row refers.
    pub(super) fn rows(&self, when: Option<&Condition>, query: &mut QueryBuilder) -> (Rows, Rows) {
        let losing = self.losing("", when, query);
        let kept = self.kept("", when, losing, query);
        (self.left("", losing, vec![kept], query), losing)
    }

    /// Adds the set of rows that the guard may stop at: a removed row refers to them for which the condition is
    /// unknown, and no row that stays meets the condition. `found` are the rows that the guard stops at anyway.
    pub(super) fn unknown_rows(&self, unknown: &Condition, found: Rows, query: &mut QueryBuilder) -> Rows {
        let title = ", condition unknown";
        let losing = self.losing(title, Some(unknown), query);
        let kept = self.kept(title, self.guard.when.as_ref(), losing, query);
        self.left(title, losing, vec![kept, found], query)
    }

    /// Adds the set of rows to which a removed row refers that meets the condition.
    fn losing(&self, title: &str, when: Option<&Condition>, query: &mut QueryBuilder) -> Rows {
        let leaving = Branch::new(Source::Members(self.removed), self.cases(when));
        let leaving = query.add_set(self.name("rows that go", title), self.from(), vec![leaving]);
        let losing = Branch { except: self.also_removed.into_iter().collect(), ..self.referred(leaving) };
        Rows::all(query.add_set(self.name("rows that they refer to", title), &self.guard.on, vec![losing]))
    }

    /// Adds the set of those of the rows to which a row refers that stays and meets the condition.
    fn kept(&self, title: &str, when: Option<&Condition>, losing: Rows, query: &mut QueryBuilder) -> Rows {
        let source = Source::Referrers { reference: self.reference.name.clone(), of: losing };
        let staying = Branch { except: vec![self.removed], ..Branch::new(source, self.cases(when)) };
        let staying = query.add_set(self.name("rows that stay", title), self.from(), vec![staying]);
        let kept = Branch { within: vec![losing], ..self.referred(staying) };
        Rows::all(query.add_set(self.name("rows that are not left alone", title), &self.guard.on, vec![kept]))
    }

    fn left(&self, title: &str, losing: Rows, except: Vec<Rows>, query: &mut QueryBuilder) -> Rows {
        let left = Branch::new(Source::Members(losing), vec![RankCase::always(0)]);
        let name = format!("guard {}{title}", self.guard.name);
        Rows::all(query.add_set(name, &self.guard.on, vec![Branch { except, ..left }]))
    }

    fn referred(&self, of: SetId) -> Branch {
        let source = Source::ReferencedBy { reference: self.reference.name.clone(), of: Rows::all(of) };
        Branch::new(source, vec![RankCase::always(0)])
    }

    fn cases(&self, when: Option<&Condition>) -> Vec<RankCase> {
        let (referring, when) = (self.referring.iter().cloned(), when.cloned());
        let conditions: Vec<Condition> = referring.chain(when).collect();
        let matching = (!conditions.is_empty()).then(|| all(conditions));
        refining(matching.as_ref(), vec![RankCase::always(0)])
    }

    fn name(&self, what: &str, title: &str) -> String {
        format!("guard {}: {what}{title}", self.guard.name)
    }
}
