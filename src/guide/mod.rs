//! Guides: longer texts, one per task.

#[doc = include_str!("architecture.md")]
pub mod architecture {}

#[doc = include_str!("four_systems.md")]
pub mod four_systems {}

#[doc = include_str!("policy_document.md")]
pub mod policy_document {}

#[cfg(feature = "testing")]
#[doc = include_str!("policy_tests.md")]
pub mod policy_tests {}

#[doc = include_str!("stores.md")]
pub mod stores {}

#[doc = include_str!("transactions.md")]
pub mod transactions {}

#[doc = include_str!("undo.md")]
pub mod undo {}
