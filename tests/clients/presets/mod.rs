//! The policies of the four systems, on every store: who may, what stops it, what goes, what stays, who is told.

mod adapt;
mod clinic;
mod environment;
mod modes;
mod notifications;
mod unions;
mod vpn;
mod world;
