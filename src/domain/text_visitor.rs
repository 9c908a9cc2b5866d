//! A serde visitor for values that documents write as text in a special format.

use std::fmt;

use serde::de::{Error, Visitor};

/// Reads a value that documents write as text.
pub(crate) struct TextVisitor<T> {
    /// What an error says was expected, with an example.
    pub(crate) expected: &'static str,
    /// Parses the text, or returns an error message.
    pub(crate) read: fn(&str) -> Result<T, String>,
}

impl<T> Visitor<'_> for TextVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        (self.read)(text).map_err(E::custom)
    }
}
