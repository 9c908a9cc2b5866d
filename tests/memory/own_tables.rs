//! Runs the conformance suite on the stores of the example `own_tables`, with one test for each case.
#![cfg(all(feature = "sql", feature = "testing"))]

#[path = "../../examples/own_tables/by_rows.rs"]
mod by_rows;
#[path = "../../examples/own_tables/by_rows_host.rs"]
mod by_rows_host;
#[path = "../../examples/own_tables/by_sql.rs"]
mod by_sql;
#[path = "../../examples/own_tables/by_sql_host.rs"]
mod by_sql_host;

mod documents_by_rows {
    use super::by_rows_host::host;

    client_lifecycle::conformance!(tokio::test, host);
}

mod a_driver_by_sql {
    use super::by_sql_host::host;

    client_lifecycle::conformance!(tokio::test, host);
    client_lifecycle::conformance_scale!(tokio::test, host);
}

/// The suite does not test this, because each of its hosts has its own file.
mod another_program_has_the_file {
    use super::by_sql::Shared;
    use client_lifecycle::sql::{AccessMode, Dialect, SqlConnection, SqlErrorClass, SqlStore};

    #[tokio::test]
    async fn a_lock_held_for_the_whole_timeout_is_an_error_of_its_own() {
        let file = std::env::temp_dir().join(format!("own-{}.db", uuid::Uuid::new_v4()));
        let (ours, theirs) = (Shared::open(&file).unwrap(), Shared::open(&file).unwrap());
        let writing = theirs.begin(AccessMode::Write).await.unwrap();

        let begun = ours.begin(AccessMode::Write).await;
        assert_eq!(begun.err().unwrap().class(), &SqlErrorClass::LockTimeout);
        let store = SqlStore::new(ours, Dialect::Sqlite);
        // A retry would wait for the whole timeout again.
        assert!(!store.migrate().await.unwrap_err().is_retryable());

        // Dropping the transaction rolls it back and releases the lock on the file.
        drop(writing);
        store.migrate().await.unwrap();
        std::fs::remove_file(file).unwrap();
    }
}
