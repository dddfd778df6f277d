//! Dates, times with an offset, and durations: what it takes to compute with the times that the graph keeps as texts.
//!
//! Times without an offset and named time zones are left out: nothing in the graph has them.

mod arithmetic;
mod fields;
mod parse;
mod text;

use std::cmp::Ordering;

use jiff::civil::{self, Date};

pub(crate) use self::{
    arithmetic::{
        Unit, add_to_date, add_to_time, between_dates, between_times, days_between, months_between,
        months_between_dates, seconds_between, truncate_date, truncate_time,
    },
    fields::{date_field, duration_field, time_field},
    parse::{date_of, duration_of, offset_of, time_of},
    text::{date_text, duration_text, time_text},
};

/// A point in time as a clock shows it, and how far that clock is ahead of UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct DateTime {
    pub(crate) local: civil::DateTime,
    /// Seconds.
    pub(crate) offset: i32,
}

/// A length of time in units that have no fixed relation to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Duration {
    pub(crate) months: i64,
    pub(crate) days: i64,
    pub(crate) seconds: i64,
    /// Never negative, and less than a second.
    pub(crate) nanos: i32,
}

pub(crate) const NANOS: i128 = 1_000_000_000;
const DAY: i64 = 86_400;

/// Days since 1970-01-01.
pub(crate) fn epoch_day(date: Date) -> i64 {
    // In years that begin in March, the day that comes and goes is the last one.
    let (month, day) = (i64::from(date.month()), i64::from(date.day()));
    let year = i64::from(date.year()) - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Nanoseconds between 1970 and what a clock shows, whatever its offset.
pub(crate) fn local_nanos(local: civil::DateTime) -> i128 {
    let seconds = epoch_day(local.date()) * DAY
        + i64::from(local.hour()) * 3600
        + i64::from(local.minute()) * 60
        + i64::from(local.second());
    i128::from(seconds) * NANOS + i128::from(local.subsec_nanosecond())
}

impl DateTime {
    /// Nanoseconds since 1970 in UTC.
    pub(crate) fn epoch_nanos(&self) -> i128 {
        local_nanos(self.local) - i128::from(self.offset) * NANOS
    }

    /// That point in time; `None` beyond the years that are supported.
    pub(crate) fn from_epoch(nanos: i128, offset: i32) -> Option<Self> {
        let nanos = jiff::Timestamp::from_nanosecond(nanos).ok()?;
        let local = jiff::tz::Offset::from_seconds(offset).ok()?.to_datetime(nanos);
        Self { local, offset }.supported()
    }

    pub(crate) fn supported(self) -> Option<Self> {
        is_supported(self.local.date()).then_some(self)
    }

    /// By the point in time, then by what the clocks show.
    pub(crate) fn order(&self, other: &Self) -> Ordering {
        let (own, others) = (self.epoch_nanos(), other.epoch_nanos());
        own.cmp(&others).then(self.local.cmp(&other.local))
    }
}

/// Years of four digits: others are written differently, and do not occur.
pub(crate) fn is_supported(date: Date) -> bool {
    (0..=9999).contains(&date.year())
}

impl Duration {
    /// `None` where a part does not fit.
    pub(crate) fn new(months: i128, days: i128, nanos: i128) -> Option<Self> {
        Some(Self {
            months: i64::try_from(months).ok()?,
            days: i64::try_from(days).ok()?,
            seconds: i64::try_from(nanos.div_euclid(NANOS)).ok()?,
            nanos: i32::try_from(nanos.rem_euclid(NANOS)).ok()?,
        })
    }

    /// Its time, in nanoseconds.
    pub(crate) fn time(&self) -> i128 {
        i128::from(self.seconds) * NANOS + i128::from(self.nanos)
    }

    pub(crate) fn plus(&self, other: &Self) -> Option<Self> {
        Self::new(
            i128::from(self.months) + i128::from(other.months),
            i128::from(self.days) + i128::from(other.days),
            self.time() + other.time(),
        )
    }

    pub(crate) fn times(&self, factor: i64) -> Option<Self> {
        let factor = i128::from(factor);
        Self::new(
            i128::from(self.months) * factor,
            i128::from(self.days) * factor,
            self.time().checked_mul(factor)?,
        )
    }

    /// By their lengths, with months as long as they are on average; then part by part.
    pub(crate) fn order(&self, other: &Self) -> Ordering {
        const MONTH: i128 = 2_629_746;
        let length = |it: &Self| {
            let seconds = i128::from(it.months) * MONTH + i128::from(it.days) * i128::from(DAY);
            seconds * NANOS + it.time()
        };
        length(self)
            .cmp(&length(other))
            .then(self.months.cmp(&other.months))
            .then(self.days.cmp(&other.days))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_from_1970() {
        for (date, day) in [
            ("1970-01-01", 0),
            ("1969-12-31", -1),
            ("2000-02-29", 11_016),
            ("2026-03-01", 20_513),
            ("0000-01-01", -719_528),
        ] {
            assert_eq!(epoch_day(date.parse().unwrap()), day, "{date}");
        }
    }
}
