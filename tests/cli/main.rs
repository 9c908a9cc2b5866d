//! The operator's command line, run as an operator runs it: what it prints, how it ends, what it changes.
#![cfg(feature = "sqlite")]

mod apply;
mod plan;
mod usage;
mod world;
