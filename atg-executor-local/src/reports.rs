//! What a running operation says of itself, on its way to the job's log.
//!
//! The operation must never wait for the log, and the log must never grow with the operation's talkativeness: the SDK's
//! throttle decides what becomes an event, and whoever writes the log comes and takes what is there.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use atg_sdk::{Counters, EventKind, EventThrottle};
use tokio::{sync::Notify, time::sleep_until};

/// Warnings are gathered for so long before they are written: each write waits for the disk.
const GATHER: Duration = Duration::from_millis(50);

/// The reports of one job, over all its attempts.
#[derive(Debug, Default)]
pub(crate) struct Reports {
    pending: Mutex<Pending>,
    news: Notify,
}

#[derive(Debug, Default)]
struct Pending {
    throttle: EventThrottle,
    warnings: Vec<EventKind>,
    /// When the first of these warnings came.
    warned_at: Option<Instant>,
    progress: Option<Progress>,
    /// Not before that time. An attempt begins with a pause, and what it saves is spent on the last progress, which is
    /// written however soon it follows another: the counters of an ended job are those of its end.
    progress_from: Option<Instant>,
    furthest: f64,
}

#[derive(Debug)]
struct Progress {
    fraction: f64,
    step: Option<String>,
    counters: Counters,
}

impl Reports {
    /// An attempt begins: progress starts anew.
    pub(crate) fn begin_attempt(&self) {
        let mut pending = self.lock();
        pending.throttle.begin_attempt();
        pending.progress = None;
        pending.progress_from = Some(Instant::now() + EventThrottle::INTERVAL);
        pending.furthest = 0.0;
    }

    pub(crate) fn progress(&self, fraction: f64, step: &str, counters: Counters) {
        let mut pending = self.lock();
        let first = pending.progress.is_none();
        pending.furthest = pending.furthest.max(fraction);
        pending.progress = Some(Progress {
            fraction: pending.furthest,
            step: (!step.is_empty()).then(|| step.to_owned()),
            counters,
        });
        drop(pending);
        if first {
            self.news.notify_one();
        }
    }

    pub(crate) fn warn(&self, message: String) {
        let mut pending = self.lock();
        let event = pending.throttle.warning(message);
        pending.warnings.extend(event);
        let first = pending.warned_at.is_none() && !pending.warnings.is_empty();
        if first {
            pending.warned_at = Some(Instant::now());
        }
        drop(pending);
        if first {
            self.news.notify_one();
        }
    }

    /// Returns when there is something to write.
    pub(crate) async fn due(&self) {
        loop {
            let due = self.lock().due();
            match due {
                Some(due) if due <= Instant::now() => return,
                Some(due) => tokio::select! {
                    () = self.news.notified() => {}
                    () = sleep_until(due.into()) => return,
                },
                None => self.news.notified().await,
            }
        }
    }

    /// The events that it is time for.
    pub(crate) fn take(&self) -> Vec<EventKind> {
        let mut pending = self.lock();
        let now = Instant::now();
        let mut events = pending.take_warnings();
        if pending.progress_from.is_none_or(|from| from <= now)
            && let Some(progress) = pending.progress.take()
        {
            events.extend(pending.throttle.progress(
                now,
                progress.fraction,
                progress.step,
                progress.counters,
            ));
            let held_until = pending.throttle.due();
            pending.progress_from = Some(held_until.unwrap_or(now + EventThrottle::INTERVAL));
        } else {
            let held = pending.throttle.flush(now);
            events.extend(held);
        }
        events
    }

    /// The events that precede the end of an attempt: the last progress, and how many warnings were left out.
    pub(crate) fn finish(&self) -> Vec<EventKind> {
        let mut pending = self.lock();
        let now = Instant::now();
        let mut events = pending.take_warnings();
        if let Some(progress) = pending.progress.take() {
            let event = pending
                .throttle
                .progress(now, progress.fraction, progress.step, progress.counters);
            events.extend(event);
        }
        if let Some(due) = pending.throttle.due() {
            let held = pending.throttle.flush(due);
            events.extend(held);
        }
        let left_out = pending.throttle.finish();
        events.extend(left_out);
        events
    }

    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pending {
    fn due(&self) -> Option<Instant> {
        let warnings = self.warned_at.map(|at| at + GATHER);
        let progress = self
            .progress
            .as_ref()
            .map(|_| self.progress_from.unwrap_or_else(Instant::now));
        // What the throttle holds back came through here before.
        let held = self.throttle.due();
        [warnings, progress, held].into_iter().flatten().min()
    }

    fn take_warnings(&mut self) -> Vec<EventKind> {
        self.warned_at = None;
        std::mem::take(&mut self.warnings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_progress_arrives_however_fast_it_came() {
        let reports = Reports::default();
        for number in 0..=1000_u32 {
            reports.progress(
                f64::from(number) / 1000.0,
                "working",
                Counters {
                    resources: u64::from(number),
                    ..Counters::default()
                },
            );
        }
        let events = reports.finish();
        assert_eq!(events.len(), 1, "{events:?}");
        let Some(EventKind::Progress {
            progress, counters, ..
        }) = events.last()
        else {
            panic!("{events:?}");
        };
        assert_eq!((*progress, counters.resources), (1.0, 1000));
    }

    #[test]
    fn warnings_past_the_limit_are_counted_before_the_end() {
        let reports = Reports::default();
        for number in 0..EventThrottle::MAX_WARNINGS + 7 {
            reports.warn(number.to_string());
        }
        assert_eq!(reports.take().len() as u64, EventThrottle::MAX_WARNINGS);
        assert!(matches!(
            reports.finish()[..],
            [EventKind::Warning { suppressed: 7, .. }]
        ));
    }

    #[tokio::test]
    async fn what_was_held_back_comes_when_it_is_due() {
        let reports = Reports::default();
        reports.begin_attempt();
        reports.progress(0.1, "one", Counters::default());
        assert!(reports.take().is_empty(), "an attempt begins with a pause");
        for _ in 0..2 {
            reports.progress(0.2, "two", Counters::default());
            reports.due().await;
            assert_eq!(reports.take().len(), 1);
        }
    }

    #[test]
    fn progress_never_goes_back() {
        let reports = Reports::default();
        reports.progress(0.5, "half", Counters::default());
        reports.progress(f64::NAN, "", Counters::default());
        reports.progress(0.2, "less", Counters::default());
        let events = reports.finish();
        assert!(
            matches!(events[..], [EventKind::Progress { progress: 0.5, .. }]),
            "{events:?}"
        );
    }
}
