//! A host of the conformance suite for the SQL store: each case gets its own empty database.
#![allow(clippy::expect_used, reason = "a panic is how a case fails")]

use client_lifecycle::sql::Dialect;
use client_lifecycle::testing::conformance::{SqlHost, Watched};

use super::by_sql::Shared;

pub(crate) async fn host() -> SqlHost<Watched<Shared>> {
    // An empty name makes a temporary database, in a file that SQLite removes.
    let shared = Shared::open("").expect("an empty database");
    SqlHost::new(Watched(shared), Dialect::Sqlite).await
}
