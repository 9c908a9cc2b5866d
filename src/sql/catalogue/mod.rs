//! The catalogue of a database: its tables, columns, keys, indexes and triggers.

mod allowed;
#[allow(clippy::module_inception, reason = "the folder is about one type")]
mod catalogue;
pub(super) mod default;
mod expression;
mod lookup;
mod postgres;
mod refused_masks;
mod sqlite;
mod storage;
mod table;

use super::{Dialect, Prefix, SqlError, SqlTransaction};
use crate::domain::DataMap;

pub use catalogue::Catalogue;
pub(super) use catalogue::same;
pub(super) use storage::{Affinity, Storage};
pub(crate) use table::{Column, ForeignKey, Privilege, Relation, Table, TriggerEvent};

/// The tables that a catalogue contains. On SQLite, which has one schema, it contains all tables in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sql) enum Reach {
    /// The tables on the search path, those of a data map, and all that are connected with them.
    Connected,
    /// The tables of every schema that the role can see.
    EverySchema,
}

impl Catalogue {
    /// Reads the catalogue, with the tables of every schema that the role can see. The number of statements does not
    /// depend on the number of tables.
    ///
    /// # Errors
    /// [`SqlError`]
    pub async fn read(
        tx: &mut (dyn SqlTransaction + '_),
        dialect: Dialect,
        prefix: &Prefix,
    ) -> Result<Self, SqlError> {
        Self::read_for(tx, dialect, prefix, &DataMap::default(), Reach::EverySchema).await
    }

    /// Reads the catalogue. For the tables of a data map, it also reads what takes further queries: collations, and ids
    /// that views repeat.
    pub(super) async fn read_for(
        tx: &mut (dyn SqlTransaction + '_),
        dialect: Dialect,
        prefix: &Prefix,
        map: &DataMap,
        reach: Reach,
    ) -> Result<Self, SqlError> {
        let catalogue = match dialect {
            Dialect::Sqlite => sqlite::read(tx, prefix, map).await,
            Dialect::Postgres => postgres::read(tx, prefix, map, reach).await,
        };
        Ok(catalogue?.without_own_tables())
    }
}
