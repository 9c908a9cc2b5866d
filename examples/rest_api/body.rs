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
use crate::unique_keys::UniqueKeys;

/// The maximum number of bytes in a body. The fields of a client have about 600 characters in total.
const LIMIT: usize = 16 * 1024;

/// How many bytes of a too large body are read. A caller that is still writing would not read the response otherwise.
const READ: usize = 1024 * 1024;

/// The body of a request, as far as it could be read.
pub(crate) enum Body {
    Json(Value),
    /// Not JSON, or an object that has a key twice. The library responds as it does to JSON that is not an object.
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
        Ok(serde_json::from_slice(&bytes).map_or(Self::Other, |UniqueKeys(value)| Self::Json(value)))
    }
}

impl Body {
    /// Passes the JSON to `read` and returns its result. Bodies that are not JSON or too large are errors.
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

    /// Returns the response to a request that was rejected because of its body.
    pub(crate) fn rejected(&self, wire: &Wire, error: &Error, too_large: &str) -> Response {
        match self {
            Self::TooLarge if ErrorKind::of(error) == ErrorKind::Invalid => {
                reply(&wire.custom(413, too_large))
            }
            _ => failed(wire, error),
        }
    }
}
