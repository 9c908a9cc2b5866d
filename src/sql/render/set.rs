//! Sets as SQL: each is a query of ids and ranks.

use std::collections::{BTreeMap, BTreeSet};

use super::condition::{column, fields_read};
use super::form::Forms;
use super::place::{Place, Places};
use super::postgres::Sort;
use super::shape::{PlainArm, Shape};
use crate::domain::{FieldName, Kind, KindName, RecordId, Reference, ReferenceName};
use crate::protocol::{ChangeSet, NamedSet, RankCase, Ranks, Rows, SetId, Source, Stratum, SurveyQuery};
use crate::sql::statement::{Statement, Writer};
use crate::sql::{Dialect, Prefix};
use crate::store::StoreError;

/// The rank of a row in which a condition found a value that is not of its field's type. It is below every
/// other, so no range of ranks holds it; whoever counts the set counts these rows too.
pub(super) const BAD: i64 = -1;

/// Renders the sets of one query, and what is asked of them and done to them.
pub(crate) struct Renderer<'a> {
    pub(crate) dialect: Dialect,
    pub(super) prefix: &'a Prefix,
    pub(super) query: &'a SurveyQuery,
    pub(super) forms: &'a Forms,
    pub(super) shapes: BTreeMap<SetId, Shape<'a>>,
    pub(super) places: Places,
}

impl<'a> Renderer<'a> {
    /// For a survey.
    pub(crate) fn survey(
        dialect: Dialect,
        prefix: &'a Prefix,
        query: &'a SurveyQuery,
        forms: &'a Forms,
    ) -> Result<Self, StoreError> {
        let sets = query.sets.iter().flat_map(Stratum::sets);
        let shapes: BTreeMap<_, _> = sets.map(|set| (set.id, Shape::of(set))).collect();
        let places = match dialect {
            Dialect::Sqlite => super::place::for_survey(query, &shapes),
            // It evaluates an expression once, however often it is referred to.
            Dialect::Postgres => Places::new(),
        };
        let renderer = Self { dialect, prefix, query, forms, shapes, places };
        renderer.check_order()?;
        Ok(renderer)
    }

    /// For a change set.
    pub(crate) fn changes(
        dialect: Dialect,
        prefix: &'a Prefix,
        changes: &'a ChangeSet,
        forms: &'a Forms,
    ) -> Result<Self, StoreError> {
        let mut renderer = Self::survey(dialect, prefix, &changes.query, forms)?;
        if dialect == Dialect::Sqlite {
            renderer.places = super::place::for_changes(changes, &renderer.shapes);
        }
        Ok(renderer)
    }

    /// A set may read earlier sets only; in a cycle, its source may also be a set of the cycle.
    fn check_order(&self) -> Result<(), StoreError> {
        let mut earlier = BTreeSet::new();
        for stratum in self.query.sets.iter() {
            let together: BTreeSet<SetId> = stratum.sets().iter().map(|set| set.id).collect();
            let cyclic = matches!(stratum, Stratum::Cycle(_));
            for set in stratum.sets() {
                let shape = self.shape(set.id)?;
                for branch in &shape.branches {
                    let known = |rows: &Rows| earlier.contains(&rows.set);
                    let source =
                        branch.of.iter().all(|of| known(of) || (cyclic && together.contains(&of.set)));
                    if !source || !branch.within.iter().chain(branch.except).all(known) {
                        return Err(StoreError::Unsupported(format!(
                            "set `{}`, which reads a set that is not evaluated before it",
                            set.name
                        )));
                    }
                }
            }
            earlier.extend(together);
        }
        Ok(())
    }

    pub(super) fn writer(&self) -> Writer {
        Writer::new(self.dialect)
    }

    pub(super) fn shape(&self, id: SetId) -> Result<&Shape<'a>, StoreError> {
        self.shapes.get(&id).ok_or_else(|| unknown("set", &id.0.to_string()))
    }

    /// The kind of the rows of a set.
    pub(crate) fn set_kind(&self, id: SetId) -> Result<&'a Kind, StoreError> {
        self.kind(&self.shape(id)?.set.kind)
    }

    pub(super) fn place(&self, id: SetId) -> Place {
        self.places.get(&id).copied().unwrap_or(Place::Inline)
    }

    pub(crate) fn kind(&self, name: &KindName) -> Result<&'a Kind, StoreError> {
        self.query.map.kind(name).ok_or_else(|| unknown("kind", name.as_str()))
    }

    pub(super) fn reference(&self, name: &ReferenceName) -> Result<&'a Reference, StoreError> {
        self.query.map.reference(name).ok_or_else(|| unknown("reference", name.as_str()))
    }

    /// The table that holds the members of fixed sets, for the time of one transaction.
    pub(super) fn members(&self) -> String {
        format!("temp.{}", self.dialect.quote(&self.prefix.table("members")))
    }

    pub(super) fn set_name(&self, id: SetId) -> String {
        self.prefix.table(&format!("set_{}", id.0))
    }

    /// The ids of some rows of a set, as a query in parentheses.
    pub(super) fn ids(&self, w: &mut Writer, rows: Rows) -> Result<(), StoreError> {
        w.push("(SELECT s.id FROM ");
        self.rows(w, rows)?;
        w.push(")");
        Ok(())
    }

    /// That an expression holds the id of one of some rows. Where an index finds rows by it, the ids are handed to
    /// the index as one array, and there is no join whose size the planner would have to guess; without one each
    /// row would be compared with each id.
    fn holds_one(&self, w: &mut Writer, held: &str, by_index: bool, rows: Rows) -> Result<(), StoreError> {
        w.push(held).push(if by_index { " = ANY(ARRAY" } else { " IN " });
        self.ids(w, rows)?;
        w.push(if by_index { ")" } else { "" });
        Ok(())
    }

    /// That the id of a row `r` is that of one of some rows.
    pub(super) fn is_one(&self, w: &mut Writer, kind: &Kind, rows: Rows) -> Result<(), StoreError> {
        let id = id_of(w, kind);
        let by_index = self.is_found_by(kind, &kind.id, kind)?;
        self.holds_one(w, &id, by_index, rows)
    }

    /// Whether an index of a field finds the rows that hold ids of a kind.
    pub(super) fn is_found_by(&self, kind: &Kind, field: &FieldName, of: &Kind) -> Result<bool, StoreError> {
        Ok(self.dialect == Dialect::Postgres
            && self.column_type(kind, field)?.finds(&self.column_type(of, &of.id)?))
    }

    /// Some rows of a set: what follows FROM, with `s` as its name. Returns the word that a further condition
    /// begins with.
    pub(super) fn rows(&self, w: &mut Writer, rows: Rows) -> Result<&'static str, StoreError> {
        let and = self.source(w, rows.set);
        if self.shape(rows.set)?.lies_within(rows.ranks) {
            return Ok(and);
        }
        w.push(and);
        rank_within(w, "s.rank", rows.ranks);
        Ok(" AND ")
    }

    /// A set, with rows that could not be read: what follows FROM, with `s` as its name. Returns the word
    /// that a further condition begins with.
    pub(super) fn source(&self, w: &mut Writer, set: SetId) -> &'static str {
        match self.place(set) {
            Place::Fixed => {
                w.push(&self.members()).push(" AS s WHERE s.set_id = ");
                w.number(set.0);
                " AND "
            }
            Place::Inline | Place::AtStep => {
                w.name(&self.set_name(set)).push(" AS s");
                " WHERE "
            }
        }
    }

    /// A set, as a query of ids and ranks.
    pub(super) fn set(&self, w: &mut Writer, shape: &Shape<'_>) -> Result<(), StoreError> {
        if shape.branches.is_empty() {
            let kind = self.kind(&shape.set.kind)?;
            let id = id_of(w, kind);
            w.push("SELECT ").push(&id).push(" AS id, 0 AS rank FROM ");
            w.table(kind.table_name()).push(" AS r WHERE FALSE");
            return Ok(());
        }
        if shape.repeats {
            w.push("SELECT a.id AS id, min(a.rank) AS rank FROM (");
        }
        w.list(" UNION ALL ", &shape.branches, |w, branch| {
            let open = branch.may_stay_out();
            if open {
                w.push("SELECT c.id AS id, c.rank AS rank FROM (");
            }
            let kind = self.kind(&shape.set.kind)?;
            let id = id_of(w, kind);
            w.push("SELECT ").push(&id).push(" AS id, ");
            self.rank(w, kind, &branch.cases, None)?;
            w.push(" AS rank FROM ").table(kind.table_name());
            w.push(" AS r WHERE ");
            self.comes_in(w, shape.set, branch)?;
            if open {
                w.push(") AS c WHERE c.rank IS NOT NULL");
            }
            Ok::<_, StoreError>(())
        })?;
        if shape.repeats {
            w.push(") AS a GROUP BY a.id");
        }
        Ok(())
    }

    /// What makes a row `r` come in over a branch, apart from its rank.
    pub(super) fn comes_in(
        &self,
        w: &mut Writer,
        set: &NamedSet,
        branch: &PlainArm<'_>,
    ) -> Result<(), StoreError> {
        let kind = self.kind(&set.kind)?;
        let id = id_of(w, kind);
        match (branch.source, branch.of) {
            (Source::Subjects, _) => self.one_of(w, kind, &self.query.subjects)?,
            (Source::Ids(ids), _) => self.one_of(w, kind, ids)?,
            (Source::WithText { field, text }, _) => self.holding(w, kind, field, text)?,
            (Source::Members(_), Some(of)) => self.is_one(w, kind, of)?,
            (Source::Referrers { reference, .. }, Some(of)) => {
                let reference = self.reference(reference)?;
                let field = self.reference_column(&column(w, kind, &reference.field), reference)?;
                let by_index = self.is_found_by(kind, &reference.field, self.kind(&reference.to)?)?;
                self.holds_one(w, &field, by_index, of)?;
            }
            (Source::ReferencedBy { reference, .. }, Some(of)) => {
                let reference = self.reference(reference)?;
                let from = self.kind(&reference.from)?;
                let quote = |field| w.dialect.quote(from.column(field));
                let (field, from_id) = (format!("p.{}", quote(&reference.field)), quote(&from.id));
                let field = self.reference_column(&field, reference)?;
                w.push(&id).push(" IN (SELECT ").push(&field);
                w.push(" FROM ").table(from.table_name());
                w.push(" AS p WHERE ");
                let by_index = self.is_found_by(from, &from.id, from)?;
                self.holds_one(w, &format!("p.{from_id}"), by_index, of)?;
                w.push(")");
            }
            (_, None) => {
                w.push("FALSE");
            }
        }
        self.membership(w, kind, branch)
    }

    /// That a row `r` has an id, is in all of `within` and in none of `except`.
    pub(super) fn membership(
        &self,
        w: &mut Writer,
        kind: &Kind,
        branch: &PlainArm<'_>,
    ) -> Result<(), StoreError> {
        let id = id_of(w, kind);
        if !self.forms.is_complete(&kind.name) {
            w.push(" AND ").push(&id).push(" IS NOT NULL");
        }
        for (rows, word) in branch
            .within
            .iter()
            .map(|rows| (rows, " IN "))
            .chain(branch.except.iter().map(|rows| (rows, " NOT IN ")))
        {
            // To PostgreSQL this is a filter of rows that are found in another way, and no join.
            let is_filter = self.dialect == Dialect::Postgres && word == " IN ";
            w.push(" AND ").push(if is_filter { "(" } else { "" });
            w.push(&id).push(word);
            self.ids(w, *rows)?;
            w.push(if is_filter { ") IS TRUE" } else { "" });
        }
        Ok(())
    }

    /// A column that refers to ids, as it is compared with them: as a foreign key would.
    pub(super) fn reference_column(&self, column: &str, reference: &Reference) -> Result<String, StoreError> {
        if self.dialect == Dialect::Sqlite {
            return Ok(column.to_owned());
        }
        let (from, to) = (self.kind(&reference.from)?, self.kind(&reference.to)?);
        let held = self.column_type(from, &reference.field)?;
        let id = self.column_type(to, &to.id)?;
        if !held.compares_with(&id) {
            return Err(StoreError::Unsupported(format!(
                "the reference `{}`: its column is {} and the ids of `{}` are {}",
                reference.name, held.name, to.name, id.name
            )));
        }
        if held.collation == id.collation {
            return Ok(column.to_owned());
        }
        let collation = id.collation.as_deref().unwrap_or("pg_catalog.\"default\"");
        Ok(format!("{column} COLLATE {collation}"))
    }

    /// That a row `r` holds this text in a field, whatever the case of ASCII letters. An index on `lower(field)`
    /// answers it; on PostgreSQL one on `lower(field COLLATE "C")`, which knows no other letters.
    pub(super) fn holding(
        &self,
        w: &mut Writer,
        kind: &Kind,
        field: &FieldName,
        text: &str,
    ) -> Result<(), StoreError> {
        let stored = column(w, kind, field);
        let held = match self.dialect {
            Dialect::Sqlite => stored,
            Dialect::Postgres if self.column_type(kind, field)?.sort == Sort::Text => {
                format!("{stored} COLLATE \"C\"")
            }
            Dialect::Postgres => format!("{stored}::text COLLATE \"C\""),
        };
        w.push(&format!("lower({held}) = ")).bind(text.to_ascii_lowercase());
        Ok(())
    }

    /// That a row `r` has one of these ids: one or two bound values, however many they are.
    pub(super) fn one_of(&self, w: &mut Writer, kind: &Kind, ids: &[RecordId]) -> Result<(), StoreError> {
        if self.dialect == Dialect::Postgres {
            let id = id_of(w, kind);
            return self.column_type(kind, &kind.id)?.one_of(w, &id, &kind.name, ids);
        }
        let form = self.forms.of(&kind.name, &kind.id);
        let ids = form.ids(&kind.name, ids)?;
        let (open, close) = w.dialect.json_rows();
        let id = id_of(w, kind);
        w.push(&id);
        match ids.bytes {
            None => {
                w.push(" IN (SELECT j.value FROM ");
            }
            Some(bytes) => {
                w.push(" IN (SELECT substr(");
                w.bind(crate::sql::SqlValue::Blob(bytes));
                w.push(", j.key * 16 + 1, 16) FROM ");
            }
        }
        w.push(open).bind(ids.json).push(close).push(")");
        Ok(())
    }

    /// The rank of a row `r`: null where it stays out, [`BAD`] where a condition cannot read it.
    ///
    /// `below` is the rank of the parent as an expression, where the cases ask for it.
    pub(super) fn rank(
        &self,
        w: &mut Writer,
        kind: &Kind,
        cases: &[&RankCase],
        below: Option<&str>,
    ) -> Result<(), StoreError> {
        if let ([case], None) = (cases, below)
            && case.when.is_none()
        {
            rank_number(w, case);
            return Ok(());
        }
        w.push("CASE");
        for case in cases {
            let guard = |w: &mut Writer, and: &str| {
                w.push(" WHEN ");
                if let Some(below) = below {
                    rank_within(w, below, case.below);
                    w.push(and);
                }
            };
            match &case.when {
                None if below.is_none() => {
                    w.push(" ELSE ");
                    rank_number(w, case);
                }
                None => {
                    guard(w, "");
                    w.push(" THEN ");
                    rank_number(w, case);
                }
                Some(when) => {
                    if let Some(bad) = self.any_bad(w, kind, fields_read(when))? {
                        guard(w, " AND ");
                        w.push("(").push(&bad).push(") THEN ").number(BAD);
                    }
                    guard(w, " AND ");
                    w.push("(");
                    self.condition(w, kind, when)?;
                    w.push(") THEN ");
                    rank_number(w, case);
                }
            }
        }
        w.push(" END");
        Ok(())
    }

    /// The statement that writes the members of a fixed set.
    pub(super) fn fix(&self, set: &NamedSet) -> Result<Statement, StoreError> {
        let mut w = self.writer();
        w.push("INSERT INTO ").push(&self.members());
        w.push(" (set_id, id, rank)\n");
        let shape = self.shape(set.id)?;
        let inputs: Vec<SetId> = shape.inputs().collect();
        self.with(&mut w, &inputs)?;
        w.push("SELECT ").number(set.id.0).push(", n.id, n.rank FROM (");
        self.set(&mut w, shape)?;
        w.push(") AS n");
        Ok(w.finish())
    }
}

/// The id of the row `r`.
pub(super) fn id_of(w: &Writer, kind: &Kind) -> String {
    column(w, kind, &kind.id)
}

/// That a rank lies in a range.
pub(super) fn rank_within(w: &mut Writer, rank: &str, ranks: Ranks) {
    w.push(rank);
    if ranks.from == ranks.to {
        w.push(" = ").number(ranks.from);
    } else if ranks.to == u16::MAX {
        w.push(" >= ").number(ranks.from);
    } else {
        w.push(" BETWEEN ").number(ranks.from);
        w.push(" AND ").number(ranks.to);
    }
}

fn rank_number(w: &mut Writer, case: &RankCase) {
    match (case.rank, w.dialect) {
        (Some(rank), _) => w.number(rank),
        (None, Dialect::Sqlite) => w.push("NULL"),
        (None, Dialect::Postgres) => w.push("NULL::integer"),
    };
}

pub(super) fn unknown(what: &'static str, name: &str) -> StoreError {
    StoreError::Unknown { what, name: name.into() }
}
