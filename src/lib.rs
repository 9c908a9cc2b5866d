#![doc = include_str!("../README.md")]

pub mod domain;
pub mod lifecycle;
pub mod plan;
pub mod policy;
pub mod store;

pub use domain::Request;
pub use lifecycle::{Error, Lifecycle};
pub use policy::DeletionPolicy;
