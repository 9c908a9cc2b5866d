//! What an evaluation reads, and what it decides to write.

use std::future::Future;

use crate::domain::{
    DataMap, FieldName, KeyReader, Kind, KindName, Record, RecordId, Reference, ReferenceName,
};
use crate::protocol::Rank;
use crate::store::StoreError;

/// The number of a row among the rows of its kind. It is valid within one session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct RowNumber(pub(crate) usize);

/// A row with a rank: its own rank, or the rank of the row it was reached from.
pub(crate) type Ranked = (RowNumber, Rank);

/// A reference, and how the rows on both sides give the keys that it compares.
#[derive(Debug)]
pub(crate) struct KeyedReference<'q> {
    reference: &'q Reference,
    /// The key that a referring row holds.
    pub(crate) held: KeyReader,
    /// The key of a row referred to.
    pub(crate) target: KeyReader,
}

impl<'q> KeyedReference<'q> {
    pub(super) fn of(map: &'q DataMap, name: &ReferenceName) -> Result<Self, StoreError> {
        let unknown = || StoreError::unknown("reference", name);
        let reference = map.reference(name).ok_or_else(unknown)?;
        let held = map.held_key(reference).ok_or_else(unknown)?;
        let target = map.target_key(reference).ok_or_else(unknown)?;
        Ok(Self { reference, held, target })
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
