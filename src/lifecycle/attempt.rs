//! Attempts that are not carried out: they are recorded all the same.

use super::lifecycle::texts;
use super::retries::Attempts;
use super::{Error, Lifecycle, audit};
use crate::domain::{Mode, OperationId, RecordId, Request};
use crate::policy::Refusal;
use crate::protocol::{ChangeSet, Receipt};
use crate::store::{Store, StoreError};

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
        let error = match self.policy.inquire(&request, now) {
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

    /// Records an attempt that was not carried out, and recognises an operation that had been before.
    pub(super) async fn settled(
        &self,
        request: &Request,
        operation: OperationId,
        done: Result<Receipt, Error>,
    ) -> Result<Receipt, Error> {
        self.settled_if(request, operation, done, |receipt| is_of(receipt, request)).await
    }

    /// The same where the request alone does not say which receipts answer it.
    pub(super) async fn settled_if(
        &self,
        request: &Request,
        operation: OperationId,
        done: Result<Receipt, Error>,
        is_answer: impl Fn(&Receipt) -> bool,
    ) -> Result<Receipt, Error> {
        let error = match done {
            Ok(receipt) if is_answer(&receipt) => return Ok(receipt),
            Ok(_) => Error::OperationReused(operation),
            Err(error) => error,
        };
        // Only who may ask is told what came of the operation, and an attempt under an id that is taken is
        // recorded under one of its own.
        let own = match &error {
            Error::Refused(
                Refusal::MissingId
                | Refusal::Unauthenticated { .. }
                | Refusal::MissingRole { .. }
                | Refusal::WrongScope { .. }
                | Refusal::Invalid { .. },
            )
            | Error::OperationReused(_)
            | Error::ForeignPlan => self.ids.next(),
            _ => operation,
        };
        let why = self.why_not_found(&error).await;
        let attempt = audit::refused(request, self.policy.map(), own, self.now(), &error, why);
        match self.record(&attempt).await {
            Ok(receipt) if receipt.outcome.is_none() => Err(error),
            Ok(receipt) if is_answer(&receipt) => Ok(receipt),
            Ok(_) => Err(Error::OperationReused(operation)),
            Err(_) if matches!(error, Error::Store(_)) => Err(error),
            Err(source) => Err(Error::NotRecorded { attempt: Box::new(error), source }),
        }
    }

    async fn record(&self, attempt: &ChangeSet) -> Result<Receipt, StoreError> {
        let mut attempts = Attempts::at(attempt.operation, self.retries);
        loop {
            match self.store.apply(attempt).await {
                // Another writer, or a reply that was lost: an attempt is rather recorded twice than not at all.
                Err(error) if attempts.another() && error.is_retryable() => {
                    attempts.pause(&self.store, true).await;
                }
                recorded => return recorded,
            }
        }
    }
}

/// Whether a receipt answers this request.
pub(super) fn is_of(receipt: &Receipt, request: &Request) -> bool {
    receipt.kind == request.kind
        && receipt.mode == request.mode
        // The id of a new record may have been made here.
        && (request.mode == Mode::Create || texts(&receipt.subjects, RecordId::spelt) == texts(&request.subjects, RecordId::spelt))
}
