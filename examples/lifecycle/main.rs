//! The operator's command line: shows what a deletion would do, and carries it out.
//!
//! ```text
//! cargo run --features sqlite --example lifecycle -- \
//!     --store sqlite:app.db --policy policy.json \
//!     plan clients c1 --mode hard_delete --actor ana --role ADMIN --reason privacy_request
//! ```
//!
//! `schema --policy` prints the JSON Schema of policy documents (with `--features sqlite,schema`).
//!
//! Results go to standard output, messages to standard error. Exit status: 0 done; 1 any other failure; 2 bad usage,
//! policy or data; 3 refused, blocked or findings (the result is still printed); 4 not found; 5 conflict.

mod apply;
mod arguments;
mod check;
mod failure;
mod init;
mod location;
mod mask_key;
mod output;
mod plan;
mod policy;
#[cfg(feature = "postgres")]
mod postgres;
mod remedy;
mod request;
mod schema;
mod sqlite;
mod store;
mod verify;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command, Format};
use failure::Failure;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(message) => {
            // `--help` prints to standard output and is not an error. A closed pipe is ignored.
            let _ = message.print();
            return ExitCode::from(if message.use_stderr() { 2 } else { 0 });
        }
    };
    match run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::message(&failure.to_string());
            failure.exit.into()
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { shared, command } = arguments;
    let for_plans = matches!(shared.format, Format::Markdown | Format::Mermaid | Format::Sql);
    if for_plans && !matches!(command, Command::Plan(_)) {
        let message = "this format is only for `plan`";
        return Err(Failure::usage(message).remedy("use `--format text` or `--format json`"));
    }
    match command {
        Command::Init(asked) => init::run(&shared, &asked).await,
        Command::Check => check::run(&shared).await,
        Command::Schema(asked) => schema::run(&shared, &asked),
        Command::Plan(asked) => plan::run(&shared, &asked).await,
        Command::Apply(asked) => apply::run(&shared, &asked).await,
        Command::Restore(asked) => apply::run(&shared, &asked.into()).await,
        Command::Verify(asked) => verify::run(&shared, &asked).await,
    }
}
