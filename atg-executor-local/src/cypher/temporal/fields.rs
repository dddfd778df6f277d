//! What can be asked of a date, a time and a duration: `.year`, `.epochMillis` and their kin, in any case.

use jiff::civil::Date;

use super::{DateTime, Duration, NANOS, text::offset_text};
use crate::cypher::value::Value;

/// `None` for what a date does not have.
pub(crate) fn date_field(date: Date, name: &str) -> Option<i64> {
    let week = date.iso_week_date();
    let month = i64::from(date.month());
    let quarter = (month - 1) / 3 + 1;
    Some(match name.to_ascii_lowercase().as_str() {
        "year" => date.year().into(),
        "quarter" => quarter,
        "month" => month,
        "week" => week.week().into(),
        "weekyear" => week.year().into(),
        "dayofquarter" | "quarterday" => {
            let before = (1..=3).map(|of| quarter * 3 - 3 + of).filter(|of| *of < month);
            let days: i64 = before
                .filter_map(|of| Date::new(date.year(), i8::try_from(of).ok()?, 1).ok())
                .map(|first| i64::from(first.days_in_month()))
                .sum();
            days + i64::from(date.day())
        }
        "day" => date.day().into(),
        "ordinalday" => date.day_of_year().into(),
        "dayofweek" | "weekday" => date.weekday().to_monday_one_offset().into(),
        _ => return None,
    })
}

pub(crate) fn time_field(time: &DateTime, name: &str) -> Option<Value> {
    let local = time.local;
    let nanos = i64::from(local.subsec_nanosecond());
    let millis = || i64::try_from(time.epoch_nanos().div_euclid(NANOS / 1000)).ok();
    Some(Value::Int(match name.to_ascii_lowercase().as_str() {
        "hour" => local.hour().into(),
        "minute" => local.minute().into(),
        "second" => local.second().into(),
        "millisecond" => nanos / 1_000_000,
        "microsecond" => nanos / 1000,
        "nanosecond" => nanos,
        "timezone" | "offset" => return Some(Value::text(offset_text(time.offset))),
        "offsetminutes" => (time.offset / 60).into(),
        "offsetseconds" => time.offset.into(),
        "epochmillis" => millis()?,
        // Of the milliseconds, and towards zero.
        "epochseconds" => millis()? / 1000,
        _ => return date_field(local.date(), name).map(Value::Int),
    }))
}

pub(crate) fn duration_field(duration: &Duration, name: &str) -> Option<i64> {
    let Duration {
        months,
        days,
        seconds,
        nanos,
    } = *duration;
    let per_second = |parts: i128| i64::try_from(duration.time().div_euclid(NANOS / parts)).ok();
    Some(match name.to_ascii_lowercase().as_str() {
        "years" => months / 12,
        "quarters" => months / 3,
        "months" => months,
        "weeks" => days / 7,
        "days" => days,
        "hours" => seconds / 3600,
        "minutes" => seconds / 60,
        "seconds" => seconds,
        "milliseconds" => per_second(1000)?,
        "microseconds" => per_second(1_000_000)?,
        "nanoseconds" => per_second(NANOS)?,
        "quartersofyear" => months / 3 % 4,
        "monthsofquarter" => months % 3,
        "monthsofyear" => months % 12,
        "daysofweek" => days % 7,
        "minutesofhour" => seconds / 60 % 60,
        "secondsofminute" => seconds % 60,
        "millisecondsofsecond" => i64::from(nanos) / 1_000_000,
        "microsecondsofsecond" => i64::from(nanos) / 1000,
        "nanosecondsofsecond" => nanos.into(),
        _ => return None,
    })
}
