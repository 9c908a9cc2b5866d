//! How a service answers.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::resource_name::sentence;
use super::{Body, ErrorKind, ErrorList, Operation, ResourceName, Response, StatusMessage, Success, text};
use crate::domain::{Language, Mode, RecordId, Violations, instant_text};
use crate::lifecycle::Error;
use crate::plan::{NotExecutable, Plan};
use crate::policy::Refusal;
use crate::protocol::Receipt;

/// How a service answers: the shape of its bodies and the words in them.
///
/// ```
/// use client_lifecycle::lifecycle::wire::{ErrorKind, Wire};
/// let answer = Wire::unions().error_kind(ErrorKind::NotFound);
/// assert_eq!(answer.status, 404);
/// assert_eq!(answer.json(), r#"{"success":false,"message":"Union not found"}"#);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wire {
    shape: Shape,
    language: Language,
    noun: ResourceName,
    action: Operation,
    pub(super) ids: Ids,
    /// The status of a deletion that does not work out, where the system has one for all reasons.
    pub(super) failed_deletion: Option<u16>,
    /// What is said in words of its own.
    pub(super) words: BTreeMap<ErrorKind, Words>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    StatusMessage,
    ErrorList,
    Success { deleted_at: bool },
}

/// The form ids must have before anything is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ids {
    Any,
    /// UUIDs, however they are spelt; any other text is the id of nobody.
    UuidOrNobody,
    Uuid,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) message: String,
    /// Empty where the error's own is said.
    pub(super) remedy: String,
}

impl Wire {
    pub(super) fn new(shape: Shape, language: Language, noun: ResourceName) -> Self {
        Self {
            shape,
            language,
            noun,
            action: Operation::Delete,
            ids: Ids::Any,
            failed_deletion: None,
            words: BTreeMap::new(),
        }
    }

    /// The same for records that are called something else.
    #[must_use]
    pub fn with_resource(mut self, noun: ResourceName) -> Self {
        self.noun = noun;
        self
    }

    /// The same for something other than a deletion.
    ///
    /// ```
    /// use client_lifecycle::lifecycle::wire::{Operation, ErrorKind, Wire};
    /// let updating = Wire::clinic().for_operation(Operation::Update);
    /// assert_eq!(updating.error_kind(ErrorKind::Failed).message(), "Error al actualizar cliente");
    /// ```
    #[must_use]
    pub fn for_operation(mut self, action: Operation) -> Self {
        self.action = action;
        self
    }

    /// The same in another language; what the system said in words of its own goes.
    ///
    /// ```
    /// use client_lifecycle::domain::Language;
    /// use client_lifecycle::lifecycle::wire::{ErrorKind, Wire};
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

    /// The same with another message for a case.
    #[must_use]
    pub fn with_message(mut self, case: ErrorKind, message: impl Into<String>) -> Self {
        let remedy = self.words.remove(&case).map(|words| words.remedy).unwrap_or_default();
        self.words.insert(case, Words { message: message.into(), remedy });
        self
    }

    /// The id in a path. UUIDs of the clinic and of the notification system are the same in upper case.
    ///
    /// # Errors
    /// The answer to give, where it is empty, or where the system says of an id that it is no UUID. The clinic
    /// does not: there such an id is the id of nobody, and not found.
    ///
    /// ```
    /// use client_lifecycle::lifecycle::wire::Wire;
    /// assert!(Wire::vpn().id("user123").is_ok());
    /// let answer = Wire::notifications().id("user123").unwrap_err();
    /// assert_eq!(
    ///     answer.json(),
    ///     r#"{"statusCode":400,"message":"Validation failed","errors":["id must be a valid UUID"]}"#);
    /// ```
    pub fn id(&self, path: &str) -> Result<RecordId, Response> {
        // The usual form only: others, without hyphens or in braces, are not what such an API takes.
        let uuid = || path.parse::<Uuid>().ok().filter(|_| path.len() == 36).map(RecordId::from);
        match self.ids {
            _ if path.trim().is_empty() => Err(self.error_kind(ErrorKind::MissingId)),
            Ids::Any => Ok(path.into()),
            // It is asked for and not found, so that the attempt is on record like any other.
            Ids::UuidOrNobody => Ok(uuid().unwrap_or_else(|| path.into())),
            Ids::Uuid => uuid().ok_or_else(|| self.error_kind(ErrorKind::WrongId)),
        }
    }

    /// The answer to a removal, whatever came of it.
    #[must_use]
    pub fn respond(&self, done: &Result<Receipt, Error>) -> Response {
        match done {
            Ok(receipt) => self.success(receipt),
            Err(error) => self.error(error),
        }
    }

    /// The answer to a removal that was done.
    #[must_use]
    pub fn success(&self, receipt: &Receipt) -> Response {
        let body = match self.shape {
            Shape::ErrorList => None,
            Shape::StatusMessage => Some(Success { success: true, message: None, deleted_at: None }),
            Shape::Success { deleted_at } => {
                let deleted = matches!(receipt.mode, Mode::SoftDelete | Mode::HardDelete);
                Some(Success {
                    success: true,
                    message: Some(text::done(receipt.mode, self.language, &self.noun)),
                    deleted_at: (deleted_at && deleted).then(|| instant_text(receipt.at)),
                })
            }
        };
        let status = if body.is_some() { 200 } else { 204 };
        Response { status, body: body.map(Body::Success), remedy: String::new() }
    }

    /// The answer to an error, of a removal or of anything else.
    ///
    /// Nothing of the data is in it, and nothing of what a database said: only names and numbers of the policy
    /// and the ids that were asked for.
    #[must_use]
    pub fn error(&self, error: &Error) -> Response {
        let case = ErrorKind::of(error);
        let answer = match error {
            Error::Blocked(NotExecutable(plan)) => return self.blocked(plan),
            Error::Invalid(violations) => self.violations(violations),
            Error::Refused(Refusal::Invalid { message, .. }) if self.language == Language::English => {
                self.listing(case, vec![message.clone()])
            }
            _ => self.error_kind(case),
        };
        let remedy = if answer.remedy.is_empty() { error.remedy().into() } else { answer.remedy };
        Response { remedy, ..answer }
    }

    /// The answer to values that make no sense: the first violation, or all of them where the shape has a place
    /// for them.
    ///
    /// ```
    /// use client_lifecycle::domain::ClientPatch;
    /// use client_lifecycle::lifecycle::wire::Wire;
    /// let body = serde_json::json!({ "name": "M", "email": "maria" });
    /// let violations = ClientPatch::from_json(&body).unwrap_err();
    /// let answer = Wire::clinic().violations(&violations);
    /// assert_eq!(answer.json(), r#"{"statusCode":400,"statusMessage":"Email inválido"}"#);
    /// ```
    #[must_use]
    pub fn violations(&self, violations: &Violations) -> Response {
        let told = violations.in_language(self.language);
        self.listing(ErrorKind::Invalid, told.iter().map(|violation| violation.message.clone()).collect())
    }

    /// The answer to a case that the host found out by itself, such as credentials it did not accept.
    #[must_use]
    pub fn error_kind(&self, case: ErrorKind) -> Response {
        match (self.shape, self.ids, case) {
            (Shape::ErrorList, Ids::Uuid, ErrorKind::MissingId | ErrorKind::WrongId) => {
                self.listing(case, vec!["id must be a valid UUID".into()])
            }
            // Where any text may be an id, one that a store does not know as such is one of nobody.
            (_, Ids::Any | Ids::UuidOrNobody, ErrorKind::WrongId) => self.plain(ErrorKind::NotFound),
            _ => self.plain(case),
        }
    }

    /// What stands in the way: the first thing, or all of them where the shape has a place for them.
    fn blocked(&self, plan: &Plan) -> Response {
        let blockers = plan.blockers.iter().map(|blocker| (blocker.message.clone(), blocker.remedy.clone()));
        let open = plan.warnings.iter().filter(|warning| !warning.acknowledged);
        // A body has no other place for the name by which a warning is acknowledged.
        let warnings = open.map(|warning| {
            let acknowledge = text::acknowledge(&warning.name, self.language);
            let remedy = match &*warning.remedy {
                "" => acknowledge.clone(),
                remedy => format!("{remedy}, or {acknowledge}"),
            };
            (format!("{} ({acknowledge})", warning.message), remedy)
        });
        let (messages, remedies): (Vec<_>, Vec<_>) = blockers.chain(warnings).unzip();
        let answer = self.listing(ErrorKind::Blocked, messages);
        let remedy = remedies.into_iter().next().unwrap_or(answer.remedy);
        Response { remedy, ..answer }
    }

    /// What is wrong, thing by thing. The shapes that have room for one only take the first.
    fn listing(&self, case: ErrorKind, errors: Vec<String>) -> Response {
        let mut answer = self.plain(case);
        let first = errors.first().map(|first| match case {
            // What a policy says is said as it is; what this crate says begins a sentence here.
            ErrorKind::Invalid => sentence(first),
            _ => first.clone(),
        });
        match (&mut answer.body, first) {
            _ if self.fails(case) => {}
            (Some(Body::ErrorList(body)), Some(first)) => {
                body.message = match case {
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
        answer
    }

    fn plain(&self, case: ErrorKind) -> Response {
        let (said, status) = match self.failed_deletion {
            Some(status) if self.fails(case) => (ErrorKind::Failed, status),
            _ => (case, case.status()),
        };
        let words = self.words.get(&said);
        let message = words.map_or_else(
            || text::of_case(said, self.language, &self.noun, self.action),
            |words| words.message.clone(),
        );
        let remedy = words.map(|words| words.remedy.clone()).unwrap_or_default();
        Response { remedy, ..self.custom(status, message) }
    }

    /// The answer to something that is the host's alone, such as a body that is too large.
    ///
    /// ```
    /// use client_lifecycle::lifecycle::wire::Wire;
    /// let answer = Wire::unions().custom(413, "The body is too large");
    /// assert_eq!((answer.status, &*answer.json()), (413, r#"{"success":false,"message":"The body is too large"}"#));
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

    /// Whether the case is one of those for which the system has a single answer when it deletes.
    fn fails(&self, case: ErrorKind) -> bool {
        let failure = matches!(case, ErrorKind::Blocked | ErrorKind::Conflict | ErrorKind::Failed);
        failure && self.action == Operation::Delete && self.failed_deletion.is_some()
    }
}
