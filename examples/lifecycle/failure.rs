//! The failure of a command: its exit status, its message and its remedy.

use std::fmt;
use std::process::ExitCode;

use client_lifecycle::Error;
use client_lifecycle::domain::Faults;
use client_lifecycle::plan::Plan;
use client_lifecycle::policy::Refusal;
use client_lifecycle::store::StoreError;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Other = 1,
    Usage = 2,
    Refused = 3,
    NotFound = 4,
    Conflict = 5,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    message: String,
    remedy: String,
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), remedy: String::new() }
    }

    /// Returns a failure for an error in the command, the policy or the data.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// Returns a failure with all faults of a document, each on its own line.
    pub(crate) fn faults(what: &str, faults: &Faults) -> Self {
        Self::usage(format!("{what}\n{faults}"))
    }

    pub(crate) fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = remedy.into();
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.message)?;
        if !self.remedy.is_empty() {
            write!(f, "\nremedy: {}", self.remedy)?;
        }
        Ok(())
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::new(exit(&error), message(&error)).remedy(remedy(&error))
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Error::from(error).into()
    }
}

fn exit(error: &Error) -> Exit {
    match error {
        Error::SchemaMismatch(_)
        | Error::NoMaskKey { .. }
        | Error::Refused(Refusal::Invalid { .. } | Refusal::MissingId)
        | Error::Store(
            StoreError::WrongId { .. } | StoreError::Unknown { .. } | StoreError::BadValue { .. },
        ) => Exit::Usage,
        Error::Refused(Refusal::NotFound { .. }) => Exit::NotFound,
        Error::Refused(_) | Error::Blocked(_) => Exit::Refused,
        Error::Conflict { .. }
        | Error::Changed(_)
        | Error::PlanMismatch
        | Error::OperationReused(_)
        | Error::Store(StoreError::Conflict { .. }) => Exit::Conflict,
        // If the attempt could not be recorded, that matters more than the outcome of the attempt.
        _ => Exit::Other,
    }
}

/// Returns the message of an error followed by the messages of its causes, because the operator has no log to read.
fn message(error: &Error) -> String {
    let (mut text, mut cause) = match error {
        Error::Store(error) => (error.to_string(), std::error::Error::source(error)),
        Error::Blocked(plan) => (blocked(plan), None),
        Error::NotRecorded { attempt, source } => {
            let source: &dyn std::error::Error = source;
            (format!("{error}; outcome of the attempt: {}", message(attempt)), Some(source))
        }
        error => (error.to_string(), std::error::Error::source(error)),
    };
    while let Some(error) = cause {
        // Drivers often repeat the message of their cause, so add only what is new.
        let more = error.to_string();
        if !text.contains(&more) {
            text += ": ";
            text += &more;
        }
        cause = error.source();
    }
    text
}

/// Returns the number of blockers. The plan on standard output already lists them.
fn blocked(plan: &Plan) -> String {
    let open = plan.warnings.iter().filter(|warning| !warning.acknowledged).count();
    let count = |number: usize, what: &str| match number {
        0 => None,
        1 => Some(format!("1 {what}")),
        more => Some(format!("{more} {what}s")),
    };
    let obstacles = [count(plan.blockers.len(), "blocker"), count(open, "unacknowledged warning")];
    let obstacles = obstacles.into_iter().flatten().collect::<Vec<_>>().join(" and ");
    format!("{} of `{}` is blocked: see {obstacles} in the plan", plan.mode, plan.kind)
}

/// Returns the remedy in terms of the command line. Leaves out remedies that point to the error's `source`, because
/// its text is already part of the message.
fn remedy(error: &Error) -> &str {
    match error {
        Error::SchemaMismatch(_) => "correct the policy or the schema; `check` lists every difference",
        Error::NoMaskKey { .. } => "add `--mask-key FILE` with the key of the masks",
        Error::Store(StoreError::Backend { .. }) => "",
        Error::Store(StoreError::Unavailable { .. }) => {
            "check that the server is running, then repeat the command"
        }
        Error::Store(StoreError::Refused { .. }) => {
            "correct the rows that violate the constraint, or let the policy decide about them"
        }
        error => error.remedy(),
    }
}
