//! The arguments of the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use client_lifecycle::domain::{Mode, OperationId};
use client_lifecycle::protocol::Digest;
use client_lifecycle::sql::Prefix;
use client_lifecycle::store::StoreError;

use crate::failure::Failure;
use crate::location::Location;
use crate::request::{RequestArguments, RequestOptions};

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

/// Options that every command accepts, before or after the name of the command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Shared {
    /// The records: `sqlite:app.db`, `postgres://user@host/database`, or `memory:data.json`, which is never rewritten
    #[arg(long, global = true, value_name = "STORE")]
    store: Option<String>,
    /// The policy document, as JSON
    #[arg(long, global = true, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// A file with the secret key of the mask `hmac`, of at least 32 bytes
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) mask_key: Option<PathBuf>,
    /// The prefix of the names of the library's own tables
    #[arg(long, global = true, default_value_t, value_parser = prefix)]
    pub(crate) prefix: Prefix,
    /// The format of the result
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
    /// Plans only: the statements, for the database of `--store`
    Sql,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print a first policy, made from the catalogue of a database; it deletes only the subject
    Init(InitArguments),
    /// List where the policy and the database differ, and what the policy does not cover
    Check,
    /// Print the statements that create the library's own tables, or the JSON Schema of policy documents
    Schema(SchemaArguments),
    /// Show what a request would do; changes nothing
    Plan(RequestArguments),
    /// Carry out a request, and record the attempt
    Apply(ApplyArguments),
    /// Take back a soft deletion: what it marked and redirected comes back
    Restore(RestoreArguments),
    /// Look for rows that refer to records that do not exist, and for values that should be masked; changes nothing
    Verify(VerifyArguments),
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArguments {
    /// The maximum number of rows to report for each reference and each field
    #[arg(long, default_value_t = 1_000)]
    pub(crate) limit: u16,
    /// Also search the bytes of a SQLite file, and of its log, for each line of this file: erased values, one a line
    #[arg(long, value_name = "FILE")]
    pub(crate) bytes: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct InitArguments {
    /// The table of the subjects, such as `clients`, or `crm.clients` for a table in the schema `crm`
    pub(crate) table: String,
}

#[derive(Debug, Args)]
pub(crate) struct SchemaArguments {
    /// Without FILE: print the JSON Schema of policy documents, for editors. No store is needed
    // It hides the global option `--policy`, which requires a FILE.
    #[allow(clippy::option_option, reason = "how clap reads an option whose value may be left out")]
    #[arg(long, value_name = "FILE")]
    policy: Option<Option<PathBuf>>,
}

impl SchemaArguments {
    pub(crate) fn is_of_policies(&self) -> bool {
        self.policy == Some(None)
    }
}

#[derive(Debug, Args)]
pub(crate) struct ApplyArguments {
    #[command(flatten)]
    pub(crate) request: RequestArguments,
    /// Carry out only the plan that has this digest
    #[arg(long, value_parser = |text: &str| Digest::try_from(text))]
    pub(crate) digest: Option<Digest>,
    /// The id of the operation: applied again, it returns its first receipt
    #[arg(long, value_name = "UUID", value_parser = operation)]
    pub(crate) operation: Option<OperationId>,
}

#[derive(Debug, Args)]
pub(crate) struct RestoreArguments {
    /// The kind of the record, such as `clients`
    kind: String,
    /// The id of the record whose last soft deletion is taken back
    #[arg(required_unless_present = "operation", allow_negative_numbers = true)]
    id: Option<String>,
    /// The soft deletion to take back, with all of its records, instead of the id of a record
    #[arg(long, value_name = "UUID", value_parser = operation, conflicts_with = "id")]
    operation: Option<OperationId>,
    #[command(flatten)]
    options: RequestOptions,
    /// Carry out only the plan that has this digest; `plan --mode restore` shows it
    #[arg(long, value_parser = |text: &str| Digest::try_from(text))]
    digest: Option<Digest>,
}

impl From<RestoreArguments> for ApplyArguments {
    fn from(RestoreArguments { kind, id, operation, options, digest }: RestoreArguments) -> Self {
        let ids = id.into_iter().collect();
        let request = RequestArguments {
            kind,
            ids,
            mode: Mode::Restore,
            undoes: operation,
            reassign: Vec::new(),
            options,
        };
        Self { request, digest, operation: None }
    }
}

impl Shared {
    pub(crate) fn store(&self) -> Result<Location, Failure> {
        Location::required(self.store.as_deref())
    }

    pub(crate) fn policy(&self) -> Result<&PathBuf, Failure> {
        self.policy.as_ref().ok_or_else(|| {
            Failure::usage("no policy is given").remedy("add `--policy FILE` with a policy document")
        })
    }
}

fn prefix(text: &str) -> Result<Prefix, StoreError> {
    Prefix::new(text)
}

pub(crate) fn operation(text: &str) -> Result<OperationId, String> {
    text.parse().map_err(|_| "expected a UUID, such as `5f0c1d6e-7a39-4f0e-9c35-0f8a4a3c2b1d`".into())
}
