//! What can go wrong in a database, as far as the crate has to tell it apart.

use std::error::Error;
use std::fmt;

/// An error of a database connection.
///
/// What the driver said is its [`source`](Error::source); `Display` says the class only.
#[derive(Debug)]
pub struct SqlError {
    class: SqlErrorClass,
    source: Box<dyn Error + Send + Sync>,
}

/// What the crate has to know of an error.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SqlErrorClass {
    /// Another transaction is in the way: locked, busy, deadlock, serialization failure.
    Busy,
    /// A constraint of the schema objected.
    Constraint,
    /// The database cannot be written to.
    ReadOnly,
    /// There is no such table.
    NoTable(String),
    /// There is no such column.
    NoColumn(String),
    /// The connection broke, so that nobody knows whether the statement was carried out.
    Lost,
    /// Anything else.
    Other,
}

impl SqlError {
    /// An error of this class.
    pub fn new(class: SqlErrorClass, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { class, source: source.into() }
    }

    /// An error of SQLite, from its (extended) result code and its message.
    ///
    /// The message must be SQLite's own (`sqlite3_errmsg`), without what a driver adds to it, such as the
    /// statement: the name of the missing table or column is read from its end.
    ///
    /// ```
    /// use client_lifecycle::sql::{SqlError, SqlErrorClass};
    /// let error = SqlError::from_sqlite(1, "no such table: debts", "from the driver");
    /// assert_eq!(error.class(), &SqlErrorClass::NoTable("debts".into()));
    /// ```
    pub fn from_sqlite(code: i32, message: &str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let missing = |what: &str| message.split_once(what).map(|(_, name)| name.trim().to_owned());
        let class = match code & 0xff {
            5 | 6 => SqlErrorClass::Busy,
            8 => SqlErrorClass::ReadOnly,
            19 => SqlErrorClass::Constraint,
            _ => match (
                missing("no such table: "),
                missing("no such column: ").or_else(|| missing("has no column named ")),
            ) {
                (Some(table), _) => SqlErrorClass::NoTable(table),
                (None, Some(column)) => SqlErrorClass::NoColumn(column),
                (None, None) => SqlErrorClass::Other,
            },
        };
        Self::new(class, source)
    }

    /// The class.
    #[must_use]
    pub fn class(&self) -> &SqlErrorClass {
        &self.class
    }
}

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.class {
            SqlErrorClass::Busy => f.write_str("another transaction is in the way"),
            SqlErrorClass::Constraint => f.write_str("a constraint of the schema objected"),
            SqlErrorClass::ReadOnly => f.write_str("the database is read-only"),
            SqlErrorClass::NoTable(name) => write!(f, "there is no table `{name}`"),
            SqlErrorClass::NoColumn(name) => write!(f, "there is no column `{name}`"),
            SqlErrorClass::Lost => f.write_str("the connection broke"),
            SqlErrorClass::Other => f.write_str("the database reported an error"),
        }
    }
}

impl Error for SqlError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}
