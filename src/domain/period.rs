//! ISO 8601 periods with calendar months.
//!
//! Hand-written because published parsers keep fractions as 32-bit floats (`iso8601-duration`), cap days at 31
//! (`iso8601`) or bring their own calendar library (`jiff`).

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Days, Months, NaiveDate, NaiveTime, TimeDelta, Utc};
use serde::de::Deserializer;
use serde::{Deserialize, Serialize};

use super::text_visitor::TextVisitor;
use super::words::shortened;
use super::{ParseError, to_milliseconds};

/// An ISO 8601 period of whole units: `P6Y`, `P1Y6M`, `P30D`, `P2W`, `PT12H`.
///
/// A period with years, months, weeks or days runs in calendar days: `P1Y` from 29 February 2024 ends at 00:00 UTC on
/// 28 February 2025. A period of only hours, minutes and seconds is exact.
///
/// ```
/// use client_lifecycle::domain::Period;
/// # use chrono::{DateTime, Utc};
/// let year: Period = "P1Y".parse()?;
/// let from: DateTime<Utc> = "2024-02-29T18:30:00Z".parse()?;
/// assert_eq!(year.end(from), "2025-02-28T00:00:00Z".parse().ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(into = "String")]
pub struct Period {
    months: u32,
    days: u32,
    seconds: u32,
}

impl Period {
    /// Makes a period of days.
    #[must_use]
    pub const fn days(days: u16) -> Self {
        Self { months: 0, days: days as u32, seconds: 0 }
    }

    /// Makes a period of years.
    #[must_use]
    pub const fn years(years: u8) -> Self {
        Self { months: years as u32 * 12, days: 0, seconds: 0 }
    }

    /// Returns whether the period runs in calendar days and ends at midnight UTC.
    fn is_calendar(self) -> bool {
        self.months > 0 || self.days > 0
    }

    /// Returns when the period that begins at `from` is over; `None` beyond the calendar's last year.
    #[must_use]
    pub fn end(self, from: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let time = TimeDelta::seconds(self.seconds.into());
        if self.is_calendar() {
            let day = self.day_after(from.date_naive())?;
            day.and_time(NaiveTime::MIN).and_utc().checked_add_signed(time)
        } else {
            from.checked_add_signed(time)
        }
    }

    /// Returns the cutoff: a period that began at `from` is over at `now` if `from < cutoff`.
    ///
    /// Stores compare a field with the cutoff, so they do no date arithmetic.
    #[must_use]
    pub fn cutoff(self, now: DateTime<Utc>) -> DateTime<Utc> {
        let now = to_milliseconds(now);
        let at = now
            .checked_sub_signed(TimeDelta::seconds(self.seconds.into()))
            .unwrap_or(DateTime::<Utc>::MIN_UTC);
        if !self.is_calendar() {
            return at.checked_add_signed(TimeDelta::milliseconds(1)).unwrap_or(at);
        }
        // Finds the last day whose period ends by `at`. Months are clamped, so this steps back from a guess that is
        // never too early. Adding a period never reverses the order of two days.
        let mut day = at
            .date_naive()
            .checked_sub_days(Days::new(self.days.into()))
            .and_then(|day| day.checked_sub_months(Months::new(self.months)))
            .and_then(|day| day.checked_add_days(Days::new(4)))
            .unwrap_or(NaiveDate::MIN);
        while self.day_after(day).is_none_or(|end| end > at.date_naive()) {
            match day.pred_opt() {
                Some(before) => day = before,
                None => return DateTime::<Utc>::MIN_UTC,
            }
        }
        day.succ_opt().unwrap_or(day).and_time(NaiveTime::MIN).and_utc()
    }

    fn day_after(self, day: NaiveDate) -> Option<NaiveDate> {
        day.checked_add_months(Months::new(self.months))?.checked_add_days(Days::new(self.days.into()))
    }
}

impl FromStr for Period {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        parse(text).ok_or_else(|| {
            let text = shortened(text);
            ParseError::new(format!(
                "`{text}` is not an ISO 8601 period; expected a period such as `P6Y`, `P30D` or `PT12H`"
            ))
        })
    }
}

/// The units in the order in which they must appear, each with its factor.
const DATE_UNITS: [(char, u32); 4] = [('Y', 12), ('M', 1), ('W', 7), ('D', 1)];
const TIME_UNITS: [(char, u32); 3] = [('H', 3_600), ('M', 60), ('S', 1)];
const LONGEST_MONTHS: u32 = 120_000;

fn parse(text: &str) -> Option<Period> {
    let body = text.strip_prefix('P')?;
    let (date, time) = match body.split_once('T') {
        Some((_, "")) => return None,
        Some((date, time)) => (date, time),
        None => (body, ""),
    };
    let mut period = Period { months: 0, days: 0, seconds: 0 };
    for (unit, amount) in amounts(date, &DATE_UNITS)? {
        let total = if unit < 2 { &mut period.months } else { &mut period.days };
        *total = total.checked_add(amount)?;
    }
    for (_, amount) in amounts(time, &TIME_UNITS)? {
        period.seconds = period.seconds.checked_add(amount)?;
    }
    let in_range = period.months <= LONGEST_MONTHS && period.days <= LONGEST_MONTHS * 30;
    (in_range && (period.is_calendar() || period.seconds > 0)).then_some(period)
}

/// Returns each number, multiplied by the factor of its unit, with the index of the unit.
fn amounts(mut text: &str, units: &[(char, u32)]) -> Option<Vec<(usize, u32)>> {
    let mut found = Vec::new();
    let mut next = 0;
    while !text.is_empty() {
        let digits = text.find(|c: char| !c.is_ascii_digit())?;
        let (number, rest) = text.split_at(digits);
        let unit = rest.chars().next()?;
        let index = next + units.iter().skip(next).position(|(name, _)| *name == unit)?;
        let worth = units.get(index)?.1;
        found.push((index, number.parse::<u32>().ok()?.checked_mul(worth)?));
        next = index + 1;
        text = rest.get(1..)?;
    }
    Some(found)
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("P")?;
        let (years, months) = (self.months / 12, self.months % 12);
        for (amount, unit) in [(years, 'Y'), (months, 'M'), (self.days, 'D')] {
            if amount > 0 {
                write!(f, "{amount}{unit}")?;
            }
        }
        if self.seconds > 0 {
            f.write_str("T")?;
            let (hours, rest) = (self.seconds / 3_600, self.seconds % 3_600);
            for (amount, unit) in [(hours, 'H'), (rest / 60, 'M'), (rest % 60, 'S')] {
                if amount > 0 {
                    write!(f, "{amount}{unit}")?;
                }
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<&str> for Period {
    type Error = ParseError;
    fn try_from(text: &str) -> Result<Self, ParseError> {
        text.parse()
    }
}

impl TryFrom<String> for Period {
    type Error = ParseError;
    fn try_from(text: String) -> Result<Self, ParseError> {
        text.parse()
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected = "an ISO 8601 period, such as `P6Y`, `P30D` or `PT12H`";
        let read = |text: &str| text.parse().map_err(|bad: ParseError| bad.to_string());
        deserializer.deserialize_str(TextVisitor { expected, read })
    }
}

impl From<Period> for String {
    fn from(period: Period) -> Self {
        period.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_leap_day_plus_a_year_ends_on_the_28th_of_february() {
        let period: Period = "P1Y".parse().unwrap();
        assert_eq!(period.end(at("2024-02-29T23:59:59Z")), Some(at("2025-02-28T00:00:00Z")));
    }

    #[test]
    fn exactly_the_periods_that_begin_before_the_cutoff_are_over() {
        for period in ["P1M", "P1Y", "P30D", "P2W", "P1Y2M3D", "P1DT5H", "PT36H", "PT90S"] {
            let period: Period = period.parse().unwrap();
            for now in ["2025-02-28T00:00:00Z", "2024-03-31T13:00:00Z", "2024-02-29T04:59:59.999Z"] {
                let now = at(now);
                let cutoff = period.cutoff(now);
                for hours in -80_i64..80 {
                    for off in [-1, 0, 1] {
                        let from = cutoff + TimeDelta::hours(hours) + TimeDelta::milliseconds(off);
                        let over = period.end(from).unwrap() <= now;
                        assert_eq!(over, from < cutoff, "{period} from {from} at {now}");
                    }
                }
            }
        }
    }

    #[test]
    fn periods_are_printed_as_they_are_read() {
        for text in ["P6Y", "P1Y6M", "P30D", "PT12H", "P1DT1H30M5S"] {
            assert_eq!(text.parse::<Period>().unwrap().to_string(), text);
        }
        assert_eq!("P2W".parse::<Period>().unwrap().to_string(), "P14D");
        assert_eq!("P18M".parse::<Period>().unwrap().to_string(), "P1Y6M");
    }

    #[test]
    fn invalid_periods_are_refused() {
        for text in [
            "",
            "P",
            "PT",
            "6Y",
            "P6",
            "PY",
            "P1.5Y",
            "P-1Y",
            "P1D1Y",
            "P1Y1Y",
            "P0D",
            "PT1D",
            "P1H",
            "P99999999999Y",
            "P4294967295Y",
            "P1YT",
            "p1y",
            "P1Yé",
            "P１Y",
        ] {
            assert!(text.parse::<Period>().is_err(), "{text}");
        }
    }
}
