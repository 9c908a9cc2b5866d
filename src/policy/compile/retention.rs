//! Grounds of retention: each is an obligation, so a row under several is counted under each.

use std::collections::BTreeMap;

use super::compiled::{CompiledGround, CompiledStep};
use super::kind_steps::ReachedKind;
use super::query::QueryBuilder;
use super::row_outcome::RowOutcome;
use crate::domain::{ReferenceName, is_null};
use crate::policy::{Retention, Rule};
use crate::protocol::{Branch, Disposition, Question, Rank, RankCase, Rows, Source};

/// Adds to the steps of a kind every retention period that keeps some of their rows.
pub(super) fn add_grounds(of: &ReachedKind<'_>, steps: &mut [CompiledStep], query: &mut QueryBuilder) {
    let retaining = of.own.ranked().filter(|(_, meaning)| meaning.outcome == RowOutcome::Retain);
    let retaining = retaining.filter_map(|(rank, meaning)| {
        let (reference, index) = meaning.entry.as_ref()?;
        match &of.entry(meaning)?.then {
            Rule::Retain(retention) => Some((rank, reference, *index, retention)),
            _ => None,
        }
    });
    let retaining: Vec<(Rank, &ReferenceName, usize, &Retention)> = retaining.collect();
    let mut decided: BTreeMap<Rank, Option<Rows>> = BTreeMap::new();
    for step in steps.iter_mut().filter(|step| step.key.disposition == Disposition::Retain) {
        // A row is counted under the first of its entries, so only later entries can keep it too. One entry per
        // reference decides, so entries of one reference do not overlap. The step's own ground comes first: its
        // first date is the step's first.
        let mut entries = retaining.iter().skip_while(|(rank, ..)| !step.rows.ranks.contains(*rank));
        let Some((_, first, _, retention)) = entries.next() else {
            continue;
        };
        step.grounds.push(ground(of, first, retention, step.rows, query));
        for (rank, reference, index, retention) in entries.filter(|(_, name, ..)| name != first) {
            let rows = decided
                .entry(*rank)
                .or_insert_with(|| of.decided_by(reference, *index, RowOutcome::Retain, query));
            let Some(rows) = *rows else { continue };
            let branch = Branch::new(Source::Members(rows), vec![RankCase::always(0)]);
            let branch = Branch { within: vec![step.rows], ..branch };
            let name = format!("{}: rows under a further ground", of.kind.name);
            let rows = Rows::all(query.add_set(name, &of.kind.name, vec![branch]));
            step.grounds.push(ground(of, reference, retention, rows, query));
        }
    }
}

fn ground(
    of: &ReachedKind<'_>,
    reference: &ReferenceName,
    retention: &Retention,
    rows: Rows,
    query: &mut QueryBuilder,
) -> CompiledGround {
    let span = Some(retention.from.clone());
    let question = query.ask(Question { span, ..Question::count(rows) });
    let case = RankCase { when: Some(is_null(&retention.from)), ..RankCase::always(0) };
    let undated = Branch::new(Source::Members(rows), vec![case]);
    let name = format!("{}: retained without a date", of.kind.name);
    let undated = query.add_set(name, &of.kind.name, vec![undated]);
    CompiledGround {
        reference: reference.clone(),
        period: retention.period,
        basis: retention.basis.clone(),
        question,
        undated: query.count(Rows::all(undated)),
    }
}
