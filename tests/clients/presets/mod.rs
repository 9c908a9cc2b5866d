//! The policies of the four systems, on every store: who may, what stops it, what goes, what stays, who is told.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

/// Each test runs once per store.
macro_rules! on_every_store {
    ($($(#[$meta:meta])* async fn $name:ident($on:ident: On) $body:block)*) => {$(
        mod $name {
            use super::*;

            async fn run($on: On) $body

            #[tokio::test]
            async fn memory() {
                run(On::Memory).await;
            }

            #[cfg(feature = "sqlite")]
            #[tokio::test]
            async fn sqlite() {
                run(On::Sqlite).await;
            }

            #[cfg(feature = "postgres")]
            #[tokio::test]
            async fn postgres() {
                if crate::common::server::is_there().await {
                    run(On::Postgres).await;
                }
            }
        }
    )*};
}

mod adapt;
mod clinic;
mod environment;
mod modes;
mod notifications;
mod unions;
mod vpn;
mod world;
