//! The responses of the four systems, compared with their documents.

mod clinic;
mod document;
mod every;
mod notifications;
mod unions;
mod vpn;
mod world;
