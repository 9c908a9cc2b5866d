//! Writes results to standard output, and messages to standard error.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

use serde::Serialize;

use crate::arguments::Format;
use crate::failure::{Exit, Failure};

/// Writes a result as text or as JSON.
pub(crate) fn result(format: Format, text: impl Display, json: &impl Serialize) -> Result<(), Failure> {
    match format {
        Format::Json => match serde_json::to_string_pretty(json) {
            Ok(json) => self::text(&json),
            Err(error) => written(Err(error.into())),
        },
        _ => self::text(text),
    }
}

/// Writes a result that has no JSON form.
pub(crate) fn text(text: impl Display) -> Result<(), Failure> {
    written(write(text))
}

fn written(written: io::Result<()>) -> Result<(), Failure> {
    match written {
        // The reader closed the pipe. That is not a failure, because the operation is already complete.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            let message = format!("the result could not be written: {error}");
            Err(Failure::new(Exit::Other, message)
                .remedy("a completed operation stays done; apply it again with the same `--operation` for its receipt"))
        }
        _ => Ok(()),
    }
}

fn write(result: impl Display) -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    writeln!(out, "{result}")?;
    out.flush()
}

/// Writes a message. Escapes control characters, because ids and names come from outside.
pub(crate) fn message(text: &str) {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() && character != '\n' {
            escaped.extend(character.escape_default());
        } else {
            escaped.push(character);
        }
    }
    // If standard error is closed, there is no way to report it.
    let _ = writeln!(io::stderr().lock(), "{escaped}");
}
