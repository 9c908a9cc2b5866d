//! Calendar periods, from whose end a retention may count.

use chrono::{DateTime, Datelike, Months, NaiveDate, NaiveTime, Utc};

use super::Period;
use super::words::words;

words! {
    /// A period of the calendar, in UTC.
    ///
    /// ```
    /// use client_lifecycle::domain::{CalendarPeriod, Period};
    /// # use chrono::{DateTime, Utc};
    /// let six_years: Period = "P6Y".parse()?;
    /// let issued: DateTime<Utc> = "2018-03-15T09:30:00Z".parse()?;
    /// assert_eq!(CalendarPeriod::Year.end(six_years, issued), "2025-01-01T00:00:00Z".parse().ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[non_exhaustive]
    pub enum CalendarPeriod: "calendar period" {
        /// A month.
        Month = "month",
        /// Three months, the first of which is January, April, July or October.
        Quarter = "quarter",
        /// A year.
        Year = "year",
    }
}

impl CalendarPeriod {
    fn months(self) -> u32 {
        match self {
            Self::Month => 1,
            Self::Quarter => 3,
            Self::Year => 12,
        }
    }

    /// Returns the first day of the calendar period that contains a day.
    fn first_day(self, day: NaiveDate) -> Option<NaiveDate> {
        day.with_day(1)?.checked_sub_months(Months::new(day.month0() % self.months()))
    }

    /// Returns when a period is over that begins when the calendar period of `from` ends; `None` beyond the calendar's
    /// last year.
    #[must_use]
    pub fn end(self, period: Period, from: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let next = self.first_day(from.date_naive())?.checked_add_months(Months::new(self.months()))?;
        let last = period.anniversary(next, 0)?.and_time(NaiveTime::MIN).and_utc();
        last.checked_add_signed(period.time())
    }

    /// Returns the cutoff: a period that begins when the calendar period of `from` ends is over at `now` if `from <
    /// cutoff`.
    #[must_use]
    pub fn cutoff(self, period: Period, now: DateTime<Utc>) -> DateTime<Utc> {
        let last = period.last_start(period.before(now).date_naive(), 0);
        let first = last.and_then(|day| self.first_day(day));
        first.map_or(DateTime::<Utc>::MIN_UTC, |day| day.and_time(NaiveTime::MIN).and_utc())
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_period_counts_from_the_end_of_the_calendar_period() {
        use CalendarPeriod::{Month, Quarter, Year};
        for (calendar, period, from, end) in [
            (Year, "P6Y", "2018-01-01T00:00:00Z", "2025-01-01T00:00:00Z"),
            (Year, "P6Y", "2018-12-31T23:59:59.999Z", "2025-01-01T00:00:00Z"),
            (Year, "P6Y", "2019-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
            (Quarter, "P1Y", "2023-11-30T00:00:00Z", "2025-01-01T00:00:00Z"),
            (Quarter, "P1Y", "2023-04-01T00:00:00Z", "2024-07-01T00:00:00Z"),
            (Month, "P1Y", "2023-02-10T00:00:00Z", "2024-03-01T00:00:00Z"),
            (Month, "P30D", "2024-02-29T12:00:00Z", "2024-03-31T00:00:00Z"),
            (Month, "PT12H", "2024-02-29T12:00:00Z", "2024-03-01T12:00:00Z"),
        ] {
            let found = calendar.end(period.parse().unwrap(), at(from));
            assert_eq!(found, Some(at(end)), "{period} from the end of the {calendar} of {from}");
        }
    }

    #[test]
    fn exactly_the_periods_that_begin_before_the_cutoff_are_over() {
        for period in ["P1M", "P1Y", "P30D", "P1Y2M3D", "P1DT5H", "PT36H", "PT90S"] {
            let period: Period = period.parse().unwrap();
            for now in ["2025-01-01T00:00:00Z", "2024-12-31T23:59:59.999Z", "2024-02-29T13:00:00Z"] {
                for calendar in CalendarPeriod::ALL.iter().copied() {
                    let now = at(now);
                    let cutoff = calendar.cutoff(period, now);
                    for hours in -10_000_i64..10_000 {
                        let from = cutoff + TimeDelta::hours(hours) - TimeDelta::milliseconds(hours % 2);
                        let over = calendar.end(period, from).unwrap() <= now;
                        assert_eq!(
                            over,
                            from < cutoff,
                            "{period} from the end of the {calendar} of {from} at {now}"
                        );
                    }
                }
            }
        }
    }
}
