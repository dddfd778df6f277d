//! Rates and time left, and when a plain line is due. Pure: the time comes in as an argument.

use std::time::{Duration, Instant};

use atg_sdk::Counters;

use crate::words;

/// Work that ends sooner needs no plain lines at all.
const FIRST_LINE: Duration = Duration::from_secs(2);
/// Between two lines about the same step.
const SAME_STEP: Duration = Duration::from_secs(10);
/// Between two lines about different steps: a log is not an animation.
const NEW_STEP: Duration = Duration::from_secs(2);
/// Rates are taken over about that time, so that they follow what happens now.
const WINDOW: Duration = Duration::from_secs(5);

/// Where a job stands, in figures for people.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Snapshot {
    pub(super) fraction: f64,
    pub(super) step: String,
    counters: Counters,
    /// Resources a second, where it can be told.
    rate: Option<f64>,
    left: Option<Duration>,
}

impl Snapshot {
    /// `902 resources (451/s), 2,841 relationships, 12 s left`
    pub(super) fn figures(&self) -> String {
        let mut parts = Vec::new();
        if self.counters.resources > 0 {
            let rate = self.rate.map_or_else(String::new, |rate| {
                format!(" ({}/s)", words::thousands(rate.round() as u64))
            });
            parts.push(format!(
                "{}{rate}",
                words::count(self.counters.resources, "resource", "resources")
            ));
        }
        if self.counters.relationships > 0 {
            parts.push(words::count(
                self.counters.relationships,
                "relationship",
                "relationships",
            ));
        }
        if self.counters.requests > 0 {
            parts.push(words::count(self.counters.requests, "request", "requests"));
        }
        if self.counters.throttled > 0 {
            parts.push(format!("{} throttled", words::thousands(self.counters.throttled)));
        }
        if let Some(left) = self.left {
            parts.push(format!("{} left", words::about(left)));
        }
        parts.join(", ")
    }
}

/// Remembers enough to tell how fast things go.
#[derive(Debug)]
pub(super) struct Pace {
    begun: Instant,
    /// Where the current rate is measured from.
    window: Option<(Instant, u64)>,
    rate: Option<f64>,
    last_line: Option<(Instant, String)>,
}

impl Pace {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            begun: now,
            window: None,
            rate: None,
            last_line: None,
        }
    }

    /// Takes a report in.
    pub(super) fn take(&mut self, now: Instant, fraction: f64, step: &str, counters: Counters) -> Snapshot {
        let (since, base) = *self.window.get_or_insert((self.begun, 0));
        let span = now.saturating_duration_since(since);
        if span >= Duration::from_millis(500) && counters.resources > base {
            self.rate = Some((counters.resources - base) as f64 / span.as_secs_f64());
        }
        if span >= WINDOW {
            // A step without resources (resolving edges) has no rate of its own.
            if counters.resources == base {
                self.rate = None;
            }
            self.window = Some((now, counters.resources));
        }
        Snapshot {
            fraction,
            step: step.to_owned(),
            counters,
            rate: self.rate,
            left: self.time_left(now, fraction),
        }
    }

    /// An honest guess needs some time and some progress to go by.
    fn time_left(&self, now: Instant, fraction: f64) -> Option<Duration> {
        let elapsed = now.saturating_duration_since(self.begun);
        if elapsed < Duration::from_secs(2) || !(0.05..1.0).contains(&fraction) {
            return None;
        }
        let left = elapsed.mul_f64((1.0 - fraction) / fraction);
        Some(Duration::from_secs(left.as_secs() + 1))
    }

    /// Whether a plain line about this is due; if so, it counts as written.
    pub(super) fn is_line_due(&mut self, now: Instant, snapshot: &Snapshot) -> bool {
        let is_due = match &self.last_line {
            None => now.saturating_duration_since(self.begun) >= FIRST_LINE,
            Some((at, step)) => {
                let pause = if *step == snapshot.step {
                    SAME_STEP
                } else {
                    NEW_STEP
                };
                now.saturating_duration_since(*at) >= pause
            }
        };
        if is_due {
            self.last_line = Some((now, snapshot.step.clone()));
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resources(resources: u64) -> Counters {
        Counters {
            resources,
            ..Counters::default()
        }
    }

    #[test]
    fn figures_name_rate_and_time_left() {
        let begun = Instant::now();
        let mut pace = Pace::new(begun);
        let snapshot = pace.take(begun + Duration::from_secs(4), 0.5, "resources", resources(4_000));
        assert_eq!(snapshot.figures(), "4,000 resources (1,000/s), 5 s left");
    }

    #[test]
    fn a_guess_waits_for_something_to_go_by() {
        let begun = Instant::now();
        let mut pace = Pace::new(begun);
        assert_eq!(
            pace.take(begun + Duration::from_secs(1), 0.5, "a", resources(0))
                .left,
            None
        );
        assert_eq!(
            pace.take(begun + Duration::from_secs(9), 0.01, "a", resources(0))
                .left,
            None
        );
        assert_eq!(
            pace.take(begun + Duration::from_secs(9), 1.0, "a", resources(0))
                .left,
            None
        );
    }

    #[test]
    fn the_rate_follows_what_happens_now() {
        let begun = Instant::now();
        let at = |seconds| begun + Duration::from_secs(seconds);
        let mut pace = Pace::new(begun);
        pace.take(at(6), 0.1, "a", resources(6_000));
        assert_eq!(pace.take(at(8), 0.2, "a", resources(6_200)).rate, Some(100.0));
        pace.take(at(12), 0.3, "b", resources(6_200));
        pace.take(at(18), 0.4, "b", resources(6_200));
        assert_eq!(pace.take(at(19), 0.5, "b", resources(6_200)).rate, None);
    }

    #[test]
    fn plain_lines_come_late_and_seldom() {
        let begun = Instant::now();
        let mut pace = Pace::new(begun);
        let due = |pace: &mut Pace, seconds, step| {
            let now = begun + Duration::from_secs(seconds);
            let snapshot = pace.take(now, 0.5, step, resources(1));
            pace.is_line_due(now, &snapshot)
        };
        assert!(!due(&mut pace, 1, "a"));
        assert!(due(&mut pace, 2, "a"));
        assert!(!due(&mut pace, 3, "b"));
        assert!(due(&mut pace, 4, "b"));
        assert!(!due(&mut pace, 13, "b"));
        assert!(due(&mut pace, 14, "b"));
    }
}
