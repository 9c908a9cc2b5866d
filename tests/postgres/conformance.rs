//! The conformance suite on PostgreSQL.
#![cfg(all(feature = "postgres", feature = "testing"))]

use crate::conformance_host::PostgresHost;

/// Generates one test for each case. The test passes if no server can be reached.
macro_rules! on_a_server {
    (
        ($host:path)
        $( $clause:literal $module:ident { $($case:ident,)* } )*
    ) => {
        $($(
            #[tokio::test]
            async fn $case() {
                if let Some(host) = $host().await {
                    client_lifecycle::testing::conformance::$module::$case(&host).await;
                }
            }
        )*)*
    };
}

mod on_a_pool {
    use super::*;
    use client_lifecycle::postgres::PostgresStore;

    async fn host() -> Option<PostgresHost> {
        PostgresHost::fresh(|pool| Box::new(PostgresStore::new(pool))).await
    }

    client_lifecycle::conformance_cases! { [on_a_server] (host) }
}

/// Large operations run one statement after the other. Here, all do.
mod in_several_statements {
    use super::*;
    use client_lifecycle::postgres::PostgresStore;

    async fn host() -> Option<PostgresHost> {
        PostgresHost::fresh(|pool| Box::new(PostgresStore::new(pool).single_statement_limit(0))).await
    }

    client_lifecycle::conformance_cases! { [on_a_server] (host) }
}

/// The level `scale`, for the same stores on a connection that counts its traffic.
mod scale {
    use crate::server::Schema;
    use client_lifecycle::postgres::sqlx::Connection;
    use client_lifecycle::postgres::{PoolConnection, SavepointConnection};
    use client_lifecycle::sql::Dialect;
    use client_lifecycle::testing::conformance::SqlHost;

    macro_rules! counted {
        (() $( $clause:literal $module:ident { $($case:ident,)* } )*) => {
            mod on_a_pool {
                use super::*;
                $($(
                    #[tokio::test]
                    async fn $case() {
                        let Some(schema) = Schema::new().await else { return };
                        let connection = PoolConnection::new(schema.pool.clone());
                        let host = SqlHost::new(connection, Dialect::Postgres).await;
                        client_lifecycle::testing::conformance::$module::$case(&host).await;
                    }
                )*)*
            }

            mod in_a_transaction_of_the_host {
                use super::*;
                $($(
                    #[tokio::test]
                    async fn $case() {
                        let Some(schema) = Schema::new().await else { return };
                        let mut connection = schema.pool.acquire().await.unwrap();
                        let mut tx = connection.begin().await.unwrap();
                        let connection = SavepointConnection::new(&mut tx);
                        let host = SqlHost::new(connection, Dialect::Postgres).await;
                        client_lifecycle::testing::conformance::$module::$case(&host).await;
                        drop(host);
                        tx.rollback().await.unwrap();
                    }
                )*)*
            }
        };
    }

    client_lifecycle::conformance_scale_cases! { [counted] () }
}

mod in_a_transaction_of_the_host {
    use super::*;
    use async_trait::async_trait;
    use client_lifecycle::domain::{DataMap, Fault};
    use client_lifecycle::postgres::PostgresTransaction;
    use client_lifecycle::postgres::sqlx::{Connection, PgPool};
    use client_lifecycle::protocol::{ChangeSet, Receipt, ReceiptQuery, Survey, SurveyQuery};
    use client_lifecycle::store::{Store, StoreError};

    /// Runs every call inside an open transaction of the host, and commits it afterwards.
    struct Wrapped(PgPool);

    #[async_trait]
    impl Store for Wrapped {
        async fn check(&self, map: &DataMap) -> Result<Vec<Fault>, StoreError> {
            let mut tx = self.0.begin().await.map_err(|error| StoreError::backend("began", error))?;
            PostgresTransaction::new(&mut tx).check(map).await
        }

        async fn survey(&self, query: &SurveyQuery) -> Result<Survey, StoreError> {
            let mut tx = self.0.begin().await.map_err(|error| StoreError::backend("began", error))?;
            PostgresTransaction::new(&mut tx).survey(query).await
        }

        async fn receipt(&self, query: &ReceiptQuery) -> Result<Option<Receipt>, StoreError> {
            let mut tx = self.0.begin().await.map_err(|error| StoreError::backend("began", error))?;
            PostgresTransaction::new(&mut tx).receipt(query).await
        }

        async fn apply(&self, changes: &ChangeSet) -> Result<Receipt, StoreError> {
            let acquired = self.0.acquire().await;
            let mut connection = acquired.map_err(|error| StoreError::backend("began", error))?;
            // sqlx would reuse a connection whose BEGIN was cancelled, so close it.
            connection.close_on_drop();
            let begun = connection.begin().await;
            let mut tx = begun.map_err(|error| StoreError::backend("began", error))?;
            let receipt = PostgresTransaction::new(&mut tx).apply(changes).await?;
            tx.commit().await.map_err(|error| StoreError::backend("committed", error))?;
            Ok(receipt)
        }
    }

    async fn host() -> Option<PostgresHost> {
        PostgresHost::fresh(|pool| Box::new(Wrapped(pool))).await
    }

    client_lifecycle::conformance_cases! { [on_a_server] (host) }
}
