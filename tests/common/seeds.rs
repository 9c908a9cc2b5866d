//! The texts of `tests/seeds/`, verbatim, and the JSON in them: what the APIs that the crate serves promise.
#![allow(dead_code, reason = "each test file uses a part")]

use std::path::Path;

use serde_json::Value;

/// What stands in the texts in place of every e-mail address; the space is one that does not break.
pub(crate) const MANGLED_EMAIL: &str = "[email\u{a0}protected]";

/// What a test uses instead.
pub(crate) const EMAIL: &str = "maria.garcia@example.com";

/// The text of a seed, by the number its file name begins with.
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

/// The first JSON object after a heading, as it is written there.
pub(crate) fn json_text_after(number: u8, heading: &str) -> String {
    let text = text(number);
    let (_, after) =
        text.split_once(heading).unwrap_or_else(|| panic!("seed {number} does not say `{heading}`"));
    objects(after).into_iter().next().unwrap_or_else(|| panic!("no JSON after `{heading}` in seed {number}"))
}

/// The first JSON object after a heading.
pub(crate) fn json_after(number: u8, heading: &str) -> Value {
    serde_json::from_str(&json_text_after(number, heading)).unwrap()
}

/// All JSON objects of a text, as they are written there. `{id}` in a path is none.
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

/// The same JSON with an e-mail address where the seed's is mangled.
pub(crate) fn with_email(mut json: Value) -> Value {
    if json["email"] == MANGLED_EMAIL {
        json["email"] = EMAIL.into();
    }
    json
}
