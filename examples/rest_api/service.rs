//! The state that all requests share.

use std::error::Error;
use std::sync::Arc;

use client_lifecycle::lifecycle::{ActionNames, Environment};
use client_lifecycle::{DeletionPolicy, Lifecycle};

use crate::database::{Database, Records};
use crate::policies;
use crate::token::Tokens;

/// One lifecycle for each system, all on the same database.
pub(crate) struct Service {
    pub(crate) clinic: Lifecycle<Arc<dyn Records>>,
    pub(crate) notifications: Lifecycle<Arc<dyn Records>>,
    pub(crate) vpn: Lifecycle<Arc<dyn Records>>,
    pub(crate) unions: Lifecycle<Arc<dyn Records>>,
    pub(crate) tokens: Tokens,
    pub(crate) database: Database,
}

impl Service {
    pub(crate) async fn open(
        database: Database,
        secret: &str,
        environment: Environment,
    ) -> Result<Arc<Self>, Box<dyn Error>> {
        let store = database.store().await?;
        let open = async |policy: DeletionPolicy| -> Result<_, Box<dyn Error>> {
            // The documentation of the unions' API names the action of a soft deletion `UNION_DELETED`.
            let lifecycle = Lifecycle::open(store.clone(), policy).await?.with_environment(environment);
            Ok(lifecycle.with_action_names(ActionNames::Shared))
        };
        Ok(Arc::new(Self {
            clinic: open(policies::clinic()?).await?,
            notifications: open(policies::notifications()?).await?,
            vpn: open(policies::vpn()?).await?,
            unions: open(policies::unions()?).await?,
            tokens: Tokens::new(secret),
            database,
        }))
    }
}
