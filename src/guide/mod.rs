//! Guides: longer texts, one per task.

#[doc = include_str!("stores.md")]
pub mod stores {}
