//! The policy together with the foreign keys of the store that it does not declare. If the keys change, it is made anew.

use std::sync::{Arc, PoisonError};

use super::{Error, Lifecycle};
use crate::domain::{Faults, UndeclaredReferences};
use crate::policy::DeletionPolicy;
use crate::store::{Store, StoreError};

/// The maximum number of times that a request reads the foreign keys anew.
const MAX_REFRESHES: u32 = 3;

/// Checks that the store has every table and column that the policy names, and returns the policy together with the
/// foreign keys of the store.
///
/// # Errors
/// [`Error::SchemaMismatch`] with everything that does not fit.
pub(super) async fn effective<S: Store>(store: &S, policy: &DeletionPolicy) -> Result<DeletionPolicy, Error> {
    let map = policy.map_to_check();
    let undeclared = store.undeclared(&map).await?;
    let has_keys = undeclared != UndeclaredReferences::default();
    let together = if has_keys { policy.with_undeclared(&undeclared) } else { Ok(policy.clone()) };
    let mut faults = Faults::none();
    match &together {
        Ok(together) => faults.extend(store.check(&together.map_to_check()).await?),
        Err(misfits) => {
            faults.extend(store.check(&map).await?);
            faults.extend(misfits.iter().cloned());
        }
    }
    faults.or(()).and(together).map_err(Error::SchemaMismatch)
}

impl<S: Store> Lifecycle<S> {
    /// Returns the policy together with the foreign keys of the store.
    pub(super) fn effective(&self) -> Arc<DeletionPolicy> {
        self.effective.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the foreign keys anew if an attempt failed because they have changed. Returns whether to try again.
    ///
    /// # Errors
    /// [`Error::SchemaChanged`] if the policy does not fit the new keys.
    pub(super) async fn refreshed<T>(&self, done: &Result<T, Error>, made: &mut u32) -> Result<bool, Error> {
        let has_changed = match done {
            Err(Error::Store(StoreError::SchemaChanged)) => true,
            // A table that only foreign keys led to may have been dropped.
            Err(Error::Store(StoreError::Unknown { .. })) => self.effective().has_undeclared(),
            _ => false,
        };
        if *made >= MAX_REFRESHES || !has_changed {
            return Ok(false);
        }
        *made += 1;
        let made_anew = effective(&self.store, &self.policy).await.map_err(|error| match error {
            Error::SchemaMismatch(faults) => Error::SchemaChanged(faults),
            error => error,
        })?;
        *self.effective.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(made_anew);
        Ok(true)
    }
}
