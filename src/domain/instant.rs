//! Instants, compared and written with milliseconds on every store.

use chrono::{DateTime, SecondsFormat, SubsecRound, Utc};

/// Rounds an instant to the millisecond.
///
/// Databases differ in precision; all of them keep milliseconds.
#[must_use]
pub(crate) fn to_milliseconds(at: DateTime<Utc>) -> DateTime<Utc> {
    at.round_subsecs(3)
}

/// Renders an instant as RFC 3339 text in UTC with milliseconds, such as `2024-01-20T14:45:00.000Z`.
///
/// ```
/// use client_lifecycle::domain::instant_text;
/// let at = "2024-01-20T15:45:00+01:00".parse::<chrono::DateTime<chrono::Utc>>()?;
/// assert_eq!(instant_text(at), "2024-01-20T14:45:00.000Z");
/// # Ok::<(), chrono::ParseError>(())
/// ```
#[must_use]
pub fn instant_text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}
