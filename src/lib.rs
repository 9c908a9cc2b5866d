#![doc = include_str!("../README.md")]

pub mod domain;
pub mod plan;
pub mod policy;
#[cfg(feature = "sql")]
pub mod sql;
#[cfg(feature = "sqlite")]
pub mod sqlite;
pub mod store;
