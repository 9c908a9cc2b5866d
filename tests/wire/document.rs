//! The JSON blocks of the documents, as they are written there.

use std::fs;
use std::path::Path;

/// The text of a document.
pub(crate) fn text(seed: usize) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/seeds");
    let start = format!("{seed:03}_");
    let mut files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let file = files.find(|path| path.file_name().unwrap().to_str().unwrap().starts_with(&start));
    fs::read_to_string(file.unwrap()).unwrap()
}

/// The first JSON object after a heading, without the white space between its parts.
pub(crate) fn body_after(seed: usize, heading: &str) -> String {
    let text = text(seed);
    let (_, rest) = text.split_once(heading).unwrap_or_else(|| panic!("document {seed} has no `{heading}`"));
    let from = &rest[rest.find('{').unwrap()..];
    let compact = compact(&from[..=from.find('}').unwrap()]);
    serde_json::from_str::<serde_json::Value>(&compact).unwrap();
    compact
}

fn compact(json: &str) -> String {
    let mut quoted = false;
    let kept = json.chars().filter(|c| {
        quoted ^= *c == '"';
        quoted || !c.is_whitespace()
    });
    kept.collect()
}
