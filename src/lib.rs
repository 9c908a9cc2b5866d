#![doc = include_str!("../README.md")]

pub mod domain;
pub mod plan;
pub mod policy;
pub mod store;
