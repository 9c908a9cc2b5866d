//! Attempts that the host refused by itself.

use super::{Error, Lifecycle, audit};
use crate::domain::{Mode, Request};
use crate::policy::Refusal;
use crate::store::Store;

impl<S: Store> Lifecycle<S> {
    /// Records an attempt that the host found to be senseless by itself: a body that is no JSON, an id of the
    /// wrong form. The answer is the error to tell: `why`, or that the actor may not ask at all.
    ///
    /// ```
    /// use client_lifecycle::domain::{Actor, ClientPatch, Record, Request};
    /// use client_lifecycle::{DeletionPolicy, Lifecycle, MemoryStore};
    /// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let policy = DeletionPolicy::of("clients").update(|mode| mode.allow("ADMIN")).build()?;
    /// let lifecycle = Lifecycle::open(MemoryStore::new().with("clients", [Record::new("c1")]), policy).await?;
    /// let body = serde_json::json!({ "colour": "red" });
    ///
    /// let request = Request::update("clients", "c1").by(Actor::new("ana", "ADMIN"));
    /// if let Err(violations) = ClientPatch::from_json(&body) {
    ///     let error = lifecycle.reject(&request, violations).await;
    ///     assert_eq!(error.code(), "invalid_values");
    /// }
    /// assert_eq!(lifecycle.store().audit()[0].action, "CLIENT_UPDATED");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn reject(&self, request: &Request, why: impl Into<Error>) -> Error {
        let mut request = request.clone();
        if request.mode == Mode::Create && request.subjects.is_empty() {
            // An entry is about a record, also about one that is not made.
            request.subjects.push(self.ids.next().as_uuid().into());
        }
        let now = self.now();
        let error = match self.policy.query(&request, now) {
            Err(refusal @ (Refusal::Unauthenticated { .. } | Refusal::MissingRole { .. })) => refusal.into(),
            _ => why.into(),
        };
        // The id the request gives its operation stays free for the attempt that makes sense.
        let attempt = audit::refused(&request, self.policy.map(), self.ids.next(), now, &error, None);
        match self.record(&attempt).await {
            Ok(_) => error,
            Err(source) => Error::NotRecorded { attempt: Box::new(error), source },
        }
    }
}
