//! What only PostgreSQL has to be told: there an id that can be null is refused when a policy is opened.

use client_lifecycle::domain::{DataMap, Fault};
use client_lifecycle::postgres::PostgresStore;
use client_lifecycle::store::Store;
use serde_json::json;

use crate::server::Schema;

/// Without a server there is nothing to be found.
fn opened(ddl: &str) -> Option<Vec<Fault>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let schema = Schema::new().await?;
        schema.run(ddl).await;
        let map: DataMap = serde_json::from_value(json!({ "kinds": { "clients": {} } })).unwrap();
        Some(PostgresStore::new(schema.pool.clone()).check(&map).await.unwrap())
    })
}

const NULLABLE: crate::case::Expected = crate::case::Expected {
    path: "kinds.clients.id",
    message: "the column `id` can be null, and a row without an id is never found",
    remedy: "make the column NOT NULL, or name another as `id`",
};

pub(crate) const EXPECTED: &[crate::case::Expected] = &[NULLABLE];

#[test]
fn an_id_that_can_be_null_is_reported() {
    if let Some(faults) = opened("CREATE TABLE clients (id text UNIQUE)") {
        NULLABLE.is_among(&faults);
    }
}
