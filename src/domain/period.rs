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
/// A period with years, months, weeks or days runs in whole days. It ends at 00:00 UTC of the day after the anniversary
/// of its first day, so it is never too short, whatever the time of day or the time zone. `P1Y` from 20 May 2024 includes
/// 20 May 2025. In a month without that day, the anniversary is the last day of the month: `P1Y` from 29 February 2024
/// ends at 00:00 UTC on 1 March 2025. A period of only hours, minutes and seconds is exact.
///
/// ```
/// use client_lifecycle::domain::Period;
/// # use chrono::{DateTime, Utc};
/// let year: Period = "P1Y".parse()?;
/// let from: DateTime<Utc> = "2024-05-20T18:30:00Z".parse()?;
/// assert_eq!(year.end(from), "2025-05-21T00:00:00Z".parse().ok());
/// let half_a_day: Period = "PT12H".parse()?;
/// assert_eq!(half_a_day.end(from), "2024-05-21T06:30:00Z".parse().ok());
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

    /// Returns whether the period runs in whole days.
    fn is_calendar(self) -> bool {
        self.months > 0 || self.days > 0
    }

    /// Returns when the period that begins at `from` is over; `None` beyond the calendar's last year.
    #[must_use]
    pub fn end(self, from: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if !self.is_calendar() {
            return from.checked_add_signed(self.time());
        }
        let day = self.anniversary(from.date_naive(), 1)?;
        day.and_time(NaiveTime::MIN).and_utc().checked_add_signed(self.time())
    }

    /// Returns the cutoff: a period that began at `from` is over at `now` if `from < cutoff`.
    ///
    /// Stores compare a field with the cutoff, so they do no date arithmetic.
    #[must_use]
    pub fn cutoff(self, now: DateTime<Utc>) -> DateTime<Utc> {
        let at = self.before(now);
        if !self.is_calendar() {
            return at.checked_add_signed(TimeDelta::milliseconds(1)).unwrap_or(at);
        }
        let last = self.last_start(at.date_naive(), 1);
        last.map_or(DateTime::<Utc>::MIN_UTC, |day| {
            day.succ_opt().unwrap_or(day).and_time(NaiveTime::MIN).and_utc()
        })
    }

    /// Returns the hours, minutes and seconds.
    pub(super) fn time(self) -> TimeDelta {
        TimeDelta::seconds(self.seconds.into())
    }

    /// Returns the instant from which the hours, minutes and seconds lead to `now`.
    pub(super) fn before(self, now: DateTime<Utc>) -> DateTime<Utc> {
        to_milliseconds(now).checked_sub_signed(self.time()).unwrap_or(DateTime::<Utc>::MIN_UTC)
    }

    /// Returns the anniversary of a day, and some days more.
    pub(super) fn anniversary(self, day: NaiveDate, more: u64) -> Option<NaiveDate> {
        let months = day.checked_add_months(Months::new(self.months))?;
        months.checked_add_days(Days::new(u64::from(self.days) + more))
    }

    /// Returns the last day whose anniversary, and some days more, is not after `end`.
    pub(super) fn last_start(self, end: NaiveDate, more: u64) -> Option<NaiveDate> {
        // Months are clamped, so this steps back from a guess that is never too early. Adding a period never reverses
        // the order of two days.
        let mut day = end
            .checked_sub_days(Days::new(self.days.into()))
            .and_then(|day| day.checked_sub_months(Months::new(self.months)))
            .and_then(|day| day.checked_add_days(Days::new(4)))
            .unwrap_or(NaiveDate::MIN);
        while self.anniversary(day, more).is_none_or(|found| found > end) {
            day = day.pred_opt()?;
        }
        Some(day)
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
    fn a_period_includes_the_anniversary_of_its_first_day() {
        for (period, from, end) in [
            ("P6Y", "2018-11-30T00:00:00Z", "2024-12-01T00:00:00Z"),
            ("P6Y", "2018-11-30T23:59:59.999Z", "2024-12-01T00:00:00Z"),
            ("P1Y", "2024-02-29T23:59:59Z", "2025-03-01T00:00:00Z"),
            ("P4Y", "2024-02-29T12:00:00Z", "2028-03-01T00:00:00Z"),
            ("P1Y", "2023-02-28T12:00:00Z", "2024-02-29T00:00:00Z"),
            ("P1M", "2024-01-31T12:00:00Z", "2024-03-01T00:00:00Z"),
            ("P30D", "2024-01-01T12:00:00Z", "2024-02-01T00:00:00Z"),
            ("P1DT6H", "2024-01-01T12:00:00Z", "2024-01-03T06:00:00Z"),
            ("PT24H", "2024-01-01T12:00:00Z", "2024-01-02T12:00:00Z"),
        ] {
            let found = period.parse::<Period>().unwrap().end(at(from));
            assert_eq!(found, Some(at(end)), "{period} from {from}");
        }
    }

    #[test]
    fn a_period_is_never_too_short_in_any_time_zone() {
        for period in ["P1D", "P1M", "P6Y", "P1Y1M1D", "P1DT5H"] {
            let period: Period = period.parse().unwrap();
            for hour in 0..24 * 400 {
                let from = at("2023-01-01T00:00:00Z") + TimeDelta::hours(hour);
                let exact = from
                    .checked_add_months(Months::new(period.months))
                    .map(|at| at + TimeDelta::days(period.days.into()))
                    .map(|at| at + TimeDelta::seconds(period.seconds.into()));
                assert!(period.end(from) >= exact, "{period} from {from}");
                for zone in [-12_i32, -3, 2, 14] {
                    let zone = chrono::FixedOffset::east_opt(zone * 3600).unwrap();
                    let local = from.with_timezone(&zone);
                    let local = local.checked_add_months(Months::new(period.months)).unwrap();
                    let local = local + TimeDelta::days(period.days.into());
                    let local = local + TimeDelta::seconds(period.seconds.into());
                    // A month that is too short ends earlier in one zone than in another.
                    if local.to_utc() <= exact.unwrap() {
                        assert!(period.end(from) >= Some(local.to_utc()), "{period} from {from} in {zone}");
                    }
                }
            }
        }
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
