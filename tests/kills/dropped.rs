//! Drops a future at each point where it waits: all of its work is done or none, and the pool stays usable.

use client_lifecycle::postgres::PostgresStore;
use client_lifecycle::testing::conformance::drop_after;

use crate::world::{Database, open, pool_of, postgres_options, request};

#[tokio::test]
async fn a_call_cancelled_at_any_point_is_all_or_nothing_and_the_pool_stays_usable() {
    let Some(database) = Database::postgres().await else { return };
    let (before, after) = database.before_and_after().await;
    // The pool has one connection, so anything left open on it would affect the next call.
    let pool = pool_of(postgres_options(&database.schema().name, "dropped"), 1);
    let (mut nothing, mut all) = (0, 0);
    for polls in 1..1000 {
        let lifecycle = open(PostgresStore::new(pool.clone())).await;
        let done = drop_after(polls, lifecycle.execute(&request())).await;
        // Use the connection before the checks below, to notice an open transaction.
        lifecycle.plan(&request()).await.map(|plan| assert!(plan.blockers.is_empty())).ok();
        let found = database.whole().await;
        if found == after {
            all += 1;
        } else {
            assert_eq!(found, before, "half of it is there after {polls} polls");
            nothing += 1;
        }
        let receipt = lifecycle.execute(&request()).await.unwrap();
        assert_eq!(database.whole().await, after, "after {polls} polls the same operation finishes the work");
        database.reset().await;
        if let Some(result) = done {
            assert_eq!(result.unwrap(), receipt);
            // How often the future waits depends on the speed of the server.
            assert!(nothing > 0 && all > 0, "{nothing} times nothing, {all} times all");
            return;
        }
    }
    panic!("1000 polls are enough");
}
