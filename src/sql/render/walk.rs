//! Walks. The sets of a cycle read each other, so one recursive query, the walk, finds all of them.
//!
//! A row of the walk holds the number of a set, an id and a rank. The walk visits a row with every rank it is found
//! with; at the end, the row keeps its lowest rank. Databases differ in how a recursive query may refer to itself.

use super::renderer::Renderer;
use super::set::rank_within;
use super::shape::PlainBranch;
use crate::domain::{Kind, KindName};
use crate::protocol::{Branch, NamedSet, RankCase, Rows, SetId, Source};
use crate::sql::statement::{Query, Union, Writer, quote_table};
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
    /// The name of the common table expression with the elements of its lists, if it has one.
    elements: String,
}

impl WalkStep<'_> {
    /// Returns whether an index finds the rows of the step.
    pub(crate) fn is_by_index(&self, r: &Renderer<'_>) -> Result<bool, StoreError> {
        match &self.branch.source {
            Source::Referrers { reference, .. } => r.sides(r.reference(reference)?)?.finds_referrers(),
            _ => r.finds_row_ids(r.kind(&self.set.kind)?),
        }
    }
}

/// Returns the steps of the walk through the sets of a cycle.
pub(crate) fn walk_steps(sets: &[NamedSet]) -> Vec<WalkStep<'_>> {
    let first = sets.first().map_or(0, |set| set.id.0);
    let branches = sets.iter().flat_map(|set| set.branches.iter().map(move |branch| (set, branch)));
    let steps = branches.enumerate().filter_map(|(number, (set, branch))| {
        let of = branch.source.rows().filter(|of| is_inside(sets, of.set))?;
        Some(WalkStep { set, branch, of, elements: format!("elements_{first}_{number}") })
    });
    steps.collect()
}

fn is_inside(sets: &[NamedSet], id: SetId) -> bool {
    sets.iter().any(|set| set.id == id)
}

impl Renderer<'_> {
    /// Returns the steps over lists whose elements no index finds.
    pub(crate) fn steps_over_elements<'a>(
        &self,
        sets: &'a [NamedSet],
    ) -> Result<Vec<WalkStep<'a>>, StoreError> {
        let mut found = Vec::new();
        for step in walk_steps(sets) {
            if self.list_of(&step.branch.source)?.is_some_and(|(_, list)| list.overlapping.is_none()) {
                found.push(step);
            }
        }
        Ok(found)
    }

    /// Writes a common table expression for each of these steps: the elements of all lists, with the rows that hold
    /// them. The lists are then read once, and not once for each row of the walk.
    pub(crate) fn elements(&self, w: &mut Writer, steps: &[WalkStep<'_>]) -> Result<(), StoreError> {
        w.list(",\n", steps, |w, WalkStep { set, branch, elements, .. }| {
            let kind = self.kind(&set.kind)?;
            let Some((_, list)) = self.list_of(&branch.source)? else { return Ok(()) };
            w.push(&format!("{}(id, v) AS MATERIALIZED (", self.prefix.quoted(elements)));
            let columns = format!("{} AS id, {} AS v", self.row_id(kind)?, list.compared);
            let mut query = Query::select(w, &columns);
            query.table(kind.table_name(), "r").w().push(" CROSS JOIN ").push(&list.elements).push(")");
            Ok(())
        })
    }

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
            for WalkStep { branch, .. } in walk_steps(sets).iter().filter(|step| step.set.id == set.id) {
                if self.may_miss_lists(&branch.source)? {
                    let w = union.part().push("SELECT ").number(set.id.0).push(", n.rank, ");
                    w.push(&ids.of(&set.kind, "n.id")).push(" FROM (");
                    self.unreadable_lists(w, self.kind(&set.kind)?, &branch.source)?;
                    w.push(") AS n");
                }
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
        WalkStep { set, branch, of, elements }: &WalkStep<'_>,
        ids: &impl WalkIds,
    ) -> Result<(), StoreError> {
        let kind = self.kind(&set.kind)?;
        let id = self.row_id(kind)?;
        let cases: Vec<&RankCase> = branch.cases.iter().collect();
        let leads_on = |held: &str, parent: &str| self.backend.leads_on(held, parent);
        let table = |kind: &Kind, name: &str| format!("{} AS {name}", quote_table(&kind.table_name()));
        let mut sources: Vec<String> = walk.map(|walk| format!("{walk} AS p")).into_iter().collect();
        let conditions = match &branch.source {
            Source::Referrers { reference, .. } => {
                let reference = self.reference(reference)?;
                let sides = self.sides(reference)?;
                let held = if reference.each { Vec::new() } else { sides.held("r")? };
                let parent = ids.parent(&reference.to);
                match &*held {
                    [held] if sides.only_field().is_some() => vec![leads_on(held, &parent)],
                    held => {
                        // The key of the row referred to is read from its table.
                        sources.push(table(sides.to(), "q"));
                        let key = sides.key("q")?;
                        let mut of_list = Vec::new();
                        if let (Some((_, list)), [key]) = (self.list_of(&branch.source)?, &*key) {
                            if let (Some(array), Some(field)) = (&list.overlapping, sides.list_field()) {
                                of_list.push(format!("{} && ARRAY[{key}]::{array}", field.held.column()));
                            } else {
                                sources.push(format!("{} AS l", self.prefix.quoted(elements)));
                                of_list.extend([format!("l.v = {key}"), leads_on(&id, "l.id")]);
                            }
                        }
                        let equal =
                            held.iter().zip(&key).map(|(held, key)| leads_on(held, key)).chain(of_list);
                        std::iter::once(leads_on(&self.row_id_of(sides.to(), "q")?, &parent))
                            .chain(equal)
                            .collect()
                    }
                }
            }
            Source::ReferencedBy { reference, .. } => {
                let reference = self.reference(reference)?;
                let sides = self.sides(reference)?;
                sources.push(table(sides.from(), "q"));
                let row_id = self.row_id_of(sides.from(), "q")?;
                let key = sides.key("r")?;
                let held = match sides.list("q")? {
                    // The elements come before the row that they refer to, so that its index can be used.
                    Some(list) => {
                        sources.push(list.elements);
                        vec![list.compared]
                    }
                    None => sides.held("q")?,
                };
                let equal = key.iter().zip(&held).map(|(key, held)| leads_on(key, held));
                std::iter::once(leads_on(&row_id, &ids.parent(&reference.from))).chain(equal).collect()
            }
            // The sets of a cycle do not compare rows with each other.
            Source::Repeated { .. }
            | Source::Replaced { .. }
            | Source::FormerReferrers { .. }
            | Source::Members(_)
            | Source::Subjects
            | Source::Ids(_)
            | Source::WithText { .. } => {
                vec![leads_on(&id, &ids.parent(&set.kind))]
            }
        };
        sources.push(table(kind, "r"));
        let mut query = Query::select(w, "");
        query.w().number(set.id.0).push(", ");
        self.checked_rank(query.w(), &branch.source, |w| self.rank(w, kind, &cases, Some("p.rank")))?;
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
            switched: branch.switched,
            cases: Vec::new(),
        };
        self.membership(&mut query, kind, &plain)?;
        let w = query.condition().push("(");
        self.rank(w, kind, &cases, Some("p.rank"))?;
        w.push(") IS NOT NULL");
        Ok(())
    }
}
