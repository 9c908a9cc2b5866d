//! Time and operation ids as parameters.

use std::fmt::Debug;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::domain::OperationId;

/// The source of the current time.
pub trait Clock: Send + Sync + Debug {
    /// Returns the current instant.
    fn now(&self) -> DateTime<Utc>;
}

/// The clock of the machine.
#[derive(Debug)]
pub(super) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

/// A clock that stands still.
impl Clock for DateTime<Utc> {
    fn now(&self) -> DateTime<Utc> {
        *self
    }
}

/// The source of ids for operations whose request brings none.
pub trait OperationIds: Send + Sync + Debug {
    /// Returns an id that no other operation has.
    fn next(&self) -> OperationId;
}

/// Random ids.
#[derive(Debug)]
pub(super) struct RandomIds;

impl OperationIds for RandomIds {
    fn next(&self) -> OperationId {
        Uuid::new_v4().into()
    }
}
