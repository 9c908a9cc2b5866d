//! The conformance suite on SQLite.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]
#![cfg(all(feature = "sqlite", feature = "testing"))]

use crate::conformance_host::SqliteHost;

mod on_a_pool {
    use super::*;
    use client_lifecycle::sqlite::SqliteStore;

    async fn host() -> SqliteHost {
        SqliteHost::fresh(|pool| Box::new(SqliteStore::new(pool))).await
    }

    client_lifecycle::conformance!(tokio::test, host);
}

/// The level `scale`, for the same store on a connection that counts its traffic.
mod scale_on_a_pool {
    use client_lifecycle::sql::Dialect;
    use client_lifecycle::sqlite::PoolConnection;
    use client_lifecycle::sqlite::sqlx::sqlite::SqlitePoolOptions;
    use client_lifecycle::testing::conformance::SqlHost;

    async fn host() -> SqlHost<PoolConnection> {
        let pool = SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await.unwrap();
        SqlHost::new(PoolConnection::new(pool), Dialect::Sqlite).await
    }

    client_lifecycle::conformance_scale!(tokio::test, host);
}

mod scale_in_a_transaction_of_the_host {
    use client_lifecycle::sql::Dialect;
    use client_lifecycle::sqlite::SavepointConnection;
    use client_lifecycle::sqlite::sqlx::{Connection, SqliteConnection};
    use client_lifecycle::testing::conformance::SqlHost;

    macro_rules! in_a_transaction {
        (() $( $clause:literal $module:ident { $($case:ident,)* } )*) => {$($(
            #[tokio::test]
            async fn $case() {
                let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
                let mut tx = connection.begin_with("BEGIN IMMEDIATE").await.unwrap();
                let host = SqlHost::new(SavepointConnection::new(&mut tx), Dialect::Sqlite).await;
                client_lifecycle::testing::conformance::$module::$case(&host).await;
            }
        )*)*};
    }

    client_lifecycle::conformance_scale_cases! { [in_a_transaction] () }
}

mod in_a_transaction_of_the_host {
    use super::*;
    use async_trait::async_trait;
    use client_lifecycle::domain::{DataMap, Fault};
    use client_lifecycle::protocol::{ChangeSet, Receipt, ReceiptQuery, Survey, SurveyQuery};
    use client_lifecycle::sqlite::{SqliteTransaction, sqlx::SqlitePool};
    use client_lifecycle::store::{Store, StoreError};

    /// Runs every call inside an open transaction of the host, and commits it afterwards.
    struct Wrapped(SqlitePool);

    #[async_trait]
    impl Store for Wrapped {
        async fn check(&self, map: &DataMap) -> Result<Vec<Fault>, StoreError> {
            let mut tx = self.0.begin().await.map_err(|error| StoreError::backend("began", error))?;
            SqliteTransaction::new(&mut tx).check(map).await
        }

        async fn survey(&self, query: &SurveyQuery) -> Result<Survey, StoreError> {
            let mut tx = self.0.begin().await.map_err(|error| StoreError::backend("began", error))?;
            SqliteTransaction::new(&mut tx).survey(query).await
        }

        async fn receipt(&self, query: &ReceiptQuery) -> Result<Option<Receipt>, StoreError> {
            let mut tx = self.0.begin().await.map_err(|error| StoreError::backend("began", error))?;
            SqliteTransaction::new(&mut tx).receipt(query).await
        }

        async fn apply(&self, changes: &ChangeSet) -> Result<Receipt, StoreError> {
            let begun = self.0.begin_with("BEGIN IMMEDIATE").await;
            let mut tx = begun.map_err(|error| StoreError::backend("began", error))?;
            let receipt = SqliteTransaction::new(&mut tx).apply(changes).await?;
            tx.commit().await.map_err(|error| StoreError::backend("committed", error))?;
            Ok(receipt)
        }
    }

    async fn host() -> SqliteHost {
        SqliteHost::fresh(|pool| Box::new(Wrapped(pool))).await
    }

    client_lifecycle::conformance!(tokio::test, host);
}
