//! References and smart pointers to stores are stores.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Store, StoreError};
use crate::domain::{DataMap, Fault};
use crate::plan::{ChangeSet, Receipt, Survey, SurveyQuery};

macro_rules! forward {
    ($($pointer:ty),*) => {$(
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
        }
    )*};
}

forward!(&S, Box<S>, Arc<S>);
