//! Cycles on PostgreSQL: the sets of a cycle as one recursive query, which may refer to itself once.
//!
//! Every row of the walk carries the number of its set, its rank, and its id in the column of its kind, so
//! that ids keep their types and indexes serve. A row is walked with every rank it was found with; in the
//! end it keeps the lowest.

use std::collections::BTreeMap;

use super::ColumnType;
use crate::domain::{KindName, Reference};
use crate::protocol::{Branch, NamedSet, RankCase, Rows, SetId, Source};
use crate::sql::render::Renderer;
use crate::sql::render::condition::column;
use crate::sql::render::cycle::source_rows;
use crate::sql::render::set::{id_of, rank_within};
use crate::sql::render::shape::PlainArm;
use crate::sql::statement::Writer;
use crate::store::StoreError;

/// The columns of a walk: one for the ids of each kind, with its number and type.
struct Columns<'a>(BTreeMap<&'a KindName, (usize, ColumnType)>);

impl Columns<'_> {
    /// A row's columns, with its id in that of its kind. All without their lengths, which every part of a
    /// recursive query would have to give alike.
    fn of(&self, kind: &KindName, id: &str) -> String {
        let columns = self.0.iter().map(|(name, (_, column_type))| {
            if **name == *kind { format!("{id}::{}", column_type.name) } else { column_type.null() }
        });
        columns.collect::<Vec<_>>().join(", ")
    }

    fn name(&self, kind: &KindName) -> String {
        format!("id{}", self.0.get(kind).map_or(0, |(at, _)| *at))
    }
}

impl Renderer<'_> {
    /// The common table expressions of the sets of a cycle: the walk, and each set as a part of it.
    pub(in crate::sql::render) fn walk(&self, w: &mut Writer, sets: &[NamedSet]) -> Result<(), StoreError> {
        let first = sets.first().map_or(0, |set| set.id.0);
        let walk = self.dialect.quote(&self.prefix.table(&format!("walk_{first}")));
        let mut columns = Columns(BTreeMap::new());
        for set in sets {
            let kind = self.kind(&set.kind)?;
            let column_type = self.column_type(kind, &kind.id)?;
            let at = columns.0.len();
            columns.0.entry(&set.kind).or_insert((at, column_type));
        }
        let names: Vec<String> = columns.0.keys().map(|kind| columns.name(kind)).collect();
        let names = names.join(", ");
        w.push(&walk).push("(set_id, rank, ").push(&names).push(") AS (\n(");
        self.seeds(w, sets, &columns)?;
        w.push(")");
        let inside = |id: SetId| sets.iter().any(|set| set.id == id);
        let branches: Vec<(&NamedSet, &Branch, Rows)> = sets
            .iter()
            .flat_map(|set| set.branches.iter().map(move |branch| (set, branch)))
            .filter_map(|(set, branch)| Some((set, branch, source_rows(branch).filter(|of| inside(of.set))?)))
            .collect();
        if !branches.is_empty() {
            w.push("\nUNION SELECT x.* FROM ").push(&walk).push(" AS p CROSS JOIN LATERAL (\n");
            w.list("\nUNION ALL ", &branches, |w, (set, branch, of)| {
                self.walk_on(w, set, branch, *of, &columns)
            })?;
            w.push("\n) AS x(set_id, rank, ").push(&names).push(")");
        }
        w.push("\n)");
        for set in sets {
            let id = columns.name(&set.kind);
            w.push(",\n").name(&self.set_name(set.id));
            w.push("(id, rank) AS (SELECT n.").push(&id).push(", min(n.rank) FROM ").push(&walk);
            w.push(" AS n WHERE n.set_id = ").number(set.id.0);
            w.push(" GROUP BY n.").push(&id).push(")");
        }
        Ok(())
    }

    /// The branches that lead into the cycle from outside.
    fn seeds(&self, w: &mut Writer, sets: &[NamedSet], columns: &Columns<'_>) -> Result<(), StoreError> {
        let inside = |id: SetId| sets.iter().any(|set| set.id == id);
        let mut any = false;
        for set in sets {
            let mut seeds = self.shape(set.id)?.clone();
            seeds.branches.retain(|branch| branch.of.is_none_or(|of| !inside(of.set)));
            if seeds.branches.is_empty() {
                continue;
            }
            w.push(if any { "\nUNION ALL " } else { "" });
            any = true;
            w.push("SELECT ").number(set.id.0).push(", n.rank, ").push(&columns.of(&set.kind, "n.id"));
            w.push(" FROM (");
            self.set(w, &seeds)?;
            w.push(") AS n");
        }
        if let (false, Some(set)) = (any, sets.first()) {
            // Nothing leads into the cycle. A recursive query needs a term to begin with.
            let kind = self.kind(&set.kind)?;
            let id = id_of(w, kind);
            w.push("SELECT 0, 0, ").push(&columns.of(&set.kind, &id)).push(" FROM ");
            w.table(kind.table_name()).push(" AS r WHERE FALSE");
        }
        Ok(())
    }

    /// One step of the walk, from a row `p` of it to a row `r`.
    fn walk_on(
        &self,
        w: &mut Writer,
        set: &NamedSet,
        branch: &Branch,
        of: Rows,
        columns: &Columns<'_>,
    ) -> Result<(), StoreError> {
        let kind = self.kind(&set.kind)?;
        let id = id_of(w, kind);
        let parent = |kind: &KindName| format!("p.{}", columns.name(kind));
        let cases: Vec<&RankCase> = branch.cases.iter().collect();
        w.push("SELECT ").number(set.id.0).push(", ");
        self.rank(w, kind, &cases, Some("p.rank"))?;
        w.push(", ").push(&columns.of(&set.kind, &id)).push(" FROM ");
        match &branch.source {
            Source::Referrers { reference, .. } => {
                let reference: &Reference = self.reference(reference)?;
                let field = self.reference_column(&column(w, kind, &reference.field), reference)?;
                w.table(kind.table_name()).push(" AS r WHERE ").push(&field);
                w.push(" = ").push(&parent(&reference.to));
            }
            Source::ReferencedBy { reference, .. } => {
                let reference = self.reference(reference)?;
                let from = self.kind(&reference.from)?;
                let quote = |field| w.dialect.quote(from.column(field));
                let (field, from_id) = (format!("q.{}", quote(&reference.field)), quote(&from.id));
                let field = self.reference_column(&field, reference)?;
                w.table(from.table_name()).push(" AS q JOIN ").table(kind.table_name());
                w.push(" AS r ON ").push(&id).push(" = ").push(&field);
                w.push(" WHERE q.").push(&from_id).push(" = ").push(&parent(&reference.from));
            }
            Source::Members(_) | Source::Subjects | Source::Ids(_) | Source::WithText { .. } => {
                w.table(kind.table_name()).push(" AS r WHERE ");
                w.push(&id).push(" = ").push(&parent(&set.kind));
            }
        }
        w.push(" AND p.set_id = ").number(of.set.0).push(" AND ");
        rank_within(w, "p.rank", of.ranks);
        let plain = PlainArm {
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
