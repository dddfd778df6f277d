//! How many events a job may have: the flood that an operation reports, thinned out before it reaches a log.

#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use crate::{Counters, EventKind};

/// Lets through at most four progress events a second and ten thousand a job, and a thousand warnings and then their
/// number.
///
/// The newest progress is held back rather than dropped, so that a step that lasts an hour is seen even though it began
/// right after another. So that the ten thousand last for days and not for forty minutes, the interval doubles with
/// every thousand events: a scan of two hours still speaks every few seconds.
///
/// It holds no clock: whoever owns it says what time it is, and calls [`flush`](Self::flush) at [`due`](Self::due).
/// One belongs to a job, not to an attempt; [`begin_attempt`](Self::begin_attempt) says when progress begins anew.
#[derive(Debug, Clone, Default)]
pub struct EventThrottle {
    progress_events: u32,
    warnings: u64,
    reached: f64,
    last: Option<Instant>,
    held: Option<Progress>,
}

#[derive(Debug, Clone)]
struct Progress {
    fraction: f64,
    step: Option<String>,
    counters: Counters,
}

impl EventThrottle {
    /// The shortest time between two progress events.
    pub const INTERVAL: Duration = Duration::from_millis(250);
    /// How many progress events a job may have.
    pub const MAX_PROGRESS: u32 = 10_000;
    /// How many warnings are let through before they are only counted.
    pub const MAX_WARNINGS: u64 = 1_000;
    const DOUBLE_AFTER: u32 = 1_000;

    /// For a job that has no events yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// For a job whose log holds that many already, from earlier attempts.
    #[must_use]
    pub fn resume(progress_events: u32, warnings: u64) -> Self {
        Self {
            progress_events,
            warnings,
            ..Self::default()
        }
    }

    /// Says that an attempt begins: progress may start from 0 again.
    pub fn begin_attempt(&mut self) {
        self.reached = 0.0;
        self.held = None;
    }

    /// The event for this progress, if it is time for one; otherwise it is held back.
    ///
    /// A fraction that goes back, leaves 0.0 to 1.0 or is not a number is put right: the reducer would refuse it, and an
    /// operation that estimates badly should not fail for it.
    pub fn progress(
        &mut self,
        now: Instant,
        fraction: f64,
        step: Option<String>,
        counters: Counters,
    ) -> Option<EventKind> {
        // Rounded down, so that 1.0 means all of it; four digits are more than anybody sees.
        let fraction = (fraction.clamp(0.0, 1.0) * 1e4).floor() / 1e4;
        if fraction > self.reached {
            self.reached = fraction;
        }
        self.held = Some(Progress {
            fraction: self.reached,
            step,
            counters,
        });
        self.flush(now)
    }

    /// When to call [`flush`](Self::flush) for what is held back; `None` when nothing is, or nothing may follow.
    #[must_use]
    pub fn due(&self) -> Option<Instant> {
        self.held.as_ref()?;
        let last = self.last?;
        (self.progress_events < Self::MAX_PROGRESS).then(|| last + self.interval())
    }

    /// The event for what was held back, if it is time for it.
    pub fn flush(&mut self, now: Instant) -> Option<EventKind> {
        let early = self.last.is_some_and(|last| now < last + self.interval());
        if early || self.progress_events >= Self::MAX_PROGRESS {
            return None;
        }
        let held = self.held.take()?;
        self.last = Some(now);
        self.progress_events += 1;
        Some(EventKind::Progress {
            progress: held.fraction,
            step: held.step,
            counters: held.counters,
        })
    }

    /// The event for this warning; `None` once warnings are only counted.
    pub fn warning(&mut self, message: impl Into<String>) -> Option<EventKind> {
        self.warnings += 1;
        (self.warnings <= Self::MAX_WARNINGS).then(|| EventKind::Warning {
            message: message.into(),
            suppressed: 0,
        })
    }

    /// What is still to be said before the event that ends an attempt: the number of warnings that were left out.
    pub fn finish(&mut self) -> Option<EventKind> {
        let suppressed = self.warnings.saturating_sub(Self::MAX_WARNINGS);
        self.warnings = self.warnings.min(Self::MAX_WARNINGS);
        (suppressed > 0).then(|| EventKind::Warning {
            message: format!("{suppressed} further warnings were left out; the job's report has all of them"),
            suppressed,
        })
    }

    fn interval(&self) -> Duration {
        Self::INTERVAL * 2_u32.pow(self.progress_events / Self::DOUBLE_AFTER)
    }
}
