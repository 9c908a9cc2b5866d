//! Dialects: everything in which databases differ goes through here.

use super::SqlValue;

/// The SQL of one database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// SQLite, 3.38 or later.
    Sqlite,
    /// PostgreSQL, 14 or later.
    Postgres,
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
        format!("\"{}\"", name.replace('"', "\"\""))
    }

    /// The name of a table as an identifier. On PostgreSQL a full stop stands between a schema and its table, and a
    /// name that has one itself is written in quotes, as in SQL.
    ///
    /// ```
    /// use client_lifecycle::sql::Dialect;
    /// assert_eq!(Dialect::Sqlite.table("sales.invoices"), r#""sales.invoices""#);
    /// assert_eq!(Dialect::Postgres.table("sales.invoices"), r#""sales"."invoices""#);
    /// assert_eq!(Dialect::Postgres.table(r#""sales.invoices""#), r#""sales.invoices""#);
    /// ```
    #[must_use]
    pub fn table(self, name: &str) -> String {
        if self == Self::Sqlite {
            return self.quote(name);
        }
        let (first, rest) = first_part(name);
        match rest {
            Some(table) => format!("{}.{}", self.quote(&first), self.quote(&unquoted(table))),
            None => self.quote(&first),
        }
    }

    /// The placeholder of the value at a position, from 1.
    #[must_use]
    pub fn placeholder(self, position: usize) -> String {
        match self {
            Self::Sqlite => format!("?{position}"),
            Self::Postgres => format!("${position}"),
        }
    }

    /// What follows the placeholder of a value, so that the database need not guess its type.
    pub(crate) fn typed(self, value: &SqlValue) -> &'static str {
        match (self, value) {
            (Self::Sqlite, _) | (Self::Postgres, SqlValue::Null) => "",
            (Self::Postgres, SqlValue::Integer(_)) => "::bigint",
            (Self::Postgres, SqlValue::Real(_)) => "::double precision",
            (Self::Postgres, SqlValue::Text(_)) => "::text",
            (Self::Postgres, SqlValue::Blob(_)) => "::bytea",
        }
    }

    /// The function that makes a JSON array of its arguments, and what makes text of that.
    pub(crate) fn json_array(self) -> (&'static str, &'static str) {
        match self {
            Self::Sqlite => ("json_array(", ")"),
            Self::Postgres => ("json_build_array(", ")::text"),
        }
    }

    /// The function that makes a JSON object of its arguments.
    pub(crate) fn json_object(self) -> &'static str {
        match self {
            Self::Sqlite => "json_object(",
            Self::Postgres => "jsonb_build_object(",
        }
    }

    /// How the elements of the JSON array that is bound next are read as rows `j`: before and after it. The
    /// columns are `key`, which orders them, and `value`.
    pub(crate) fn json_rows(self) -> (&'static str, &'static str) {
        match self {
            Self::Sqlite => ("json_each(", ") AS j"),
            Self::Postgres => {
                ("json_array_elements_text(", "::json) WITH ORDINALITY AS j(\"value\", \"key\")")
            }
        }
    }

    /// The statement that has foreign keys checked at commit, for steps among which no order satisfies them.
    /// It ends with the transaction; switching it off earlier would forget what is pending.
    ///
    /// PostgreSQL needs none: what no order satisfies is one statement there, and keys are checked at its end.
    pub(crate) fn defer_foreign_keys(self) -> Option<&'static str> {
        match self {
            Self::Sqlite => Some("PRAGMA defer_foreign_keys = ON"),
            Self::Postgres => None,
        }
    }
}

/// What stands before the first full stop that is not in quotes, and what after it.
fn first_part(name: &str) -> (String, Option<&str>) {
    if let Some((part, rest)) = quoted(name)
        && (rest.is_empty() || rest.starts_with('.'))
    {
        return (part, rest.strip_prefix('.'));
    }
    name.split_once('.')
        .map_or_else(|| (name.to_owned(), None), |(first, rest)| (first.to_owned(), Some(rest)))
}

/// A name, without its quotes where the whole of it stands in quotes.
fn unquoted(name: &str) -> String {
    quoted(name).filter(|(_, rest)| rest.is_empty()).map_or_else(|| name.to_owned(), |(part, _)| part)
}

/// The name in quotes that a text begins with, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut rest = text.strip_prefix('"')?;
    let mut part = String::new();
    loop {
        let (before, after) = rest.split_once('"')?;
        part.push_str(before);
        match after.strip_prefix('"') {
            Some(doubled) => {
                part.push('"');
                rest = doubled;
            }
            None => return Some((part, after)),
        }
    }
}
