//! Triggers, and rules that act like them.

use crate::domain::words::words;

/// A trigger.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Trigger {
    /// The name.
    pub name: String,
    /// The event that fires it.
    pub event: TriggerEvent,
}

words! {
    /// The event that fires a trigger.
    #[non_exhaustive]
    pub enum TriggerEvent: "trigger event" {
        /// A row is inserted.
        Insert = "INSERT",
        /// A row is updated.
        Update = "UPDATE",
        /// A row is deleted.
        Delete = "DELETE",
    }
}
