//! The cache of schemas. Reading the catalogue takes longer than a small operation, and it rarely changes. It is read
//! once, and a statement that runs anyway returns whether the schema is still the same.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::backend::Backend;
use super::table_schema::{QueryColumns, TableSchema};
use crate::store::StoreError;

/// The schemas, by the names of their tables.
#[derive(Debug, Default)]
pub(super) struct SchemaCache(Mutex<BTreeMap<Vec<String>, Arc<TableSchema>>>);

/// A schema that was read earlier.
#[derive(Debug, Clone)]
pub(super) struct CachedSchema {
    /// The key by which the database returns the version of the schema.
    pub(super) key: String,
    pub(super) schema: Arc<TableSchema>,
}

impl CachedSchema {
    /// Returns whether the schema still has the current version.
    pub(super) fn is_current(&self, schema_version: Option<&str>) -> bool {
        schema_version.is_some() && schema_version == self.schema.schema_version.as_deref()
    }
}

impl SchemaCache {
    // A panic under the lock cannot leave it in a partial state.
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

    /// Caches a schema, if the database returns its version.
    pub(super) fn insert(&self, columns: &QueryColumns<'_>, schema: &Arc<TableSchema>) {
        if schema.schema_version.is_some() {
            self.lock().insert(tables(columns), schema.clone());
        }
    }

    /// Removes an outdated schema.
    pub(super) fn remove(&self, columns: &QueryColumns<'_>) {
        self.lock().remove(&tables(columns));
    }
}

fn tables(columns: &QueryColumns<'_>) -> Vec<String> {
    columns.kinds.iter().map(|kind| kind.table_name().to_owned()).collect()
}
