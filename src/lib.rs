#![doc = include_str!("../README.md")]

pub mod domain;
pub mod memory;
pub mod plan;
pub mod policy;
pub mod store;
#[cfg(feature = "testing")]
pub mod testing;
