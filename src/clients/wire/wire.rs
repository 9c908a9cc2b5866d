//! The wire format of a service: the format and the wording of its bodies.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::text::sentence;
use super::{Body, ErrorKind, ErrorList, Operation, ResourceName, Response, StatusMessage, Success, text};
use crate::clients::Language;
use crate::domain::{Mode, RecordId, Violations, instant_text};
use crate::lifecycle::Error;
use crate::plan::Plan;
use crate::policy::Refusal;
use crate::protocol::Receipt;

/// The wire format of a service: the format and the wording of its bodies.
///
/// ```
/// use client_lifecycle::clients::wire::{ErrorKind, Wire};
/// let response = Wire::unions().error_kind(ErrorKind::NotFound);
/// assert_eq!(response.status, 404);
/// assert_eq!(response.json(), r#"{"success":false,"message":"Union not found"}"#);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wire {
    shape: Shape,
    language: Language,
    resource: ResourceName,
    operation: Operation,
    pub(super) ids: Ids,
    /// The status code of every failed deletion, if the system uses only one.
    pub(super) failed_deletion: Option<u16>,
    /// The messages that this system words differently.
    pub(super) words: BTreeMap<ErrorKind, Words>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    StatusMessage,
    ErrorList,
    Success { deleted_at: bool },
}

/// The format that an id must have before it is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ids {
    Any,
    /// A UUID in any spelling. Other text counts as not found.
    UuidOrNotFound,
    Uuid,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) message: String,
    /// The remedy; if it is empty, the error's own remedy is used.
    pub(super) remedy: String,
}

impl Wire {
    pub(super) fn new(shape: Shape, language: Language, resource: ResourceName) -> Self {
        Self {
            shape,
            language,
            resource,
            operation: Operation::Delete,
            ids: Ids::Any,
            failed_deletion: None,
            words: BTreeMap::new(),
        }
    }

    /// Sets the name of the records.
    #[must_use]
    pub fn with_resource(mut self, resource: ResourceName) -> Self {
        self.resource = resource;
        self
    }

    /// Sets the operation. The default is deletion.
    ///
    /// ```
    /// use client_lifecycle::clients::wire::{Operation, ErrorKind, Wire};
    /// let updating = Wire::clinic().for_operation(Operation::Update);
    /// assert_eq!(updating.error_kind(ErrorKind::Failed).message(), "Error al actualizar cliente");
    /// ```
    #[must_use]
    pub fn for_operation(mut self, operation: Operation) -> Self {
        self.operation = operation;
        self
    }

    /// Sets the language. If the language changes, the system's own messages are removed.
    ///
    /// ```
    /// use client_lifecycle::clients::Language;
    /// use client_lifecycle::clients::wire::{ErrorKind, Wire};
    /// let wire = Wire::clinic().in_language(Language::English);
    /// assert_eq!(wire.error_kind(ErrorKind::NotFound).message(), "Client not found");
    /// ```
    #[must_use]
    pub fn in_language(mut self, language: Language) -> Self {
        if language != self.language {
            self.language = language;
            self.words.clear();
        }
        self
    }

    /// Sets the message of an error kind.
    #[must_use]
    pub fn with_message(mut self, kind: ErrorKind, message: impl Into<String>) -> Self {
        let remedy = self.words.remove(&kind).map(|words| words.remedy).unwrap_or_default();
        self.words.insert(kind, Words { message: message.into(), remedy });
        self
    }

    /// Parses the id in a path. In the clinic and the notification system, a UUID in upper case is the same id.
    ///
    /// # Errors
    /// The response to an empty id. In the notification system, also the response to an id that is not a UUID. In the
    /// clinic, such an id is returned, and the lookup then finds no record.
    ///
    /// ```
    /// use client_lifecycle::clients::wire::Wire;
    /// assert!(Wire::vpn().id("user123").is_ok());
    /// let response = Wire::notifications().id("user123").unwrap_err();
    /// assert_eq!(
    ///     response.json(),
    ///     r#"{"statusCode":400,"message":"Validation failed","errors":["id must be a valid UUID"]}"#);
    /// ```
    pub fn id(&self, path: &str) -> Result<RecordId, Response> {
        // Only the usual format is accepted. These APIs do not use UUIDs without hyphens or in braces.
        let uuid = || path.parse::<Uuid>().ok().filter(|_| path.len() == 36).map(RecordId::from);
        match self.ids {
            _ if path.trim().is_empty() => Err(self.error_kind(ErrorKind::MissingId)),
            Ids::Any => Ok(path.into()),
            // Other text is looked up and not found, so that the attempt is recorded.
            Ids::UuidOrNotFound => Ok(uuid().unwrap_or_else(|| path.into())),
            Ids::Uuid => uuid().ok_or_else(|| self.error_kind(ErrorKind::WrongId)),
        }
    }

    /// Renders the response to a removal.
    #[must_use]
    pub fn respond(&self, done: &Result<Receipt, Error>) -> Response {
        match done {
            Ok(receipt) => self.success(receipt),
            Err(error) => self.error(error),
        }
    }

    /// Renders the response to a successful removal.
    #[must_use]
    pub fn success(&self, receipt: &Receipt) -> Response {
        let body = match self.shape {
            Shape::ErrorList => None,
            Shape::StatusMessage => Some(Success { success: true, message: None, deleted_at: None }),
            Shape::Success { deleted_at } => {
                let deleted = matches!(receipt.mode, Mode::SoftDelete | Mode::HardDelete);
                Some(Success {
                    success: true,
                    message: Some(text::done(receipt.mode, self.language, &self.resource)),
                    deleted_at: (deleted_at && deleted).then(|| instant_text(receipt.at)),
                })
            }
        };
        let status = if body.is_some() { 200 } else { 204 };
        Response { status, body: body.map(Body::Success), remedy: String::new() }
    }

    /// Renders the response to an error.
    ///
    /// The response contains no data and no messages of the database. It contains only names and numbers of the
    /// policy, and ids of the request.
    #[must_use]
    pub fn error(&self, error: &Error) -> Response {
        let kind = ErrorKind::of(error);
        let response = match error {
            Error::Blocked(plan) => return self.blocked(plan),
            Error::Invalid(violations) => self.violations(violations),
            Error::Refused(Refusal::Invalid { message, .. }) if self.language == Language::English => {
                self.listing(kind, vec![message.clone()])
            }
            _ => self.error_kind(kind),
        };
        let remedy = if response.remedy.is_empty() { error.remedy().into() } else { response.remedy };
        Response { remedy, ..response }
    }

    /// Renders the response to invalid values: the first violation, or all violations if the format has a list.
    ///
    /// ```
    /// use client_lifecycle::clients::ClientPatch;
    /// use client_lifecycle::clients::wire::Wire;
    /// let body = serde_json::json!({ "name": "M", "email": "maria" });
    /// let violations = ClientPatch::from_json(&body).unwrap_err();
    /// let response = Wire::clinic().violations(&violations);
    /// assert_eq!(response.json(), r#"{"statusCode":400,"statusMessage":"Email inválido"}"#);
    /// ```
    #[must_use]
    pub fn violations(&self, violations: &Violations) -> Response {
        let violations = violations.in_language(self.language);
        self.listing(
            ErrorKind::Invalid,
            violations.iter().map(|violation| violation.message.clone()).collect(),
        )
    }

    /// Renders the response to an error of the host, such as rejected credentials.
    #[must_use]
    pub fn error_kind(&self, kind: ErrorKind) -> Response {
        match (self.shape, self.ids, kind) {
            (Shape::ErrorList, Ids::Uuid, ErrorKind::MissingId | ErrorKind::WrongId) => {
                self.listing(kind, vec!["id must be a valid UUID".into()])
            }
            // If ids may be any text, an id that the store cannot hold counts as not found.
            (_, Ids::Any | Ids::UuidOrNotFound, ErrorKind::WrongId) => self.plain(ErrorKind::NotFound),
            _ => self.plain(kind),
        }
    }

    /// Renders what blocks the request: the first blocker, or all blockers if the format has a list.
    fn blocked(&self, plan: &Plan) -> Response {
        let blockers = plan.blockers.iter().map(|blocker| (blocker.message.clone(), blocker.remedy.clone()));
        let open = plan.warnings.iter().filter(|warning| !warning.acknowledged);
        // Only the message can show the name of a warning that the request must acknowledge.
        let warnings = open.map(|warning| {
            let acknowledge = text::acknowledge(&warning.name, self.language);
            let remedy = match &*warning.remedy {
                "" => acknowledge.clone(),
                remedy => format!("{remedy}, or {acknowledge}"),
            };
            (format!("{} ({acknowledge})", warning.message), remedy)
        });
        let (messages, remedies): (Vec<_>, Vec<_>) = blockers.chain(warnings).unzip();
        let response = self.listing(ErrorKind::Blocked, messages);
        let remedy = remedies.into_iter().next().unwrap_or(response.remedy);
        Response { remedy, ..response }
    }

    /// Renders a list of problems. If the format has no list, only the first problem is shown.
    fn listing(&self, kind: ErrorKind, errors: Vec<String>) -> Response {
        let mut response = self.plain(kind);
        let first = errors.first().map(|first| match kind {
            // Messages of a policy stay as they are. Messages of this crate are lower case, so their first letter is
            // capitalised.
            ErrorKind::Invalid => sentence(first),
            _ => first.clone(),
        });
        match (&mut response.body, first) {
            _ if self.fails(kind) => {}
            (Some(Body::ErrorList(body)), Some(first)) => {
                body.message = match kind {
                    ErrorKind::MissingId | ErrorKind::WrongId | ErrorKind::Invalid => {
                        "Validation failed".into()
                    }
                    _ => first,
                };
                body.errors = errors;
            }
            (Some(Body::StatusMessage(body)), Some(first)) => body.status_message = first,
            (Some(Body::Success(body)), Some(first)) => body.message = Some(first),
            (None, _) | (_, None) => {}
        }
        response
    }

    fn plain(&self, kind: ErrorKind) -> Response {
        let (worded, status) = match self.failed_deletion {
            Some(status) if self.fails(kind) => (ErrorKind::Failed, status),
            _ => (kind, kind.status()),
        };
        let words = self.words.get(&worded);
        let message = words.map_or_else(
            || text::of_kind(worded, self.language, &self.resource, self.operation),
            |words| words.message.clone(),
        );
        let remedy = words.map(|words| words.remedy.clone()).unwrap_or_default();
        Response { remedy, ..self.custom(status, message) }
    }

    /// Renders an error that only the host knows, such as a body that is too large.
    ///
    /// ```
    /// use client_lifecycle::clients::wire::Wire;
    /// let response = Wire::unions().custom(413, "The body is too large");
    /// assert_eq!((response.status, &*response.json()), (413, r#"{"success":false,"message":"The body is too large"}"#));
    /// ```
    #[must_use]
    pub fn custom(&self, status: u16, message: impl Into<String>) -> Response {
        let message = message.into();
        let body = match self.shape {
            Shape::StatusMessage => {
                Body::StatusMessage(StatusMessage { status_code: status, status_message: message })
            }
            Shape::ErrorList => {
                Body::ErrorList(ErrorList { status_code: status, message, errors: Vec::new() })
            }
            Shape::Success { .. } => {
                Body::Success(Success { success: false, message: Some(message), deleted_at: None })
            }
        };
        Response { status, body: Some(body), remedy: String::new() }
    }

    /// Returns whether the system has a single response for all failed deletions, and this kind is one of them.
    fn fails(&self, kind: ErrorKind) -> bool {
        let failure = matches!(kind, ErrorKind::Blocked | ErrorKind::Conflict | ErrorKind::Failed);
        failure && self.operation == Operation::Delete && self.failed_deletion.is_some()
    }
}
