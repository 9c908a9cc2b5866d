//! The catalogue of a database: its tables, columns, keys, indexes and triggers.

#[allow(clippy::module_inception, reason = "the folder is about one type")]
mod catalogue;
mod collation;
mod foreign_key;
mod name;
mod postgres;
mod read;
mod relation;
mod rows;
mod sqlite;
mod storage;
mod table;
mod trigger;
mod trigger_sql;
mod view;

pub use catalogue::Catalogue;
pub(crate) use foreign_key::{ForeignKey, OnDelete};
pub(super) use name::same;
pub(crate) use relation::{Privilege, Relation};
pub(crate) use table::{Column, Table};
pub(crate) use trigger::TriggerEvent;
