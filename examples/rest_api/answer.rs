//! Converts the library's responses to responses of the web framework.

use std::io::Write;

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use client_lifecycle::clients::wire::{self, ErrorKind, Wire};
use client_lifecycle::lifecycle::Error;
use serde::Serialize;

/// The value of `Retry-After`, in seconds, if the database is unavailable.
const SECONDS: &str = "2";

/// Converts one of the library's responses.
pub(crate) fn reply(answer: &wire::Response) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match &answer.body {
        Some(body) => json(status, body),
        None => with_status(status, Body::empty()),
    }
}

/// Responds with an error. Logs the details that the caller must not see.
pub(crate) fn failed(wire: &Wire, error: &Error) -> Response {
    let case = ErrorKind::of(error);
    if matches!(case, ErrorKind::Failed | ErrorKind::Unavailable) {
        log("a request failed", error);
    }
    let mut response = reply(&wire.error(error));
    if case == ErrorKind::Unavailable {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(SECONDS));
    }
    response
}

/// Makes a response with a value as JSON.
pub(crate) fn json(status: StatusCode, value: &impl Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(text) => {
            let mut response = with_status(status, text.into());
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            response
        }
        Err(error) => {
            log("an answer has no JSON form", &error);
            with_status(StatusCode::INTERNAL_SERVER_ERROR, Body::empty())
        }
    }
}

fn with_status(status: StatusCode, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    // The body may contain personal data, which caches must not store.
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Logs an error with all its causes. Errors of the library contain no personal data.
pub(crate) fn log(what: &str, error: &dyn std::error::Error) {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let messages: Vec<String> = causes.map(ToString::to_string).collect();
    say(&format!("{what}: {}", messages.join(": ")));
}

/// Writes a line to standard error.
pub(crate) fn say(line: &str) {
    // If standard error is closed, the line is lost.
    let _ = writeln!(std::io::stderr(), "{line}");
}
