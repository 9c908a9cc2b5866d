//! Reads the key of keyed masks from a file, which only the operator should be able to read.

use client_lifecycle::domain::MaskKey;
use client_lifecycle::{Lifecycle, Store};

use crate::arguments::Shared;
use crate::failure::Failure;

/// Sets the key from the file of `--mask-key`, if the option is given.
pub(crate) fn given<S: Store>(lifecycle: Lifecycle<S>, shared: &Shared) -> Result<Lifecycle<S>, Failure> {
    let Some(file) = &shared.mask_key else {
        return Ok(lifecycle);
    };
    let shown = file.display();
    let text = std::fs::read(file).map_err(|error| {
        Failure::usage(format!("the mask key `{shown}` cannot be read: {error}"))
            .remedy("correct `--mask-key`")
    })?;
    // Editors and shells end a file with a line break. It is not part of the key.
    let text = text.strip_suffix(b"\n").unwrap_or(&text);
    let key = MaskKey::new(text.strip_suffix(b"\r").unwrap_or(text)).map_err(|error| {
        Failure::usage(format!("`{shown}`: {error}"))
            .remedy("make one with `openssl rand -hex 32`, and keep it: another key gives other pseudonyms")
    })?;
    Ok(lifecycle.with_mask_key(key))
}
