//! Verifying the rows of the store.

use super::{Error, Lifecycle};
use crate::protocol::{Inconsistency, VerifyQuery};
use crate::store::Store;

impl<S: Store> Lifecycle<S> {
    /// Looks for rows that refer over a declared reference to a record that does not exist, and for personal values of
    /// anonymized records that are not masked. Reports at most `limit` rows for each reference and each field. Changes
    /// nothing and records nothing.
    ///
    /// Only a foreign key or `lock_parent` refuses a row that another transaction inserts below a record that is being
    /// deleted. For references without them, run this regularly. It reads whole tables. Rows that referred to nothing
    /// before are reported too. Pseudonyms (`hmac`) are not compared.
    ///
    /// ```
    /// use client_lifecycle::domain::Record;
    /// use client_lifecycle::policy::cascade;
    /// use client_lifecycle::{DeletionPolicy, Lifecycle, MemoryStore};
    /// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let policy = DeletionPolicy::of("clients")
    ///     .reference("debts.client_id", "clients")
    ///     .hard_delete(|mode| mode.allow("ADMIN").rule("debts.client_id", cascade()))
    ///     .build()?;
    /// let store = MemoryStore::new()
    ///     .with("clients", [Record::new("ana")])
    ///     .with("debts", [Record::new(1).with("client_id", "ana"), Record::new(2).with("client_id", "eva")]);
    /// let found = Lifecycle::open(store, policy).await?.verify(100).await?;
    /// assert_eq!(
    ///     found[0].to_string(),
    ///     "1 row of `debts` refers over `debts.client_id` to a record that does not exist: `2`"
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Store`], also if the store cannot verify its rows.
    pub async fn verify(&self, limit: u16) -> Result<Vec<Inconsistency>, Error> {
        let (map, subject) = (self.policy.map().clone(), self.policy.subject().clone());
        Ok(self.store.verify(&VerifyQuery { map, subject, limit }).await?)
    }
}
