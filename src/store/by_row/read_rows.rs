//! Reads rows in pages, and remembers which rows were read.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{FieldName, FieldType, Kind, KindName, Record, RecordId, Reference, ReferenceName};
use crate::store::{Batch, ExactMatches, ExactReferrers, Page, Records, StoreError, Unchanged};

/// The number of records in one read.
const PAGE: usize = 1_000;

/// The rows that were read. A row that was read twice has the values of the first read.
#[derive(Debug)]
pub(super) struct Loaded<'a, R> {
    records: &'a R,
    limit: u64,
    count: u64,
    rows: BTreeMap<KindName, BTreeMap<RecordId, Record>>,
    /// The ids that were looked up, each with the id as stored; `None` if the row does not exist.
    asked: BTreeMap<KindName, BTreeMap<RecordId, Option<RecordId>>>,
    /// The ids of the referring rows, by reference and by the row they refer to, in order.
    referrers: BTreeMap<ReferenceName, BTreeMap<RecordId, Vec<RecordId>>>,
    /// The texts that were looked up, each with the rows that have it, in order.
    exact_matches: Vec<ExactMatches>,
}

impl<'a, R: Records> Loaded<'a, R> {
    pub(super) fn new(records: &'a R, limit: u64) -> Self {
        Self {
            records,
            limit,
            count: 0,
            rows: BTreeMap::new(),
            asked: BTreeMap::new(),
            referrers: BTreeMap::new(),
            exact_matches: Vec::new(),
        }
    }

    /// Returns a row that was read.
    pub(super) fn row(&self, kind: &KindName, id: &RecordId) -> Option<&Record> {
        self.rows.get(kind)?.get(id)
    }

    /// Returns whether any row that was read has the field; `None` if no row of the kind was read.
    pub(super) fn any_has(&self, kind: &KindName, field: &FieldName) -> Option<bool> {
        let rows = self.rows.get(kind).filter(|rows| !rows.is_empty())?;
        Some(rows.values().any(|row| row.fields.contains_key(field)))
    }

    pub(super) fn records(&self) -> &'a R {
        self.records
    }

    /// Returns the ids of the rows that exist, as they are stored.
    pub(super) async fn existing(
        &mut self,
        kind: &Kind,
        ids: &[RecordId],
    ) -> Result<Vec<RecordId>, StoreError> {
        let ids = ids.iter().map(|id| as_declared(kind, id));
        let ids = ids.collect::<Result<Vec<_>, _>>()?;
        // The kind must exist even if no ids are given.
        if ids.is_empty() {
            self.records.get(kind, &[]).await?;
        }
        for part in self.not_asked(&kind.name, &ids).chunks(PAGE) {
            let found = self.records.get(kind, part).await?;
            let by_text: BTreeMap<String, RecordId> =
                found.iter().map(|row| (row.id.to_string(), row.id.clone())).collect();
            for row in found {
                self.insert(&kind.name, row)?;
            }
            let asked = self.asked.entry(kind.name.clone()).or_default();
            for id in part {
                asked.insert(id.clone(), by_text.get(&id.to_string()).cloned());
            }
        }
        let asked = self.asked.get(&kind.name);
        let stored = ids.iter().filter_map(|id| {
            let answer = asked.and_then(|asked| asked.get(id));
            answer.map_or_else(|| Some(id.clone()), Clone::clone)
        });
        Ok(stored.collect())
    }

    /// Returns the ids that still have to be looked up, without duplicates.
    fn not_asked(&self, kind: &KindName, ids: &[RecordId]) -> Vec<RecordId> {
        let asked = self.asked.get(kind);
        let rows = self.rows.get(kind);
        let is_new = |id: &&RecordId| {
            !asked.is_some_and(|asked| asked.contains_key(*id))
                && !rows.is_some_and(|rows| rows.contains_key(*id))
        };
        let new: BTreeSet<&RecordId> = ids.iter().filter(is_new).collect();
        new.into_iter().cloned().collect()
    }

    /// Reads the referring rows of those targets for which this has not been done yet.
    pub(super) async fn load_referrers(
        &mut self,
        kind: &Kind,
        reference: &Reference,
        targets: &[RecordId],
    ) -> Result<(), StoreError> {
        if targets.is_empty() {
            self.records.get(kind, &[]).await?;
        }
        let known = self.referrers.entry(reference.name.clone()).or_default();
        let new: BTreeSet<&RecordId> = targets.iter().filter(|target| !known.contains_key(*target)).collect();
        let new: Vec<RecordId> = new.into_iter().cloned().collect();
        for part in new.chunks(PAGE) {
            let lists = self.read_referrers(kind, reference, part).await?;
            let known = self.referrers.entry(reference.name.clone()).or_default();
            known.extend(lists);
        }
        Ok(())
    }

    /// Returns the rows with this text in the field, in order.
    pub(super) async fn find_by_text(
        &mut self,
        kind: &Kind,
        field: &FieldName,
        text: &str,
    ) -> Result<Vec<RecordId>, StoreError> {
        let found = self.records.find_by_text(kind, field, text).await?;
        let mut rows = Vec::new();
        for row in found {
            rows.push(row.id.clone());
            self.insert(&kind.name, row)?;
        }
        rows.sort();
        self.exact_matches.push(ExactMatches {
            kind: kind.name.clone(),
            field: field.clone(),
            text: text.to_owned(),
            rows: rows.clone(),
        });
        Ok(rows)
    }

    /// Returns the rows that refer to a target. They must have been read before.
    pub(super) fn referrers(&self, reference: &ReferenceName, target: &RecordId) -> &[RecordId] {
        let lists = self.referrers.get(reference);
        lists.and_then(|lists| lists.get(target)).map_or(&[], Vec::as_slice)
    }

    async fn read_referrers(
        &mut self,
        kind: &Kind,
        reference: &Reference,
        targets: &[RecordId],
    ) -> Result<BTreeMap<RecordId, Vec<RecordId>>, StoreError> {
        let mut lists: BTreeMap<RecordId, Vec<RecordId>> =
            targets.iter().map(|id| (id.clone(), Vec::new())).collect();
        let mut after: Option<RecordId> = None;
        loop {
            let page = Page { after: after.as_ref(), limit: PAGE };
            let found = self.records.referrers(kind, reference, targets, page).await?;
            let is_last = found.len() < PAGE;
            for row in found {
                after = Some(row.id.clone());
                let target = row.get(&reference.field).as_id();
                if let Some(list) = target.and_then(|target| lists.get_mut(&target)) {
                    list.push(row.id.clone());
                    self.insert(&kind.name, row)?;
                }
            }
            if is_last {
                return Ok(lists);
            }
        }
    }

    fn insert(&mut self, kind: &KindName, row: Record) -> Result<(), StoreError> {
        let rows = self.rows.entry(kind.clone()).or_default();
        if let std::collections::btree_map::Entry::Vacant(place) = rows.entry(row.id.clone()) {
            place.insert(row);
            self.count += 1;
        }
        if self.count > self.limit {
            return Err(StoreError::TooLarge { limit: self.limit });
        }
        Ok(())
    }

    /// Returns a batch without changes. Its conditions require that no row has changed since it was read.
    pub(super) fn into_conditions(self) -> Batch {
        let present = self.rows.into_iter().flat_map(|(kind, rows)| {
            rows.into_values().map(move |row| Unchanged {
                kind: kind.clone(),
                id: row.id.clone(),
                record: Some(row),
            })
        });
        let absent = self.asked.into_iter().flat_map(|(kind, ids)| {
            let missing = ids.into_iter().filter(|(_, stored)| stored.is_none());
            missing.map(move |(id, _)| Unchanged { kind: kind.clone(), id, record: None })
        });
        let exact_referrers = self.referrers.into_iter().flat_map(|(reference, lists)| {
            lists.into_iter().map(move |(target, referrers)| ExactReferrers {
                reference: reference.clone(),
                target,
                referrers,
            })
        });
        Batch {
            unchanged: present.chain(absent).collect(),
            exact_referrers: exact_referrers.collect(),
            exact_matches: self.exact_matches,
            changes: Vec::new(),
        }
    }
}

/// Converts an id to the type that the map declares for ids of the kind. Without a declared type, the backend
/// converts it.
pub(super) fn as_declared(kind: &Kind, id: &RecordId) -> Result<RecordId, StoreError> {
    if kind.declared_type(&kind.id) != Some(FieldType::Integer) || id.as_integer().is_some() {
        return Ok(id.clone());
    }
    let text = id.to_string();
    // `007` and `+7` are not the text of 7.
    let integer = text.parse().ok().filter(|it: &i64| it.to_string() == text);
    integer.map(RecordId::from).ok_or_else(|| StoreError::WrongId {
        kind: kind.name.clone(),
        id: id.clone(),
        expected: "integers",
    })
}
