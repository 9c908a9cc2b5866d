//! The SQLite store, on files of its own and inside transactions of a host.

#![cfg(feature = "sqlite")]

mod apply;
mod check;
mod conditions;
mod cost;
mod cycles;
mod host;
mod ids;
mod names;
mod rendering;
mod survey;
mod world;
mod writes;
