//! Evaluates the sets of a query over rows that were read. The sets of a cycle are evaluated together.

use std::collections::{BTreeMap, BTreeSet};

use super::read_rows::Loaded;
use crate::domain::{
    BadValue, Condition, FieldName, FieldType, Kind, KindName, Record, RecordId, Reference, Value,
};
use crate::protocol::{
    Answer, Branch, Members, NamedSet, Question, Rank, Rows, SetId, Source, Stratum, SurveyQuery, widen,
};
use crate::store::{Records, StoreError};

/// A row with a rank: its own rank, or the rank of the row it was reached from.
pub(super) type Ranked = (RecordId, Rank);

/// The sets of a query that have been evaluated so far.
#[derive(Debug)]
pub(super) struct Evaluation<'a, R> {
    pub(super) query: &'a SurveyQuery,
    pub(super) loaded: Loaded<'a, R>,
    pub(super) sets: BTreeMap<SetId, Members>,
}

impl<'a, R: Records> Evaluation<'a, R> {
    pub(super) fn new(query: &'a SurveyQuery, loaded: Loaded<'a, R>) -> Self {
        Self { query, loaded, sets: BTreeMap::new() }
    }

    pub(super) fn into_loaded(self) -> Loaded<'a, R> {
        self.loaded
    }

    /// Evaluates every set, in order.
    pub(super) async fn run(&mut self) -> Result<(), StoreError> {
        let query = self.query;
        for stratum in &*query.sets {
            match stratum {
                Stratum::Set(set) => {
                    let members = self.members(set).await?;
                    self.sets.insert(set.id, members);
                }
                Stratum::Cycle(sets) => self.run_cycle(sets).await?,
            }
        }
        Ok(())
    }

    async fn members(&mut self, set: &NamedSet) -> Result<Members, StoreError> {
        let mut members = Members::new();
        for branch in &set.branches {
            for (id, rank) in self.evaluated_branch(set, branch).await? {
                let held = members.entry(id).or_insert(rank);
                *held = rank.min(*held);
            }
        }
        Ok(members)
    }

    /// Returns the rows of a branch whose source has already been evaluated.
    async fn evaluated_branch(&mut self, set: &NamedSet, branch: &Branch) -> Result<Vec<Ranked>, StoreError> {
        let of = match branch.source.rows() {
            Some(rows) => self.rows(rows)?,
            None => Vec::new(),
        };
        self.branch(set, branch, &of).await
    }

    /// Returns the rows of a branch, given the rows of its source.
    pub(super) async fn branch(
        &mut self,
        set: &NamedSet,
        branch: &Branch,
        of: &[Ranked],
    ) -> Result<Vec<Ranked>, StoreError> {
        let kind = kind(self.query, &set.kind)?;
        let reached = self.reached(kind, &branch.source, of).await?;
        let mut chosen = Vec::new();
        for (id, below) in reached {
            if let Some(rank) = self.rank(kind, branch, &id, below)? {
                chosen.push((id, rank));
            }
        }
        Ok(chosen)
    }

    /// Returns the rows that a source yields, each with the rank of the row it was reached from.
    async fn reached(
        &mut self,
        kind: &Kind,
        source: &Source,
        of: &[Ranked],
    ) -> Result<Vec<Ranked>, StoreError> {
        let query = self.query;
        let from_outside = |ids: Vec<RecordId>| ids.into_iter().map(|id| (id, 0)).collect();
        match source {
            Source::Subjects => Ok(from_outside(self.loaded.existing(kind, &query.subjects).await?)),
            Source::Ids(ids) => Ok(from_outside(self.loaded.existing(kind, ids).await?)),
            Source::WithText { field, text } => {
                Ok(from_outside(self.loaded.find_by_text(kind, field, text).await?))
            }
            Source::Members(_) => Ok(of.to_vec()),
            Source::Referrers { reference, .. } => {
                let reference = reference_of(query, reference)?;
                let targets: Vec<RecordId> = of.iter().map(|(id, _)| id.clone()).collect();
                self.loaded.load_referrers(kind, reference, &targets).await?;
                let reached = of.iter().flat_map(|(target, rank)| {
                    let referrers = self.loaded.referrers(&reference.name, target);
                    referrers.iter().map(|id| (id.clone(), *rank))
                });
                Ok(reached.collect())
            }
            Source::ReferencedBy { reference, .. } => {
                let reference = reference_of(query, reference)?;
                self.referenced_rows(kind, reference, of).await
            }
        }
    }

    /// Returns the rows that these rows refer to. References to missing rows are skipped.
    async fn referenced_rows(
        &mut self,
        kind: &Kind,
        reference: &Reference,
        of: &[Ranked],
    ) -> Result<Vec<Ranked>, StoreError> {
        let mut targets: Vec<Ranked> = of
            .iter()
            .filter_map(|(id, rank)| {
                let row = self.loaded.row(&reference.from, id)?;
                Some((row.get(&reference.field).as_id()?, *rank))
            })
            .collect();
        let stored = loop {
            let ids: Vec<RecordId> = targets.iter().map(|(id, _)| id.clone()).collect();
            match self.loaded.existing(kind, &ids).await {
                // A stored value that cannot be an id of the other kind refers to nothing, as in a SQL join.
                Err(StoreError::WrongId { id: wrong, .. }) if targets.iter().any(|(id, _)| *id == wrong) => {
                    targets.retain(|(id, _)| *id != wrong);
                }
                stored => break stored?.into_iter().collect::<BTreeSet<_>>(),
            }
        };
        targets.retain(|(id, _)| stored.contains(id));
        Ok(targets)
    }

    /// Returns the rank that a branch gives to a row that was reached from a row of rank `below`.
    fn rank(
        &self,
        kind: &Kind,
        branch: &Branch,
        id: &RecordId,
        below: Rank,
    ) -> Result<Option<Rank>, StoreError> {
        for rows in &branch.within {
            if !self.holds(*rows, id)? {
                return Ok(None);
            }
        }
        for rows in &branch.except {
            if self.holds(*rows, id)? {
                return Ok(None);
            }
        }
        let Some(row) = self.loaded.row(&kind.name, id) else {
            return Ok(None);
        };
        for case in &branch.cases {
            let applies = match &case.when {
                _ if !case.below.contains(below) => false,
                None => true,
                Some(when) => self.condition(when, kind, row)?,
            };
            if applies {
                return Ok(case.rank);
            }
        }
        Ok(None)
    }

    fn condition(&self, when: &Condition, kind: &Kind, row: &Record) -> Result<bool, StoreError> {
        let holds = when.holds(kind, row, self.query.now);
        holds.map(|held| held == Some(true)).map_err(|bad| bad_value(kind, row, bad))
    }

    fn holds(&self, rows: Rows, id: &RecordId) -> Result<bool, StoreError> {
        let rank = self.set(rows.set)?.get(id);
        Ok(rank.is_some_and(|rank| rows.ranks.contains(*rank)))
    }

    pub(super) fn set(&self, id: SetId) -> Result<&Members, StoreError> {
        self.sets
            .get(&id)
            .ok_or_else(|| StoreError::Unsupported(format!("set {} is used before it is evaluated", id.0)))
    }

    /// Returns the rows of an evaluated set whose ranks lie in the range, in the order of ids.
    pub(super) fn rows(&self, rows: Rows) -> Result<Vec<Ranked>, StoreError> {
        let members = self.set(rows.set)?.iter();
        Ok(members
            .filter(|(_, rank)| rows.ranks.contains(**rank))
            .map(|(id, rank)| (id.clone(), *rank))
            .collect())
    }

    pub(super) fn value(kind: &Kind, row: &Record, field: &FieldName) -> Value {
        if *field == kind.id { (&row.id).into() } else { row.get(field).clone() }
    }
}

/// Makes the error for a value that does not have the type of its field.
pub(super) fn bad_value(kind: &Kind, row: &Record, (field, bad): (FieldName, BadValue)) -> StoreError {
    StoreError::bad_value(&kind.name, Some(&row.id), &field, &bad.expected)
}

pub(super) fn kind<'q>(query: &'q SurveyQuery, name: &KindName) -> Result<&'q Kind, StoreError> {
    query.map.kind(name).ok_or_else(|| StoreError::unknown("kind", name))
}

pub(super) fn reference_of<'q>(
    query: &'q SurveyQuery,
    name: &crate::domain::ReferenceName,
) -> Result<&'q Reference, StoreError> {
    query.map.reference(name).ok_or_else(|| StoreError::unknown("reference", name))
}

/// All ranks with which each row of each set was found.
type Found = BTreeMap<SetId, BTreeSet<Ranked>>;

impl<R: Records> Evaluation<'_, R> {
    /// Expands the sets from the rows that were added last, until no row is added. A worklist follows chains of any
    /// length. It terminates because every row gets each rank at most once.
    async fn run_cycle(&mut self, sets: &[NamedSet]) -> Result<(), StoreError> {
        let inside: BTreeSet<SetId> = sets.iter().map(|set| set.id).collect();
        let mut found = Found::new();
        let mut fresh = Found::new();
        for set in sets {
            for branch in &set.branches {
                let is_outside = branch.source.rows().is_none_or(|of| !inside.contains(&of.set));
                if is_outside {
                    let rows = self.evaluated_branch(set, branch).await?;
                    add(&mut found, &mut fresh, set.id, rows);
                }
            }
        }
        while !fresh.is_empty() {
            let last = std::mem::take(&mut fresh);
            for set in sets {
                for branch in &set.branches {
                    let Some(of) = branch.source.rows() else {
                        continue;
                    };
                    let grown = last.get(&of.set).into_iter().flatten();
                    let of: Vec<Ranked> =
                        grown.filter(|(_, rank)| of.ranks.contains(*rank)).cloned().collect();
                    if !of.is_empty() {
                        let rows = self.branch(set, branch, &of).await?;
                        add(&mut found, &mut fresh, set.id, rows);
                    }
                }
            }
        }
        for set in sets {
            // Rows are sorted by id and then by rank, so the first rank of each row is its lowest.
            let mut members = Members::new();
            for (id, rank) in found.remove(&set.id).unwrap_or_default() {
                members.entry(id).or_insert(rank);
            }
            self.sets.insert(set.id, members);
        }
        Ok(())
    }
}

fn add(found: &mut Found, fresh: &mut Found, set: SetId, rows: Vec<Ranked>) {
    for row in rows {
        if found.entry(set).or_default().insert(row.clone()) {
            fresh.entry(set).or_default().insert(row);
        }
    }
}

impl<R: Records> Evaluation<'_, R> {
    /// Returns the ids of the subjects that exist, as the records store them.
    pub(super) fn subjects(&self) -> Vec<RecordId> {
        let first = self.sets.get(&SetId::SUBJECTS);
        first.into_iter().flat_map(|set| set.keys().cloned()).collect()
    }

    pub(super) fn answers(&self, questions: &[Question]) -> Result<Vec<Answer>, StoreError> {
        questions.iter().map(|question| self.answer(question)).collect()
    }

    fn answer(&self, question: &Question) -> Result<Answer, StoreError> {
        let Question { rows, sample, span } = question;
        let found = self.rows(*rows)?;
        let named = found.iter().take(usize::from(*sample));
        let answer = Answer::count(found.len() as u64).with_sample(named.map(|(id, _)| id.clone()).collect());
        let (Some(field), Some(set)) = (span, self.query.set(rows.set)) else {
            return Ok(answer);
        };
        let kind = kind(self.query, &set.kind)?;
        let declared = kind.type_of(field);
        let time = if declared.is_time() { declared } else { FieldType::Timestamp };
        let mut seen = None;
        for (id, _) in &found {
            let Some(row) = self.loaded.row(&kind.name, id) else {
                continue;
            };
            let value = time.read(row.get(field));
            let value = value.map_err(|bad| bad_value(kind, row, (field.clone(), bad)))?;
            seen = widen(seen, &value);
        }
        Ok(answer.with_span(seen))
    }
}
