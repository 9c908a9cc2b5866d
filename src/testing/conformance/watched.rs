//! A wrapper that checks every call of a backend for faults that no case can see through the store.

use async_trait::async_trait;

use super::yield_now;
use crate::domain::{DataMap, Fault, FieldName, Kind, Record, RecordId, Reference};
#[cfg(feature = "sql")]
use crate::sql::{AccessMode, SqlConnection, SqlError, SqlTransaction, SqlValue};
use crate::store::{Batch, BatchError, Page, Records, StoreError};

/// A wrapper of [`Records`] or of a `SqlConnection`, for the conformance suite.
///
/// Yields to other tasks before and after every call. Without it, a backend that never waits would run each call of
/// the store to completion, and the cases about races and dropped calls would test nothing.
///
/// Reads records one row at a time. Panics if a page is out of order, too large, or contains rows that were not
/// requested.
///
/// ```
/// use client_lifecycle::memory::MemoryRecords;
/// use client_lifecycle::store::ByRow;
/// use client_lifecycle::testing::conformance::Watched;
/// let store = ByRow::new(Watched(MemoryRecords::new()));
/// # let _ = store;
/// ```
#[derive(Debug)]
#[allow(clippy::exhaustive_structs, reason = "hosts wrap what they have")]
pub struct Watched<T>(pub T);

/// Yields to other tasks, runs the future, and yields again.
async fn in_turn<T>(call: impl Future<Output = T>) -> T {
    yield_now().await;
    let done = call.await;
    yield_now().await;
    done
}

#[async_trait]
impl<R: Records> Records for Watched<R> {
    async fn get(&self, kind: &Kind, ids: &[RecordId]) -> Result<Vec<Record>, StoreError> {
        let found = in_turn(self.0.get(kind, ids)).await?;
        for row in &found {
            let text = row.id.to_string();
            let asked = ids.iter().any(|id| id.to_string() == text);
            assert!(asked, "`get` on `{}`: {:?} was not requested", kind.name, row.id);
        }
        Ok(found)
    }

    async fn referrers(
        &self,
        kind: &Kind,
        reference: &Reference,
        ids: &[RecordId],
        page: Page<'_>,
    ) -> Result<Vec<Record>, StoreError> {
        let what = format!("`referrers` over {}", reference.name);
        let mut found: Vec<Record> = Vec::new();
        while found.len() < page.limit {
            let after = found.last().map(|row| &row.id).or(page.after);
            let one = Page { after, limit: 1 };
            let next = in_turn(self.0.referrers(kind, reference, ids, one)).await?;
            assert!(next.len() <= 1, "{what}: more rows than `page.limit`");
            let Some(row) = next.into_iter().next() else {
                break;
            };
            // A row whose list cannot be read is returned too.
            let refers = reference.held_by(kind, &row);
            assert!(
                refers.map_or(true, |held| held.iter().any(|id| ids.contains(id))),
                "{what}: {:?} refers to none of the ids",
                row.id
            );
            assert!(
                after.is_none_or(|after| row.id > *after),
                "{what}: {:?} is not after `page.after`, {after:?}",
                row.id
            );
            found.push(row);
        }
        Ok(found)
    }

    async fn find_by_text(
        &self,
        kind: &Kind,
        field: &FieldName,
        text: &str,
    ) -> Result<Vec<Record>, StoreError> {
        let found = in_turn(self.0.find_by_text(kind, field, text)).await?;
        for row in &found {
            let holds = row.get(field).as_text().is_some_and(|held| held.eq_ignore_ascii_case(text));
            assert!(holds, "`find_by_text` on `{}`: {:?} holds another `{field}`", kind.name, row.id);
        }
        Ok(found)
    }

    async fn page(&self, kind: &Kind, page: Page<'_>) -> Result<Vec<Record>, StoreError> {
        let found = in_turn(self.0.page(kind, page)).await?;
        assert!(found.len() <= page.limit, "`page` of `{}`: more rows than `page.limit`", kind.name);
        let after = page.after.into_iter().chain(found.iter().map(|row| &row.id));
        assert!(after.is_sorted_by(|a, b| a < b), "`page` of `{}` is not in the order of ids", kind.name);
        Ok(found)
    }

    async fn write(&self, batch: &Batch) -> Result<(), BatchError> {
        in_turn(self.0.write(batch)).await
    }

    async fn has_field(&self, kind: &Kind, field: &FieldName) -> Result<bool, StoreError> {
        in_turn(self.0.has_field(kind, field)).await
    }

    async fn describe(&self, map: &DataMap) -> Result<Vec<Fault>, StoreError> {
        in_turn(self.0.describe(map)).await
    }
}

#[cfg(feature = "sql")]
#[async_trait]
impl<C: SqlConnection> SqlConnection for Watched<C> {
    async fn begin(&self, access: AccessMode) -> Result<Box<dyn SqlTransaction + '_>, SqlError> {
        let begun = in_turn(self.0.begin(access)).await?;
        Ok(Box::new(Watched(begun)))
    }

    fn retryable(&self) -> bool {
        self.0.retryable()
    }
}

#[cfg(feature = "sql")]
#[async_trait]
impl SqlTransaction for Watched<Box<dyn SqlTransaction + '_>> {
    async fn query(&mut self, sql: &str, params: &[SqlValue]) -> Result<Vec<Vec<SqlValue>>, SqlError> {
        in_turn(self.0.query(sql, params)).await
    }

    async fn execute(&mut self, sql: &str, params: &[SqlValue]) -> Result<u64, SqlError> {
        in_turn(self.0.execute(sql, params)).await
    }

    async fn commit(self: Box<Self>) -> Result<(), SqlError> {
        in_turn(self.0.commit()).await
    }
}
