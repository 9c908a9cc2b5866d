//! What PostgreSQL says otherwise: columns have types, and a statement has to name them.

mod block;
mod column;
mod lock;
mod value;
mod walk;

pub(crate) use block::BlockStatement;
pub(crate) use column::Sort;
pub(crate) use column::{ColumnType, facts, read_facts};
pub(crate) use lock::Locks;
