//! How a column holds a list of ids, as SQL expressions.

/// How the elements of a list are read and written. All expressions are in terms of the stored list.
#[derive(Debug)]
pub(crate) struct ListColumn {
    /// The elements as a source `e` of a FROM clause: none if the list cannot be read.
    pub(crate) elements: String,
    /// An element of `e`, its position, and the form in which it is compared with a key.
    pub(crate) element: &'static str,
    pub(crate) position: &'static str,
    pub(crate) compared: String,
    /// Whether the list cannot be read.
    pub(crate) unreadable: Unreadable,
    /// The type of an array of keys, if an index finds the lists that overlap with one.
    pub(crate) overlapping: Option<String>,
    /// What makes a list of some elements: the text before an element, between it and the source `d`, and after the
    /// source. The position is `d.n`.
    pub(crate) made: [String; 3],
}

/// The condition that a list cannot be read. It is never NULL.
#[derive(Debug)]
pub(crate) enum Unreadable {
    /// Such a list has no elements, so its row has to be looked for.
    Anywhere(String),
    /// Such a list has elements, so only rows that were found have to be looked at.
    IfFound(String),
}

impl Unreadable {
    pub(crate) fn condition(&self) -> &str {
        match self {
            Self::Anywhere(condition) | Self::IfFound(condition) => condition,
        }
    }
}
