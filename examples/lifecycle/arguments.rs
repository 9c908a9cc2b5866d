//! What the command line takes.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use client_lifecycle::domain::OperationId;
use client_lifecycle::sql::Prefix;
use client_lifecycle::store::StoreError;

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

const EXIT_STATUS: &str = "Exit status: 0 done; 2 bad usage, policy or data; 3 refused, blocked or \
                           findings (they are still printed); 4 not found; 5 conflict; 1 anything else.";

/// What every command takes, before or after its name.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Shared {
    /// Where the records are: `sqlite:app.db`, or `memory:data.json`, which is read and never rewritten
    #[arg(long, global = true, value_name = "STORE")]
    store: Option<String>,
    /// The policy document, as JSON
    #[arg(long, global = true, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// The key of the mask `hmac`: a file of at least 32 bytes, kept secret
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) mask_key: Option<PathBuf>,
    /// What the names of the library's own tables begin with
    #[arg(long, global = true, default_value_t, value_parser = prefix)]
    pub(crate) prefix: Prefix,
    /// How the result is written
    #[arg(long, global = true, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Text,
    Json,
    /// Plans only
    Markdown,
    /// Plans only
    Mermaid,
    /// Plans only: the statements, for SQLite
    Sql,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print a first policy for a database, from what it says of its tables; it deletes nothing but the subject
    Init(InitArguments),
    /// List what the policy does not cover of the database, and what the two do not agree on
    Check,
    /// Print the statements that create the library's own tables
    Schema,
    /// Show what a request would do; changes nothing
    Plan(RequestArguments),
    /// Carry out a request, and record the attempt
    Apply(ApplyArguments),
}

#[derive(Debug, Args)]
pub(crate) struct InitArguments {
    /// The table whose records are to be deleted one day, such as `clients`
    pub(crate) table: String,
}

#[derive(Debug, Args)]
pub(crate) struct ApplyArguments {
    #[command(flatten)]
    pub(crate) request: RequestArguments,
    /// Carry out only the plan that has this digest
    #[arg(long)]
    pub(crate) digest: Option<String>,
    /// The id of the operation: applied again, it answers with its first receipt
    #[arg(long, value_name = "UUID")]
    pub(crate) operation: Option<OperationId>,
}

impl Shared {
    pub(crate) fn store(&self) -> Result<Location, Failure> {
        Location::required(self.store.as_deref())
    }

    pub(crate) fn policy(&self) -> Result<&PathBuf, Failure> {
        self.policy.as_ref().ok_or_else(|| {
            Failure::usage("no policy is named").remedy("add `--policy FILE` with a policy document")
        })
    }
}

fn prefix(text: &str) -> Result<Prefix, StoreError> {
    Prefix::new(text)
}
