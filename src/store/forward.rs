//! Stores behind references and smart pointers are stores, and so are records.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::{Batch, BatchError, Page, ReadQuery, Reader, Records, Store, StoreError};
use crate::domain::{DataMap, Fault, FieldName, Kind, Record, RecordId, Reference};
use crate::protocol::{ChangeSet, Receipt, Survey, SurveyQuery};

macro_rules! forward {
    ($($pointer:ty, $records:ty;)*) => {$(
        #[async_trait]
        impl<S: Store + ?Sized> Store for $pointer {
            async fn check(&self, map: &DataMap) -> Result<Vec<Fault>, StoreError> {
                (**self).check(map).await
            }

            async fn survey(&self, query: &SurveyQuery) -> Result<Survey, StoreError> {
                (**self).survey(query).await
            }

            async fn apply(&self, changes: &ChangeSet) -> Result<Receipt, StoreError> {
                (**self).apply(changes).await
            }

            async fn pause(&self, time: Duration) {
                (**self).pause(time).await;
            }
        }

        #[async_trait]
        impl<S: Reader + ?Sized> Reader for $pointer {
            async fn read(&self, query: &ReadQuery) -> Result<Vec<Record>, StoreError> {
                (**self).read(query).await
            }
        }

        #[async_trait]
        impl<R: Records + ?Sized> Records for $records {
            async fn get(
                &self,
                kind: &Kind,
                ids: &[RecordId],
            ) -> Result<Vec<Record>, StoreError> {
                (**self).get(kind, ids).await
            }

            async fn referrers(
                &self,
                kind: &Kind,
                reference: &Reference,
                ids: &[RecordId],
                page: Page<'_>,
            ) -> Result<Vec<Record>, StoreError> {
                (**self).referrers(kind, reference, ids, page).await
            }

            async fn write(&self, batch: &Batch) -> Result<(), BatchError> {
                (**self).write(batch).await
            }

            async fn find_by_text(
                &self,
                kind: &Kind,
                field: &FieldName,
                text: &str,
            ) -> Result<Vec<Record>, StoreError> {
                (**self).find_by_text(kind, field, text).await
            }

            async fn page(&self, kind: &Kind, page: Page<'_>) -> Result<Vec<Record>, StoreError> {
                (**self).page(kind, page).await
            }

            async fn has_field(&self, kind: &Kind, field: &FieldName) -> Result<bool, StoreError> {
                (**self).has_field(kind, field).await
            }

            async fn describe(&self, map: &DataMap) -> Result<Vec<Fault>, StoreError> {
                (**self).describe(map).await
            }
        }
    )*};
}

forward! {
    &S, &R;
    Box<S>, Box<R>;
    Arc<S>, Arc<R>;
}
