//! Recording attempts that are not applied.

use super::plan::texts;
use super::{Error, Lifecycle, audit};
use crate::domain::{Mode, OperationId, RecordId, Request};
use crate::policy::Refusal;
use crate::protocol::{ChangeSet, Receipt};
use crate::store::{Store, StoreError};

impl<S: Store> Lifecycle<S> {
    /// Records a request that the host refuses by itself, such as one with a body that is not JSON. Returns the error
    /// to answer with: `why`, or that the actor may not ask at all.
    ///
    /// ```
    /// use client_lifecycle::clients::ClientPatch;
    /// use client_lifecycle::domain::{Actor, Record, Request};
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
            // An audit entry is about a record, even if it was not created.
            request.subjects.push(self.new_id().as_uuid().into());
        }
        let now = self.now();
        let error = match self.policy.inquire(&request, now) {
            Err(refusal @ (Refusal::Unauthenticated { .. } | Refusal::MissingRole { .. })) => refusal.into(),
            _ => why.into(),
        };
        // The request's operation id stays free for a request that is valid.
        let attempt = audit::refused(&request, self.policy.map(), self.new_id(), now, &error, None);
        match self.record(&attempt).await {
            Ok(_) => error,
            Err(source) => Error::NotRecorded { attempt: Box::new(error), source },
        }
    }

    /// Records an attempt that was not applied, and recognises an operation that was applied before: `is_answer` says
    /// which receipts answer the request.
    pub(crate) async fn record_outcome(
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
        // Only an actor with permission learns the outcome of the operation. If the operation id is taken or must
        // stay free for a valid request, the attempt is recorded under an id of its own.
        let own = match &error {
            Error::Refused(
                Refusal::MissingId
                | Refusal::Unauthenticated { .. }
                | Refusal::MissingRole { .. }
                | Refusal::WrongScope { .. }
                | Refusal::Invalid { .. },
            )
            | Error::OperationReused(_)
            | Error::PlanMismatch => self.new_id(),
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

    /// Writes an attempt, and repeats it if a reply was lost: a duplicate entry is better than none.
    async fn record(&self, attempt: &ChangeSet) -> Result<Receipt, StoreError> {
        let mut attempts = self.attempts(attempt.operation);
        loop {
            match self.write(attempt).await {
                Err(error) if attempts.again(&self.store, error.is_retryable(), false).await => {}
                recorded => return recorded,
            }
        }
    }
}

/// Returns whether a receipt is that of this request.
pub(crate) fn is_receipt_of(receipt: &Receipt, request: &Request) -> bool {
    receipt.kind == request.kind
        && receipt.mode == request.mode
        // The library may have generated the id of a new record.
        && (request.mode == Mode::Create || texts(&receipt.subjects, RecordId::spelt) == texts(&request.subjects, RecordId::spelt))
}
