//! Instants: how they are read from stored values, compared and written.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat, SubsecRound, Utc};

use super::Value;

/// The years in which a number can be an instant. A number beyond them has another unit.
const YEARS: std::ops::RangeInclusive<i32> = 0..=9999;

/// What a number counts, from 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EpochUnit {
    Seconds,
    Milliseconds,
}

impl EpochUnit {
    /// Returns the instant that a number stands for; `None` beyond the year 9999.
    fn read(self, number: i64) -> Option<DateTime<Utc>> {
        let at = match self {
            Self::Seconds => DateTime::from_timestamp(number, 0),
            Self::Milliseconds => DateTime::from_timestamp_millis(number),
        };
        at.filter(|at| YEARS.contains(&at.year()))
    }

    /// Returns the number that stands for an instant.
    pub(crate) fn number(self, at: DateTime<Utc>) -> i64 {
        match self {
            Self::Seconds => at.timestamp(),
            Self::Milliseconds => at.timestamp_millis(),
        }
    }

    /// Returns the first and the last number that is an instant.
    #[cfg(feature = "sql")]
    pub(crate) const fn range(self) -> (i64, i64) {
        match self {
            Self::Seconds => (-62_167_219_200, 253_402_300_799),
            Self::Milliseconds => (-62_167_219_200_000, 253_402_300_799_999),
        }
    }
}

/// Reads an instant from a stored value, to the millisecond. `unit` is that of numbers.
pub(super) fn read_instant(value: &Value, unit: EpochUnit) -> Option<DateTime<Utc>> {
    let at = match value {
        Value::Timestamp(at) => *at,
        Value::Date(day) => day.and_time(NaiveTime::MIN).and_utc(),
        Value::Integer(number) => unit.read(*number)?,
        Value::Text(text) => match text.as_str() {
            "infinity" => INFINITY,
            "-infinity" => MINUS_INFINITY,
            text => instant_of_text(text).filter(|at| at.year() <= *YEARS.end())?,
        },
        _ => return None,
    };
    Some(to_milliseconds(at))
}

/// Parses RFC 3339 and the two forms that databases print: `2024-01-20 14:45:00` (UTC) and `2024-01-20`.
fn instant_of_text(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(at.to_utc());
    }
    if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        // chrono accepts `2024-1-5`; SQL date functions do not.
        return (text.len() == 10).then(|| day.and_time(NaiveTime::MIN).and_utc());
    }
    ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
        .map(|at| at.and_utc())
}

/// The instant that stands for `infinity`, which is later than every other.
pub(crate) const INFINITY: DateTime<Utc> = DateTime::<Utc>::MAX_UTC;

/// The instant that stands for `-infinity`, which is earlier than every other.
pub(crate) const MINUS_INFINITY: DateTime<Utc> = DateTime::<Utc>::MIN_UTC;

/// Returns `infinity` or `-infinity` if the instant stands for one of them.
#[must_use]
pub(crate) fn infinity_text(at: DateTime<Utc>) -> Option<&'static str> {
    if at == INFINITY {
        return Some("infinity");
    }
    (at == MINUS_INFINITY).then_some("-infinity")
}

/// Rounds an instant to the millisecond.
///
/// Databases store different precisions, but all of them store milliseconds.
#[must_use]
pub(crate) fn to_milliseconds(at: DateTime<Utc>) -> DateTime<Utc> {
    // Rounding the last millisecond would overflow.
    if at.timestamp_millis() >= INFINITY.timestamp_millis() { INFINITY } else { at.round_subsecs(3) }
}

/// Returns the instant that is a number of milliseconds after 1970. Beyond the calendar, it is infinite.
#[must_use]
#[cfg_attr(not(feature = "sql"), allow(dead_code, reason = "only databases answer with milliseconds"))]
pub(crate) fn instant_of_milliseconds(number: i64) -> DateTime<Utc> {
    let beyond = if number < 0 { MINUS_INFINITY } else { INFINITY };
    DateTime::from_timestamp_millis(number).map_or(beyond, to_milliseconds)
}

/// Renders an instant as RFC 3339 text in UTC with milliseconds, such as `2024-01-20T14:45:00.000Z`. The last instant of
/// `chrono` stands for `infinity`, and the first for `-infinity`.
///
/// ```
/// use client_lifecycle::domain::instant_text;
/// let at = "2024-01-20T15:45:00+01:00".parse::<chrono::DateTime<chrono::Utc>>()?;
/// assert_eq!(instant_text(at), "2024-01-20T14:45:00.000Z");
/// # Ok::<(), chrono::ParseError>(())
/// ```
#[must_use]
pub fn instant_text(at: DateTime<Utc>) -> String {
    match infinity_text(at) {
        Some(text) => text.to_owned(),
        None => at.to_rfc3339_opts(SecondsFormat::Millis, true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: i64, unit: EpochUnit) -> Option<String> {
        read_instant(&value.into(), unit).map(instant_text)
    }

    fn read_text(text: &str) -> Option<String> {
        read_instant(&text.into(), EpochUnit::Seconds).map(instant_text)
    }

    #[test]
    fn a_number_is_an_instant_up_to_the_year_9999_in_its_unit() {
        use EpochUnit::{Milliseconds, Seconds};
        let last = Some("9999-12-31T23:59:59.000Z".to_owned());
        assert_eq!(read(253_402_300_799, Seconds), last);
        assert_eq!(read(253_402_300_800, Seconds), None);
        assert_eq!(read(1_717_200_000_000, Seconds), None);
        assert_eq!(read(i64::MAX, Seconds), None);
        assert_eq!(read(i64::MIN, Milliseconds), None);
        assert_eq!(read(-62_167_219_200, Seconds), Some("0000-01-01T00:00:00.000Z".into()));
        assert_eq!(read(-62_167_219_201, Seconds), None);
        assert_eq!(read(1_717_200_000_000, Milliseconds), Some("2024-06-01T00:00:00.000Z".into()));
        assert_eq!(read(253_402_300_799_999, Milliseconds), Some("9999-12-31T23:59:59.999Z".into()));
        assert_eq!(read(253_402_300_800_000, Milliseconds), None);
        #[cfg(feature = "sql")]
        for unit in [Seconds, Milliseconds] {
            let (first, last) = unit.range();
            assert!(unit.read(first).is_some() && unit.read(last).is_some());
            assert!(unit.read(first - 1).is_none() && unit.read(last + 1).is_none());
        }
    }

    #[test]
    fn infinity_is_written_as_it_is_read() {
        for text in ["infinity", "-infinity"] {
            assert_eq!(read_text(text).as_deref(), Some(text));
        }
        for text in ["Infinity", "+infinity", "inf", "9999-12-31T23:59:59-01:00"] {
            assert_eq!(read_text(text), None, "{text}");
        }
        assert_eq!(instant_of_milliseconds(i64::MAX), INFINITY);
        assert_eq!(instant_of_milliseconds(INFINITY.timestamp_millis()), INFINITY);
        assert_eq!(instant_of_milliseconds(MINUS_INFINITY.timestamp_millis()), MINUS_INFINITY);
    }
}
