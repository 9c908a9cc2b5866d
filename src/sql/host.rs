//! The host's open transaction as it stands: no savepoint, nothing set, and its end is the host's.

/// A `SqlTransaction` called `Host` over a connection of sqlx, by the `rows` of the adapter.
macro_rules! host_transaction {
    ($connection:ty) => {
        /// The host's transaction as it stands.
        struct Host<'c>(&'c mut $connection);

        #[async_trait::async_trait]
        impl $crate::sql::SqlTransaction for Host<'_> {
            async fn query(
                &mut self,
                sql: &str,
                params: &[$crate::sql::SqlValue],
            ) -> Result<Vec<Vec<$crate::sql::SqlValue>>, $crate::sql::SqlError> {
                super::rows::query(self.0, sql, params).await
            }

            async fn execute(
                &mut self,
                sql: &str,
                params: &[$crate::sql::SqlValue],
            ) -> Result<u64, $crate::sql::SqlError> {
                super::rows::execute(self.0, sql, params).await
            }

            /// That is for the host.
            async fn commit(self: Box<Self>) -> Result<(), $crate::sql::SqlError> {
                Ok(())
            }
        }
    };
}

pub(crate) use host_transaction;
