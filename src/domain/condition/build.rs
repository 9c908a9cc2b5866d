//! Functions that build conditions: `all([eq("status", "PENDING"), after("due_at", Moment::Now)])`.

use super::{Comparison, Condition, Moment};
use crate::domain::{DeletedField, FieldName, Period, Value};

macro_rules! comparisons {
    ($($(#[$doc:meta])* $name:ident => $is:ident),*) => {$(
        $(#[$doc])*
        ///
        /// See [`Condition`] for an example.
        #[must_use]
        pub fn $name(field: impl Into<FieldName>, value: impl Into<Value>) -> Condition {
            Condition::Compare { field: field.into(), is: Comparison::$is, value: value.into() }
        }
    )*};
}

comparisons! {
    /// Tests that the field equals the value.
    eq => Equal,
    /// Tests that the field differs from the value; unknown if it is null.
    ne => NotEqual,
    /// Tests that the field is less than the value.
    lt => Less,
    /// Tests that the field is at most the value.
    le => LessOrEqual,
    /// Tests that the field is greater than the value.
    gt => Greater,
    /// Tests that the field is at least the value.
    ge => GreaterOrEqual
}

/// Tests that the field equals one of the values.
#[must_use]
pub fn one_of<V: Into<Value>>(field: impl Into<FieldName>, values: impl IntoIterator<Item = V>) -> Condition {
    Condition::OneOf { field: field.into(), values: values.into_iter().map(Into::into).collect() }
}

/// Tests that the field is null.
#[must_use]
pub fn is_null(field: impl Into<FieldName>) -> Condition {
    Condition::IsNull { field: field.into() }
}

/// Tests that the field is not null.
#[must_use]
pub fn not_null(field: impl Into<FieldName>) -> Condition {
    not(is_null(field))
}

/// Tests that the field lies before the moment.
#[must_use]
pub fn before(field: impl Into<FieldName>, moment: Moment) -> Condition {
    Condition::Time { field: field.into(), is: Comparison::Less, moment }
}

/// Tests that the field lies after the moment.
#[must_use]
pub fn after(field: impl Into<FieldName>, moment: Moment) -> Condition {
    Condition::Time { field: field.into(), is: Comparison::Greater, moment }
}

/// Tests that the period that began at the field's instant is not over. With `P30D`, the field lies within the last
/// 30 days or in the future.
#[must_use]
pub fn within(field: impl Into<FieldName>, period: Period) -> Condition {
    Condition::Time { field: field.into(), is: Comparison::GreaterOrEqual, moment: Moment::Cutoff(period) }
}

/// Tests that the period that began at the field's instant is over.
#[must_use]
pub fn older_than(field: impl Into<FieldName>, period: Period) -> Condition {
    before(field, Moment::Cutoff(period))
}

/// Tests that all conditions hold.
#[must_use]
pub fn all(conditions: impl IntoIterator<Item = Condition>) -> Condition {
    Condition::All(conditions.into_iter().collect())
}

/// Tests that at least one condition holds.
#[must_use]
pub fn any(conditions: impl IntoIterator<Item = Condition>) -> Condition {
    Condition::Any(conditions.into_iter().collect())
}

/// Negates a condition. If the condition is unknown, so is the result.
#[must_use]
pub fn not(condition: Condition) -> Condition {
    Condition::Not(Box::new(condition))
}

/// Tests that a condition is unknown, because a field that it compares is null.
///
/// ```
/// use client_lifecycle::domain::{eq, unknown};
/// assert_eq!(unknown(eq("state", "OPEN")).to_string(), "unknown whether (state = \"OPEN\")");
/// ```
#[must_use]
pub fn unknown(condition: Condition) -> Condition {
    Condition::Unknown(Box::new(condition))
}

impl DeletedField {
    /// Returns the condition that a record is not marked. It is never unknown.
    #[must_use]
    pub fn is_live(&self) -> Condition {
        if self.live.is_null() {
            return is_null(&self.field);
        }
        any([is_null(&self.field), eq(&self.field, self.live.clone())])
    }

    /// Returns the condition that a record is marked as deleted. It does not hold if the field is null.
    #[must_use]
    pub fn is_marked(&self) -> Condition {
        if self.live.is_null() { not_null(&self.field) } else { ne(&self.field, self.live.clone()) }
    }
}
