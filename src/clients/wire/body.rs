//! The response bodies of the four systems.

use serde::Serialize;

/// The body of a response. Its keys are written in the order of its fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Body {
    /// The outcome: success in all four systems, and errors in two of them.
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
    /// What was done, or the reason for the error; the clinic has no message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// When the record was deleted, in RFC 3339 with milliseconds; only the VPN has it.
    #[serde(rename = "deletedAt", skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<String>,
}

/// `{"statusCode":404,"statusMessage":"Cliente no encontrado"}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct StatusMessage {
    /// The status code, repeated.
    pub status_code: u16,
    /// The first problem.
    pub status_message: String,
}

/// `{"statusCode":400,"message":"Validation failed","errors":["id must be a valid UUID"]}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ErrorList {
    /// The status code, repeated.
    pub status_code: u16,
    /// The problem in one line.
    pub message: String,
    /// All problems; omitted if the message is enough.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<String>,
}

impl Body {
    /// Returns the text of the body for a person; empty for the clinic's success.
    #[must_use]
    pub fn message(&self) -> &str {
        match self {
            Self::Success(body) => body.message.as_deref().unwrap_or_default(),
            Self::StatusMessage(body) => &body.status_message,
            Self::ErrorList(body) => &body.message,
        }
    }
}
