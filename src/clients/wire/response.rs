//! Responses to callers over a network.

use super::Body;

/// A status code and a body, independent of the host's web framework.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The body; `None` for a response without one, such as 204.
    pub body: Option<Body>,
    /// The remedy of an error, for logs and people; empty if there is none. No body of the four systems has a place
    /// for it.
    pub remedy: String,
}

impl Response {
    /// Returns the body as JSON text; empty without a body.
    #[must_use]
    pub fn json(&self) -> String {
        let text = self.body.as_ref().map(serde_json::to_string);
        // Strings, numbers and booleans always have a JSON form.
        text.and_then(Result::ok).unwrap_or_default()
    }

    /// Returns the text of the body for a person; empty if it has none.
    #[must_use]
    pub fn message(&self) -> &str {
        self.body.as_ref().map(Body::message).unwrap_or_default()
    }
}
