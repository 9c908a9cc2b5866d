//! What a store remembers of the schema. Asking the catalogue takes longer than a small operation, and the answer
//! hardly ever changes: it is asked once, and a statement that runs anyway tells whether the schema is still the
//! same.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::backend::Backend;
use super::table_schema::{QueryColumns, TableSchema};
use crate::store::StoreError;

/// The schemas, by the names of their tables.
#[derive(Debug, Default)]
pub(super) struct SchemaCache(Mutex<BTreeMap<Vec<String>, Arc<TableSchema>>>);

/// A schema that was looked at earlier.
#[derive(Debug, Clone)]
pub(super) struct CachedSchema {
    /// By what the database tells the version of the schema.
    pub(super) key: String,
    pub(super) schema: Arc<TableSchema>,
}

impl CachedSchema {
    /// Returns whether the schema still has the version that the database tells.
    pub(super) fn is_current(&self, schema_version: Option<&str>) -> bool {
        schema_version.is_some() && schema_version == self.schema.schema_version.as_deref()
    }
}

impl SchemaCache {
    // Nothing under the lock could leave it half done.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<Vec<String>, Arc<TableSchema>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the schema of these columns, if it is cached.
    pub(super) fn get(
        &self,
        backend: &dyn Backend,
        columns: &QueryColumns<'_>,
    ) -> Result<Option<CachedSchema>, StoreError> {
        let Some(key) = backend.cache_key(columns)? else {
            return Ok(None);
        };
        let schema = self.lock().get(&tables(columns)).cloned();
        Ok(schema.map(|schema| CachedSchema { key, schema }))
    }

    /// Keeps a schema, where the database tells its version.
    pub(super) fn insert(&self, columns: &QueryColumns<'_>, schema: &Arc<TableSchema>) {
        if schema.schema_version.is_some() {
            self.lock().insert(tables(columns), schema.clone());
        }
    }

    /// Forgets a schema that is no longer the same.
    pub(super) fn remove(&self, columns: &QueryColumns<'_>) {
        self.lock().remove(&tables(columns));
    }
}

fn tables(columns: &QueryColumns<'_>) -> Vec<String> {
    columns.kinds.iter().map(|kind| kind.table_name().to_owned()).collect()
}
