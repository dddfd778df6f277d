//! Dates, times and durations.

use jiff::civil::Date;

use super::{Function, function, wrong};
use crate::cypher::{
    bind::types::Type,
    eval::{Fault, Graph, Outcome},
    temporal::{self, DateTime, Duration, NANOS, Unit},
    value::{Map, Value},
};

/// What lies between two times, or two dates.
macro_rules! between {
    ($name:literal, $times:expr, $dates:expr $(,)?) => {
        function($name, &[DATE.or(TIME), DATE.or(TIME)], DURATION, |args, _| {
            let times: fn(&DateTime, &DateTime) -> Option<Duration> = $times;
            let dates: fn(Date, Date) -> Option<Duration> = $dates;
            let duration = match (&args[0], &args[1]) {
                (Value::DateTime(from), Value::DateTime(to)) => times(from, to),
                (Value::Date(from), Value::Date(to)) => dates(*from, *to),
                (Value::Date(_) | Value::DateTime(_), Value::Date(_) | Value::DateTime(_)) => {
                    return Err(Fault::unsupported(concat!(
                        $name,
                        "() of a date and a time is not supported: write date(…) around the time"
                    )));
                }
                (Value::Date(_) | Value::DateTime(_), other) | (other, _) => {
                    return Err(wrong($name, "two times or two dates", other));
                }
            };
            duration.map(Value::duration).ok_or_else(out_of_range)
        })
    };
}

const DATE: Type = Type::DATE;
const TIME: Type = Type::DATE_TIME;
const DURATION: Type = Type::DURATION;
const TRUNCATED: &[Type] = &[Type::TEXT, DATE.or(TIME), Type::MAP];
const SOURCE: Type = Type::TEXT.or(Type::MAP).or(DATE).or(TIME);

pub(super) static TABLE: &[Function] = &[
    Function {
        required: 0,
        ..function("date", &[SOURCE], DATE, date)
    },
    Function {
        required: 0,
        ..function("datetime", &[SOURCE], TIME, datetime)
    },
    function("duration", &[Type::TEXT.or(Type::MAP)], DURATION, duration),
    function("timestamp", &[], Type::INT, |_, graph| {
        Ok(Value::Int(graph.now().as_millisecond()))
    }),
    between!(
        "duration.between",
        temporal::between_times,
        temporal::between_dates
    ),
    between!(
        "duration.inMonths",
        |from, to| months(temporal::months_between(from, to)?),
        |from, to| months(temporal::months_between_dates(from, to)),
    ),
    between!("duration.inDays", temporal::days_between, days),
    between!("duration.inSeconds", temporal::seconds_between, |from, to| {
        days(from, to).and_then(|days| Duration::new(0, 0, i128::from(days.days) * 86_400 * NANOS))
    }),
    truncating("date.truncate", DATE, |args, _| {
        let unit = unit("date.truncate", args)?;
        let date = match &args[1] {
            Value::Date(date) => *date,
            Value::DateTime(time) => time.local.date(),
            other => return Err(wrong("date.truncate", "a date or a time", other)),
        };
        if unit < Unit::Day {
            return Err(Fault::invalid("date.truncate() needs a unit of a day or more"));
        }
        temporal::truncate_date(date, unit)
            .map(Value::Date)
            .ok_or_else(out_of_range)
    }),
    truncating("datetime.truncate", TIME, |args, _| {
        let unit = unit("datetime.truncate", args)?;
        let time = match &args[1] {
            Value::DateTime(time) => *time,
            Value::Date(date) if unit >= Unit::Day => DateTime {
                local: date.to_datetime(jiff::civil::Time::midnight()),
                offset: 0,
            },
            Value::Date(_) => {
                return Err(Fault::invalid(
                    "datetime.truncate() of a date needs a unit of a day or more",
                ));
            }
            other => return Err(wrong("datetime.truncate", "a time or a date", other)),
        };
        temporal::truncate_time(&time, unit)
            .map(Value::DateTime)
            .ok_or_else(out_of_range)
    }),
];

fn months(months: i64) -> Option<Duration> {
    Duration::new(months.into(), 0, 0)
}

fn days(from: Date, to: Date) -> Option<Duration> {
    let days = temporal::epoch_day(to) - temporal::epoch_day(from);
    Duration::new(0, days.into(), 0)
}

pub(crate) fn out_of_range() -> Fault {
    Fault::unsupported("a time beyond the years 0 to 9999 is not supported")
}

/// Cuts a time down to a unit. Unlike others, these functions fail where they are given a null.
const fn truncating(
    name: &'static str,
    result: Type,
    body: fn(&[Value], &dyn Graph) -> Outcome<Value>,
) -> Function {
    Function {
        required: 1,
        strict: false,
        ..function(name, TRUNCATED, result, body)
    }
}

fn unit(function: &str, args: &[Value]) -> Outcome<Unit> {
    if args.len() != 2 {
        let message = format!("{function}() takes a unit and a time here, nothing less and nothing more");
        return Err(Fault::unsupported(message));
    }
    match &args[0] {
        Value::Text(name) => Unit::find(name)
            .ok_or_else(|| Fault::unsupported(format!("{function}() by {name:?} is not supported"))),
        other => Err(wrong(function, "the name of a unit", other)),
    }
}

fn unreadable(text: &str, like: &str) -> Fault {
    Fault::unsupported(format!("{text:?} cannot be read here: write it like {like:?}"))
}

fn date(args: &[Value], graph: &dyn Graph) -> Outcome<Value> {
    Ok(Value::Date(match args.first() {
        None => jiff::tz::Offset::UTC.to_datetime(graph.now()).date(),
        Some(Value::Date(date)) => *date,
        Some(Value::DateTime(time)) => time.local.date(),
        Some(Value::Text(text)) => temporal::date_of(text).ok_or_else(|| unreadable(text, "2026-01-31"))?,
        Some(Value::Map(map)) => {
            let members = Members::of(map, &["year", "month", "day"])?;
            members.date()?
        }
        Some(other) => return Err(wrong("date", "a text, a map, a date or a time", other)),
    }))
}

fn datetime(args: &[Value], graph: &dyn Graph) -> Outcome<Value> {
    Ok(Value::DateTime(match args.first() {
        None => DateTime::from_epoch(graph.now().as_nanosecond(), 0).ok_or_else(out_of_range)?,
        Some(Value::DateTime(time)) => *time,
        Some(Value::Text(text)) => {
            temporal::time_of(text).ok_or_else(|| unreadable(text, "2026-01-31T12:00:00Z"))?
        }
        Some(Value::Map(map)) => time_of(map)?,
        Some(other) => return Err(wrong("datetime", "a text, a map or a time", other)),
    }))
}

fn time_of(map: &Map) -> Outcome<DateTime> {
    let names = [
        "year",
        "month",
        "day",
        "hour",
        "minute",
        "second",
        "millisecond",
        "epochSeconds",
        "epochMillis",
        "timezone",
    ];
    let members = Members::of(map, &names)?;
    let offset = match map.get("timezone") {
        None | Some(Value::Null) => 0,
        Some(Value::Text(zone)) => temporal::offset_of(zone).ok_or_else(|| {
            Fault::unsupported(format!(
                "the time zone {zone:?} is not supported: write an offset such as '+01:00'"
            ))
        })?,
        Some(other) => return Err(wrong("datetime", "a text as its timezone", other)),
    };
    for (name, scale) in [("epochSeconds", NANOS), ("epochMillis", NANOS / 1000)] {
        if let Some(count) = members.get(name)? {
            let only = map
                .iter()
                .all(|(other, _)| **other == *name || &**other == "timezone");
            if !only {
                return Err(Fault::unsupported(format!(
                    "{name} beside other parts is not supported"
                )));
            }
            return DateTime::from_epoch(i128::from(count) * scale, offset).ok_or_else(out_of_range);
        }
    }
    let date = members.date()?;
    let parts = members.in_order(&["day", "hour", "minute", "second", "millisecond"])?;
    let part = |index: usize, below: i64| match parts.get(index).copied().unwrap_or(0) {
        part if (0..below).contains(&part) => Ok(part as i8),
        part => Err(Fault::invalid(format!("{part} is no part of a time"))),
    };
    let millis = parts.get(4).copied().unwrap_or(0);
    if !(0..1000).contains(&millis) {
        return Err(Fault::invalid(format!("{millis} is no part of a time")));
    }
    let local = date.at(
        part(1, 24)?,
        part(2, 60)?,
        part(3, 60)?,
        millis as i32 * 1_000_000,
    );
    Ok(DateTime { local, offset })
}

/// The members of a map that describes a time; a null is none.
struct Members<'a>(&'a Map);

impl<'a> Members<'a> {
    fn of(map: &'a Map, known: &[&str]) -> Outcome<Self> {
        if let Some((name, _)) = map.iter().find(|(name, _)| !known.contains(&&***name)) {
            return Err(Fault::unsupported(format!(
                "the part {name} of a time is not supported: {} are",
                known.join(", ")
            )));
        }
        Ok(Self(map))
    }

    fn get(&self, name: &str) -> Outcome<Option<i64>> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Int(value)) => Ok(Some(*value)),
            Some(other) => Err(Fault::invalid(format!(
                "{name} must be an integer, not {}",
                other.kind_name()
            ))),
        }
    }

    /// Values of units from large to small: none can be left out before another.
    fn in_order(&self, names: &[&str]) -> Outcome<Vec<i64>> {
        let mut values = Vec::new();
        for (index, name) in names.iter().enumerate() {
            if let Some(value) = self.get(name)? {
                if values.len() < index {
                    return Err(Fault::invalid(format!("{name} needs {}", names[index - 1])));
                }
                values.push(value);
            }
        }
        Ok(values)
    }

    fn date(&self) -> Outcome<Date> {
        let parts = self.in_order(&["year", "month", "day"])?;
        let Some(year) = parts.first() else {
            return Err(Fault::invalid("a time needs a year"));
        };
        let (month, day) = (parts.get(1).unwrap_or(&1), parts.get(2).unwrap_or(&1));
        let date = (|| {
            let (month, day) = (i8::try_from(*month).ok()?, i8::try_from(*day).ok()?);
            Date::new(i16::try_from(*year).ok()?, month, day).ok()
        })();
        match date {
            Some(date) if temporal::is_supported(date) => Ok(date),
            _ if !(0..=9999).contains(year) => Err(out_of_range()),
            _ => Err(Fault::invalid(format!(
                "there is no date {year}-{month:02}-{day:02}"
            ))),
        }
    }
}

fn duration(args: &[Value], _: &dyn Graph) -> Outcome<Value> {
    let map = match &args[0] {
        Value::Text(text) => {
            return temporal::duration_of(text)
                .map(Value::duration)
                .ok_or_else(|| unreadable(text, "P7DT12H"));
        }
        Value::Map(map) => map,
        other => return Err(wrong("duration", "a text or a map", other)),
    };
    let (mut months, mut days, mut nanos) = (0, 0, 0);
    for (name, value) in map.iter() {
        let count = match value {
            Value::Int(count) => i128::from(*count),
            Value::Float(_) => {
                let message =
                    format!("a part of {name} is not supported: write whole ones of a smaller unit");
                return Err(Fault::unsupported(message));
            }
            other => return Err(wrong("duration", "numbers in its map", other)),
        };
        match &**name {
            "years" => months += count * 12,
            "months" => months += count,
            "weeks" => days += count * 7,
            "days" => days += count,
            "hours" => nanos += count * 3600 * NANOS,
            "minutes" => nanos += count * 60 * NANOS,
            "seconds" => nanos += count * NANOS,
            "milliseconds" => nanos += count * (NANOS / 1000),
            "microseconds" => nanos += count * (NANOS / 1_000_000),
            "nanoseconds" => nanos += count,
            _ => return Err(Fault::invalid(format!("a duration has no {name}"))),
        }
    }
    if map.len() == 0 {
        return Err(Fault::invalid("a duration needs at least one unit"));
    }
    Duration::new(months, days, nanos)
        .map(Value::duration)
        .ok_or_else(|| Fault::invalid("the duration is too long"))
}
