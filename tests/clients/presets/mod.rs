//! The presets of the four systems on every store: permissions, blockers, deleted and kept rows, and events.

mod adapt;
mod clinic;
mod environment;
mod modes;
mod notifications;
mod unions;
mod vpn;
mod world;
