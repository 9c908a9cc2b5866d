//! A trigger or a rule, as far as operations depend on it.

use super::trigger_event::{TriggerEvent, trigger_event};
use crate::protocol::Write;

/// A trigger or a rule of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TableTrigger {
    pub(crate) name: String,
    pub(crate) inserts: bool,
    pub(crate) updates: bool,
    pub(crate) deletes: bool,
    /// The quoted name of the constraint, if the trigger may be deferred to the commit.
    pub(crate) deferrable: Option<String>,
}

impl TableTrigger {
    /// Reads a trigger of SQLite from its text.
    pub(crate) fn of_sqlite(name: String, sql: &str) -> Self {
        let event = trigger_event(sql);
        Self {
            name,
            inserts: event == TriggerEvent::Insert,
            updates: event == TriggerEvent::Update,
            deletes: event == TriggerEvent::Delete,
            deferrable: None,
        }
    }

    pub(super) fn fires(&self, write: &Write) -> bool {
        match write {
            Write::Delete => self.deletes,
            Write::Update(_) | Write::Mark(_) | Write::Replace(_) => self.updates && write.changes_rows(),
            Write::Keep => false,
        }
    }
}
