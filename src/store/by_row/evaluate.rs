//! Evaluates the sets of a query over the rows of a session.

use std::collections::{BTreeMap, BTreeSet};

use super::check::check_query;
use super::members::Members;
use super::session::{KeyedReference, Ranked, RowNumber, Session, bad_value};
use super::undone::{Marks, read_marks};
use crate::domain::{Condition, FieldName, Kind, KindName, PersonalIds, RecordId, Reference, ReferenceName};
use crate::protocol::{
    Branch, NamedSet, Question, Rank, RankCase, Ranks, Rows, SetId, Source, Stratum, SurveyQuery,
};
use crate::store::StoreError;

/// The sets of a query that have been evaluated so far.
#[derive(Debug)]
pub(crate) struct Evaluation<'a, S> {
    pub(super) query: &'a SurveyQuery,
    pub(super) session: &'a mut S,
    pub(super) sets: BTreeMap<SetId, Members>,
    /// The sets whose rows are needed, not only their number.
    listed: BTreeSet<SetId>,
    personal_ids: PersonalIds,
    /// What the operation that the query undoes has recorded.
    pub(super) marks: Marks,
}

impl<'a, S: Session> Evaluation<'a, S> {
    /// Evaluates every set, in order. `listed` are the rows that are needed in addition to the answers.
    pub(super) async fn of(
        query: &'a SurveyQuery,
        questions: &[Question],
        listed: impl Iterator<Item = Rows>,
        session: &'a mut S,
    ) -> Result<Self, StoreError> {
        check_query(query)?;
        let listed = listed.map(|rows| rows.set).chain(listed_sets(query, questions)).collect();
        let personal_ids = PersonalIds::of(&query.map);
        let marks = read_marks(session, query).await?;
        let mut evaluation = Self { query, session, sets: BTreeMap::new(), listed, personal_ids, marks };
        for stratum in &*query.sets {
            match stratum {
                Stratum::Set(set) => {
                    let members = evaluation.members(set).await?;
                    evaluation.sets.insert(set.id, members);
                }
                Stratum::Cycle(sets) => evaluation.run_cycle(sets).await?,
            }
        }
        Ok(evaluation)
    }

    /// Returns an id as the records of the library hold it: a personal id is a pseudonym.
    pub(super) fn recorded(&self, kind: &KindName, id: &RecordId) -> RecordId {
        match (&self.query.mask_key, self.query.map.kind(kind)) {
            (Some(key), Some(kind)) => self.personal_ids.recorded(key, kind, id),
            _ => id.clone(),
        }
    }

    /// Returns whether a field holds a personal id, which no record of the library may hold as it is.
    pub(super) fn holds_personal_id(&self, kind: &KindName, field: &FieldName) -> bool {
        self.personal_ids.has(kind, field)
    }

    async fn members(&mut self, set: &NamedSet) -> Result<Members, StoreError> {
        if let Some((reference, of, rank)) = self.only_counted(set) {
            let kind = kind(self.query, &set.kind)?;
            let reference = KeyedReference::of(self.query, reference)?;
            let targets: Vec<Ranked> = self.rows(of)?.collect();
            let count = self.session.count_referrers(kind, &reference, &targets).await?;
            return Ok(Members::Counted { count, rank });
        }
        let mut found = Vec::new();
        for branch in &set.branches {
            found.extend(self.evaluated_branch(set, branch).await?);
        }
        Ok(Members::of(found))
    }

    /// Returns the only source of a set and the rank of its rows, if only the number of the rows is needed and no row
    /// has to be looked at. Each row has one target, so it counts once.
    fn only_counted<'s>(&self, set: &'s NamedSet) -> Option<(&'s ReferenceName, Rows, Rank)> {
        let [Branch { source, within, except, switched, cases }] = &*set.branches else {
            return None;
        };
        let Source::Referrers { reference, of } = source else {
            return None;
        };
        let rank = match cases.first()? {
            RankCase { below: Ranks::ALL, when: None, rank } => (*rank)?,
            _ => return None,
        };
        // Two targets may have the same key if it is not the id, and a list may hold several ids.
        let has_one_target = self.query.map.reference(reference).is_some_and(Reference::has_one_target);
        let is_counted = has_one_target
            && within.is_empty()
            && except.is_empty()
            && !switched
            && !self.listed.contains(&set.id);
        is_counted.then_some((reference, *of, rank))
    }

    /// Returns the rows of a branch whose source has already been evaluated.
    pub(super) async fn evaluated_branch(
        &mut self,
        set: &NamedSet,
        branch: &Branch,
    ) -> Result<Vec<Ranked>, StoreError> {
        let of = match branch.source.rows() {
            Some(rows) => self.rows(rows)?.collect(),
            None => Vec::new(),
        };
        self.branch(set, branch, of).await
    }

    /// Returns the rows of a branch, given the rows of its source.
    pub(super) async fn branch(
        &mut self,
        set: &NamedSet,
        branch: &Branch,
        mut of: Vec<Ranked>,
    ) -> Result<Vec<Ranked>, StoreError> {
        let kind = kind(self.query, &set.kind)?;
        // The first bad value is the error, so the rows are visited in the order of their ids.
        if branch.cases.iter().any(|case| case.when.is_some())
            && let Some(from) = self.kind_of_source(&branch.source)
        {
            of = self.in_order(from, of);
        }
        let mut reached = self.reached(kind, branch, of).await?;
        if branch.switched {
            reached = self.switched(&kind.name, reached).await?;
        }
        let mut chosen = Vec::new();
        for (number, below) in reached {
            if let Some(rank) = self.rank(kind, branch, number, below)? {
                chosen.push((number, rank));
            }
        }
        Ok(chosen)
    }

    /// Returns the kind of the rows that a source starts from.
    fn kind_of_source(&self, source: &Source) -> Option<&'a KindName> {
        let rows = source.rows()?;
        Some(&self.query.set(rows.set)?.kind)
    }

    /// Returns the rows that a source yields, each with the rank of the row it was reached from.
    async fn reached(
        &mut self,
        kind: &Kind,
        branch: &Branch,
        of: Vec<Ranked>,
    ) -> Result<Vec<Ranked>, StoreError> {
        let query = self.query;
        let from_outside = |found: Vec<RowNumber>| found.into_iter().map(|number| (number, 0)).collect();
        match &branch.source {
            Source::Subjects => Ok(from_outside(self.session.find(kind, &query.subjects).await?)),
            Source::Ids(ids) => Ok(from_outside(self.session.find(kind, ids).await?)),
            Source::WithText { field, text } => {
                Ok(from_outside(self.session.find_by_text(kind, field, text).await?))
            }
            Source::Members(_) => Ok(of),
            Source::Repeated { fields, .. } => Ok(self.repeated(kind, fields, of)),
            Source::Referrers { reference, .. } => {
                self.session.referrers(kind, &KeyedReference::of(query, reference)?, &of).await
            }
            Source::Replaced { fields } => Ok(from_outside(self.replaced(kind, fields).await?)),
            Source::FormerReferrers { reference, fields, of } => {
                Ok(from_outside(self.former_referrers(kind, reference, fields, *of).await?))
            }
            Source::ReferencedBy { reference, .. } => {
                let reference = KeyedReference::of(query, reference)?;
                self.referenced_rows(kind, &reference, &branch.within, &of).await
            }
        }
    }

    /// Returns those of the rows that have the same values as a row before them, in the order of ranks and ids.
    fn repeated(&self, kind: &Kind, fields: &[FieldName], of: Vec<Ranked>) -> Vec<Ranked> {
        let mut named = self.with_ids(&kind.name, of);
        named.sort_unstable_by_key(|(id, (_, rank))| (*rank, *id));
        let mut seen = BTreeSet::new();
        let repeated = named.into_iter().filter_map(|(_, ranked)| {
            let row = self.session.row(&kind.name, ranked.0)?;
            let values = fields.iter().map(|field| kind.value_of(row, field));
            let values = values.map(|value| (!value.is_null()).then(|| value.literal()));
            let values: Vec<String> = values.collect::<Option<_>>()?;
            (!seen.insert(values)).then_some(ranked)
        });
        repeated.collect()
    }

    /// Returns the rows that these rows refer to. References to missing rows are skipped.
    ///
    /// Rows can be looked up by their ids. Over a reference to another key, only rows that are `within` sets can be
    /// found.
    async fn referenced_rows(
        &mut self,
        kind: &Kind,
        reference: &KeyedReference<'_>,
        within: &[Rows],
        of: &[Ranked],
    ) -> Result<Vec<Ranked>, StoreError> {
        let from = self::kind(self.query, &reference.reference().from)?;
        let (mut values, mut ranks): (Vec<RecordId>, Vec<Rank>) = (Vec::new(), Vec::new());
        for (number, rank) in of {
            if let Some(row) = self.session.row(&from.name, *number) {
                values.extend(reference.held_by(from, row)?);
                ranks.resize(values.len(), *rank);
            }
        }
        if !reference.reference().holds_id() {
            let within = within.first().ok_or_else(|| {
                let name = &reference.reference().name;
                StoreError::Unsupported(format!("looking up the rows that `{name}` refers to"))
            })?;
            let mut by_key: BTreeMap<RecordId, Vec<RowNumber>> = BTreeMap::new();
            for (number, _) in self.rows(*within)? {
                let row = self.session.row(&kind.name, number);
                if let Some(key) = row.and_then(|row| reference.target.read(row)) {
                    by_key.entry(key).or_default().push(number);
                }
            }
            let found = values.iter().zip(ranks).flat_map(|(value, rank)| {
                by_key.get(value).into_iter().flatten().map(move |number| (*number, rank))
            });
            return Ok(found.collect());
        }
        let found = self.session.find_exactly(kind, &values).await?;
        Ok(found.into_iter().zip(ranks).filter_map(|(number, rank)| Some((number?, rank))).collect())
    }

    /// Returns the rank that a branch gives to a row that was reached from a row of rank `below`.
    fn rank(
        &self,
        kind: &Kind,
        branch: &Branch,
        number: RowNumber,
        below: Rank,
    ) -> Result<Option<Rank>, StoreError> {
        for rows in &branch.within {
            if !self.holds(*rows, number)? {
                return Ok(None);
            }
        }
        for rows in &branch.except {
            if self.holds(*rows, number)? {
                return Ok(None);
            }
        }
        for case in &branch.cases {
            let applies = match &case.when {
                _ if !case.below.contains(below) => false,
                None => true,
                Some(when) => self.condition(when, kind, number)?,
            };
            if applies {
                return Ok(case.rank);
            }
        }
        Ok(None)
    }

    fn condition(&self, when: &Condition, kind: &Kind, number: RowNumber) -> Result<bool, StoreError> {
        let Some(row) = self.session.row(&kind.name, number) else {
            return Ok(false);
        };
        let holds = when.holds(kind, row, self.query.now);
        holds.map(|held| held == Some(true)).map_err(|bad| bad_value(kind, row, bad))
    }

    pub(super) fn set(&self, id: SetId) -> Result<&Members, StoreError> {
        self.sets
            .get(&id)
            .ok_or_else(|| StoreError::Unsupported(format!("set {} is used before it is evaluated", id.0)))
    }

    /// Returns all members of an evaluated set, sorted by number.
    fn listed(&self, id: SetId) -> Result<&[Ranked], StoreError> {
        let unlisted = || StoreError::Unsupported(format!("the rows of set {} were only counted", id.0));
        self.set(id)?.listed().ok_or_else(unlisted)
    }

    /// Returns the rows of an evaluated set whose ranks lie in the range.
    pub(super) fn rows(&self, rows: Rows) -> Result<impl Iterator<Item = Ranked>, StoreError> {
        let members = self.listed(rows.set)?.iter().copied();
        Ok(members.filter(move |(_, rank)| rows.ranks.contains(*rank)))
    }

    fn holds(&self, rows: Rows, number: RowNumber) -> Result<bool, StoreError> {
        let members = self.listed(rows.set)?;
        let found = members.binary_search_by_key(&number, |(member, _)| *member);
        let rank = found.ok().and_then(|at| members.get(at)).map(|(_, rank)| *rank);
        Ok(rank.is_some_and(|rank| rows.ranks.contains(rank)))
    }

    /// Returns the subjects that exist.
    pub(super) fn subject_rows(&self) -> Vec<Ranked> {
        self.listed(SetId::SUBJECTS).unwrap_or_default().to_vec()
    }

    /// Sorts rows of a kind by their ids.
    pub(super) fn in_order(&self, kind: &KindName, rows: Vec<Ranked>) -> Vec<Ranked> {
        let mut named = self.with_ids(kind, rows);
        named.sort_unstable();
        named.into_iter().map(|(_, ranked)| ranked).collect()
    }

    pub(super) fn with_ids(&self, kind: &KindName, rows: Vec<Ranked>) -> Vec<(&RecordId, Ranked)> {
        let rows = rows.into_iter();
        rows.filter_map(|ranked| Some((&self.session.row(kind, ranked.0)?.id, ranked))).collect()
    }
}

/// Returns the sets whose rows other sets or the answers need: to start from them, to compare with them, or to show
/// ids and dates.
fn listed_sets<'q>(query: &'q SurveyQuery, questions: &'q [Question]) -> impl Iterator<Item = SetId> {
    let branches = query.sets.iter().flat_map(Stratum::sets).flat_map(|set| &set.branches);
    let used = branches.flat_map(|branch| {
        let compared = branch.within.iter().chain(&branch.except).copied();
        compared.chain(branch.source.rows())
    });
    let shown = questions.iter().filter(|question| question.sample > 0 || question.span.is_some());
    let rows = used.chain(shown.map(|question| question.rows));
    rows.map(|rows| rows.set).chain([SetId::SUBJECTS])
}

pub(super) fn kind<'q>(query: &'q SurveyQuery, name: &KindName) -> Result<&'q Kind, StoreError> {
    query.map.kind(name).ok_or_else(|| StoreError::unknown("kind", name))
}
