//! How a command fails: the exit status, and the message with what can be done about it.

use std::fmt;
use std::process::ExitCode;

use client_lifecycle::Error;
use client_lifecycle::domain::Faults;
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

    /// Something about the command itself, the policy or the data is wrong.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// All faults of a document, each on its own line.
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
        Self::new(exit(&error), said(&error)).remedy(remedy(&error))
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
        // That an attempt leaves no trace is worse than how it ended.
        _ => Exit::Other,
    }
}

/// The error and everything behind it: the operator has no log to look into.
fn said(error: &Error) -> String {
    let mut text = match error {
        Error::NotRecorded { attempt, .. } => format!("{error}; the attempt itself: {attempt}"),
        error => error.to_string(),
    };
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        // Drivers repeat their cause in their own words.
        let more = error.to_string();
        if !text.contains(&more) {
            text += ": ";
            text += &more;
        }
        cause = error.source();
    }
    text
}

/// What `source` would tell is already in the message.
fn remedy(error: &Error) -> &str {
    match error {
        Error::NoMaskKey { .. } => "add `--mask-key FILE` with the key of the masks",
        Error::Store(StoreError::Backend { .. }) => "",
        Error::Store(StoreError::Refused { .. }) => "see which constraint of the schema objected",
        error => error.remedy(),
    }
}
