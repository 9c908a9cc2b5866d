//! Walks. The sets of a cycle read each other, so one recursive query, the walk, finds all of them.
//!
//! A row of the walk holds the number of a set, an id and a rank. The walk visits a row with every rank it is found
//! with; at the end, the row keeps its lowest rank. Databases differ in how a recursive query may refer to itself.

use super::renderer::{Renderer, column, id_of};
use super::set::rank_within;
use super::shape::PlainBranch;
use crate::domain::{Kind, KindName};
use crate::protocol::{Branch, NamedSet, RankCase, Rows, SetId, Source};
use crate::sql::statement::{Query, Union, Writer, quote};
use crate::store::StoreError;

/// How a walk represents ids. Each row of the walk has the number of its set, its rank, and the columns defined here.
pub(crate) trait WalkIds {
    /// Renders the columns for an id of this kind.
    fn of(&self, kind: &KindName, id: &str) -> String;
    /// Renders the id of the row `p` of the walk, which has this kind.
    fn parent(&self, kind: &KindName) -> String;
}

/// A step of a walk: from rows of one set of the cycle, along a branch, to rows of another set.
pub(crate) struct WalkStep<'a> {
    set: &'a NamedSet,
    branch: &'a Branch,
    of: Rows,
}

impl WalkStep<'_> {
    /// Returns whether an index finds the rows of the step.
    pub(crate) fn is_by_index(&self, r: &Renderer<'_>) -> Result<bool, StoreError> {
        let kind = r.kind(&self.set.kind)?;
        match &self.branch.source {
            Source::Referrers { reference, .. } => {
                let reference = r.reference(reference)?;
                let to = r.kind(&reference.to)?;
                r.backend.is_found_by_index(r.field(kind, &reference.field), r.id(to))
            }
            _ => r.backend.is_found_by_index(r.id(kind), r.id(kind)),
        }
    }
}

/// Returns the steps of the walk through the sets of a cycle.
pub(crate) fn walk_steps(sets: &[NamedSet]) -> Vec<WalkStep<'_>> {
    let branches = sets.iter().flat_map(|set| set.branches.iter().map(move |branch| (set, branch)));
    let steps = branches.filter_map(|(set, branch)| {
        let of = branch.source.rows().filter(|of| is_inside(sets, of.set))?;
        Some(WalkStep { set, branch, of })
    });
    steps.collect()
}

fn is_inside(sets: &[NamedSet], id: SetId) -> bool {
    sets.iter().any(|set| set.id == id)
}

impl Renderer<'_> {
    /// Writes the queries for the rows that enter a cycle from outside, with `union` between them. Returns whether there
    /// can be such rows.
    pub(crate) fn walk_seeds(
        &self,
        w: &mut Writer,
        union: &'static str,
        sets: &[NamedSet],
        ids: &impl WalkIds,
    ) -> Result<bool, StoreError> {
        let mut union = Union::new(w, union);
        for set in sets {
            let mut seeds = self.shape(set.id)?.clone();
            seeds.branches.retain(|branch| branch.of.is_none_or(|of| !is_inside(sets, of.set)));
            if !seeds.branches.is_empty() {
                let w = union.part().push("SELECT ").number(set.id.0).push(", n.rank, ");
                w.push(&ids.of(&set.kind, "n.id")).push(" FROM (");
                self.set(w, &seeds)?;
                w.push(") AS n");
            }
        }
        Ok(!union.is_empty())
    }

    /// Writes one step, from a row `p` of the walk to a row `r`. `walk` is the name of the walk if the step must read
    /// from it by name.
    ///
    /// On SQLite, CROSS JOIN fixes the order: rows of the walk come first.
    pub(crate) fn walk_step(
        &self,
        w: &mut Writer,
        walk: Option<&str>,
        WalkStep { set, branch, of }: &WalkStep<'_>,
        ids: &impl WalkIds,
    ) -> Result<(), StoreError> {
        let kind = self.kind(&set.kind)?;
        let id = id_of(kind);
        let cases: Vec<&RankCase> = branch.cases.iter().collect();
        let leads_on = |held: &str, parent: &str| self.backend.leads_on(held, parent);
        let table = |kind: &Kind, name: &str| format!("{} AS {name}", self.backend.table(kind.table_name()));
        let mut sources: Vec<String> = walk.map(|walk| format!("{walk} AS p")).into_iter().collect();
        let conditions = match &branch.source {
            Source::Referrers { reference, .. } => {
                let reference = self.reference(reference)?;
                let held = self.backend.reference(self, &column(kind, &reference.field), reference)?;
                vec![leads_on(&held, &ids.parent(&reference.to))]
            }
            Source::ReferencedBy { reference, .. } => {
                let reference = self.reference(reference)?;
                let from = self.kind(&reference.from)?;
                let of_parent = |field| format!("q.{}", quote(from.column(field)));
                let held = self.backend.reference(self, &of_parent(&reference.field), reference)?;
                sources.push(table(from, "q"));
                vec![leads_on(&of_parent(&from.id), &ids.parent(&reference.from)), leads_on(&id, &held)]
            }
            Source::Members(_) | Source::Subjects | Source::Ids(_) | Source::WithText { .. } => {
                vec![leads_on(&id, &ids.parent(&set.kind))]
            }
        };
        sources.push(table(kind, "r"));
        let mut query = Query::select(w, "");
        query.w().number(set.id.0).push(", ");
        self.rank(query.w(), kind, &cases, Some("p.rank"))?;
        query.w().push(", ").push(&ids.of(&set.kind, &id));
        query.from(&sources.join(" CROSS JOIN "));
        for condition in conditions {
            query.condition().push(&condition);
        }
        query.condition().push("p.set_id = ").number(of.set.0);
        rank_within(query.condition(), "p.rank", of.ranks);
        let plain = PlainBranch {
            source: &branch.source,
            of: Some(*of),
            within: &branch.within,
            except: &branch.except,
            cases: Vec::new(),
        };
        self.membership(&mut query, kind, &plain)?;
        let w = query.condition().push("(");
        self.rank(w, kind, &cases, Some("p.rank"))?;
        w.push(") IS NOT NULL");
        Ok(())
    }
}
