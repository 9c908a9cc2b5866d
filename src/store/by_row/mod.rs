//! A store over `Records`, which can also look up single records.

mod apply;
mod check;
mod cycle;
mod evaluate;
mod members;
mod read_rows;
mod session;
mod steps;
mod survey;
mod switches;
mod targets;
mod undone;
mod verify;

use async_trait::async_trait;

use super::reader::typed;
use super::system_tables::{OPERATIONS_KIND, switches_id};
use super::{
    Batch, BatchError, Page, ReadQuery, Reader, Records, Store, StoreError, Switches, SystemTable, Which,
};
use crate::domain::{DataMap, Fault, Kind, Record, RecordId};
use crate::protocol::{ChangeSet, Inconsistency, Receipt, ReceiptQuery, Survey, SurveyQuery, VerifyQuery};
use read_rows::Loaded;

pub(crate) use apply::{Decision, decide};
pub(crate) use read_rows::as_declared;
use session::bad_value;
pub(crate) use session::{Change, Changes, KeyedReference, Ranked, RowNumber, Session};
pub(crate) use survey::survey;
pub(crate) use verify::verify;

/// The maximum number of attempts, if rows change while they are read.
const ATTEMPTS: usize = 3;

/// The maximum number of attempts to write audit entries. Such a write conflicts only with other writes of audit
/// entries.
const RECORD_ATTEMPTS: usize = 32;

/// A [`Store`] over [`Records`]: it reads rows in pages, evaluates sets itself, and writes one conditional batch.
///
/// Several reads are not a snapshot. Every answer is therefore confirmed by a batch that lists the rows and referrers
/// that were read, and that the backend accepts only if they are unchanged. If the backend rejects it, `ByRow` reads
/// and decides again, at most three times.
///
/// ```
/// use client_lifecycle::memory::MemoryRecords;
/// use client_lifecycle::store::ByRow;
/// let store = ByRow::new(MemoryRecords::new()).max_rows(500);
/// ```
#[derive(Debug)]
pub struct ByRow<R: Records> {
    records: R,
    max_rows: u64,
}

impl<R: Records> ByRow<R> {
    /// Makes a store over these records. An operation may read at most 10,000 rows.
    #[must_use]
    pub fn new(records: R) -> Self {
        Self { records, max_rows: 10_000 }
    }

    /// Sets the maximum number of rows that an operation may read. Above it, the operation fails with
    /// [`StoreError::TooLarge`].
    #[must_use]
    pub fn max_rows(mut self, rows: u64) -> Self {
        self.max_rows = rows;
        self
    }

    /// Returns the records.
    pub fn records(&self) -> &R {
        &self.records
    }

    /// Returns the records, for changes that the host makes directly.
    pub fn records_mut(&mut self) -> &mut R {
        &mut self.records
    }

    /// Writes the batch; returns `None` if a row has changed since it was read.
    async fn write(&self, batch: &Batch) -> Result<Option<()>, StoreError> {
        match self.records.write(batch).await {
            Ok(()) => Ok(Some(())),
            Err(BatchError::Changed) => Ok(None),
            Err(BatchError::Store(error)) => Err(error),
        }
    }
}

#[async_trait]
impl<R: Records> Store for ByRow<R> {
    async fn check(&self, map: &DataMap) -> Result<Vec<Fault>, StoreError> {
        check::check_map(&self.records, map).await
    }

    async fn survey(&self, query: &SurveyQuery) -> Result<Survey, StoreError> {
        for _ in 0..ATTEMPTS {
            let mut loaded = Loaded::new(&self.records, self.max_rows);
            let survey = survey(&mut loaded, query).await?;
            if self.write(&loaded.into_batch(Changes::default())).await?.is_some() {
                return Ok(survey);
            }
        }
        Err(contention())
    }

    async fn receipt(&self, query: &ReceiptQuery) -> Result<Option<Receipt>, StoreError> {
        let operation = match query {
            ReceiptQuery::Operation(operation) => Some(*operation),
            ReceiptQuery::LastRemoval { kind, record } => {
                let ids = [switches_id(kind, record)];
                let found = self.records.get(&SystemTable::Switches.kind(), &ids).await?;
                let switches = found.first().map(Switches::try_from).transpose()?;
                switches.and_then(|switches| switches.removal)
            }
        };
        let Some(operation) = operation else { return Ok(None) };
        let found = self.records.get(&OPERATIONS_KIND, &[operation.as_uuid().into()]).await?;
        found.first().map(Receipt::try_from).transpose()
    }

    /// Reads whole tables through [`Records::page`], which the backend must implement for it.
    async fn verify(&self, query: &VerifyQuery) -> Result<Vec<Inconsistency>, StoreError> {
        verify::verify_pages(&self.records, query).await
    }

    async fn apply(&self, changes: &ChangeSet) -> Result<Receipt, StoreError> {
        let attempts = if changes.is_record_only() { RECORD_ATTEMPTS } else { ATTEMPTS };
        for _ in 0..attempts {
            let mut loaded = Loaded::new(&self.records, self.max_rows);
            let (changes, done) = match decide(&mut loaded, changes).await? {
                Decision::AppliedBefore(receipt) => return Ok(receipt),
                // The conflict is real only if the rows were read from one consistent state.
                Decision::Conflict(differences) => {
                    (Changes::default(), Err(StoreError::Conflict { differences }))
                }
                Decision::Write(changes, receipt) => (changes, Ok(receipt)),
            };
            if self.write(&loaded.into_batch(changes)).await?.is_some() {
                return done;
            }
        }
        Err(contention())
    }
}

/// Makes the error for rows that changed each time they were read.
pub(crate) fn contention() -> StoreError {
    StoreError::Contention { source: None, retryable: true }
}

/// The number of records to read at once if a condition filters them.
const PAGE: usize = 500;

#[async_trait]
impl<R: Records> Reader for ByRow<R> {
    async fn read(&self, query: &ReadQuery) -> Result<Vec<Record>, StoreError> {
        let ReadQuery { map, kind, fields: _, which, when: _, now: _, after, limit } = query;
        let kind = map.kind(kind).ok_or_else(|| StoreError::unknown("kind", kind))?;
        let limit = usize::try_from(*limit).unwrap_or(usize::MAX);
        let mut found = match which {
            Which::All => return self.listed(query, kind, limit).await,
            Which::Ids(ids) => {
                let ids = ids.iter().map(|id| as_declared(kind, id)).collect::<Result<Vec<_>, _>>()?;
                self.records().get(kind, &ids).await?
            }
            Which::WithText { field, text } => self.records().find_by_text(kind, field, text).await?,
        };
        found.retain(|row| after.as_ref().is_none_or(|after| row.id > *after));
        found.sort_by(|a, b| a.id.cmp(&b.id));
        let mut wanted = Vec::new();
        for row in found {
            if wanted.len() < limit && holds(query, kind, &row)? {
                wanted.push(asked_for(query, kind, &row)?);
            }
        }
        Ok(wanted)
    }
}

impl<R: Records> ByRow<R> {
    /// Returns the next records of a kind that meet the query's condition.
    async fn listed(&self, query: &ReadQuery, kind: &Kind, limit: usize) -> Result<Vec<Record>, StoreError> {
        let mut wanted = Vec::new();
        let mut after: Option<RecordId> = query.after.clone();
        while wanted.len() < limit {
            let found = self.records().page(kind, Page { after: after.as_ref(), limit: PAGE }).await?;
            after = found.last().map(|row| row.id.clone());
            let is_last = found.len() < PAGE;
            for row in found {
                if wanted.len() < limit && holds(query, kind, &row)? {
                    wanted.push(asked_for(query, kind, &row)?);
                }
            }
            if is_last {
                break;
            }
        }
        Ok(wanted)
    }
}

fn holds(query: &ReadQuery, kind: &Kind, row: &Record) -> Result<bool, StoreError> {
    let held = query.when.as_ref().map(|when| when.holds(kind, row, query.now));
    match held {
        None => Ok(true),
        Some(held) => held.map(|held| held == Some(true)).map_err(|bad| bad_value(kind, row, bad)),
    }
}

fn asked_for(query: &ReadQuery, kind: &Kind, row: &Record) -> Result<Record, StoreError> {
    let mut wanted = Record::new(row.id.clone());
    for field in &query.fields {
        wanted.fields.insert(field.clone(), typed(kind, &row.id, field, row.get(field))?);
    }
    Ok(wanted)
}
