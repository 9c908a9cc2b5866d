//! The documents in `tests/seeds/`, verbatim. They describe the four APIs that the crate serves.
#![allow(dead_code, reason = "each test file uses a part")]

use std::path::Path;

use serde_json::Value;

/// What e-mail addresses were replaced with in the documents. The space is a non-breaking space.
pub(crate) const MANGLED_EMAIL: &str = "[email\u{a0}protected]";

/// The e-mail address that tests use in place of the mangled one.
pub(crate) const EMAIL: &str = "maria.garcia@example.com";

/// Returns the text of a document, by the number in its file name.
pub(crate) fn text(number: u8) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/seeds");
    let start = format!("{number:03}_");
    let path = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.file_name().unwrap().to_string_lossy().starts_with(&start))
        .unwrap_or_else(|| panic!("there is no seed {number}"));
    std::fs::read_to_string(path).unwrap()
}

/// Returns the text of the first JSON object after a heading.
pub(crate) fn json_text_after(number: u8, heading: &str) -> String {
    let text = text(number);
    let (_, after) =
        text.split_once(heading).unwrap_or_else(|| panic!("seed {number} does not say `{heading}`"));
    objects(after).into_iter().next().unwrap_or_else(|| panic!("no JSON after `{heading}` in seed {number}"))
}

/// Returns the first JSON object after a heading.
pub(crate) fn json_after(number: u8, heading: &str) -> Value {
    serde_json::from_str(&json_text_after(number, heading)).unwrap()
}

/// Returns all JSON objects in a text, as written. The `{id}` of a path is not JSON and is skipped.
fn objects(mut text: &str) -> Vec<String> {
    let mut found = Vec::new();
    while let Some(start) = text.find('{') {
        text = &text[start..];
        let mut parsed = serde_json::Deserializer::from_str(text).into_iter::<Value>();
        let length = match parsed.next() {
            Some(Ok(_)) => parsed.byte_offset(),
            _ => 0,
        };
        if length > 0 {
            found.push(text[..length].to_owned());
        }
        text = &text[length.max(1)..];
    }
    found
}

/// Replaces a mangled e-mail address with a valid one.
pub(crate) fn with_email(mut json: Value) -> Value {
    if json["email"] == MANGLED_EMAIL {
        json["email"] = EMAIL.into();
    }
    json
}
