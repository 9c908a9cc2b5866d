//! The id in a path.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use client_lifecycle::clients::wire::Wire;
use client_lifecycle::domain::RecordId;

/// The id from the path; empty if it is missing or only white space.
pub(crate) struct Id(pub(crate) String);

impl Id {
    /// Returns a client's id in the clinic's form, whatever the case of its letters. The library refuses an empty id.
    pub(crate) fn of_client(self) -> RecordId {
        Wire::clinic().id(&self.0).unwrap_or_else(|_| self.0.into())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let Ok(params) = RawPathParams::from_request_parts(parts, state).await else {
            // The path is not valid UTF-8, so no record has this id.
            return Ok(Self("\u{fffd}".into()));
        };
        let id = params.iter().next().map_or("", |(_, id)| id);
        Ok(Self(if id.trim().is_empty() { String::new() } else { id.into() }))
    }
}
