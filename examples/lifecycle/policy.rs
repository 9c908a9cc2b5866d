//! Reads the policy document.

use std::io::ErrorKind;
use std::path::Path;

use client_lifecycle::DeletionPolicy;

use crate::failure::Failure;

pub(crate) fn read(file: &Path) -> Result<DeletionPolicy, Failure> {
    let shown = file.display();
    let text = std::fs::read_to_string(file).map_err(|error| match error.kind() {
        ErrorKind::NotFound => {
            Failure::usage(format!("the policy file `{shown}` does not exist")).remedy("correct `--policy`")
        }
        ErrorKind::InvalidData => Failure::usage(format!("the policy `{shown}` is not UTF-8 text"))
            .remedy("write it as JSON in UTF-8"),
        _ => Failure::usage(format!("the policy `{shown}` cannot be read: {error}"))
            .remedy("use a file that you may read"),
    })?;
    DeletionPolicy::from_json(&text).map_err(|faults| {
        Failure::faults(&format!("the policy `{shown}` is invalid"), &faults)
            .remedy("correct every line above; no record has been read or changed")
    })
}
