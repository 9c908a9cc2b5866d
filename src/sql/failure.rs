//! Errors of a connection, as errors of a store.

use super::{Prefix, SqlError, SqlErrorClass};
use crate::domain::DataMap;
use crate::store::StoreError;

/// What was going on when a statement failed.
#[derive(Clone, Copy)]
pub(super) struct Doing<'a> {
    /// In the past tense, such as `read the data`.
    pub(super) what: &'a str,
    /// The kind that was being written, where it was one.
    pub(super) kind: Option<&'a str>,
    pub(super) map: Option<&'a DataMap>,
    pub(super) prefix: &'a Prefix,
    pub(super) retryable: bool,
}

impl Doing<'_> {
    /// The error of a store for an error of its connection.
    pub(super) fn failed(self, error: SqlError) -> StoreError {
        match error.class() {
            SqlErrorClass::Busy => {
                StoreError::Contention { retryable: self.retryable, source: Some(Box::new(error)) }
            }
            SqlErrorClass::Constraint => StoreError::Refused {
                kind: self.kind.unwrap_or("records of the operation").to_owned(),
                source: Box::new(error),
            },
            SqlErrorClass::ReadOnly => StoreError::Unsupported("writing: the database is read-only".into()),
            SqlErrorClass::Denied(table) => StoreError::Unsupported(format!(
                "what needs a permission on `{table}` that the role does not have; grant it"
            )),
            SqlErrorClass::Unsupported(what) => StoreError::Unsupported(what.clone()),
            SqlErrorClass::NoTable(table) => self.no_table(table),
            SqlErrorClass::NoColumn(column) => self.no_column(column),
            class @ (SqlErrorClass::NoConnection | SqlErrorClass::Lost) => StoreError::Unavailable {
                doing: self.in_words(),
                // One that was not to be had has been waited for already.
                retryable: self.retryable && *class == SqlErrorClass::Lost,
                source: Box::new(error),
            },
            SqlErrorClass::Ended | SqlErrorClass::Other => StoreError::backend(self.in_words(), error),
        }
    }

    fn in_words(self) -> String {
        match self.kind {
            Some(kind) => format!("{} `{kind}`", self.what),
            None => self.what.to_owned(),
        }
    }

    /// The same for an error of COMMIT, after which it may be unknown whether it was done.
    pub(super) fn not_committed(self, error: SqlError) -> StoreError {
        match error.class() {
            SqlErrorClass::Lost => StoreError::OutcomeUnknown { source: Box::new(error) },
            _ => self.failed(error),
        }
    }

    fn no_table(self, table: &str) -> StoreError {
        let table = table.rsplit_once('.').map_or(table, |(_, name)| name);
        if table.starts_with(self.prefix.as_str()) {
            return StoreError::Unsupported(format!(
                "writing without the library's table `{table}`; run `migrate` first"
            ));
        }
        let mut kinds = self.map.into_iter().flat_map(DataMap::kinds);
        let kind = kinds.find(|kind| kind.table_name().eq_ignore_ascii_case(table));
        StoreError::Unknown { what: "kind", name: kind.map_or(table, |kind| kind.name.as_str()).to_owned() }
    }

    /// Statements call the row they look at `r`.
    fn no_column(self, column: &str) -> StoreError {
        let column = ["r.", "p.", "q."].iter().find_map(|row| column.strip_prefix(row)).unwrap_or(column);
        StoreError::Unknown {
            what: "field",
            name: match self.kind {
                Some(kind) => format!("{kind}.{column}"),
                None => column.to_owned(),
            },
        }
    }
}
