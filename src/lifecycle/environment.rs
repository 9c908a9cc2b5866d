//! The environment in which the lifecycle runs.

use crate::domain::words::words;
use crate::domain::{Reason, Request};
use crate::policy::Refusal;

words! {
    /// The environment in which a lifecycle runs. The host sets it; a policy cannot.
    ///
    /// In production no request may give test data as its reason: what looks like a test account may be a real one.
    ///
    /// ```
    /// use client_lifecycle::domain::{Actor, Reason, Record, Request};
    /// use client_lifecycle::lifecycle::Environment;
    /// use client_lifecycle::{DeletionPolicy, Lifecycle, MemoryStore};
    /// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let policy = DeletionPolicy::of("clients").hard_delete(|mode| mode.allow("ADMIN")).build()?;
    /// let store = MemoryStore::new().with("clients", [Record::new("c1")]);
    /// let request = Request::hard_delete("clients", "c1").by(Actor::new("ana", "ADMIN")).with_reason(Reason::TestData);
    ///
    /// let lifecycle = Lifecycle::open(store, policy).await?;
    /// assert!(lifecycle.execute(&request).await.is_err());
    /// let lifecycle = lifecycle.with_environment(Environment::NonProduction);
    /// assert!(lifecycle.execute(&request).await.is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[derive(Default)]
    #[non_exhaustive]
    pub enum Environment: "environment" {
        /// The data of real people.
        #[default]
        Production = "production",
        /// Development, tests, staging.
        NonProduction = "non-production",
    }
}

impl Environment {
    /// Checks that the request's reason is possible here.
    pub(super) fn check(self, request: &Request) -> Result<(), Refusal> {
        match (self, request.reason) {
            (Self::Production, Some(Reason::TestData)) => Err(Refusal::Invalid {
                message: "there is no test data in production".into(),
                remedy: "give the real reason, or send the request to a non-production environment".into(),
            }),
            _ => Ok(()),
        }
    }
}
