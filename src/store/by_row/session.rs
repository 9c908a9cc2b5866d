//! What an evaluation reads, and what it decides to write.

use std::future::Future;

use chrono::{DateTime, Utc};

use crate::domain::{
    BadValue, Condition, FieldName, KeyReader, Kind, KindName, LIST_OF_IDS, Record, RecordId, Reference,
    ReferenceName,
};
use crate::protocol::{Rank, SurveyQuery};
use crate::store::StoreError;

/// The number of a row among the rows of its kind. It is valid within one session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct RowNumber(pub(crate) usize);

/// A row with a rank: its own rank, or the rank of the row it was reached from.
pub(crate) type Ranked = (RowNumber, Rank);

/// A reference, with the readers of the keys on both sides.
#[derive(Debug)]
pub(crate) struct KeyedReference<'q> {
    reference: &'q Reference,
    /// The key that a referring row holds.
    pub(crate) held: KeyReader,
    /// The key of a row referred to.
    pub(crate) target: KeyReader,
    /// The conditions on a referring row: of the reference, and of its kind.
    conditions: [Option<&'q Condition>; 2],
    now: DateTime<Utc>,
}

impl<'q> KeyedReference<'q> {
    pub(super) fn of(query: &'q SurveyQuery, name: &ReferenceName) -> Result<Self, StoreError> {
        let map = &query.map;
        let unknown = || StoreError::unknown("reference", name);
        let reference = map.reference(name).ok_or_else(unknown)?;
        let held = map.held_key(reference).ok_or_else(unknown)?;
        let target = map.target_key(reference).ok_or_else(unknown)?;
        // Rows that the filter of the subject's kind excludes may still block the operation.
        let from = map.kind(&reference.from).filter(|kind| kind.name != query.kind);
        let conditions = [reference.when.as_ref(), from.and_then(|kind| kind.filter.as_ref())];
        Ok(Self { reference, held, target, conditions, now: query.now })
    }

    /// Returns a reference without conditions, such as one between tables of the library.
    pub(super) fn unconditional(
        from: &Kind,
        reference: &'q Reference,
        to: &Kind,
        now: DateTime<Utc>,
    ) -> Self {
        let held = KeyReader::held(from, reference);
        let target = KeyReader::new(to, to.id.fields(), reference.compare);
        Self { reference, held, target, conditions: [None, None], now }
    }

    /// Returns the keys that a referring row holds. A row that refers to nothing, because it does not meet the
    /// conditions, may hold anything.
    pub(crate) fn held_by(&self, kind: &Kind, row: &Record) -> Result<Vec<RecordId>, StoreError> {
        match self.held.read_all(row) {
            Ok(keys) => Ok(keys),
            Err(bad) if self.concerns(kind, row)? => {
                Err(StoreError::bad_value(&kind.name, kind.id_of(row), &bad.field, LIST_OF_IDS))
            }
            Err(_) => Ok(Vec::new()),
        }
    }

    /// Returns whether a row of the kind meets the conditions on referring rows.
    pub(crate) fn concerns(&self, kind: &Kind, row: &Record) -> Result<bool, StoreError> {
        for condition in self.conditions.into_iter().flatten() {
            let holds = condition.holds(kind, row, self.now);
            if holds.map_err(|bad| bad_value(kind, row, bad))? != Some(true) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub(super) fn reference(&self) -> &'q Reference {
        self.reference
    }

    /// Returns the kind referred to.
    pub(crate) fn to(&self) -> &'q KindName {
        &self.reference.to
    }
}

/// The rows that one evaluation reads. It refers to them by number, so that no id or row is copied.
pub(crate) trait Session: Send + Sync {
    /// Returns a row that was found before.
    fn row(&self, kind: &KindName, number: RowNumber) -> Option<&Record>;

    /// Returns the rows with these ids, in the order of the ids. Missing rows are left out. Text finds an integer of
    /// the same digits.
    fn find(
        &mut self,
        kind: &Kind,
        ids: &[RecordId],
    ) -> impl Future<Output = Result<Vec<RowNumber>, StoreError>> + Send;

    /// Returns, for each value, the row with exactly this id. A value that cannot be an id of the kind finds nothing,
    /// as in a SQL join.
    fn find_exactly(
        &mut self,
        kind: &Kind,
        values: &[RecordId],
    ) -> impl Future<Output = Result<Vec<Option<RowNumber>>, StoreError>> + Send;

    /// Returns the rows with this text in a field, in the order of their ids.
    fn find_by_text(
        &mut self,
        kind: &Kind,
        field: &FieldName,
        text: &str,
    ) -> impl Future<Output = Result<Vec<RowNumber>, StoreError>> + Send;

    /// Returns the rows that refer to the targets, each with the rank of its target: for one target after the other,
    /// in the order of the ids of the referring rows.
    fn referrers(
        &mut self,
        kind: &Kind,
        reference: &KeyedReference<'_>,
        targets: &[Ranked],
    ) -> impl Future<Output = Result<Vec<Ranked>, StoreError>> + Send;

    /// Returns the number of rows that refer to the targets.
    fn count_referrers(
        &mut self,
        kind: &Kind,
        reference: &KeyedReference<'_>,
        targets: &[Ranked],
    ) -> impl Future<Output = Result<u64, StoreError>> + Send {
        async { Ok(self.referrers(kind, reference, targets).await?.len() as u64) }
    }

    /// Returns whether rows of the kind were found, although no row of the kind has the field. If no row of the kind
    /// was found, the field cannot affect the result.
    fn lacks(&self, kind: &Kind, field: &FieldName) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Returns the records with these ids, in any order. They do not count as found.
    fn get(
        &self,
        kind: &Kind,
        ids: &[RecordId],
    ) -> impl Future<Output = Result<Vec<Record>, StoreError>> + Send;
}

/// What an operation writes: everything, or nothing if a row exists that must not.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// Rows that must not exist yet.
    pub(crate) absent: Vec<(KindName, RecordId)>,
    /// The changes, in order.
    pub(crate) changes: Vec<Change>,
}

/// A change of rows of one kind.
#[derive(Debug)]
pub(crate) enum Change {
    /// Writes the row as given, and replaces a row with the same id.
    Put { kind: KindName, record: Record },
    /// Deletes these rows.
    Delete { kind: KindName, rows: Vec<RowNumber> },
}

impl Changes {
    /// Writes a row that must not exist yet.
    pub(super) fn insert(&mut self, kind: impl Into<KindName>, record: Record) {
        let kind = kind.into();
        self.absent.push((kind.clone(), record.id.clone()));
        self.changes.push(Change::Put { kind, record });
    }

    /// Writes a row.
    pub(super) fn put(&mut self, kind: impl Into<KindName>, record: Record) {
        self.changes.push(Change::Put { kind: kind.into(), record });
    }
}

/// Makes the error for a value that does not have the type of its field.
pub(super) fn bad_value(kind: &Kind, row: &Record, (field, bad): (FieldName, BadValue)) -> StoreError {
    StoreError::bad_value(&kind.name, kind.id_of(row), &field, &bad.expected)
}
