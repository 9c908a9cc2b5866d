//! Hosts for the conformance suite.

#![allow(dead_code, reason = "each test file uses a part")]

pub(crate) mod memory;
#[cfg(feature = "postgres")]
pub(crate) mod postgres;
#[cfg(feature = "postgres")]
#[path = "../common/server.rs"]
pub(crate) mod server;
#[cfg(feature = "sqlite")]
pub(crate) mod sqlite;
