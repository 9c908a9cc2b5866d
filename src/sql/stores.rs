//! What all ready-made stores on SQL have in common.

/// Implements the store and what stands beside it for types that wrap one as `store`.
macro_rules! stores {
    ($($name:ident $(<$lifetime:lifetime>)?),*) => {
        const _: () = {
            use $crate::domain::{
                AuditEntry, DataMap, Event, Fault, KindName, OperationId, Record, RecordId,
            };
            use $crate::policy::DeletionPolicy;
            use $crate::protocol::{ChangeSet, Receipt, Survey, SurveyQuery};
            use $crate::sql::{Catalogue, Finding};
            use $crate::store::{ReadQuery, Reader, Store, StoreError};

            $(
                impl$(<$lifetime>)? $name$(<$lifetime>)? {
                    /// The same with another prefix of the library's tables.
                    ///
                    /// # Errors
                    /// [`StoreError::Unsupported`] for a prefix that is not made of letters, digits and underscores.
                    pub fn prefix(self, prefix: &str) -> Result<Self, StoreError> {
                        Ok(Self { store: self.store.prefix(prefix)? })
                    }

                    /// What the database says of its tables: for [`findings`](crate::sql::findings) and
                    /// [`first_policy`](crate::sql::first_policy).
                    ///
                    /// # Errors
                    /// [`StoreError`] when it cannot be read.
                    pub async fn catalogue(&self) -> Result<Catalogue, StoreError> {
                        self.store.catalogue().await
                    }

                    /// Returns everything in which a policy and the database do not agree, or on which the policy is
                    /// silent: see [`SqlStore::findings`](crate::sql::SqlStore::findings).
                    ///
                    /// # Errors
                    /// [`StoreError`] when the database cannot be asked.
                    pub async fn findings(&self, policy: &DeletionPolicy) -> Result<Vec<Finding>, StoreError> {
                        self.store.findings(policy).await
                    }

                    /// The audit entries of a subject, in the order in which they were written.
                    ///
                    /// # Errors
                    /// [`StoreError`] when the log cannot be read.
                    pub async fn audit(
                        &self,
                        kind: &KindName,
                        id: &RecordId,
                    ) -> Result<Vec<AuditEntry>, StoreError> {
                        self.store.audit(kind, id).await
                    }

                    /// The events of an operation, in the order in which they were written.
                    ///
                    /// # Errors
                    /// [`StoreError`] when the outbox cannot be read.
                    pub async fn events(&self, operation: OperationId) -> Result<Vec<Event>, StoreError> {
                        self.store.events(operation).await
                    }
                }

                    #[async_trait::async_trait]
                impl$(<$lifetime>)? Reader for $name$(<$lifetime>)? {
                    async fn read(&self, query: &ReadQuery) -> Result<Vec<Record>, StoreError> {
                        self.store.read(query).await
                    }
                }

                #[async_trait::async_trait]
                impl$(<$lifetime>)? Store for $name$(<$lifetime>)? {
                    async fn check(&self, map: &DataMap) -> Result<Vec<Fault>, StoreError> {
                        self.store.check(map).await
                    }

                    async fn survey(&self, query: &SurveyQuery) -> Result<Survey, StoreError> {
                        self.store.survey(query).await
                    }

                    async fn apply(&self, changes: &ChangeSet) -> Result<Receipt, StoreError> {
                        self.store.apply(changes).await
                    }

                    async fn pause(&self, time: std::time::Duration) {
                        self.store.pause(time).await;
                    }
                }
            )*
        };
    };
}

pub(crate) use stores;
