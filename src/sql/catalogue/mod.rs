//! The catalogue of a database: its tables, columns, keys, indexes and triggers.

#[allow(clippy::module_inception, reason = "the folder is about one type")]
mod catalogue;
mod postgres;
mod sqlite;
mod storage;
mod table;

use super::{Dialect, Prefix, SqlError, SqlTransaction};
use crate::domain::DataMap;

pub use catalogue::Catalogue;
pub(super) use catalogue::same;
pub(super) use storage::Storage;
pub(crate) use table::{Column, ForeignKey, OnDelete, Privilege, Relation, Table, TriggerEvent};

impl Catalogue {
    /// Reads the catalogue. The number of statements does not depend on the number of tables.
    ///
    /// # Errors
    /// [`SqlError`]
    pub async fn read(
        tx: &mut (dyn SqlTransaction + '_),
        dialect: Dialect,
        prefix: &Prefix,
    ) -> Result<Self, SqlError> {
        Self::read_for(tx, dialect, prefix, &DataMap::default()).await
    }

    /// Reads the catalogue. For the tables of a data map, it also reads what takes further queries: tables outside
    /// the search path, collations, and ids that views repeat.
    pub(super) async fn read_for(
        tx: &mut (dyn SqlTransaction + '_),
        dialect: Dialect,
        prefix: &Prefix,
        map: &DataMap,
    ) -> Result<Self, SqlError> {
        let catalogue = match dialect {
            Dialect::Sqlite => sqlite::read(tx, prefix, map).await,
            Dialect::Postgres => postgres::read(tx, prefix, map).await,
        };
        Ok(catalogue?.without_own_tables())
    }
}
