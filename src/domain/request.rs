//! Requests: which records, what to do with them, why, and on whose behalf.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::words::words;
use super::{Actor, KindName, Mode, OperationId, RecordId, ReferenceName};

/// A request: the records, what to do with them, the actor and the reason.
///
/// ```
/// use client_lifecycle::domain::{Actor, Reason, Request};
/// let request = Request::hard_delete("clients", "c1")
///     .by(Actor::new("ana", "ADMIN"))
///     .with_reason(Reason::PrivacyRequest)
///     .acknowledge("recent_activity");
/// assert_eq!(request.subjects.len(), 1);
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// The kind of the subjects.
    pub kind: KindName,
    /// The records. A batch is carried out completely or not at all.
    pub subjects: Vec<RecordId>,
    /// What to do with them.
    pub mode: Mode,
    /// The actor; `None` or [anonymous](Actor::anonymous) if the caller is not signed in.
    pub actor: Option<Actor>,
    /// The reason.
    pub reason: Option<Reason>,
    /// Free text. It may contain personal data, so only the audit log records it.
    pub note: Option<String>,
    /// The names of the warnings that the caller accepts.
    pub acknowledged: BTreeSet<String>,
    /// The id of the operation, for callers that need to repeat the request safely.
    pub operation: Option<OperationId>,
    /// The new targets of references whose rule is `reassign` without a target.
    pub reassign: BTreeMap<ReferenceName, RecordId>,
    /// In mode `restore`: the soft deletion to take back. `None` for the last one of the subject.
    pub undoes: Option<OperationId>,
}

impl Request {
    /// Makes a request for one record.
    #[must_use]
    pub fn new(mode: Mode, kind: impl Into<KindName>, id: impl Into<RecordId>) -> Self {
        Self::batch(mode, kind, [id.into()])
    }

    /// Makes a request for several records, carried out completely or not at all. Duplicate ids count once.
    #[must_use]
    pub fn batch<I: Into<RecordId>>(
        mode: Mode,
        kind: impl Into<KindName>,
        ids: impl IntoIterator<Item = I>,
    ) -> Self {
        let ids: BTreeSet<RecordId> = ids.into_iter().map(Into::into).collect();
        Self {
            kind: kind.into(),
            subjects: ids.into_iter().collect(),
            mode,
            actor: None,
            reason: None,
            note: None,
            acknowledged: BTreeSet::new(),
            operation: None,
            reassign: BTreeMap::new(),
            undoes: None,
        }
    }

    /// Makes a request for a new record. The library generates its id.
    #[must_use]
    pub fn create(kind: impl Into<KindName>) -> Self {
        Self::batch::<RecordId>(Mode::Create, kind, [])
    }

    /// Makes a request that sets fields.
    #[must_use]
    pub fn update(kind: impl Into<KindName>, id: impl Into<RecordId>) -> Self {
        Self::new(Mode::Update, kind, id)
    }

    /// Makes a request that redirects references to a record, or references it holds. Add each with
    /// [`reassign`](Self::reassign).
    #[must_use]
    pub fn reassigning(kind: impl Into<KindName>, id: impl Into<RecordId>) -> Self {
        Self::new(Mode::Reassign, kind, id)
    }

    /// Makes a request to delete a record permanently.
    #[must_use]
    pub fn hard_delete(kind: impl Into<KindName>, id: impl Into<RecordId>) -> Self {
        Self::new(Mode::HardDelete, kind, id)
    }

    /// Makes a request to mark a record as deleted. Its values stay.
    #[must_use]
    pub fn soft_delete(kind: impl Into<KindName>, id: impl Into<RecordId>) -> Self {
        Self::new(Mode::SoftDelete, kind, id)
    }

    /// Makes a request to take back the soft deletion of a record: everything that the operation marked comes back.
    ///
    /// If the operation marked several records, name the operation with [`restore_operation`](Self::restore_operation).
    #[must_use]
    pub fn restore(kind: impl Into<KindName>, id: impl Into<RecordId>) -> Self {
        Self::new(Mode::Restore, kind, id)
    }

    /// Makes a request to take back a soft deletion, with all of its subjects.
    ///
    /// ```
    /// use client_lifecycle::domain::{Mode, OperationId, Request};
    /// let operation = OperationId::from(uuid::Uuid::nil());
    /// let request = Request::restore_operation("clients", operation);
    /// assert_eq!((request.mode, request.undoes), (Mode::Restore, Some(operation)));
    /// ```
    #[must_use]
    pub fn restore_operation(kind: impl Into<KindName>, operation: impl Into<OperationId>) -> Self {
        let request = Self::batch::<RecordId>(Mode::Restore, kind, []);
        Self { undoes: Some(operation.into()), ..request }
    }

    /// Makes a request to remove the personal values of a record.
    #[must_use]
    pub fn anonymize(kind: impl Into<KindName>, id: impl Into<RecordId>) -> Self {
        Self::new(Mode::Anonymize, kind, id)
    }

    /// Makes a request to set the status to OFF.
    #[must_use]
    pub fn deactivate(kind: impl Into<KindName>, id: impl Into<RecordId>) -> Self {
        Self::new(Mode::Deactivate, kind, id)
    }

    /// Makes a request to set the status to ON.
    #[must_use]
    pub fn reactivate(kind: impl Into<KindName>, id: impl Into<RecordId>) -> Self {
        Self::new(Mode::Reactivate, kind, id)
    }

    /// Sets the actor.
    #[must_use]
    pub fn by(mut self, actor: Actor) -> Self {
        self.actor = Some(actor);
        self
    }

    /// Sets the reason.
    #[must_use]
    pub fn with_reason(mut self, reason: Reason) -> Self {
        self.reason = Some(reason);
        self
    }

    /// Sets the note for the audit log.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    /// Acknowledges a warning by name.
    #[must_use]
    pub fn acknowledge(mut self, warning: impl Into<String>) -> Self {
        self.acknowledged.insert(warning.into());
        self
    }

    /// Sets the id of the operation. A repeated request with this id does the work only once.
    #[must_use]
    pub fn operation(mut self, operation: impl Into<OperationId>) -> Self {
        self.operation = Some(operation.into());
        self
    }

    /// Sets the new target of a reference whose rule is `reassign`.
    #[must_use]
    pub fn reassign(mut self, reference: impl Into<ReferenceName>, target: impl Into<RecordId>) -> Self {
        self.reassign.insert(reference.into(), target.into());
        self
    }
}

/// Hides the note, which may hold personal data.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("kind", &self.kind)
            .field("subjects", &self.subjects)
            .field("mode", &self.mode)
            .field("actor", &self.actor)
            .field("reason", &self.reason)
            .field("acknowledged", &self.acknowledged)
            .field("operation", &self.operation)
            .field("undoes", &self.undoes)
            .finish_non_exhaustive()
    }
}

words! {
    /// The reason for a request. The request's note has room for details.
    ///
    /// ```
    /// use client_lifecycle::domain::Reason;
    /// assert_eq!("privacy_request".parse(), Ok(Reason::PrivacyRequest));
    /// ```
    #[non_exhaustive]
    pub enum Reason: "reason" {
        /// The person requested it under data protection law.
        PrivacyRequest = "privacy_request",
        /// The record was created for a test.
        TestData = "test_data",
        /// The record is a duplicate.
        Duplicate = "duplicate",
        /// The record was created to deceive.
        Fraud = "fraud",
        /// An administrator cleans up.
        AdministrativeCleanup = "administrative_cleanup",
        /// The account is no longer used, and a workflow of the host closes it.
        Deactivation = "deactivation",
        /// The user requested the deletion of the account.
        UserInitiated = "user_initiated",
        /// Another reason, described in the note.
        Other = "other",
    }
}
