//! Defaults of columns that are plain values.

use crate::domain::{DeletedField, FieldType, Value};

/// Returns the value of a default; `None` if it is an expression that only the database can evaluate.
pub(in crate::sql) fn literal(default: &str) -> Option<Value> {
    let mut text = default.trim();
    while let Some(inner) = text.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')) {
        text = inner.trim();
    }
    if let Some(quoted) = text.strip_prefix('\'') {
        let (value, rest) = unquoted(quoted)?;
        // PostgreSQL adds the type: `'infinity'::timestamp with time zone`.
        return (rest.is_empty() || rest.starts_with("::")).then(|| value.into());
    }
    let bare = text.split_once("::").map_or(text, |(bare, _)| bare).trim();
    match bare.to_ascii_uppercase().as_str() {
        "NULL" => Some(Value::Null),
        "TRUE" => Some(true.into()),
        "FALSE" => Some(false.into()),
        _ => bare.parse().ok().map(Value::Integer),
    }
}

/// Splits text in quotes, without the first one, into its value and what follows it.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut rest = text;
    loop {
        let (part, after) = rest.split_once('\'')?;
        value.push_str(part);
        match after.strip_prefix('\'') {
            Some(more) => {
                value.push('\'');
                rest = more;
            }
            None => return Some((value, after.trim())),
        }
    }
}

/// Reads a default as a value of a type. PostgreSQL prints a time zone without its minutes.
pub(in crate::sql) fn typed(field_type: FieldType, default: &Value) -> Option<Value> {
    let with_minutes = || match default {
        Value::Text(text) => field_type.read(&format!("{}:00", text.replacen(' ', "T", 1)).into()).ok(),
        _ => None,
    };
    field_type.read(default).ok().or_else(with_minutes)
}

/// Returns whether live records of a deleted mark have the value of a default; `None` if only the database knows.
pub(in crate::sql) fn is_live(deleted: &DeletedField, field_type: FieldType, default: &str) -> Option<bool> {
    let value = literal(default)?;
    if value.is_null() {
        return Some(true);
    }
    let live = field_type.read(&deleted.live).ok()?;
    Some(typed(field_type, &value).is_some_and(|value| value == live))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_values_are_read_as_the_databases_print_them() {
        let cases: [(&str, Option<Value>); 14] = [
            ("FALSE", Some(false.into())),
            ("false", Some(false.into())),
            ("true", Some(true.into())),
            ("0", Some(0.into())),
            ("(0)", Some(0.into())),
            ("'-1'::integer", Some("-1".into())),
            ("0::smallint", Some(0.into())),
            ("NULL", Some(Value::Null)),
            ("NULL::timestamp with time zone", Some(Value::Null)),
            ("'infinity'::timestamp with time zone", Some("infinity".into())),
            ("'it''s'", Some("it's".into())),
            ("now()", None),
            ("CURRENT_TIMESTAMP", None),
            ("'a' || 'b'", None),
        ];
        for (default, expected) in cases {
            assert!(literal(default) == expected, "{default}");
        }
    }

    #[test]
    fn a_time_zone_needs_no_minutes() {
        let read = |text: &str| typed(FieldType::Timestamp, &text.into());
        assert!(read("9999-12-31 00:00:00+00") == read("9999-12-31"));
        assert!(read("9999-12-31 01:00:00+01") == read("9999-12-31"));
        assert!(read("tomorrow").is_none());
    }
}
