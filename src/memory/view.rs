//! Evaluations over the tables themselves, without copies of their rows.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use super::table::Table;
use super::tables::Tables;
use crate::domain::{FieldName, KeyReader, Kind, KindName, LIST_OF_IDS, Record, RecordId};
use crate::protocol::{Source, Stratum, SurveyQuery};
use crate::store::StoreError;
use crate::store::by_row::{KeyedReference, Ranked, RowNumber, Session, as_declared};
use crate::store::system_tables::marks_of_operations;

/// Locked tables as the rows of an evaluation.
#[derive(Debug)]
pub(super) struct View<'t> {
    tables: &'t Tables,
    /// The kinds of which rows were found.
    found: BTreeSet<KindName>,
}

impl<'t> View<'t> {
    pub(super) fn of(tables: &'t Tables) -> Self {
        Self { tables, found: BTreeSet::new() }
    }

    /// Remembers the kind if rows of it were found.
    fn note(&mut self, kind: &Kind, found: bool) {
        if found && !self.found.contains(&kind.name) {
            self.found.insert(kind.name.clone());
        }
    }
}

/// Returns the keys that a query needs indexes on.
pub(super) fn indexed(query: &SurveyQuery) -> Vec<(&KindName, KeyReader)> {
    let sets = query.sets.iter().flat_map(Stratum::sets);
    let sources = sets.flat_map(|set| set.branches.iter().map(|branch| &branch.source));
    let references = sources.filter_map(|source| match source {
        Source::Referrers { reference, .. } => query.map.reference(reference),
        _ => None,
    });
    let keys = references.filter_map(|reference| Some((&reference.from, query.map.held_key(reference)?)));
    let (marks, of_operation) = marks_of_operations();
    let marks = query.undoes.map(|_| (&marks.name, KeyReader::held(marks, of_operation)));
    keys.chain(marks).collect()
}

impl Session for View<'_> {
    fn row(&self, kind: &KindName, number: RowNumber) -> Option<&Record> {
        self.tables.get(kind.as_str())?.row(number)
    }

    async fn find(&mut self, kind: &Kind, ids: &[RecordId]) -> Result<Vec<RowNumber>, StoreError> {
        let ids = ids.iter().map(|id| as_declared(kind, id)).collect::<Result<Vec<_>, _>>()?;
        let table = self.tables.table(&kind.name)?;
        // The error names the first wrong id in order.
        let in_order: BTreeSet<&RecordId> = ids.iter().collect();
        let found = in_order.into_iter().map(|id| Ok((id, table.find(&kind.name, id)?)));
        let found = found.collect::<Result<BTreeMap<_, _>, StoreError>>()?;
        let rows: Vec<RowNumber> = ids.iter().filter_map(|id| *found.get(id)?).collect();
        self.note(kind, !rows.is_empty());
        Ok(rows)
    }

    async fn find_exactly(
        &mut self,
        kind: &Kind,
        values: &[RecordId],
    ) -> Result<Vec<Option<RowNumber>>, StoreError> {
        let table = self.tables.table(&kind.name)?;
        let rows = values.iter().map(|value| {
            let id = as_declared(kind, value).ok()?;
            // Text can find an integer, but it is not the same id.
            table
                .find(&kind.name, &id)
                .ok()?
                .filter(|number| table.row(*number).is_some_and(|row| row.id == *value))
        });
        let rows: Vec<Option<RowNumber>> = rows.collect();
        self.note(kind, rows.iter().any(Option::is_some));
        Ok(rows)
    }

    async fn find_by_text(
        &mut self,
        kind: &Kind,
        field: &FieldName,
        text: &str,
    ) -> Result<Vec<RowNumber>, StoreError> {
        let rows: Vec<RowNumber> = self.tables.table(&kind.name)?.find_by_text(field, text).collect();
        self.note(kind, !rows.is_empty());
        Ok(rows)
    }

    async fn referrers(
        &mut self,
        kind: &Kind,
        reference: &KeyedReference<'_>,
        targets: &[Ranked],
    ) -> Result<Vec<Ranked>, StoreError> {
        let table = self.tables.table(&kind.name)?;
        let to = self.tables.get(reference.to().as_str());
        check_lists(kind, reference, table, to)?;
        let mut rows = Vec::new();
        for (number, rank) in targets {
            if let Some(key) = to.and_then(|to| reference.target.read(to.row(*number)?)) {
                let referrers = table.referrers(&reference.held, &key);
                rows.extend(referrers.map(|(_, number)| (*number, *rank)));
            }
        }
        self.note(kind, !rows.is_empty());
        Ok(rows)
    }

    async fn count_referrers(
        &mut self,
        kind: &Kind,
        reference: &KeyedReference<'_>,
        targets: &[Ranked],
    ) -> Result<u64, StoreError> {
        let table = self.tables.table(&kind.name)?;
        let to = self.tables.get(reference.to().as_str());
        let keys = targets.iter().filter_map(|(number, _)| reference.target.read(to?.row(*number)?));
        let count: usize = keys.map(|key| table.referrers(&reference.held, &key).len()).sum();
        self.note(kind, count > 0);
        Ok(count as u64)
    }

    async fn lacks(&self, kind: &Kind, field: &FieldName) -> Result<bool, StoreError> {
        let mut rows = self.tables.table(&kind.name)?.rows();
        Ok(self.found.contains(&kind.name) && !rows.any(|row| row.fields.contains_key(field)))
    }

    async fn get(&self, kind: &Kind, ids: &[RecordId]) -> Result<Vec<Record>, StoreError> {
        self.tables.records(&kind.name, ids)
    }
}

/// Checks that all lists of a reference can be read: an unreadable list might refer to one of the targets.
fn check_lists(
    kind: &Kind,
    reference: &KeyedReference<'_>,
    table: &Table,
    to: Option<&Table>,
) -> Result<(), StoreError> {
    let (Some(field), Some(index)) = (reference.held.list(), table.index_on(&reference.held)) else {
        return Ok(());
    };
    let key = to.and_then(|to| to.rows().find_map(|row| reference.target.read(row)));
    let of_other_type = key.into_iter().flat_map(|key| index.of_other_type(key.as_integer().is_some()));
    let unreadable: BTreeMap<&RecordId, &RowNumber> = index.unreadable().chain(of_other_type).collect();
    for number in unreadable.into_values() {
        if let Some(row) = table.row(*number)
            && reference.concerns(kind, row)?
        {
            return Err(StoreError::bad_value(&kind.name, Some(&row.id), field, LIST_OF_IDS));
        }
    }
    Ok(())
}

/// Runs an evaluation over tables in memory. It never waits, so it is done when it was polled once.
pub(super) fn at_once<T>(evaluation: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    match pin!(evaluation).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => Err(StoreError::Unsupported("waiting for rows in memory".into())),
    }
}
