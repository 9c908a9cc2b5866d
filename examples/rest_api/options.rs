//! The command line.

use clap::Parser;
use client_lifecycle::lifecycle::Environment;

/// Serves the endpoints of four systems over SQLite or PostgreSQL.
#[derive(Parser)]
#[command(name = "rest_api")]
pub(crate) struct Options {
    /// Where to listen; with port 0 at one that is free
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub(crate) listen: String,
    /// The database: `sqlite:FILE`, which is made where it is not there, or `postgres://…`
    #[arg(long, value_name = "sqlite:FILE | postgres://…")]
    pub(crate) store: String,
    /// What bearer tokens are signed with (HS256), the same for every process that checks them
    #[arg(long, value_name = "S", required_unless_present = "demo", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    jwt_secret: Option<String>,
    /// Fill an empty database, and print where it listens, credentials and ids as one line of JSON
    #[arg(long)]
    pub(crate) demo: bool,
}

impl Options {
    /// Returns the secret, or a random one, which is enough for the tokens of this run.
    pub(crate) fn secret(&self) -> String {
        self.jwt_secret.clone().unwrap_or_else(|| uuid::Uuid::new_v4().to_string())
    }

    /// Returns the environment: a demonstration has no real data, everything else is production.
    pub(crate) fn environment(&self) -> Environment {
        if self.demo { Environment::NonProduction } else { Environment::Production }
    }
}
