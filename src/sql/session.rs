//! An open transaction whose errors say what the library was doing.

use super::backend::Backend;
use super::connection::{SqlError, SqlErrorClass, SqlTransaction, SqlValue};
use super::render::count::Counts;
use super::render::renderer::Renderer;
use super::statement::{Prefix, Statement, TABLES};
use super::table_schema::{QueryColumns, TableSchema};
use crate::domain::{DataMap, KeysByTable, Kind, KindName, LIST_OF_IDS, TableName};
use crate::protocol::{Rank, SetId};
use crate::store::patience::{counting, waited};
use crate::store::{FiredTrigger, StoreError};

/// What the library was doing when a statement failed.
#[derive(Clone, Copy)]
pub(super) struct ErrorContext<'a> {
    /// The action, as a verb in the past tense, such as `read the data`.
    pub(super) doing: &'a str,
    /// The kind that was being written, if the statement writes one.
    pub(super) kind: Option<&'a str>,
    pub(super) map: Option<&'a DataMap>,
    pub(super) prefix: &'a Prefix,
    /// Whether the library may repeat the transaction, because it owns it.
    pub(super) retryable: bool,
    /// The triggers and rules that the operation fires.
    pub(super) triggers: &'a [FiredTrigger],
}

impl<'a> ErrorContext<'a> {
    /// Returns the context for writing rows of a kind.
    pub(super) fn writing(self, kind: &'a KindName) -> Self {
        Self { doing: "wrote", kind: Some(kind.as_str()), ..self }
    }

    pub(super) fn error(self, error: SqlError) -> StoreError {
        match error.class() {
            SqlErrorClass::LockTimeout if self.retryable => {
                StoreError::LockTimeout { waited: waited(), source: Box::new(error) }
            }
            SqlErrorClass::Busy | SqlErrorClass::LockTimeout => {
                StoreError::Contention { retryable: self.retryable, source: Some(Box::new(error)) }
            }
            SqlErrorClass::Constraint | SqlErrorClass::Raised => self.refused(error),
            // An error that a trigger causes may have any code.
            SqlErrorClass::Other | SqlErrorClass::Denied(_) | SqlErrorClass::NoTable(_)
                if self.kind.is_some() && !self.triggers.is_empty() =>
            {
                self.refused(error)
            }
            SqlErrorClass::ReadOnly => StoreError::Unsupported("writing: the database is read-only".into()),
            SqlErrorClass::Denied(table) => StoreError::Unsupported(format!(
                "a statement without permission on `{table}`; grant it to the role"
            )),
            SqlErrorClass::Unsupported(what) => StoreError::Unsupported(what.clone()),
            SqlErrorClass::Internal(what) => StoreError::Unsupported(format!(
                "a statement that the server refuses, while the library {}: {what}",
                self.in_words()
            )),
            SqlErrorClass::NoTable(table) => self.no_table(table),
            SqlErrorClass::NoColumn(column) => self.no_column(column),
            class @ (SqlErrorClass::NoConnection | SqlErrorClass::Lost) => StoreError::Unavailable {
                doing: self.in_words(),
                // The pool has already waited for a connection, so do not retry.
                retryable: self.retryable && *class == SqlErrorClass::Lost,
                source: Box::new(error),
            },
            SqlErrorClass::Ended | SqlErrorClass::Other => StoreError::backend(self.in_words(), error),
        }
    }

    fn refused(self, error: SqlError) -> StoreError {
        StoreError::Refused {
            kind: self.kind.unwrap_or("records of the operation").to_owned(),
            triggers: self.triggers.to_vec(),
            source: Box::new(error),
        }
    }

    /// Converts an error of COMMIT. After some errors, it is unknown whether the transaction was committed.
    pub(super) fn commit_error(self, error: SqlError) -> StoreError {
        match error.class() {
            SqlErrorClass::Lost | SqlErrorClass::Internal(_) => {
                StoreError::OutcomeUnknown { source: Box::new(error) }
            }
            _ => self.error(error),
        }
    }

    fn in_words(self) -> String {
        match self.kind {
            Some(kind) => format!("{} `{kind}`", self.doing),
            None => self.doing.to_owned(),
        }
    }

    fn no_table(self, table: &str) -> StoreError {
        let name = TableName::from(table);
        if let Some(rest) = name.table.strip_prefix(self.prefix.as_str()) {
            let table = &name.table;
            let of_table = |own: &&str| rest.strip_prefix(*own).is_some_and(|rest| rest.starts_with('_'));
            if !TABLES.contains(&rest) && TABLES.iter().any(of_table) {
                return StoreError::Unsupported(format!(
                    "a server that does not find `{table}`, which belongs to a table of the library"
                ));
            }
        }
        if name.table.strip_prefix(self.prefix.as_str()).is_some_and(|own| TABLES.contains(&own)) {
            let table = name.table;
            return StoreError::Unsupported(format!(
                "writing without the library's table `{table}`; run `migrate` first"
            ));
        }
        let kinds = || self.map.into_iter().flat_map(DataMap::kinds);
        // The error may name the table with or without its schema, whatever the data map says.
        let is_named = |kind: &&Kind| {
            let own = kind.table_name();
            own.table.eq_ignore_ascii_case(&name.table) && (own.schema.is_none() || name.schema.is_none())
        };
        let kind = kinds().find(|kind| *kind.table_name() == name).or_else(|| kinds().find(is_named));
        let name = kind.map_or_else(|| name.table.clone(), |kind| kind.name.to_string());
        StoreError::Unknown { what: "kind", name }
    }

    fn no_column(self, column: &str) -> StoreError {
        // In the library's statements, the current row is called `r`.
        let column = ["r.", "p.", "q."].iter().find_map(|row| column.strip_prefix(row)).unwrap_or(column);
        let mut kinds = self.map.into_iter().flat_map(DataMap::kinds).map(|kind| kind.name.as_str());
        // A statement that reads may read any kind of the map.
        let only_kind = kinds.next().filter(|_| kinds.next().is_none());
        StoreError::Unknown {
            what: "field",
            name: match self.kind.or(only_kind) {
                Some(kind) => format!("{kind}.{column}"),
                None => column.to_owned(),
            },
        }
    }
}

/// An open transaction.
pub(super) struct Session<'t, 'c> {
    pub(super) tx: &'t mut (dyn SqlTransaction + 'c),
    pub(super) backend: &'static dyn Backend,
    pub(super) context: ErrorContext<'t>,
}

impl Session<'_, '_> {
    pub(super) async fn execute(&mut self, statement: &Statement) -> Result<u64, StoreError> {
        let done = execute(self.tx, statement).await;
        done.map_err(|error| self.context.error(error))
    }

    pub(super) async fn query(&mut self, statement: &Statement) -> Result<Vec<Vec<SqlValue>>, StoreError> {
        let found = query(self.tx, statement).await;
        found.map_err(|error| self.context.error(error))
    }

    pub(super) async fn integer(&mut self, statement: &Statement) -> Result<Option<i64>, StoreError> {
        let rows = self.query(statement).await?;
        Ok(rows.iter().flatten().find_map(SqlValue::as_integer))
    }

    /// Reads the column types.
    pub(super) async fn read_schema(
        &mut self,
        columns: &QueryColumns<'_>,
    ) -> Result<TableSchema, StoreError> {
        let mut rows = Vec::new();
        for statement in self.backend.schema_statements(columns)? {
            rows.extend(self.query(&statement).await?);
        }
        let schema = self.backend.read_schema(columns, rows)?;
        // Foreign keys that the query does not know of could change rows that no plan names.
        if let Some(known) = &columns.keys {
            let tables: Vec<TableName> =
                columns.kinds.iter().map(|kind| kind.table_name().into_owned()).collect();
            let found = self.read_keys(&tables).await?;
            if tables.iter().any(|table| known.get(table) != found.get(table)) {
                return Err(StoreError::SchemaChanged);
            }
        }
        Ok(schema)
    }

    /// Reads a text for each table that changes with the foreign keys that refer to the table.
    pub(super) async fn read_keys(&mut self, tables: &[TableName]) -> Result<KeysByTable, StoreError> {
        let mut found = KeysByTable::new();
        for row in self.query(&self.backend.keys_statement(tables)?).await? {
            let [SqlValue::Integer(position), SqlValue::Text(text)] = &*row else { continue };
            let table = usize::try_from(*position).ok().and_then(|position| tables.get(position));
            found.extend(table.map(|table| (table.clone(), text.clone())));
        }
        Ok(found)
    }

    /// Makes sure that a temporary table exists and is empty. It may hold rows if the host committed its transaction
    /// after a call of the library was cancelled.
    pub(super) async fn empty(&mut self, clear: &Statement, create: &Statement) -> Result<(), StoreError> {
        if self.backend.keeps_temporary_tables() {
            match execute(self.tx, clear).await {
                Err(error) if matches!(error.class(), SqlErrorClass::NoTable(_)) => {
                    self.execute(create).await?;
                }
                Err(error) => return Err(self.context.error(error)),
                Ok(_) => {}
            }
        } else {
            // If this statement failed, it would end the transaction.
            self.execute(create).await?;
            self.execute(clear).await?;
        }
        Ok(())
    }

    /// Reads the id and the rank of the only subject; `None` if there is not exactly one.
    pub(super) async fn only_subject(
        &mut self,
        r: &Renderer<'_>,
    ) -> Result<Option<(SqlValue, Rank)>, StoreError> {
        let Some(statement) = r.only_subject()? else { return Ok(None) };
        let mut rows = self.query(&statement).await?;
        let row = rows.pop().filter(|_| rows.is_empty());
        Ok(row.and_then(|mut row| {
            let rank = Rank::try_from(row.pop()?.as_integer()?).ok()?;
            Some((row.pop()?, rank))
        }))
    }

    /// Writes the members of the materialized sets to the temporary table.
    pub(super) async fn materialize(
        &mut self,
        r: &Renderer<'_>,
        statements: &[Statement],
    ) -> Result<(), StoreError> {
        let mut rest = statements.iter();
        if !statements.is_empty() && !self.context.retryable {
            self.empty(&r.clear_members(), &r.create_members()).await?;
        } else if let Some(first) = rest.next()
            // In its own transaction, the library simply tries, because the table usually exists.
            && let Err(error) = execute(self.tx, first).await
        {
            if !matches!(error.class(), SqlErrorClass::NoTable(_)) {
                return Err(self.context.error(error));
            }
            self.execute(&r.create_members()).await?;
            self.execute(first).await?;
        }
        for statement in rest {
            self.execute(statement).await?;
        }
        Ok(())
    }

    /// Counts rows. Call [`readable`](Self::readable) to check for unreadable values.
    pub(super) async fn count(&mut self, statements: &[Statement]) -> Result<Counts, StoreError> {
        let mut found = Vec::new();
        for statement in statements {
            found.extend(self.query(statement).await?);
        }
        Ok(Counts::read(found))
    }

    /// Returns the counts if no row has an unreadable value.
    ///
    /// # Errors
    /// [`StoreError::BadValue`] if a condition read a value that does not have the type of its field.
    pub(super) async fn readable(&mut self, r: &Renderer<'_>, counts: Counts) -> Result<Counts, StoreError> {
        match counts.unreadable() {
            Some(set) => Err(self.unreadable(r, set).await?),
            None => Ok(counts),
        }
    }

    /// Finds the unreadable value and returns the error for it.
    async fn unreadable(&mut self, r: &Renderer<'_>, set: SetId) -> Result<StoreError, StoreError> {
        let (statement, fields) = r.unreadable(set)?;
        let kind = r.set_kind(set)?;
        let rows = self.query(&statement).await?;
        let mut row = rows.into_iter().next().unwrap_or_default().into_iter();
        let id = row.next().filter(|_| !kind.id.is_none()).and_then(|id| r.read_answer(kind, &id));
        let mut invalid = fields.into_iter().zip(row).filter(|(_, invalid)| invalid.as_integer() == Some(1));
        let Some((field, _)) = invalid.next() else { return Ok(StoreError::bad_id(kind)) };
        let mut references = r.query.map.references_from(&kind.name);
        let is_list = references.any(|reference| reference.each && reference.fields.contains(&field));
        let expected = if is_list { LIST_OF_IDS.to_owned() } else { kind.type_of(&field).to_string() };
        Ok(StoreError::bad_value(&kind.name, id.as_ref(), &field, &expected))
    }
}

pub(super) async fn query(
    tx: &mut (dyn SqlTransaction + '_),
    statement: &Statement,
) -> Result<Vec<Vec<SqlValue>>, SqlError> {
    counting(tx.query(&statement.sql, &statement.params), has_waited).await
}

pub(super) async fn execute(
    tx: &mut (dyn SqlTransaction + '_),
    statement: &Statement,
) -> Result<u64, SqlError> {
    counting(tx.execute(&statement.sql, &statement.params), has_waited).await
}

/// Returns whether a statement failed because of another transaction. It has usually waited for that transaction.
fn has_waited<T>(done: &Result<T, SqlError>) -> bool {
    done.as_ref().is_err_and(SqlError::is_conflict)
}

#[cfg(test)]
mod tests {
    use super::{ErrorContext, Prefix, SqlError, StoreError};

    fn context(prefix: &Prefix) -> ErrorContext<'_> {
        ErrorContext { doing: "read the data", kind: None, map: None, prefix, retryable: true, triggers: &[] }
    }

    #[test]
    fn what_a_server_refuses_is_unknown_only_at_commit() {
        let prefix = Prefix::default();
        let refused = || SqlError::from_postgres("XX000", "complex joins are not supported");
        let error = context(&prefix).error(refused());
        assert!(!error.is_retryable());
        assert_eq!(
            error.to_string(),
            "not supported: a statement that the server refuses, while the library read the data: complex joins are not \
             supported"
        );
        let error = context(&prefix).commit_error(refused());
        assert!(matches!(error, StoreError::OutcomeUnknown { .. }), "{error:?}");
        let lost = SqlError::from_postgres("57P01", "terminating connection");
        assert!(context(&prefix).error(lost).is_retryable());
    }

    #[test]
    fn only_a_missing_table_asks_for_a_migration() {
        let prefix = Prefix::default();
        let missing = |name: &str| {
            let message = format!("relation \"{name}\" does not exist");
            context(&prefix).error(SqlError::from_postgres("42P01", &message)).to_string()
        };
        assert!(missing("lifecycle_audit").ends_with("run `migrate` first"));
        let sequence = missing("lifecycle_audit_sequence_seq");
        assert!(
            !sequence.contains("migrate") && sequence.contains("lifecycle_audit_sequence_seq"),
            "{sequence}"
        );
        assert_eq!(missing("lifecycle_notes"), "the store has no kind `lifecycle_notes`");
    }
}
