//! Conditions over one row, three-valued as in SQL.

mod build;
mod document;

use chrono::{DateTime, Utc};
use std::cmp::Ordering;
use std::fmt;

use super::{BadValue, CalendarPeriod, FieldName, Kind, Period, Record, Value, instant_text};

#[cfg(feature = "schema")]
pub(super) use document::MomentDocument;

pub use build::{
    after, all, any, before, eq, ge, gt, is_null, le, lt, ne, not, not_null, older_than, one_of, unknown,
    within,
};

/// A condition on one row, with three results: true, false, or unknown if a compared field is null.
///
/// A row meets a condition only if the result is true. In documents: `{"field": "status", "eq": "PENDING"}`,
/// `{"field": "due_at", "after": "now"}`, `{"field": "seen_at", "within": "P30D"}`, and `all`, `any`, `not`.
///
/// ```
/// use client_lifecycle::domain::{Condition, all, eq, within};
/// let built = all([eq("status", "PENDING"), within("created_at", "P30D".parse()?)]);
/// let read: Condition = serde_json::from_str(
///     r#"{"all": [{"field": "status", "eq": "PENDING"}, {"field": "created_at", "within": "P30D"}]}"#)?;
/// assert_eq!(built, read);
/// assert_eq!(built.to_string(), "status = \"PENDING\" and created_at within P30D");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::exhaustive_enums, reason = "a new form must fail to compile in every store")]
pub enum Condition {
    /// The field compared with a value.
    Compare {
        /// The field.
        field: FieldName,
        /// The operator.
        is: Comparison,
        /// The value to compare with.
        value: Value,
    },
    /// The field equals one of the values.
    OneOf {
        /// The field.
        field: FieldName,
        /// The values. None of them is null.
        values: Vec<Value>,
    },
    /// The field is null. Never unknown.
    IsNull {
        /// The field.
        field: FieldName,
    },
    /// Compares a field, an instant or a day, with a moment.
    Time {
        /// The field.
        field: FieldName,
        /// The operator.
        is: Comparison,
        /// The moment to compare with.
        moment: Moment,
    },
    /// All conditions hold. An empty list holds.
    All(Vec<Condition>),
    /// At least one condition holds. An empty list does not hold.
    Any(Vec<Condition>),
    /// The condition does not hold. If it is unknown, so is its negation.
    Not(Box<Condition>),
    /// The condition is unknown. Itself never unknown.
    Unknown(Box<Condition>),
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "a new form must fail to compile in every store")]
pub enum Comparison {
    /// `eq`
    Equal,
    /// `ne`
    NotEqual,
    /// `lt`
    Less,
    /// `le`
    LessOrEqual,
    /// `gt`
    Greater,
    /// `ge`
    GreaterOrEqual,
}

/// A moment relative to the time of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "a new form must fail to compile in every store")]
pub enum Moment {
    /// The instant at which the request is judged.
    Now,
    /// A fixed instant.
    At(DateTime<Utc>),
    /// The latest start of a period that is over: see [`Period::cutoff`].
    Cutoff(Period),
    /// The latest start of a period that is over and that counts from the end of a calendar period: see
    /// [`CalendarPeriod::cutoff`].
    CutoffFromEndOf(CalendarPeriod, Period),
}

impl Moment {
    /// Returns the instant for a request judged at `now`. Stores pass it to queries as a value and do no date
    /// arithmetic.
    #[must_use]
    pub fn at(self, now: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Self::Now => now,
            Self::At(at) => at,
            Self::Cutoff(period) => period.cutoff(now),
            Self::CutoffFromEndOf(calendar, period) => calendar.cutoff(period, now),
        }
    }
}

impl Comparison {
    /// Returns whether two values that compare as `order` satisfy the comparison.
    #[must_use]
    pub fn accepts(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }

    /// Returns the operator in SQL and in texts.
    #[must_use]
    pub fn as_sql(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "<>",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}

impl Condition {
    /// Returns whether the condition holds for a record; `None` if it is unknown.
    ///
    /// # Errors
    /// Returns the field and the problem if a stored value does not have the type that its kind declares.
    pub fn holds(
        &self,
        kind: &Kind,
        record: &Record,
        now: DateTime<Utc>,
    ) -> Result<Option<bool>, (FieldName, BadValue)> {
        let read = |field: &FieldName, value: &Value| {
            kind.type_of(field).read(value).map_err(|bad| (field.clone(), bad))
        };
        let stored = |field: &FieldName| kind.value_of(record, field);
        let compare = |field: &FieldName, value: &Value| -> Result<_, _> {
            let stored = read(field, &stored(field))?;
            let given = read(field, value)?;
            Ok(kind.type_of(field).compare(&stored, &given))
        };
        Ok(match self {
            Self::Compare { field, is, value } => compare(field, value)?.map(|order| is.accepts(order)),
            Self::Time { field, is, moment } => {
                compare(field, &Value::Timestamp(moment.at(now)))?.map(|order| is.accepts(order))
            }
            Self::OneOf { field, values } => {
                let mut found = (!stored(field).is_null()).then_some(false);
                for value in values {
                    if compare(field, value)?.is_some_and(Ordering::is_eq) {
                        found = Some(true);
                    }
                }
                found
            }
            Self::IsNull { field } => Some(stored(field).is_null()),
            Self::All(conditions) => {
                let mut result = Some(true);
                for condition in conditions {
                    result = match (result, condition.holds(kind, record, now)?) {
                        (Some(false), _) | (_, Some(false)) => Some(false),
                        (Some(true), Some(true)) => Some(true),
                        _ => None,
                    };
                }
                result
            }
            Self::Any(conditions) => {
                let mut result = Some(false);
                for condition in conditions {
                    result = match (result, condition.holds(kind, record, now)?) {
                        (Some(true), _) | (_, Some(true)) => Some(true),
                        (Some(false), Some(false)) => Some(false),
                        _ => None,
                    };
                }
                result
            }
            Self::Not(condition) => condition.holds(kind, record, now)?.map(|held| !held),
            Self::Unknown(condition) => Some(condition.holds(kind, record, now)?.is_none()),
        })
    }

    /// Calls `visit` for every comparison in the condition, in the order written.
    pub fn visit<'a>(&'a self, visit: &mut impl FnMut(&'a Condition)) {
        match self {
            Self::All(conditions) | Self::Any(conditions) => {
                for condition in conditions {
                    condition.visit(visit);
                }
            }
            Self::Not(condition) | Self::Unknown(condition) => condition.visit(visit),
            leaf => visit(leaf),
        }
    }

    /// Returns the field that a comparison reads; `None` for `all`, `any`, `not` and `unknown`.
    #[must_use]
    pub fn field(&self) -> Option<&FieldName> {
        match self {
            Self::Compare { field, .. }
            | Self::OneOf { field, .. }
            | Self::IsNull { field }
            | Self::Time { field, .. } => Some(field),
            Self::All(_) | Self::Any(_) | Self::Not(_) | Self::Unknown(_) => None,
        }
    }
}

/// Renders the condition for people: `status = "PENDING" and created_at within P30D`.
impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let join = |f: &mut fmt::Formatter<'_>, conditions: &[Condition], word: &str, none: &str| {
            if conditions.is_empty() {
                return f.write_str(none);
            }
            for (index, condition) in conditions.iter().enumerate() {
                if index > 0 {
                    write!(f, " {word} ")?;
                }
                match condition {
                    Self::All(_) | Self::Any(_) if conditions.len() > 1 => {
                        write!(f, "({condition})")?;
                    }
                    _ => write!(f, "{condition}")?,
                }
            }
            Ok(())
        };
        match self {
            Self::Compare { field, is, value } => {
                write!(f, "{field} {} {}", is.as_sql(), value.literal())
            }
            Self::OneOf { field, values } => {
                let values: Vec<_> = values.iter().map(Value::literal).collect();
                write!(f, "{field} in ({})", values.join(", "))
            }
            Self::IsNull { field } => write!(f, "{field} is empty"),
            Self::Time { field, is, moment } => match (moment, is) {
                (Moment::Cutoff(period), Comparison::Less) => {
                    write!(f, "{field} older than {period}")
                }
                (Moment::Cutoff(period), _) => write!(f, "{field} within {period}"),
                (Moment::CutoffFromEndOf(calendar, period), is) => {
                    let order = if *is == Comparison::Less { "older than" } else { "within" };
                    write!(f, "{field} {order} {period} from the end of the {calendar}")
                }
                (Moment::Now, _) => write!(f, "{field} {} now", order_word(*is)),
                (Moment::At(at), _) => {
                    write!(f, "{field} {} {}", order_word(*is), instant_text(*at))
                }
            },
            Self::All(conditions) => join(f, conditions, "and", "always"),
            Self::Any(conditions) => join(f, conditions, "or", "never"),
            Self::Not(condition) => write!(f, "not ({condition})"),
            Self::Unknown(condition) => write!(f, "unknown whether ({condition})"),
        }
    }
}

fn order_word(is: Comparison) -> &'static str {
    match is {
        Comparison::Less => "before",
        Comparison::Greater => "after",
        other => other.as_sql(),
    }
}
