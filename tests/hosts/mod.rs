//! Hosts for the conformance suite.

pub(crate) mod memory;
