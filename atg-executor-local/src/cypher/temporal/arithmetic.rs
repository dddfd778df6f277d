//! Adding durations, what lies between two times, and cutting times down to a unit. `None` everywhere means: beyond what
//! is supported.

use jiff::{Span, civil::Date};

use super::{DAY, DateTime, Duration, NANOS, epoch_day, is_supported, local_nanos};

/// Months first, keeping to the last day of a shorter one, then days.
fn shifted(date: Date, months: i64, days: i64) -> Option<Date> {
    let date = date.checked_add(Span::new().try_months(months).ok()?).ok()?;
    let date = date.checked_add(Span::new().try_days(days).ok()?).ok()?;
    is_supported(date).then_some(date)
}

/// Of the time, only whole days count.
pub(crate) fn add_to_date(date: Date, duration: &Duration) -> Option<Date> {
    shifted(
        date,
        duration.months,
        duration.days.checked_add(duration.seconds / DAY)?,
    )
}

pub(crate) fn add_to_time(time: &DateTime, duration: &Duration) -> Option<DateTime> {
    let date = shifted(time.local.date(), duration.months, duration.days)?;
    let moved = DateTime {
        local: date.to_datetime(time.local.time()),
        offset: time.offset,
    };
    DateTime::from_epoch(moved.epoch_nanos().checked_add(duration.time())?, time.offset)
}

/// Whole months from one date to another, towards zero.
pub(crate) fn months_between_dates(from: Date, to: Date) -> i64 {
    let packed =
        |date: Date| (i64::from(date.year()) * 12 + i64::from(date.month()) - 1) * 32 + i64::from(date.day());
    (packed(to) - packed(from)) / 32
}

pub(crate) fn between_dates(from: Date, to: Date) -> Option<Duration> {
    let months = months_between_dates(from, to);
    let days = epoch_day(to) - epoch_day(shifted(from, months, 0)?);
    Duration::new(months.into(), days.into(), 0)
}

/// The other time as the clock of the first one shows it.
fn same_clock(from: &DateTime, to: &DateTime) -> Option<DateTime> {
    DateTime::from_epoch(to.epoch_nanos(), from.offset)
}

pub(crate) fn months_between(from: &DateTime, to: &DateTime) -> Option<i64> {
    let to = same_clock(from, to)?;
    let mut end = to.local.date();
    // A day that has not quite passed does not complete a month.
    if end > from.local.date() && to.local.time() < from.local.time() {
        end = end.yesterday().ok()?;
    } else if end < from.local.date() && to.local.time() > from.local.time() {
        end = end.tomorrow().ok()?;
    }
    Some(months_between_dates(from.local.date(), end))
}

pub(crate) fn between_times(from: &DateTime, to: &DateTime) -> Option<Duration> {
    let months = months_between(from, to)?;
    let moved = shifted(from.local.date(), months, 0)?.to_datetime(from.local.time());
    let rest = local_nanos(same_clock(from, to)?.local) - local_nanos(moved);
    let day = i128::from(DAY) * NANOS;
    Duration::new(months.into(), rest / day, rest % day)
}

pub(crate) fn days_between(from: &DateTime, to: &DateTime) -> Option<Duration> {
    let nanos = to.epoch_nanos() - from.epoch_nanos();
    Duration::new(0, nanos / (i128::from(DAY) * NANOS), 0)
}

pub(crate) fn seconds_between(from: &DateTime, to: &DateTime) -> Option<Duration> {
    Duration::new(0, 0, to.epoch_nanos() - from.epoch_nanos())
}

/// What a time can be cut down to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Unit {
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

impl Unit {
    pub(crate) fn find(name: &str) -> Option<Self> {
        Some(match name {
            "second" => Self::Second,
            "minute" => Self::Minute,
            "hour" => Self::Hour,
            "day" => Self::Day,
            "week" => Self::Week,
            "month" => Self::Month,
            "quarter" => Self::Quarter,
            "year" => Self::Year,
            _ => return None,
        })
    }
}

pub(crate) fn truncate_date(date: Date, unit: Unit) -> Option<Date> {
    let (year, month) = (date.year(), date.month());
    match unit {
        Unit::Second | Unit::Minute | Unit::Hour | Unit::Day => Some(date),
        Unit::Week => shifted(date, 0, 1 - i64::from(date.weekday().to_monday_one_offset())),
        Unit::Month => Date::new(year, month, 1).ok(),
        Unit::Quarter => Date::new(year, (month - 1) / 3 * 3 + 1, 1).ok(),
        Unit::Year => Date::new(year, 1, 1).ok(),
    }
}

pub(crate) fn truncate_time(time: &DateTime, unit: Unit) -> Option<DateTime> {
    let date = truncate_date(time.local.date(), unit)?;
    let (hour, minute, second) = match unit {
        Unit::Second => (time.local.hour(), time.local.minute(), time.local.second()),
        Unit::Minute => (time.local.hour(), time.local.minute(), 0),
        Unit::Hour => (time.local.hour(), 0, 0),
        _ => (0, 0, 0),
    };
    Some(DateTime {
        local: date.at(hour, minute, second, 0),
        offset: time.offset,
    })
}
