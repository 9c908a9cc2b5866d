//! Values as JSON, to be kept by the database.

use serde::Serialize;

use crate::sql::Dialect;

/// A value as JSON text. No text of PostgreSQL holds the character of number zero, not even written as an escape.
pub(super) fn json(dialect: Dialect, value: &impl Serialize) -> serde_json::Result<String> {
    let text = serde_json::to_string(value)?;
    Ok(if dialect == Dialect::Postgres { without_zero(text) } else { text })
}

fn without_zero(text: String) -> String {
    const ZERO: &str = "\\u0000";
    if !text.contains(ZERO) {
        return text;
    }
    let mut written = String::with_capacity(text.len());
    let mut rest = &*text;
    while let Some((before, escape)) = rest.find('\\').and_then(|at| rest.split_at_checked(at)) {
        written.push_str(before);
        // A backslash that stands for itself is two of them.
        let length = if escape.starts_with(ZERO) { ZERO.len() } else { 2 };
        let (escape, after) = escape.split_at_checked(length).unwrap_or((escape, ""));
        written.push_str(if escape == ZERO { "\u{fffd}" } else { escape });
        rest = after;
    }
    written.push_str(rest);
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_escape_of_number_zero_is_replaced() {
        let value = ["a\0b\0", "\\u0000", "\\\0", "\n\u{1}", "ñ\0"];
        let read: Vec<String> =
            serde_json::from_str(&json(Dialect::Postgres, &value).unwrap_or_default()).unwrap_or_default();
        assert_eq!(read, ["a\u{fffd}b\u{fffd}", "\\u0000", "\\\u{fffd}", "\n\u{1}", "ñ\u{fffd}"]);
        assert_eq!(json(Dialect::Sqlite, &value).ok(), serde_json::to_string(&value).ok());
    }
}
