//! Triggers, and rules that act like them.

use crate::domain::words::words;

/// A trigger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trigger {
    /// The name.
    pub(crate) name: String,
    /// The event that fires it.
    pub(crate) event: TriggerEvent,
}

words! {
    /// The event that fires a trigger.
    pub(crate) enum TriggerEvent: "trigger event" {
        /// A row is inserted.
        Insert = "INSERT",
        /// A row is updated.
        Update = "UPDATE",
        /// A row is deleted.
        Delete = "DELETE",
    }
}
