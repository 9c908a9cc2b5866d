//! Hosts for the conformance suite.

#![allow(dead_code, reason = "each test file uses a part")]

pub(crate) mod memory;
#[cfg(feature = "sqlite")]
pub(crate) mod sqlite;
