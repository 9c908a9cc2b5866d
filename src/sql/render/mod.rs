//! Rendering: sets, questions, steps and records as SQL. Pure: no connection, no clock.

pub(crate) mod condition;
pub(crate) mod count;
pub(crate) mod detail;
pub(crate) mod record;
pub(crate) mod renderer;
pub(crate) mod set;
pub(crate) mod shape;
pub(crate) mod step;
pub(crate) mod walk;
