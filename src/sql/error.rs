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
    /// The role may not do this; the name is that of the table, where it is known.
    Denied(String),
    /// The database cannot do this.
    Unsupported(String),
    /// There is no such table.
    NoTable(String),
    /// There is no such column.
    NoColumn(String),
    /// No connection could be had in the time that the host grants.
    NoConnection,
    /// The connection broke: nothing is left of the transaction, unless it was being committed. Then nobody knows.
    Lost,
    /// The statement was ended before it was done: it took too long, somebody cancelled it, or the server ran out of
    /// what it needs.
    Ended,
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
            9 => SqlErrorClass::Ended,
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

    /// An error of PostgreSQL, from its SQLSTATE and its primary message.
    ///
    /// The message is kept, unless the code says that it may show a value. Do not give it details: they show
    /// the values of keys.
    ///
    /// ```
    /// use client_lifecycle::sql::{SqlError, SqlErrorClass};
    /// let error = SqlError::from_postgres("40P01", "deadlock detected");
    /// assert_eq!(error.class(), &SqlErrorClass::Busy);
    /// ```
    #[must_use]
    pub fn from_postgres(code: &str, message: &str) -> Self {
        let quoted = || {
            let name = in_quotes(message).or_else(|| message.rsplit(' ').next());
            name.unwrap_or_default().to_owned()
        };
        let class = match code {
            // Serialization failure, deadlock, lock not available, too many connections.
            "40001" | "40P01" | "55P03" | "53300" => SqlErrorClass::Busy,
            "57014" => SqlErrorClass::Ended,
            "25006" => SqlErrorClass::ReadOnly,
            "42501" if message.contains("row-level security") => SqlErrorClass::Unsupported(format!(
                "`{}` under row-level security, which hides rows from the role",
                quoted()
            )),
            "42501" => SqlErrorClass::Denied(quoted()),
            "42P01" => SqlErrorClass::NoTable(quoted()),
            "42703" => SqlErrorClass::NoColumn(missing_column(message)),
            // Too long for the column, out of its range, or for a column that only the database writes: as good as
            // a constraint.
            "22001" | "22003" | "428C9" => SqlErrorClass::Constraint,
            "0A000" => SqlErrorClass::Unsupported(message.to_owned()),
            // The server went away or comes back, or has given up the session, or says that it does not know itself.
            "57P01" | "57P02" | "57P03" | "57P05" | "25P03" | "XX000" => SqlErrorClass::Lost,
            _ if code.starts_with("08") => SqlErrorClass::Lost,
            _ if code.starts_with("53") => SqlErrorClass::Ended,
            _ if code.starts_with("23") => SqlErrorClass::Constraint,
            _ => SqlErrorClass::Other,
        };
        // Values that could not be read are in the message.
        let said = if code.starts_with("22") { "a value is not what its column takes" } else { message };
        Self::new(class, format!("{said} ({code})"))
    }

    /// The class.
    #[must_use]
    pub fn class(&self) -> &SqlErrorClass {
        &self.class
    }
}

/// `column r.ghost does not exist`, `column "ghost" of relation "clients" does not exist`.
fn missing_column(message: &str) -> String {
    let name = in_quotes(message).or_else(|| message.split_whitespace().nth(1));
    name.unwrap_or_default().to_owned()
}

/// The first name in quotes: servers speak the language they are set up in, and quote as it does.
fn in_quotes(message: &str) -> Option<&str> {
    message.split(['"', '»', '«', '„', '“', '”']).nth(1).map(str::trim)
}

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.class {
            SqlErrorClass::Busy => f.write_str("another transaction is in the way"),
            SqlErrorClass::Constraint => f.write_str("a constraint of the schema objected"),
            SqlErrorClass::ReadOnly => f.write_str("the database is read-only"),
            SqlErrorClass::Denied(name) => write!(f, "no permission on `{name}`"),
            SqlErrorClass::Unsupported(what) => write!(f, "the database cannot do this: {what}"),
            SqlErrorClass::NoTable(name) => write!(f, "there is no table `{name}`"),
            SqlErrorClass::NoColumn(name) => write!(f, "there is no column `{name}`"),
            SqlErrorClass::NoConnection => f.write_str("no connection could be had in time"),
            SqlErrorClass::Lost => f.write_str("the connection broke"),
            SqlErrorClass::Ended => f.write_str("the statement was ended"),
            SqlErrorClass::Other => f.write_str("the database reported an error"),
        }
    }
}

impl Error for SqlError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}

#[cfg(test)]
mod tests {
    use super::{SqlError, SqlErrorClass};

    #[test]
    fn a_name_is_found_in_the_language_of_the_server() {
        let denied = SqlErrorClass::Denied("debts".into());
        for message in [
            "permission denied for table \"debts\"",
            "permission denied for table debts",
            "keine Berechtigung für Tabelle »debts«",
            "droit refusé pour la table « debts »",
        ] {
            assert_eq!(*SqlError::from_postgres("42501", message).class(), denied, "{message}");
        }
        let missing = SqlErrorClass::NoColumn("ghost".into());
        for message in [
            "column \"ghost\" of relation \"clients\" does not exist",
            "Spalte »ghost« von Relation »clients« existiert nicht",
            "la colonne « ghost » de la relation « clients » n'existe pas",
        ] {
            assert_eq!(*SqlError::from_postgres("42703", message).class(), missing, "{message}");
        }
        let plain = SqlError::from_postgres("42703", "column r.ghost does not exist");
        assert_eq!(*plain.class(), SqlErrorClass::NoColumn("r.ghost".into()));
    }
}
