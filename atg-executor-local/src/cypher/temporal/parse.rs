//! Dates, times and durations from texts: the usual ones of the many forms that Neo4j reads. The others are refused, for
//! `None` here says only that it is none of these.

use jiff::civil::{Date, Time};

use super::{DateTime, Duration, NANOS};

/// Takes what fits from the front of a text.
struct Reader<'a>(&'a str);

impl Reader<'_> {
    fn digits(&mut self, count: usize) -> Option<u32> {
        let digits = self.0.get(..count)?;
        let value = digits
            .bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| digits.parse().ok())??;
        self.0 = &self.0[count..];
        Some(value)
    }

    fn eat(&mut self, chars: &[char]) -> Option<char> {
        let first = self.0.chars().next().filter(|first| chars.contains(first))?;
        self.0 = &self.0[first.len_utf8()..];
        Some(first)
    }

    fn is_done(&self) -> bool {
        self.0.is_empty()
    }

    /// `2026-01-31` or `20260131`
    fn date(&mut self) -> Option<Date> {
        let year = self.digits(4)?;
        let extended = self.eat(&['-']).is_some();
        let month = self.digits(2)?;
        if extended {
            self.eat(&['-'])?;
        }
        let day = self.digits(2)?;
        Date::new(
            i16::try_from(year).ok()?,
            i8::try_from(month).ok()?,
            i8::try_from(day).ok()?,
        )
        .ok()
    }

    /// `03`, `03:04`, `03:04:05`, `03:04:05.678`, and the same without colons.
    fn time(&mut self) -> Option<Time> {
        let hour = self.digits(2)?;
        let extended = self.eat(&[':']).is_some();
        let (mut minute, mut second, mut nanos) = (0, 0, 0);
        if extended || self.0.starts_with(|c: char| c.is_ascii_digit()) {
            minute = self.digits(2)?;
            let more = if extended {
                self.eat(&[':']).is_some()
            } else {
                self.0.starts_with(|c: char| c.is_ascii_digit())
            };
            if more {
                second = self.digits(2)?;
                if self.eat(&['.', ',']).is_some() {
                    nanos = self.fraction()?;
                }
            }
        }
        Time::new(
            i8::try_from(hour).ok()?,
            i8::try_from(minute).ok()?,
            i8::try_from(second).ok()?,
            nanos,
        )
        .ok()
    }

    /// One to nine digits as nanoseconds.
    fn fraction(&mut self) -> Option<i32> {
        let count = self.0.bytes().take_while(u8::is_ascii_digit).count();
        if !(1..=9).contains(&count) {
            return None;
        }
        let digits = &self.0[..count];
        self.0 = &self.0[count..];
        format!("{digits:0<9}").parse().ok()
    }

    /// `Z`, `+01`, `+01:30` or `+0130`, in seconds.
    fn offset(&mut self) -> Option<i32> {
        let sign = match self.eat(&['Z', 'z', '+', '-'])? {
            'Z' | 'z' => return Some(0),
            '-' => -1,
            _ => 1,
        };
        let hours = self.digits(2)?;
        let minutes = if self.eat(&[':']).is_some() || !self.is_done() {
            self.digits(2)?
        } else {
            0
        };
        let seconds = i32::try_from(hours * 3600 + minutes * 60).ok()?;
        (minutes < 60 && seconds <= 18 * 3600).then_some(sign * seconds)
    }
}

pub(crate) fn date_of(text: &str) -> Option<Date> {
    let mut reader = Reader(text);
    let date = reader.date()?;
    reader.is_done().then_some(date)
}

/// Without an offset it is UTC.
pub(crate) fn time_of(text: &str) -> Option<DateTime> {
    let mut reader = Reader(text);
    let date = reader.date()?;
    let (mut time, mut offset) = (Time::midnight(), 0);
    if !reader.is_done() {
        reader.eat(&['T', 't'])?;
        time = reader.time()?;
        if !reader.is_done() {
            offset = reader.offset()?;
        }
    }
    reader.is_done().then(|| DateTime {
        local: date.to_datetime(time),
        offset,
    })
}

/// An offset as a member of a map has it: `Z` or `+01:30`.
pub(crate) fn offset_of(text: &str) -> Option<i32> {
    let mut reader = Reader(text);
    let offset = reader.offset()?;
    let is_plain = text == "Z" || text.len() == "+01:30".len();
    (reader.is_done() && is_plain).then_some(offset)
}

/// `P1Y2M3W4DT5H6M7.8S`, whole but for the seconds.
pub(crate) fn duration_of(text: &str) -> Option<Duration> {
    let upper = text.to_ascii_uppercase();
    let (sign, rest) = match upper.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, upper.strip_prefix('+').unwrap_or(&upper)),
    };
    let rest = rest.strip_prefix('P')?;
    let (date, time) = match rest.split_once('T') {
        Some((_, "")) => return None,
        Some((date, time)) => (date, time),
        None => (rest, ""),
    };
    if date.is_empty() && time.is_empty() {
        return None;
    }
    let (mut months, mut days, mut nanos) = (0, 0, 0);
    for (count, unit) in parts(date, "YMWD")? {
        let count = count.parse::<i64>().ok().map(i128::from)?;
        match unit {
            'Y' => months += count * 12,
            'M' => months += count,
            'W' => days += count * 7,
            _ => days += count,
        }
    }
    for (count, unit) in parts(time, "HMS")? {
        let scale = match unit {
            'H' => 3600,
            'M' => 60,
            _ => {
                nanos += seconds(count)?;
                continue;
            }
        };
        nanos += count.parse::<i64>().ok().map(i128::from)? * scale * NANOS;
    }
    Duration::new(months * sign, days * sign, nanos * sign)
}

/// Numbers with their units, each unit at most once and in order.
fn parts<'a>(mut text: &'a str, mut units: &str) -> Option<Vec<(&'a str, char)>> {
    let mut parts = Vec::new();
    while !text.is_empty() {
        let end = text.find(|c: char| c.is_ascii_alphabetic())?;
        let unit = text[end..].chars().next()?;
        let at = units.find(unit)?;
        units = &units[at + 1..];
        let number = &text[..end];
        if !number
            .trim_start_matches(['+', '-'])
            .starts_with(|c: char| c.is_ascii_digit())
        {
            return None;
        }
        parts.push((number, unit));
        text = &text[end + 1..];
    }
    Some(parts)
}

/// Seconds with a fraction, as nanoseconds.
fn seconds(text: &str) -> Option<i128> {
    let (whole, fraction) = match text.split_once(['.', ',']) {
        Some((whole, fraction)) => {
            let mut reader = Reader(fraction);
            let nanos = reader.fraction()?;
            (whole, reader.is_done().then_some(nanos)?)
        }
        None => (text, 0),
    };
    let seconds = whole.parse::<i64>().ok().map(i128::from)?;
    let fraction = i128::from(fraction);
    Some(
        seconds * NANOS
            + if whole.starts_with('-') {
                -fraction
            } else {
                fraction
            },
    )
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{super::text, *};

    #[rstest]
    #[case("2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z")]
    #[case("2026-01-02T03:04:05.120+01:30", "2026-01-02T03:04:05.12+01:30")]
    #[case("20260102T030405-0100", "2026-01-02T03:04:05-01:00")]
    #[case("2026-01-02T03", "2026-01-02T03:00:00Z")]
    #[case("2026-01-02", "2026-01-02T00:00:00Z")]
    fn times_are_read(#[case] from: &str, #[case] to: &str) {
        assert_eq!(text::time_text(&time_of(from).unwrap()), to);
    }

    #[rstest]
    #[case("2026-02-30")]
    #[case("2026-01-02 03:04:05Z")]
    #[case("2026-01-02T24:00:00Z")]
    #[case("2026-01-02T03:04:05+18:01")]
    #[case("2026-01-02T03:04:05+1:00")]
    #[case("2026-01-02T")]
    #[case("2026-01-02Z")]
    #[case("2026-01-02T03:04:05.Z")]
    #[case("2026-01-02T03:04:05[Europe/Paris]")]
    #[case("")]
    fn other_times_are_not(#[case] from: &str) {
        assert_eq!(time_of(from), None);
    }

    #[rstest]
    #[case("P1Y2M3W4DT5H6M7.5S", "P1Y2M25DT5H6M7.5S")]
    #[case("-P1D", "P-1D")]
    #[case("PT-0.5S", "PT-0.5S")]
    #[case("PT-1H30M", "PT-30M")]
    #[case("PT-3600.25S", "PT-1H-0.25S")]
    #[case("P-1Y2M", "P-10M")]
    #[case("PT24H", "PT24H")]
    #[case("PT0S", "PT0S")]
    fn durations_are_read_and_written(#[case] from: &str, #[case] to: &str) {
        assert_eq!(text::duration_text(&duration_of(from).unwrap()), to);
    }

    #[rstest]
    #[case("P")]
    #[case("P1DT")]
    #[case("P1D1Y")]
    #[case("PT.5S")]
    #[case("PT5.S")]
    #[case("P1.5D")]
    #[case("7 days")]
    fn other_durations_are_not(#[case] from: &str) {
        assert_eq!(duration_of(from), None);
    }
}
