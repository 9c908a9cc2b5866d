//! From the answers of the library to those of the framework.

use std::io::Write;

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use client_lifecycle::lifecycle::Error;
use client_lifecycle::lifecycle::wire::{self, ErrorKind, Wire};
use serde::Serialize;

/// After how long it makes sense to ask again for what could not be done because the database is away.
const SECONDS: &str = "2";

/// An answer of the library, as it is.
pub(crate) fn reply(answer: &wire::Response) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match &answer.body {
        Some(body) => json(status, body),
        None => with_status(status, Body::empty()),
    }
}

/// The answer to an error. What a caller is not told is told whoever runs the service.
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

/// Any value as JSON.
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
    // Nobody in between keeps what is personal.
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Writes an error with all its causes to standard error. Errors of the library hold nothing personal.
pub(crate) fn log(what: &str, error: &dyn std::error::Error) {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let told: Vec<String> = causes.map(ToString::to_string).collect();
    say(&format!("{what}: {}", told.join(": ")));
}

/// Tells whoever runs the service.
pub(crate) fn say(line: &str) {
    // Where nobody listens there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "{line}");
}
