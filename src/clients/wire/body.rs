//! The bodies of answers, as the four systems write them.

use serde::Serialize;

/// A body. It is written with its keys in the order of its fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Body {
    /// How it went: all four systems where it was done, and two of them where it was not.
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
    /// Whether it was done.
    pub success: bool,
    /// What was done, or why not; the clinic says nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// When it was deleted, in RFC 3339 with milliseconds; only the VPN says it, and only where it was.
    #[serde(rename = "deletedAt", skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<String>,
}

/// `{"statusCode":404,"statusMessage":"Cliente no encontrado"}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct StatusMessage {
    /// The status code once more.
    pub status_code: u16,
    /// What is wrong; the first thing, where there are many.
    pub status_message: String,
}

/// `{"statusCode":400,"message":"Validation failed","errors":["id must be a valid UUID"]}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ErrorList {
    /// The status code once more.
    pub status_code: u16,
    /// What is wrong, in one line.
    pub message: String,
    /// Everything that is wrong; left out where the message says it all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<String>,
}

impl Body {
    /// What it says to a person; empty for the clinic's success.
    #[must_use]
    pub fn message(&self) -> &str {
        match self {
            Self::Success(body) => body.message.as_deref().unwrap_or_default(),
            Self::StatusMessage(body) => &body.status_message,
            Self::ErrorList(body) => &body.message,
        }
    }
}
