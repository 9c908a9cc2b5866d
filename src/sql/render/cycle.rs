//! Cycles: sets that read each other, as one recursive query.
//!
//! Every row of the walk carries the number of its set beside its id and rank. A row is walked with every
//! rank it was found with; in the end it keeps the lowest.

use super::condition::column;
use super::set::{Renderer, id_of, rank_within};
use crate::protocol::{Branch, NamedSet, RankCase, Rows, SetId, Source};
use crate::sql::statement::{Statement, Writer};
use crate::store::StoreError;

impl Renderer<'_> {
    /// The statement that writes the members of all sets of a cycle.
    pub(super) fn fix_cycle(&self, sets: &[NamedSet]) -> Result<Statement, StoreError> {
        let walk = self.dialect.quote(&self.prefix.table("walk"));
        let inside = |id: SetId| sets.iter().any(|set| set.id == id);
        let mut w = self.writer();
        w.push("INSERT INTO ").push(&self.members());
        w.push(" (set_id, id, rank)\n");
        let mut outer = Vec::new();
        for set in sets {
            outer.extend(self.shape(set.id)?.inputs());
        }
        let any = self.tables(&mut w, "WITH RECURSIVE ", &outer)?;
        w.push(if any { ",\n" } else { "WITH RECURSIVE " });
        w.push(&walk).push("(set_id, id, rank) AS (\n");
        let mut terms = 0;
        let union = |w: &mut Writer, terms: &mut usize| {
            if *terms > 0 {
                w.push("\nUNION ");
            }
            *terms += 1;
        };
        for set in sets {
            // The branches that lead into the cycle from outside.
            let mut seeds = self.shape(set.id)?.clone();
            seeds.branches.retain(|branch| branch.of.is_none_or(|of| !inside(of.set)));
            if !seeds.branches.is_empty() {
                union(&mut w, &mut terms);
                w.push("SELECT ").number(set.id.0);
                w.push(", n.id, n.rank FROM (");
                self.set(&mut w, &seeds)?;
                w.push(") AS n");
            }
        }
        if terms == 0 {
            // Nothing leads into the cycle. A recursive query needs a term to begin with.
            union(&mut w, &mut terms);
            w.push("SELECT 0, NULL, 0 WHERE 0");
        }
        for set in sets {
            for branch in &set.branches {
                if let Some(of) = source_rows(branch).filter(|of| inside(of.set)) {
                    union(&mut w, &mut terms);
                    self.walk_step(&mut w, &walk, set, branch, of)?;
                }
            }
        }
        w.push("\n)\nSELECT n.set_id, n.id, min(n.rank) FROM ");
        w.push(&walk).push(" AS n GROUP BY n.set_id, n.id");
        Ok(w.finish())
    }

    /// One step of the walk, from a row `p` of it to a row `r`.
    ///
    /// CROSS JOIN keeps the order: rows of the walk first. `IN (SELECT p.id)` instead of `=` keeps SQLite
    /// from reading the whole table of `r` for a Bloom filter.
    fn walk_step(
        &self,
        w: &mut Writer,
        walk: &str,
        set: &NamedSet,
        branch: &Branch,
        of: Rows,
    ) -> Result<(), StoreError> {
        let kind = self.kind(&set.kind)?;
        let id = id_of(w, kind);
        let cases: Vec<&RankCase> = branch.cases.iter().collect();
        w.push("SELECT ").number(set.id.0).push(", ").push(&id);
        w.push(", ");
        self.rank(w, kind, &cases, Some("p.rank"))?;
        w.push(" FROM ").push(walk).push(" AS p CROSS JOIN ");
        match &branch.source {
            Source::Referrers { reference, .. } => {
                let reference = self.reference(reference)?;
                let field = column(w, kind, &reference.field);
                w.table(kind.table_name()).push(" AS r WHERE ");
                w.push(&field).push(" IN (SELECT p.id)");
            }
            Source::ReferencedBy { reference, .. } => {
                let reference = self.reference(reference)?;
                let from = self.kind(&reference.from)?;
                let quote = |field| w.dialect.quote(from.column(field));
                let (field, from_id) = (quote(&reference.field), quote(&from.id));
                w.table(from.table_name()).push(" AS q CROSS JOIN ");
                w.table(kind.table_name()).push(" AS r WHERE q.");
                w.push(&from_id).push(" IN (SELECT p.id) AND ");
                w.push(&id).push(" IN (SELECT q.").push(&field).push(")");
            }
            Source::Members(_) | Source::Subjects | Source::Ids(_) | Source::WithText { .. } => {
                w.table(kind.table_name()).push(" AS r WHERE ");
                w.push(&id).push(" IN (SELECT p.id)");
            }
        }
        w.push(" AND p.set_id = ").number(of.set.0).push(" AND ");
        rank_within(w, "p.rank", of.ranks);
        let plain = super::shape::PlainArm {
            source: &branch.source,
            of: Some(of),
            within: &branch.within,
            except: &branch.except,
            cases: Vec::new(),
        };
        self.membership(w, kind, &plain)?;
        w.push(" AND (");
        self.rank(w, kind, &cases, Some("p.rank"))?;
        w.push(") IS NOT NULL");
        Ok(())
    }
}

pub(super) fn source_rows(branch: &Branch) -> Option<Rows> {
    match branch.source {
        Source::Referrers { of, .. } | Source::ReferencedBy { of, .. } | Source::Members(of) => Some(of),
        Source::Subjects | Source::Ids(_) | Source::WithText { .. } => None,
    }
}
