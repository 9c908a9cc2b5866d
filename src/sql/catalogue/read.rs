//! Reads a catalogue, with the reader of each database.

use super::catalogue::Catalogue;
use super::{postgres, sqlite};
use crate::domain::DataMap;
use crate::sql::{Dialect, Prefix, SqlError, SqlTransaction};

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

    /// Reads the catalogue. For the tables of a data map it also reads what only queries show: tables outside the
    /// search path, collations, and repeated ids of views.
    pub(in crate::sql) async fn read_for(
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
