//! What a store has learnt of its tables. Asking the catalogue takes longer than a small operation, and what it says
//! hardly ever changes: it is asked once, and every operation looks, in a statement it runs anyway, whether the
//! tables still are what they were.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::render::{Columns, Facts, Forms, facts, read_facts};
use super::store::{SqlStore, query};
use super::survey::{Reading, bad_value};
use super::{Access, Dialect, SqlConnection};
use crate::store::StoreError;

/// What is known, by the tables it is known of.
#[derive(Debug, Default)]
pub(super) struct Known(Mutex<BTreeMap<String, Arc<Facts>>>);

/// Facts, and the tables they are about.
#[derive(Debug, Clone)]
pub(super) struct KnownTables {
    pub(super) tables: String,
    pub(super) facts: Arc<Facts>,
}

impl Known {
    // Nothing is done under the lock that could leave it half done.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Facts>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KnownTables {
    /// Whether a mark that was read is that of these facts.
    pub(super) fn is_marked(&self, mark: Option<&str>) -> bool {
        mark == Some(&*self.facts.mark)
    }
}

impl<C: SqlConnection> SqlStore<C> {
    /// What is known of the tables of these columns already. On SQLite it is always asked.
    pub(super) fn known(&self, columns: &Columns<'_>) -> Result<Option<KnownTables>, StoreError> {
        if self.dialect != Dialect::Postgres {
            return Ok(None);
        }
        let tables = columns.tables()?;
        let facts = self.known.lock().get(&tables).cloned();
        Ok(facts.map(|facts| KnownTables { tables, facts }))
    }

    /// Forgets what turned out to be no longer so.
    pub(super) fn forget(&self, known: &KnownTables) {
        self.known.lock().remove(&known.tables);
    }

    /// Whether an operation that failed with this error may have failed because its tables are no longer what
    /// was known of them.
    pub(super) async fn is_outdated(&self, known: &KnownTables, error: &StoreError) -> bool {
        let may_be = matches!(
            error,
            StoreError::Backend { .. }
                | StoreError::Unknown { .. }
                | StoreError::BadValue { .. }
                | StoreError::WrongId { .. }
                | StoreError::Unsupported(_)
        );
        if !may_be {
            return false;
        }
        let Ok(mut tx) = self.connection.begin(Access::Read).await else {
            return false;
        };
        // All of it and not only the mark: a type that is renamed leaves its columns as they were.
        let count = known.facts.tables.len();
        let found = query(&mut *tx, &facts(&known.tables)).await;
        found.is_ok_and(|rows| read_facts(count, rows) != *known.facts)
    }

    /// How the columns hold their values.
    pub(super) async fn forms(
        &self,
        reading: &mut Reading<'_, '_>,
        columns: &Columns<'_>,
        known: Option<&KnownTables>,
    ) -> Result<Forms, StoreError> {
        if let Some(known) = known {
            return Ok(columns.forms_of(&known.facts));
        }
        let (forms, learnt) = reading.look(columns, self.dialect).await?;
        if let Some(KnownTables { tables, facts }) = learnt {
            self.known.lock().insert(tables, facts);
        }
        Ok(forms)
    }
}

impl Reading<'_, '_> {
    /// How the columns hold their values, asked anew; and what a store may know of the tables from now on.
    pub(super) async fn look(
        &mut self,
        columns: &Columns<'_>,
        dialect: Dialect,
    ) -> Result<(Forms, Option<KnownTables>), StoreError> {
        if dialect == Dialect::Postgres {
            let tables = columns.tables()?;
            let facts = columns.read_facts(self.query(&facts(&tables)).await?);
            let forms = columns.forms_of(&facts);
            return Ok((forms, Some(KnownTables { tables, facts: Arc::new(facts) })));
        }
        let mut rows = Vec::new();
        for statement in columns.looks() {
            rows.extend(self.query(&statement).await?);
        }
        let forms = columns.read(rows);
        // A row without an id can be in no set: it would neither be counted nor go, and refer to nothing.
        match columns.incomplete(&forms) {
            Some(kind) => Err(bad_value(&kind.name, None, &kind.id, "id")),
            None => Ok((forms, None)),
        }
    }
}
