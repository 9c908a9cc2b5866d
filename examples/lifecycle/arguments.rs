//! What the command line takes.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use client_lifecycle::domain::OperationId;

use crate::failure::Failure;
use crate::location::Location;
use crate::request::RequestArguments;

/// Shows what a deletion would do, set by set, and does it exactly as shown.
#[derive(Debug, Parser)]
#[command(name = "lifecycle", version, after_help = EXIT_STATUS)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) shared: Shared,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_STATUS: &str = "Exit status: 0 done; 2 bad usage, policy or data; 3 refused or blocked \
                           (the plan is still printed); 4 not found; 5 conflict; 1 anything else.";

/// What every command takes, before or after its name.
#[derive(Debug, Args)]
pub(crate) struct Shared {
    /// Where the records are: `sqlite:app.db`, or `memory:data.json`, which is read and never rewritten
    #[arg(long, global = true, value_name = "STORE")]
    store: Option<Location>,
    /// The policy document, as JSON
    #[arg(long, global = true, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// What the names of the library's own tables begin with
    #[arg(long, global = true, default_value = "lifecycle_")]
    pub(crate) prefix: String,
    /// How the result is written
    #[arg(long, global = true, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print the statements that create the library's own tables
    Schema,
    /// Show what a request would do; changes nothing
    Plan(RequestArguments),
    /// Carry out a request, and record the attempt
    Apply(ApplyArguments),
}

#[derive(Debug, Args)]
pub(crate) struct ApplyArguments {
    #[command(flatten)]
    pub(crate) request: RequestArguments,
    /// Carry out only the plan that has this digest
    #[arg(long, value_name = "DIGEST", value_parser = digest)]
    pub(crate) digest: Option<String>,
    /// The id of the operation: applied again, it answers with its first receipt
    #[arg(long, value_name = "UUID")]
    pub(crate) operation: Option<OperationId>,
}

impl Shared {
    // An option that stands before or after the command cannot be a required one for clap.
    pub(crate) fn store(&self) -> Result<&Location, Failure> {
        self.store.as_ref().ok_or_else(|| {
            Failure::usage("no store is named")
                .remedy("add `--store sqlite:FILE` or `--store memory:FILE`")
        })
    }

    pub(crate) fn policy(&self) -> Result<&PathBuf, Failure> {
        self.policy.as_ref().ok_or_else(|| {
            Failure::usage("no policy is named").remedy("add `--policy FILE` with a policy document")
        })
    }
}

/// A slip of the pen must not pass for a plan that has changed.
fn digest(text: &str) -> Result<String, String> {
    let digits = text.chars().all(|digit| digit.is_ascii_hexdigit());
    match (digits, text.len()) {
        (true, 64) => Ok(text.to_owned()),
        _ => Err("a digest has 64 hexadecimal digits".into()),
    }
}
