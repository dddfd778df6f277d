//! Dates, times and durations as texts.

use std::fmt::Write as _;

use jiff::civil::Date;

use super::{DateTime, Duration, NANOS};

pub(crate) fn date_text(date: Date) -> String {
    format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day())
}

pub(crate) fn time_text(time: &DateTime) -> String {
    let local = time.local;
    let mut text = date_text(local.date());
    let _ = write!(
        text,
        "T{:02}:{:02}:{:02}",
        local.hour(),
        local.minute(),
        local.second()
    );
    push_fraction(local.subsec_nanosecond().unsigned_abs(), &mut text);
    text.push_str(&offset_text(time.offset));
    text
}

pub(super) fn offset_text(offset: i32) -> String {
    if offset == 0 {
        return "Z".to_owned();
    }
    let sign = if offset < 0 { '-' } else { '+' };
    let minutes = offset.abs() / 60;
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

fn push_fraction(nanos: u32, text: &mut String) {
    if nanos > 0 {
        let digits = format!("{nanos:09}");
        text.push('.');
        text.push_str(digits.trim_end_matches('0'));
    }
}

pub(crate) fn duration_text(duration: &Duration) -> String {
    let mut text = String::from("P");
    let mut push = |count: i64, unit: char| {
        if count != 0 {
            let _ = write!(text, "{count}{unit}");
        }
    };
    push(duration.months / 12, 'Y');
    push(duration.months % 12, 'M');
    push(duration.days, 'D');
    let time = duration.time();
    if time == 0 {
        if text == "P" {
            text.push_str("T0S");
        }
        return text;
    }
    text.push('T');
    let (seconds, nanos) = (time / NANOS, time % NANOS);
    for (count, unit) in [(seconds / 3600, 'H'), (seconds / 60 % 60, 'M')] {
        if count != 0 {
            let _ = write!(text, "{count}{unit}");
        }
    }
    if seconds % 60 != 0 || nanos != 0 {
        if time < 0 {
            text.push('-');
        }
        let _ = write!(text, "{}", (seconds % 60).abs());
        push_fraction(u32::try_from(nanos.unsigned_abs()).unwrap_or_default(), &mut text);
        text.push('S');
    }
    text
}
