//! Response bodies copied from the API documents, in the form of a response.

pub(crate) use crate::common::seeds::text;

/// Returns the first JSON object after a heading, without white space outside of strings.
pub(crate) fn body_after(seed: u8, heading: &str) -> String {
    let mut quoted = false;
    let json = crate::common::seeds::json_text_after(seed, heading);
    let kept = json.chars().filter(|c| {
        quoted ^= *c == '"';
        quoted || !c.is_whitespace()
    });
    kept.collect()
}
