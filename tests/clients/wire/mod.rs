//! Compares the responses for the four systems with their documents.

mod clinic;
mod document;
mod every;
mod notifications;
mod unions;
mod vpn;
mod world;
