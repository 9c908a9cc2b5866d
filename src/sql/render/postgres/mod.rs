//! What PostgreSQL says otherwise: columns have types, and a statement has to name them.

mod at_once;
mod block;
mod column;
mod facts;
mod lock;
mod value;
mod walk;

pub(crate) use at_once::AtOnce;
pub(crate) use block::{Block, BlockStatement};
pub(crate) use column::ColumnType;
pub(crate) use column::Sort;
pub(crate) use facts::{Facts, MARK, TableFacts, facts, mark, read_facts, read_mark, tables_of};
pub(crate) use lock::Locks;
