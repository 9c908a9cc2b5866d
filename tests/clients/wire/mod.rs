//! The answers of the four systems, compared with what their documents say.

mod clinic;
mod document;
mod every;
mod notifications;
mod unions;
mod vpn;
mod world;
