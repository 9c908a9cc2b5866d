//! The schemas that were read before.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::table_schema::{QueryColumns, TableSchema};
use crate::domain::{FieldName, KeysByTable, Kind, TableName};
use crate::store::patience::Timer;

/// The schemas that were read before, by the columns of the query. A complete schema is stored by its tables alone.
///
/// Reading the catalogue takes longer than a small operation, and the catalogue rarely changes. Statements that run
/// anyway also return the schema version, so that a change is noticed: by every operation, and by a plan if the version
/// was not compared within the last second.
#[derive(Debug, Default)]
pub(super) struct SchemaCache(Mutex<BTreeMap<Names, Cached>>);

#[derive(Debug)]
struct Cached {
    schema: Arc<TableSchema>,
    /// When its version was last compared.
    confirmed: Timer,
}

/// How long a plan relies on the last comparison of the schema version. On PostgreSQL, reading the version takes a
/// third of the time of a small plan.
const CONFIRMED_FOR: Duration = Duration::from_secs(1);

/// The names of tables, of columns with their tables, and the foreign keys that the query was made with.
type Names = (Vec<TableName>, Vec<(TableName, String)>, Option<Arc<KeysByTable>>);

impl SchemaCache {
    // A panic while the lock is held cannot leave the value half changed.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<Names, Cached>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the schema of these columns, if it is cached.
    pub(super) fn get(&self, columns: &QueryColumns<'_>) -> Option<Arc<TableSchema>> {
        let schemas = self.lock();
        let cached = schemas.get(&names(columns, true)).or_else(|| schemas.get(&names(columns, false)))?;
        Some(cached.schema.clone())
    }

    /// Returns whether the version was compared within the last second.
    pub(super) fn is_confirmed(&self, columns: &QueryColumns<'_>) -> bool {
        let schemas = self.lock();
        let cached = schemas.get(&names(columns, true)).or_else(|| schemas.get(&names(columns, false)));
        cached.is_some_and(|cached| cached.confirmed.elapsed() < CONFIRMED_FOR)
    }

    /// Remembers that the version was compared just now.
    pub(super) fn confirm(&self, columns: &QueryColumns<'_>) {
        let mut schemas = self.lock();
        for is_complete in [true, false] {
            if let Some(cached) = schemas.get_mut(&names(columns, is_complete)) {
                cached.confirmed = Timer::start();
            }
        }
    }

    /// Caches a schema, if the database provides a version for it.
    pub(super) fn insert(&self, columns: &QueryColumns<'_>, schema: &Arc<TableSchema>) {
        if schema.schema_version.is_some() {
            let cached = Cached { schema: schema.clone(), confirmed: Timer::start() };
            self.lock().insert(names(columns, schema.is_complete), cached);
        }
    }

    /// Removes an outdated schema.
    pub(super) fn remove(&self, columns: &QueryColumns<'_>) {
        let mut schemas = self.lock();
        schemas.remove(&names(columns, true));
        schemas.remove(&names(columns, false));
    }
}

fn names(columns_of: &QueryColumns<'_>, is_complete: bool) -> Names {
    let tables = columns_of.kinds.iter().map(|kind| kind.table_name().into_owned()).collect();
    let column =
        |(kind, field): &(&Kind, &FieldName)| (kind.table_name().into_owned(), kind.column(field).to_owned());
    let columns = columns_of.columns.iter().filter(|_| !is_complete).map(column);
    (tables, columns.collect(), columns_of.keys.clone())
}
