//! The constraints of a table on each of its rows, as expressions that can be evaluated on a row before it is written.

use std::collections::BTreeSet;

use crate::domain::{Mask, Value};
use crate::protocol::{Constraint, NewValue};

/// What the database requires of the rows of a table, and the columns that it computes itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TableConstraints {
    pub(crate) rules: Vec<RowRule>,
    pub(crate) generated: Vec<GeneratedColumn>,
    /// On SQLite, each column with its declared type, which decides how a value is stored.
    pub(crate) declared: Vec<(String, String)>,
}

/// A constraint on single rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RowRule {
    pub(crate) constraint: Constraint,
    /// Whether the database refuses a row: an expression on its columns, in the syntax of the database.
    pub(crate) refused: String,
    /// The columns that the expression reads.
    pub(crate) columns: BTreeSet<String>,
    /// Whether an older row may be refused as well, because the constraint was never validated.
    pub(crate) may_fail_unchanged: bool,
    pub(crate) scope: RuleScope,
}

/// Which new values a constraint may refuse. Others need no question to the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RuleScope {
    Any,
    /// Only null. `years` says whether the mask `year` makes null of values that are not timestamps.
    Null {
        years: bool,
    },
    /// Only values with more characters.
    Longer(usize),
    /// Only numbers of at least this size.
    Numbers {
        digits: i32,
    },
    /// Only a counter that is at its end.
    Counters,
    /// Only values of another type.
    Typed(StrictType),
}

/// A column type that SQLite enforces in a STRICT table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StrictType {
    Integer,
    Real,
    Text,
    Blob,
}

/// A column that the database computes from other columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GeneratedColumn {
    pub(crate) column: String,
    pub(crate) expression: String,
    /// The columns that the expression reads.
    pub(crate) reads: BTreeSet<String>,
}

impl TableConstraints {
    pub(crate) const NONE: &Self = &Self { rules: Vec::new(), generated: Vec::new(), declared: Vec::new() };

    /// Returns the columns that decide the values of these columns: themselves, and what generated columns read.
    pub(crate) fn sources(&self, columns: &BTreeSet<String>) -> BTreeSet<String> {
        let mut found = columns.clone();
        let mut open: Vec<String> = columns.iter().cloned().collect();
        while let Some(column) = open.pop() {
            let own = self.generated.iter().filter(|generated| same(&generated.column, &column));
            for read in own.flat_map(|generated| &generated.reads) {
                if found.insert(read.clone()) {
                    open.push(read.clone());
                }
            }
        }
        found
    }

    /// Returns the generated columns among these, each after the generated columns that it reads.
    pub(crate) fn generated_among(&self, columns: &BTreeSet<String>) -> Vec<&GeneratedColumn> {
        let mut open: Vec<&GeneratedColumn> =
            self.generated.iter().filter(|generated| has(columns, &generated.column)).collect();
        let mut sorted = Vec::new();
        while !open.is_empty() {
            let is_ready = |one: &&GeneratedColumn| {
                !open.iter().any(|other| other.column != one.column && has(&one.reads, &other.column))
            };
            // A circle cannot exist in a database; it would end here.
            let (ready, rest): (Vec<_>, Vec<_>) = open.iter().copied().partition(is_ready);
            if ready.is_empty() {
                break;
            }
            sorted.extend(ready);
            open = rest;
        }
        sorted
    }

    pub(crate) fn is_generated(&self, column: &str) -> bool {
        self.generated.iter().any(|generated| same(&generated.column, column))
    }
}

impl RuleScope {
    /// Returns whether a new value may be refused.
    pub(crate) fn may_refuse(self, value: &NewValue) -> bool {
        match self {
            Self::Any => true,
            // The column may have changed since it held the value.
            Self::Null { .. } | Self::Longer(_) | Self::Numbers { .. } if *value == NewValue::Former => true,
            Self::Null { years } => match value {
                NewValue::Value(value) => value.is_null(),
                NewValue::Masked(mask) => *mask == Mask::Null || (years && *mask == Mask::Year),
                NewValue::Next | NewValue::Elements(_) | NewValue::Former => false,
            },
            Self::Longer(limit) => match value {
                NewValue::Masked(Mask::Null | Mask::Year | Mask::Truncate(_))
                | NewValue::Next
                | NewValue::Elements(_)
                | NewValue::Former => false,
                NewValue::Masked(Mask::Hmac) => limit < 64,
                NewValue::Masked(Mask::PlaceholderEmail) => true,
                NewValue::Masked(Mask::Text(text)) => text.chars().count() > limit,
                NewValue::Masked(Mask::Value(value)) => value.to_string().chars().count() > limit,
                NewValue::Value(value) => text_length(value).is_none_or(|length| length > limit),
            },
            Self::Numbers { digits } => match value {
                NewValue::Value(Value::Integer(number)) => needs_digits(&number.to_string(), digits),
                NewValue::Masked(Mask::Value(number)) => needs_digits(&number.to_string(), digits),
                NewValue::Masked(Mask::Text(number)) => needs_digits(number, digits),
                NewValue::Value(value) => !value.is_null(),
                NewValue::Next => true,
                NewValue::Masked(_) | NewValue::Elements(_) | NewValue::Former => false,
            },
            Self::Counters => *value == NewValue::Next,
            Self::Typed(strict) => strict.may_refuse(value),
        }
    }
}

impl StrictType {
    fn may_refuse(self, value: &NewValue) -> bool {
        let fits = match value {
            NewValue::Value(Value::Null) | NewValue::Masked(Mask::Null) => true,
            NewValue::Value(Value::Integer(_) | Value::Boolean(_)) | NewValue::Next => self == Self::Integer,
            NewValue::Value(Value::Text(_) | Value::Timestamp(_) | Value::Date(_))
            | NewValue::Masked(Mask::Text(_) | Mask::Truncate(_) | Mask::PlaceholderEmail | Mask::Hmac) => {
                self == Self::Text
            }
            _ => false,
        };
        !fits
    }
}

/// Returns the number of characters of a written value, if its text is known here.
fn text_length(value: &Value) -> Option<usize> {
    match value {
        Value::Null => Some(0),
        Value::Text(text) => Some(text.chars().count()),
        Value::Integer(number) => Some(number.to_string().len()),
        _ => None,
    }
}

/// Returns whether a number may have more digits before its point. `true` for text that is not a plain number.
fn needs_digits(number: &str, digits: i32) -> bool {
    let number = number.trim_start_matches('-');
    let whole = number.split('.').next().unwrap_or_default();
    let is_plain = number.chars().all(|character| character.is_ascii_digit() || character == '.');
    // Rounding may add a digit.
    !is_plain || usize::try_from(digits).is_ok_and(|digits| whole.len() >= digits) || digits <= 0
}

pub(crate) fn same(left: &str, right: &str) -> bool {
    left.eq_ignore_ascii_case(right)
}

/// Returns whether a set has a column, whatever the case of its name.
pub(crate) fn has(columns: &BTreeSet<String>, column: &str) -> bool {
    columns.iter().any(|known| same(known, column))
}

/// Returns whether a text may name a column. It may find too many columns, never too few.
pub(crate) fn mentions(text: &str, column: &str) -> bool {
    let (text, column) = (text.to_ascii_lowercase(), column.to_ascii_lowercase());
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    let as_word = text.match_indices(&*column).any(|(at, _)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(at + column.len()..).and_then(|after| after.chars().next());
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    });
    as_word || (column.contains('"') && text.contains(&column.replace('"', "\"\"")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_whole_word() {
        assert!(mentions("(Email IS NOT NULL)", "email"));
        assert!(mentions("\"e mail\" = ''", "e mail"));
        assert!(mentions("\"a\"\"b\" > 0", "a\"b"));
        assert!(!mentions("(paid > 0)", "id"));
        assert!(!mentions("id_2 > 0", "id"));
    }

    #[test]
    fn generated_columns_come_after_the_columns_that_they_read() {
        let generated = |column: &str, reads: &[&str]| GeneratedColumn {
            column: column.into(),
            expression: reads.join(" || "),
            reads: reads.iter().map(ToString::to_string).collect(),
        };
        let table = TableConstraints {
            generated: vec![generated("c", &["b", "x"]), generated("b", &["a"]), generated("z", &["a"])],
            ..TableConstraints::default()
        };
        let sources = table.sources(&BTreeSet::from(["c".into()]));
        assert_eq!(sources, ["a", "b", "c", "x"].map(String::from).into());
        let sorted: Vec<&str> = table.generated_among(&sources).iter().map(|one| &*one.column).collect();
        assert_eq!(sorted, ["b", "c"]);
    }

    #[test]
    fn values_that_surely_fit_need_no_question() {
        let masked = |mask: Mask| NewValue::Masked(mask);
        let longer = |limit: usize, value: NewValue| RuleScope::Longer(limit).may_refuse(&value);
        assert!(longer(3, masked(Mask::Text("gone".into()))));
        assert!(!longer(4, masked(Mask::Text("gone".into()))));
        assert!(!longer(4, masked(Mask::Truncate(9))));
        assert!(longer(63, masked(Mask::Hmac)) && !longer(64, masked(Mask::Hmac)));
        let null = RuleScope::Null { years: false };
        assert!(null.may_refuse(&NewValue::Value(Value::Null)) && !null.may_refuse(&masked(Mask::Year)));
        let number =
            |text: &str| RuleScope::Numbers { digits: 3 }.may_refuse(&masked(Mask::Text(text.into())));
        assert!(number("999.9") && number("1e9") && !number("-99"));
    }
}
