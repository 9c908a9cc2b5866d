//! What every request works with.

use std::error::Error;
use std::sync::Arc;

use client_lifecycle::lifecycle::Environment;
use client_lifecycle::sqlite::SqliteStore;
use client_lifecycle::sqlite::sqlx::SqlitePool;
use client_lifecycle::{DeletionPolicy, Lifecycle};

use crate::policies;
use crate::token::Tokens;

/// A lifecycle for each system, all on one database.
pub(crate) struct Service {
    pub(crate) clinic: Lifecycle<SqliteStore>,
    pub(crate) notifications: Lifecycle<SqliteStore>,
    pub(crate) vpn: Lifecycle<SqliteStore>,
    pub(crate) unions: Lifecycle<SqliteStore>,
    pub(crate) tokens: Tokens,
    pub(crate) pool: SqlitePool,
}

impl Service {
    pub(crate) async fn open(
        pool: SqlitePool,
        secret: &str,
        environment: Environment,
    ) -> Result<Arc<Self>, Box<dyn Error>> {
        let open = async |policy: DeletionPolicy| -> Result<_, Box<dyn Error>> {
            let store = SqliteStore::new(pool.clone()).migrate().await?;
            Ok(Lifecycle::open(store, policy).await?.with_environment(environment))
        };
        Ok(Arc::new(Self {
            clinic: open(policies::clinic()?).await?,
            notifications: open(policies::notifications()?).await?,
            vpn: open(policies::vpn()?).await?,
            unions: open(policies::unions()?).await?,
            tokens: Tokens::new(secret),
            pool,
        }))
    }
}
