//! Requests: what someone wants.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::{Actor, KindName, Mode, OperationId, Reason, RecordId, ReferenceName};

/// What someone wants: which records, what is to become of them, who asks and why.
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
    /// The records. One is a batch of one; all of them go, or none.
    pub subjects: Vec<RecordId>,
    /// What is to become of them.
    pub mode: Mode,
    /// Who asks; `None`, or an [anonymous](Actor::anonymous) actor, where nobody has signed in.
    pub actor: Option<Actor>,
    /// Why.
    pub reason: Option<Reason>,
    /// What else there is to say. May hold personal data, so it is in the audit log and nowhere else.
    pub note: Option<String>,
    /// The names of the warnings that whoever asks has seen and accepts.
    pub acknowledged: BTreeSet<String>,
    /// The id of the operation, where the caller wants to repeat the request safely.
    pub operation: Option<OperationId>,
    /// The new targets of references whose rule is `reassign` and names none.
    pub reassign: BTreeMap<ReferenceName, RecordId>,
}

impl Request {
    /// A request for one record.
    #[must_use]
    pub fn new(mode: Mode, kind: impl Into<KindName>, id: impl Into<RecordId>) -> Self {
        Self::batch(mode, kind, [id.into()])
    }

    /// A request for many records at once: all of them, or none. An id given twice counts once.
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
        }
    }

    /// A new record, whose id the library makes.
    #[must_use]
    pub fn create(kind: impl Into<KindName>) -> Self {
        Self::batch::<RecordId>(Mode::Create, kind, [])
    }

    /// New values for some fields.
    #[must_use]
    pub fn update(kind: impl Into<KindName>, id: impl Into<RecordId>) -> Self {
        Self::new(Mode::Update, kind, id)
    }

    /// Another target for references to a record, or for its own: name them with
    /// [`reassign`](Self::reassign).
    #[must_use]
    pub fn reassigning(kind: impl Into<KindName>, id: impl Into<RecordId>) -> Self {
        Self::new(Mode::Reassign, kind, id)
    }

    /// Delete for good.
    #[must_use]
    pub fn hard_delete(kind: impl Into<KindName>, id: impl Into<RecordId>) -> Self {
        Self::new(Mode::HardDelete, kind, id)
    }

    /// Mark as deleted, restorable.
    #[must_use]
    pub fn soft_delete(kind: impl Into<KindName>, id: impl Into<RecordId>) -> Self {
        Self::new(Mode::SoftDelete, kind, id)
    }

    /// Keep without the personal values.
    #[must_use]
    pub fn anonymize(kind: impl Into<KindName>, id: impl Into<RecordId>) -> Self {
        Self::new(Mode::Anonymize, kind, id)
    }

    /// Set OFF.
    #[must_use]
    pub fn deactivate(kind: impl Into<KindName>, id: impl Into<RecordId>) -> Self {
        Self::new(Mode::Deactivate, kind, id)
    }

    /// Set ON.
    #[must_use]
    pub fn reactivate(kind: impl Into<KindName>, id: impl Into<RecordId>) -> Self {
        Self::new(Mode::Reactivate, kind, id)
    }

    /// Says who asks.
    #[must_use]
    pub fn by(mut self, actor: Actor) -> Self {
        self.actor = Some(actor);
        self
    }

    /// Says why.
    #[must_use]
    pub fn with_reason(mut self, reason: Reason) -> Self {
        self.reason = Some(reason);
        self
    }

    /// Says what else there is to say, for the audit log.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    /// Accepts a warning, by its name.
    #[must_use]
    pub fn acknowledge(mut self, warning: impl Into<String>) -> Self {
        self.acknowledged.insert(warning.into());
        self
    }

    /// Gives the operation an id, so that the request can be repeated and done once.
    #[must_use]
    pub fn operation(mut self, operation: impl Into<OperationId>) -> Self {
        self.operation = Some(operation.into());
        self
    }

    /// Says whom the rows of a reference with the rule `reassign` are to refer to instead.
    #[must_use]
    pub fn reassign(mut self, reference: impl Into<ReferenceName>, target: impl Into<RecordId>) -> Self {
        self.reassign.insert(reference.into(), target.into());
        self
    }
}

/// Without the note, which may hold personal data.
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
            .finish_non_exhaustive()
    }
}
