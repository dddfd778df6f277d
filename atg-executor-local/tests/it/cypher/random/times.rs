//! Dates, times and durations.

use super::{Grammar, Kind};

const DATES: &[&str] = &[
    "date('2026-01-31')",
    "date('2024-02-29')",
    "date({year: 2025, month: 12})",
    "date('20260101')",
];
const TIMES: &[&str] = &[
    "datetime('2026-01-02T03:04:05Z')",
    "datetime('2026-03-31T23:30:00.5+02:00')",
    "datetime({epochSeconds: 1700000000})",
    "datetime('2024-02-29')",
];
const DURATIONS: &[&str] = &[
    "duration('P1M')",
    "duration('PT36H')",
    "duration({days: -7, minutes: 90})",
    "duration('-P1Y2M3DT4.5S')",
    "duration('P100D')",
    "null",
];
const UNITS: &[&str] = &["'year'", "'quarter'", "'month'", "'week'", "'day'"];

impl Grammar {
    /// A date, a time or a duration.
    pub(super) fn moment(&mut self, depth: usize) -> (String, Kind) {
        match self.random.below(3) {
            0 => (self.date(depth), Kind::Date),
            1 => (self.time(depth), Kind::Time),
            _ => (self.duration(depth), Kind::Duration),
        }
    }

    fn date(&mut self, depth: usize) -> String {
        if depth > 0 {
            match self.random.below(5) {
                0 => return format!("({} + {})", self.date(depth - 1), self.duration(depth - 1)),
                1 => return format!("({} - {})", self.date(depth - 1), self.duration(depth - 1)),
                2 => return format!("date({})", self.time(depth - 1)),
                3 => {
                    return format!(
                        "date.truncate({}, {})",
                        self.random.pick(UNITS),
                        self.random.pick(DATES)
                    );
                }
                _ => {}
            }
        }
        match self.variable(Kind::Date) {
            Some(name) if self.random.one_in(2) => name,
            _ => self.random.pick(DATES).to_owned(),
        }
    }

    fn time(&mut self, depth: usize) -> String {
        if depth > 0 {
            match self.random.below(5) {
                0 => return format!("({} + {})", self.time(depth - 1), self.duration(depth - 1)),
                1 => return format!("({} - {})", self.time(depth - 1), self.duration(depth - 1)),
                2 => {
                    return format!(
                        "datetime.truncate({}, {})",
                        self.random.pick(UNITS),
                        self.random.pick(TIMES)
                    );
                }
                3 => {
                    if let Some(node) = self.variable(Kind::Node) {
                        return format!("datetime({node}.changed_at)");
                    }
                }
                _ => {}
            }
        }
        match self.variable(Kind::Time) {
            Some(name) if self.random.one_in(2) => name,
            _ => self.random.pick(TIMES).to_owned(),
        }
    }

    fn duration(&mut self, depth: usize) -> String {
        if depth > 0 {
            match self.random.below(6) {
                0 => return format!("({} + {})", self.duration(depth - 1), self.duration(depth - 1)),
                1 => return format!("({} - {})", self.duration(depth - 1), self.duration(depth - 1)),
                2 => {
                    return format!(
                        "({} * {})",
                        self.duration(depth - 1),
                        self.random.pick(&["2", "-1", "3"])
                    );
                }
                3 => {
                    let function = self.random.pick(&["between", "inMonths", "inDays", "inSeconds"]);
                    return format!(
                        "duration.{function}({}, {})",
                        self.date(depth - 1),
                        self.date(depth - 1)
                    );
                }
                4 => {
                    let function = self.random.pick(&["between", "inMonths", "inDays", "inSeconds"]);
                    return format!(
                        "duration.{function}({}, {})",
                        self.time(depth - 1),
                        self.time(depth - 1)
                    );
                }
                _ => {}
            }
        }
        match self.variable(Kind::Duration) {
            Some(name) if self.random.one_in(2) => name,
            _ => self.random.pick(DURATIONS).to_owned(),
        }
    }

    /// An integer that a date, a time or a duration has.
    pub(super) fn of_moment(&mut self, depth: usize) -> String {
        match self.random.below(3) {
            0 => {
                let field = self.random.pick(&[
                    "year",
                    "quarter",
                    "month",
                    "week",
                    "weekYear",
                    "day",
                    "ordinalDay",
                    "dayOfWeek",
                    "dayOfQuarter",
                ]);
                format!("{}.{field}", self.date(depth))
            }
            1 => {
                let field = self.random.pick(&[
                    "year",
                    "week",
                    "hour",
                    "minute",
                    "second",
                    "millisecond",
                    "epochSeconds",
                    "epochMillis",
                    "offsetMinutes",
                ]);
                format!("{}.{field}", self.time(depth))
            }
            _ => {
                let field = self.random.pick(&[
                    "years",
                    "months",
                    "weeks",
                    "days",
                    "hours",
                    "minutes",
                    "seconds",
                    "milliseconds",
                    "monthsOfYear",
                    "minutesOfHour",
                    "secondsOfMinute",
                ]);
                format!("({}).{field}", self.duration(depth))
            }
        }
    }

    /// A comparison of two dates or two times, or of one with something else.
    pub(super) fn moments_compared(&mut self, depth: usize) -> String {
        let operator = self.random.pick(&["=", "<>", "<", "<=", ">", ">="]);
        let (a, b) = match self.random.below(4) {
            0 => (self.date(depth), self.date(depth)),
            1 => (self.time(depth), self.time(depth)),
            2 => (self.duration(depth), self.duration(depth)),
            _ => (self.moment(depth).0, self.value(depth).0),
        };
        format!("({a} {operator} {b})")
    }
}
