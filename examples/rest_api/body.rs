//! The body of a request.

use std::convert::Infallible;

use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use axum::response::Response;
use client_lifecycle::clients::wire::{ErrorKind, Wire};
use client_lifecycle::lifecycle::Error;
use serde_json::Value;

use crate::answer::{failed, reply};
use crate::asked::invalid;

/// The maximum number of bytes in a body: a client has about 600 characters.
const LIMIT: usize = 16 * 1024;

/// The number of bytes that are read of a body that is too large, so that a caller that is still writing gets the
/// response.
const READ: usize = 1024 * 1024;

/// A body that was read, if it could be.
pub(crate) enum Body {
    Json(Value),
    /// It is not JSON. The library responds as it does to JSON that is not an object.
    Other,
    TooLarge,
}

impl<S: Sync> FromRequest<S> for Body {
    type Rejection = Infallible;

    async fn from_request(request: Request, _: &S) -> Result<Self, Infallible> {
        let Ok(bytes) = to_bytes(request.into_body(), READ).await else {
            return Ok(Self::TooLarge);
        };
        if bytes.len() > LIMIT {
            return Ok(Self::TooLarge);
        }
        Ok(serde_json::from_slice(&bytes).map_or(Self::Other, Self::Json))
    }
}

impl Body {
    /// Returns the content of the body, or the error.
    pub(crate) fn read<T, E: Into<Error>>(
        &self,
        read: impl FnOnce(&Value) -> Result<T, E>,
    ) -> Result<T, Error> {
        match self {
            Self::Json(value) => read(value).map_err(Into::into),
            Self::Other => read(&Value::Null).map_err(Into::into),
            Self::TooLarge => {
                let limit = format!("send at most {LIMIT} bytes");
                Err(Error::Refused(invalid("the body is too large", limit)))
            }
        }
    }

    /// Returns the response to an attempt that was rejected because of its body.
    pub(crate) fn rejected(&self, wire: &Wire, error: &Error, too_large: &str) -> Response {
        match self {
            Self::TooLarge if ErrorKind::of(error) == ErrorKind::Invalid => {
                reply(&wire.custom(413, too_large))
            }
            _ => failed(wire, error),
        }
    }
}
