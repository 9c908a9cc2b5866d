//! SQL expressions for a column that holds a list of ids.

/// Reads and writes the elements of a list. Every expression is in terms of the stored list.
#[derive(Debug)]
pub(crate) struct ListColumn {
    /// The elements, as an item `e` of a FROM clause. There are none if the list cannot be read.
    pub(crate) elements: String,
    /// An element of `e`, its position, and the form in which it is compared with a key.
    pub(crate) element: &'static str,
    pub(crate) position: &'static str,
    pub(crate) compared: String,
    /// The condition that the list cannot be read.
    pub(crate) unreadable: Unreadable,
    /// The type of an array of keys, if an index finds the lists that overlap with such an array.
    pub(crate) overlapping: Option<String>,
    /// The query that makes a list, in three parts: before the element, between the element and the FROM item `d`, and
    /// after `d`. The position is `d.n`.
    pub(crate) made: [String; 3],
}

/// The condition that a list cannot be read. It is never NULL.
#[derive(Debug)]
pub(crate) enum Unreadable {
    /// [`ListColumn::elements`] is empty for such a list, so its row needs a search of its own.
    Anywhere(String),
    /// [`ListColumn::elements`] returns the elements of such a list, so the condition is needed only on rows that were
    /// found.
    IfFound(String),
}

impl Unreadable {
    pub(crate) fn condition(&self) -> &str {
        match self {
            Self::Anywhere(condition) | Self::IfFound(condition) => condition,
        }
    }
}
