//! Reads a catalogue, with the reader of each database.

use super::catalogue::Catalogue;
use super::{postgres, sqlite};
use crate::domain::DataMap;
use crate::sql::{Dialect, Prefix, SqlError, SqlTransaction};

impl Catalogue {
    /// Reads the catalogue in a few statements, however many tables there are.
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

    /// Reads the catalogue, and for the tables of a data map also what only the data or a query shows: tables outside
    /// the search path, collations, and ids that a view repeats.
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
