//! Rendering: sets, questions, steps and records as SQL. Pure: no connection, no clock.

pub(crate) mod after;
pub(crate) mod count;
pub(crate) mod last_value;
pub(crate) mod list;
mod only_subject;
pub(crate) mod renderer;
pub(crate) mod replaced;
mod required;
pub(crate) mod row_id;
pub(crate) mod set;
pub(crate) mod shape;
mod switched;
pub(crate) mod walk;
pub(crate) mod write;
