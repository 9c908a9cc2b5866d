//! The command line.

use clap::Parser;
use client_lifecycle::lifecycle::Environment;

/// Serves the endpoints of four systems over SQLite or PostgreSQL.
#[derive(Parser)]
#[command(name = "rest_api")]
pub(crate) struct Options {
    /// The address to listen on; port 0 selects a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub(crate) listen: String,
    /// The database: `sqlite:FILE`, which is created if it does not exist, or `postgres://…`
    #[arg(long, value_name = "sqlite:FILE | postgres://…")]
    pub(crate) store: String,
    /// The secret that signs bearer tokens (HS256), the same for every process that checks them
    #[arg(long, value_name = "S", required_unless_present = "demo", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    jwt_secret: Option<String>,
    /// Fill an empty database, and print the address, credentials and ids as one line of JSON
    #[arg(long)]
    pub(crate) demo: bool,
}

impl Options {
    /// Returns the secret, or a random one. The tokens of a demo need not outlive the process.
    pub(crate) fn secret(&self) -> String {
        self.jwt_secret.clone().unwrap_or_else(|| uuid::Uuid::new_v4().to_string())
    }

    /// Returns the environment: non-production for a demo, which has no real data, otherwise production.
    pub(crate) fn environment(&self) -> Environment {
        if self.demo { Environment::NonProduction } else { Environment::Production }
    }
}
