//! Reads the default of a column.

use crate::domain::Value;
use crate::sql::catalogue::{Affinity, Column, Storage};
use crate::sql::table_schema::TypeFamily;

/// Returns the value of a column's default: null if it has none. `None` if the default is not a literal, so that only the
/// database knows its value.
pub(super) fn default_value(column: &Column) -> Option<Value> {
    let Some(text) = &column.default else { return Some(Value::Null) };
    let text = unwrapped(text);
    if is_null(text) {
        return Some(Value::Null);
    }
    let literal = match quoted(text) {
        Some((value, rest)) if rest.is_empty() || rest.starts_with("::") => value,
        Some(_) => return None,
        None => {
            let number = text.split("::").next().map(unwrapped).unwrap_or_default();
            number.parse::<i64>().ok()?.to_string()
        }
    };
    let is_integer = match &column.storage {
        Storage::Type(column) => matches!(column.family, TypeFamily::Integer | TypeFamily::Numeric),
        Storage::Affinity(Affinity::Integer | Affinity::Numeric) => true,
        Storage::Affinity(Affinity::Text | Affinity::Uuid) => false,
        Storage::Affinity(_) => quoted(text).is_none(),
    };
    if is_integer { literal.parse().ok().map(Value::Integer) } else { Some(Value::Text(literal)) }
}

fn is_null(text: &str) -> bool {
    let word = text.split("::").next().unwrap_or_default();
    word.trim().eq_ignore_ascii_case("NULL")
}

/// Removes parentheses around an expression.
fn unwrapped(text: &str) -> &str {
    let mut text = text.trim();
    while let Some(inner) = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')) {
        if inner.contains(['(', ')']) {
            break;
        }
        text = inner.trim();
    }
    text
}

/// Returns the value of a text literal, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut rest = text.strip_prefix('\'')?;
    let mut value = String::new();
    loop {
        let (before, after) = rest.split_once('\'')?;
        value.push_str(before);
        match after.strip_prefix('\'') {
            Some(doubled) => {
                value.push('\'');
                rest = doubled;
            }
            None => return Some((value, after)),
        }
    }
}
