//! The bodies of the documents, as an answer writes them.

pub(crate) use crate::common::seeds::text;

/// The first JSON object after a heading, without the white space between its parts.
pub(crate) fn body_after(seed: u8, heading: &str) -> String {
    let mut quoted = false;
    let json = crate::common::seeds::json_text_after(seed, heading);
    let kept = json.chars().filter(|c| {
        quoted ^= *c == '"';
        quoted || !c.is_whitespace()
    });
    kept.collect()
}
