//! Reads rows in pages, and remembers which rows were read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::session::{Change, Changes, KeyedReference, Ranked, RowNumber, Session};
use crate::domain::{FieldName, FieldType, Kind, KindName, Record, RecordId, Reference, ReferenceName};
use crate::protocol::Rank;
use crate::store::{
    Batch, ExactMatches, ExactReferrers, Page, Records, RowChange, StoreError, TUPLES, Unchanged,
};

/// The number of records in one read.
const PAGE: usize = 1_000;

/// The rows that were read. A row that was read twice has the values of the first read.
#[derive(Debug)]
pub(super) struct Loaded<'a, R> {
    records: &'a R,
    limit: u64,
    count: u64,
    kinds: BTreeMap<KindName, LoadedKind>,
    /// The referring rows, by reference.
    referrers: BTreeMap<ReferenceName, Referrers>,
    /// The texts that were looked up, each with the rows that have it, in order.
    exact_matches: Vec<ExactMatches>,
}

/// The rows that refer over one reference.
#[derive(Debug)]
struct Referrers {
    reference: Arc<Reference>,
    kind: Arc<Kind>,
    /// The referring rows, by the key that they hold, in the order of their ids.
    lists: BTreeMap<RecordId, Vec<RowNumber>>,
}

/// The rows of one kind that were read.
#[derive(Debug, Default)]
struct LoadedKind {
    rows: Vec<Record>,
    numbers: BTreeMap<RecordId, RowNumber>,
    /// The ids that were looked up, each with the row that was found.
    asked: BTreeMap<RecordId, Option<RowNumber>>,
}

impl LoadedKind {
    fn row(&self, number: RowNumber) -> Option<&Record> {
        self.rows.get(number.0)
    }

    /// Returns whether the id was looked up or a row with it was read.
    fn knows(&self, id: &RecordId) -> bool {
        self.asked.contains_key(id) || self.numbers.contains_key(id)
    }

    /// Returns the row that was found for an id that is known.
    fn found(&self, id: &RecordId) -> Option<RowNumber> {
        self.asked.get(id).copied().unwrap_or_else(|| self.numbers.get(id).copied())
    }
}

impl<'a, R: Records> Loaded<'a, R> {
    pub(super) fn new(records: &'a R, limit: u64) -> Self {
        Self {
            records,
            limit,
            count: 0,
            kinds: BTreeMap::new(),
            referrers: BTreeMap::new(),
            exact_matches: Vec::new(),
        }
    }

    fn insert(&mut self, kind: &KindName, row: Record) -> Result<RowNumber, StoreError> {
        let kind = self.kinds.entry(kind.clone()).or_default();
        let next = RowNumber(kind.rows.len());
        let number = *kind.numbers.entry(row.id.clone()).or_insert(next);
        if number == next {
            kind.rows.push(row);
            self.count += 1;
        }
        if self.count > self.limit {
            return Err(StoreError::TooLarge { limit: self.limit });
        }
        Ok(number)
    }

    /// Returns the rows with these ids, which must have the declared type; `None` for a row that does not exist.
    async fn look_up(&mut self, kind: &Kind, ids: &[RecordId]) -> Result<Vec<Option<RowNumber>>, StoreError> {
        // The kind must exist even if no ids are given.
        if ids.is_empty() {
            self.records.get(kind, &[]).await?;
        }
        for part in self.not_known(&kind.name, ids).chunks(PAGE) {
            let found = self.records.get(kind, part).await?;
            let mut by_text: BTreeMap<String, RowNumber> = BTreeMap::new();
            for row in found {
                by_text.insert(row.id.to_string(), self.insert(&kind.name, row)?);
            }
            let asked = &mut self.kinds.entry(kind.name.clone()).or_default().asked;
            for id in part {
                asked.insert(id.clone(), by_text.get(&id.to_string()).copied());
            }
        }
        let known = self.kinds.get(&kind.name);
        Ok(ids.iter().map(|id| known?.found(id)).collect())
    }

    /// Returns the ids that still have to be looked up, without duplicates.
    fn not_known(&self, kind: &KindName, ids: &[RecordId]) -> Vec<RecordId> {
        let known = self.kinds.get(kind);
        let is_new = |id: &&RecordId| known.is_none_or(|known| !known.knows(id));
        let new: BTreeSet<&RecordId> = ids.iter().filter(is_new).collect();
        new.into_iter().cloned().collect()
    }

    async fn read_referrers(
        &mut self,
        kind: &Kind,
        reference: &KeyedReference<'_>,
        targets: &[RecordId],
    ) -> Result<BTreeMap<RecordId, Vec<RowNumber>>, StoreError> {
        let mut lists: BTreeMap<RecordId, Vec<RowNumber>> =
            targets.iter().map(|id| (id.clone(), Vec::new())).collect();
        let mut after: Option<RecordId> = None;
        loop {
            let page = Page { after: after.as_ref(), limit: PAGE };
            let found = self.records.referrers(kind, reference.reference(), targets, page).await?;
            let is_last = found.len() < PAGE;
            for row in found {
                after = Some(row.id.clone());
                let mut keys = reference.held_by(kind, &row)?;
                keys.retain(|key| lists.contains_key(key));
                if keys.is_empty() {
                    continue;
                }
                let number = self.insert(&kind.name, row)?;
                for key in keys {
                    lists.entry(key).or_default().push(number);
                }
            }
            if is_last {
                return Ok(lists);
            }
        }
    }

    /// Returns the batch with these changes. Its conditions require that no row has changed since it was read.
    pub(super) fn into_batch(self, changes: Changes) -> Batch {
        let Changes { absent, changes } = changes;
        let id = |kind: &KindName, number: RowNumber| Some(self.row(kind, number)?.id.clone());
        let ids = |kind: &KindName, rows: &[RowNumber]| -> Vec<RecordId> {
            rows.iter().filter_map(|number| id(kind, *number)).collect()
        };
        let changes = changes.into_iter().flat_map(|change| match change {
            Change::Put { kind, record } => vec![RowChange::Put { kind, record }],
            Change::Delete { kind, rows } => {
                let mut ids = ids(&kind, &rows);
                ids.sort();
                ids.into_iter().map(|id| RowChange::Delete { kind: kind.clone(), id }).collect()
            }
        });
        let changes = changes.collect();
        let exact_referrers = self.referrers.values().flat_map(|Referrers { reference, kind, lists }| {
            lists.iter().map(|(target, referrers)| ExactReferrers {
                reference: reference.clone(),
                kind: kind.clone(),
                target: target.clone(),
                referrers: ids(&kind.name, referrers),
            })
        });
        let exact_referrers = exact_referrers.collect();
        let mut unchanged = Vec::new();
        let mut missing = Vec::new();
        for (kind, LoadedKind { mut rows, numbers: _, asked }) in self.kinds {
            rows.sort_by(|a, b| a.id.cmp(&b.id));
            unchanged.extend(rows.into_iter().map(|row| Unchanged {
                kind: kind.clone(),
                id: row.id.clone(),
                record: Some(row),
            }));
            let not_found = asked.into_iter().filter(|(_, row)| row.is_none());
            missing.extend(not_found.map(|(id, _)| (kind.clone(), id)));
        }
        let absent = missing.into_iter().chain(absent);
        unchanged.extend(absent.map(|(kind, id)| Unchanged { kind, id, record: None }));
        Batch { unchanged, exact_referrers, exact_matches: self.exact_matches, changes }
    }
}

impl<R: Records> Session for Loaded<'_, R> {
    fn row(&self, kind: &KindName, number: RowNumber) -> Option<&Record> {
        self.kinds.get(kind)?.row(number)
    }

    async fn find(&mut self, kind: &Kind, ids: &[RecordId]) -> Result<Vec<RowNumber>, StoreError> {
        let ids = ids.iter().map(|id| as_declared(kind, id)).collect::<Result<Vec<_>, _>>()?;
        Ok(self.look_up(kind, &ids).await?.into_iter().flatten().collect())
    }

    async fn find_exactly(
        &mut self,
        kind: &Kind,
        values: &[RecordId],
    ) -> Result<Vec<Option<RowNumber>>, StoreError> {
        let mut wrong: BTreeSet<RecordId> = BTreeSet::new();
        let found: BTreeSet<RowNumber> = loop {
            let ids = values.iter().filter(|value| !wrong.contains(*value));
            let ids = ids.map(|value| as_declared(kind, value)).collect::<Result<Vec<_>, _>>();
            let found = match ids {
                Ok(ids) => self.look_up(kind, &ids).await,
                Err(error) => Err(error),
            };
            match found {
                Err(StoreError::WrongId { id, .. }) if values.contains(&id) && wrong.insert(id.clone()) => {}
                Err(error) => return Err(error),
                Ok(found) => break found.into_iter().flatten().collect(),
            }
        };
        let known = self.kinds.get(&kind.name);
        let number = |value| known?.numbers.get(value).copied().filter(|number| found.contains(number));
        Ok(values.iter().map(number).collect())
    }

    async fn find_by_text(
        &mut self,
        kind: &Kind,
        field: &FieldName,
        text: &str,
    ) -> Result<Vec<RowNumber>, StoreError> {
        let mut found = self.records.find_by_text(kind, field, text).await?;
        found.sort_by(|a, b| a.id.cmp(&b.id));
        let rows = found.iter().map(|row| row.id.clone()).collect();
        let mut numbers = Vec::new();
        for row in found {
            numbers.push(self.insert(&kind.name, row)?);
        }
        self.exact_matches.push(ExactMatches {
            kind: kind.name.clone(),
            field: field.clone(),
            text: text.to_owned(),
            rows,
        });
        Ok(numbers)
    }

    async fn referrers(
        &mut self,
        kind: &Kind,
        reference: &KeyedReference<'_>,
        targets: &[Ranked],
    ) -> Result<Vec<Ranked>, StoreError> {
        if targets.is_empty() {
            self.records.get(kind, &[]).await?;
        }
        let named = targets.iter().filter_map(|(number, rank)| {
            let target = self.row(reference.to(), *number)?;
            Some((reference.target.read(target)?, *rank))
        });
        let named: Vec<(RecordId, Rank)> = named.collect();
        let name = &reference.reference().name;
        let known = self.referrers.entry(name.clone()).or_insert_with(|| Referrers {
            reference: Arc::new(reference.reference().clone()),
            kind: Arc::new(kind.clone()),
            lists: BTreeMap::new(),
        });
        let new = named.iter().map(|(target, _)| target).filter(|target| !known.lists.contains_key(*target));
        let new: BTreeSet<&RecordId> = new.collect();
        let new: Vec<RecordId> = new.into_iter().cloned().collect();
        for part in new.chunks(PAGE) {
            let lists = self.read_referrers(kind, reference, part).await?;
            if let Some(known) = self.referrers.get_mut(name) {
                known.lists.extend(lists);
            }
        }
        let known = self.referrers.get(name);
        let reached = named.iter().flat_map(|(target, rank)| {
            let referrers = known.and_then(|known| known.lists.get(target)).into_iter().flatten();
            referrers.map(|number| (*number, *rank))
        });
        Ok(reached.collect())
    }

    async fn lacks(&self, kind: &Kind, field: &FieldName) -> Result<bool, StoreError> {
        let rows = self.kinds.get(&kind.name).map(|kind| &kind.rows).filter(|rows| !rows.is_empty());
        let Some(rows) = rows else {
            return Ok(false);
        };
        let has_field = rows.iter().any(|row| row.fields.contains_key(field));
        Ok(!has_field && !self.records.has_field(kind, field).await?)
    }

    async fn get(&self, kind: &Kind, ids: &[RecordId]) -> Result<Vec<Record>, StoreError> {
        self.records.get(kind, ids).await
    }
}

/// Converts an id to the type that the map declares for ids of the kind. Without a declared type, the backend
/// converts it.
pub(crate) fn as_declared(kind: &Kind, id: &RecordId) -> Result<RecordId, StoreError> {
    let fields = kind.id.fields();
    let wrong = |expected| StoreError::WrongId { kind: kind.name.clone(), id: id.clone(), expected };
    let id = id.read_as_tuple(fields.len()).ok_or_else(|| wrong(TUPLES))?;
    let parts = fields.iter().zip(id.parts()).map(|(field, part)| {
        if kind.declared_type(field) != Some(FieldType::Integer) || part.as_integer().is_some() {
            return Ok(part.clone());
        }
        let text = part.to_string();
        // `007` and `+7` are not the text of 7.
        let integer = text.parse().ok().filter(|it: &i64| it.to_string() == text);
        let expected = if fields.len() == 1 { "integers" } else { TUPLES };
        integer.map(RecordId::from).ok_or_else(|| wrong(expected))
    });
    Ok(RecordId::tuple(parts.collect::<Result<Vec<_>, _>>()?))
}
