//! Dialects: everything in which databases differ goes through here.

/// The SQL of one database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// SQLite, 3.38 or later.
    Sqlite,
}

impl Dialect {
    /// A name as an identifier, whatever is in it.
    ///
    /// ```
    /// use client_lifecycle::sql::Dialect;
    /// assert_eq!(Dialect::Sqlite.quote(r#"a "b""#), r#""a ""b""""#);
    /// ```
    #[must_use]
    pub fn quote(self, name: &str) -> String {
        match self {
            Self::Sqlite => format!("\"{}\"", name.replace('"', "\"\"")),
        }
    }

    /// The placeholder of the value at a position, from 1.
    #[must_use]
    pub fn placeholder(self, position: usize) -> String {
        match self {
            Self::Sqlite => format!("?{position}"),
        }
    }

    /// The function that makes a JSON array of its arguments.
    pub(crate) fn json_array(self) -> &'static str {
        match self {
            Self::Sqlite => "json_array",
        }
    }

    /// How the elements of the JSON array that is bound next are read as rows: before and after it. The
    /// columns are `key`, counted from 0, and `value`.
    pub(crate) fn json_rows(self) -> (&'static str, &'static str) {
        match self {
            Self::Sqlite => ("json_each(", ")"),
        }
    }

    /// What orders text by its bytes.
    pub(crate) fn by_bytes(self) -> &'static str {
        match self {
            Self::Sqlite => " COLLATE BINARY",
        }
    }

    /// The statement that has foreign keys checked at commit, for steps among which no order satisfies them.
    /// It ends with the transaction; switching it off earlier would forget what is pending.
    pub(crate) fn defer_foreign_keys(self) -> &'static str {
        match self {
            Self::Sqlite => "PRAGMA defer_foreign_keys = ON",
        }
    }
}
