//! SHA-256 hashes, as hexadecimal digits.

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Returns the SHA-256 hash of the bytes as 64 lower-case hexadecimal digits.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    let digits = Sha256::digest(bytes).into_iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}

/// Returns the hash of plain data: of its JSON with sorted keys.
pub(crate) fn hash_of(data: &impl Serialize) -> String {
    let json = serde_json::to_value(data);
    debug_assert!(json.is_ok(), "the data is plain, and its keys are text");
    sha256_hex(sorted_keys(&json.unwrap_or_default()).as_bytes())
}

/// Renders JSON with the keys of each object in order. Which order `serde_json` keeps depends on the features that other
/// crates of the host turn on.
pub(crate) fn sorted_keys(json: &Value) -> String {
    match json {
        Value::Array(list) => {
            let parts: Vec<String> = list.iter().map(sorted_keys).collect();
            format!("[{}]", parts.join(","))
        }
        Value::Object(object) => {
            let mut keys: Vec<&String> = object.keys().collect();
            keys.sort_unstable();
            let pairs = keys.into_iter().filter_map(|key| Some((key, object.get(key)?)));
            let parts: Vec<String> = pairs
                .map(|(key, value)| format!("{}:{}", Value::from(key.as_str()), sorted_keys(value)))
                .collect();
            format!("{{{}}}", parts.join(","))
        }
        json => json.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{sha256_hex, sorted_keys};

    #[test]
    fn keys_are_sorted_at_every_level_and_elements_are_not() {
        let json = json!({ "b": [{ "d": 1, "c": "\"" }, 0], "a": null });
        assert_eq!(sorted_keys(&json), r#"{"a":null,"b":[{"c":"\"","d":1},0]}"#);
    }

    #[test]
    fn the_hash_is_that_of_sha_256() {
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256_hex(b"abc"), known);
    }
}
