//! Rows that their new target would make equal to other rows under a unique key, and that the policy deletes instead.
//!
//! Only rows about which nothing else decides are deleted. A row that another reference keeps, masks or redirects moves
//! in any case, and blocks if the unique key does not allow it.

use super::compiled::{CompiledStep, WriteTemplate};
use super::context::{CompileContext, QueryBuilder};
use super::outcomes::{OutcomesByKind, RowOutcome};
use super::redirects::{Move, Redirects};
use crate::domain::{FieldName, KindName, RecordId, Reference, ReferenceName, Value};
use crate::plan::StepKey;
use crate::protocol::{Branch, Disposition, RankCase, Rows, SetId, Source};

/// The rule of the steps that delete duplicates.
const ON_CLASH: &str = "on_clash";

/// The rank of the rows that stay as they are.
const BESIDE: u16 = 0;
/// The rank of the rows that may be deleted.
const CANDIDATE: u16 = 1;

/// What requests and locks need to know about duplicates.
#[derive(Debug, Default)]
pub(super) struct Duplicates {
    /// The sets of new targets that the request names, with the references that get them.
    pub(super) targets: Vec<(SetId, ReferenceName)>,
    /// The duplicates, and the rows that they equal.
    pub(super) watched: Vec<(KindName, Rows)>,
}

/// Takes the duplicates out of the steps that redirect them, and adds steps that delete them.
pub(super) fn duplicates(
    context: &CompileContext<'_>,
    outcomes: &OutcomesByKind,
    query: &mut QueryBuilder,
    redirects: &mut Redirects,
) -> Duplicates {
    let mut found = Duplicates::default();
    let moves = std::mem::take(&mut redirects.moves);
    for (at, one) in moves.iter().enumerate() {
        let (Some(unique), Some(reference)) = (&one.unique, context.map.reference(&one.reference)) else {
            continue;
        };
        let beside: Vec<&Move> = moves
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != at)
            .map(|(_, other)| other)
            .filter(|other| other.reference == one.reference && other.target == one.target)
            .collect();
        let moving = Moving { outcomes, reference, unique, one, beside };
        let Some(sets) = moving.sets(redirects, query) else { continue };
        if one.target.is_none() {
            found.targets.push((sets.target, one.reference.clone()));
        }
        found.watched.extend([sets.duplicates, sets.equal].map(|rows| (reference.from.clone(), rows)));
        let Some(step) = redirects.steps.get_mut(one.step) else { continue };
        step.rows = sets.rest;
        step.question = query.count(sets.rest);
        let key = StepKey { disposition: Disposition::Delete, rule: ON_CLASH.into(), ..step.key.clone() };
        let question = query.count(sets.duplicates);
        redirects.steps.push(CompiledStep::new(key, sets.duplicates, question, WriteTemplate::Delete));
    }
    found
}

/// The rows of one step that redirects a reference.
struct Moving<'a> {
    outcomes: &'a OutcomesByKind,
    reference: &'a Reference,
    unique: &'a [FieldName],
    one: &'a Move,
    /// The other rows that get the same target over this reference.
    beside: Vec<&'a Move>,
}

struct Sets {
    target: SetId,
    duplicates: Rows,
    /// The rows that the duplicates equal.
    equal: Rows,
    /// The rows that get the new target.
    rest: Rows,
}

impl Moving<'_> {
    fn sets(&self, redirects: &Redirects, query: &mut QueryBuilder) -> Option<Sets> {
        let Reference { name, from, to, .. } = self.reference;
        let moving = redirects.steps.get(self.one.step)?.rows;
        let rows_of = |one: &Move| redirects.steps.get(one.step).map(|step| step.rows);
        // Rows that another reference redirects have other values afterwards.
        let others = redirects.steps.iter().filter(|step| step.key.kind == *from);
        let others = others.filter(|step| step.key.path.last() != Some(name)).map(|step| step.rows);
        let others: Vec<Rows> = others.collect();
        let own = self.outcomes.get(from);
        let decided = own.and_then(|own| own.rows(|_| true));
        let branch = Branch::new(Source::Members(moving), vec![RankCase::always(0)]);
        let except = decided.into_iter().chain(others.iter().copied()).collect();
        let title = format!("{name}: rows that may be duplicates");
        let candidates = Rows::all(query.add_set(title, from, vec![Branch { except, ..branch }]));
        let id: Vec<RecordId> = self.one.target.as_ref().and_then(Value::as_id).into_iter().collect();
        let branch = Branch::new(Source::Ids(id), vec![RankCase::always(0)]);
        let target = query.add_set(format!("{name}: the new target"), to, vec![branch]);
        let group = self.group(candidates, target, moving, rows_of, others, query);
        let fields: Vec<FieldName> =
            self.unique.iter().filter(|field| !self.reference.fields.contains(field)).cloned().collect();
        let repeated = |of| Source::Repeated { fields: fields.clone(), of: Rows::all(of) };
        let branch = Branch::new(repeated(group), vec![RankCase::always(0)]);
        let branch = Branch { within: vec![candidates], ..branch };
        let duplicates = Rows::all(query.add_set(format!("{name}: duplicates"), from, vec![branch]));
        let beside = Rows::ranked(group, BESIDE);
        let branches = vec![
            Branch::new(Source::Members(duplicates), vec![RankCase::always(0)]),
            Branch::new(Source::Members(beside), vec![RankCase::always(1)]),
        ];
        let both = query.add_set(format!("{name}: duplicates, and the rows beside them"), from, branches);
        let branch = Branch::new(repeated(both), vec![RankCase::always(0)]);
        let branch = Branch { within: vec![beside], ..branch };
        let equal = Rows::all(query.add_set(format!("{name}: rows with duplicates"), from, vec![branch]));
        let branch = Branch::new(Source::Members(moving), vec![RankCase::always(0)]);
        let branch = Branch { except: vec![duplicates], ..branch };
        let rest =
            query.add_set(format!("{name}: references that change, without duplicates"), from, vec![branch]);
        Some(Sets { target, duplicates, equal, rest: Rows::all(rest) })
    }

    /// Adds the set of all rows that will refer to the new target.
    fn group(
        &self,
        candidates: Rows,
        target: SetId,
        moving: Rows,
        rows_of: impl Fn(&Move) -> Option<Rows>,
        others: Vec<Rows>,
        query: &mut QueryBuilder,
    ) -> SetId {
        let Reference { name, from, .. } = self.reference;
        let own = self.outcomes.get(from);
        let deleted = own.and_then(|own| own.rows(RowOutcome::is_deleted));
        let except: Vec<Rows> = deleted.into_iter().chain(others).chain([candidates]).collect();
        // A unique key compares all rows of the table, whatever the condition of the reference.
        let refer = Source::Referrers { reference: name.clone(), of: Rows::all(target) };
        let moved = self.beside.iter().filter_map(|one| rows_of(one)).chain([moving]).map(Source::Members);
        let sources = std::iter::once(refer).chain(moved);
        let beside = sources.map(|source| {
            let branch = Branch::new(source, vec![RankCase::always(BESIDE)]);
            Branch { except: except.clone(), ..branch }
        });
        let own = Branch::new(Source::Members(candidates), vec![RankCase::always(CANDIDATE)]);
        let branches = beside.chain([own]).collect();
        query.add_set(format!("{name}: rows that will refer to the new target"), from, branches)
    }
}
