//! Responses to callers over a network, with the bodies of the four systems.

use serde::Serialize;

/// A status code and a body, independent of the host's web framework.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The body; `None` for a response without a body, such as 204.
    pub body: Option<Body>,
    /// The remedy of an error, for logs and people; empty if there is none. The bodies of the four systems have no
    /// field for it.
    pub remedy: String,
}

impl Response {
    /// Returns the body as JSON text; empty text if there is no body.
    #[must_use]
    pub fn json(&self) -> String {
        let text = self.body.as_ref().map(serde_json::to_string);
        // Strings, numbers and booleans can always be written as JSON.
        text.and_then(Result::ok).unwrap_or_default()
    }

    /// Returns the message in the body; empty text if there is none.
    #[must_use]
    pub fn message(&self) -> &str {
        self.body.as_ref().map(Body::message).unwrap_or_default()
    }
}

/// The body of a response. Its keys are written in the order of its fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Body {
    /// The outcome. Successes of all four systems, and errors of two of them.
    Success(Success),
    /// The clinic's errors.
    StatusMessage(StatusMessage),
    /// The errors of the notification system.
    ErrorList(ErrorList),
}

/// `{"success":true,"message":"Customer deleted successfully","deletedAt":"2024-01-20T14:45:00.000Z"}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Success {
    /// Whether the request succeeded.
    pub success: bool,
    /// What was done, or why it failed. The clinic sends no message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// When the record was deleted, in RFC 3339 with milliseconds. Only the VPN sends it.
    #[serde(rename = "deletedAt", skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<String>,
}

/// `{"statusCode":404,"statusMessage":"Cliente no encontrado"}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct StatusMessage {
    /// The status code of the response.
    pub status_code: u16,
    /// The first problem.
    pub status_message: String,
}

/// `{"statusCode":400,"message":"Validation failed","errors":["id must be a valid UUID"]}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ErrorList {
    /// The status code of the response.
    pub status_code: u16,
    /// The problem in one line.
    pub message: String,
    /// All problems; left out if the message is enough.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<String>,
}

impl Body {
    /// Returns the message; empty text for the clinic's success.
    #[must_use]
    pub fn message(&self) -> &str {
        match self {
            Self::Success(body) => body.message.as_deref().unwrap_or_default(),
            Self::StatusMessage(body) => &body.status_message,
            Self::ErrorList(body) => &body.message,
        }
    }
}
