//! What goes back to whoever asked.

use super::Body;

/// A status code and a body, for whatever web framework the host has.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The body; `None` where there is none, as with 204.
    pub body: Option<Body>,
    /// What whoever asked can do about it, for logs and people; no body of the four systems has a place for
    /// it. Empty where there is nothing to do.
    pub remedy: String,
}

impl Response {
    /// The body as JSON text; empty where there is none.
    #[must_use]
    pub fn json(&self) -> String {
        let text = self.body.as_ref().map(serde_json::to_string);
        // Strings, numbers and booleans always have a JSON form.
        text.and_then(Result::ok).unwrap_or_default()
    }

    /// What the body says to a person; empty where it says nothing.
    #[must_use]
    pub fn message(&self) -> &str {
        self.body.as_ref().map(Body::message).unwrap_or_default()
    }
}
