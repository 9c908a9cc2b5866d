//! A database role that is neither superuser nor owner of the tables, and connections as that role.

use client_lifecycle::postgres::sqlx::postgres::{PgPool, PgPoolOptions};
use client_lifecycle::postgres::sqlx::{AssertSqlSafe, raw_sql};

use crate::world::World;

pub(crate) struct Role {
    pub(crate) name: String,
    pub(crate) pool: PgPool,
}

impl Role {
    /// Creates the role, with all privileges on the existing tables.
    pub(crate) async fn new(world: &World) -> Self {
        let schema = &world.schema.name;
        let name = format!("{schema}r");
        let sql = format!(
            "CREATE ROLE {name}; GRANT USAGE ON SCHEMA {schema} TO {name};
             GRANT ALL ON ALL TABLES IN SCHEMA {schema} TO {name}"
        );
        world.run(&sql).await;
        let set = format!("SET ROLE {name}");
        let pool = PgPoolOptions::new()
            .max_connections(2)
            .after_connect(move |connection, _| {
                let sql = AssertSqlSafe(set.clone());
                Box::pin(async move {
                    raw_sql(sql).execute(connection).await?;
                    Ok(())
                })
            })
            .connect_with((*world.schema.pool.connect_options()).clone())
            .await
            .unwrap();
        Self { name, pool }
    }

    /// Drops the role. Roles belong to the whole server, so dropping the schema does not drop them.
    pub(crate) async fn gone(self, world: &World) {
        self.pool.close().await;
        let name = &self.name;
        world.run(&format!("DROP OWNED BY {name} CASCADE; DROP ROLE {name}")).await;
    }
}
