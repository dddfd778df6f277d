//! What a running operation says of itself, on its way to the job's log.
//!
//! The operation must never wait for the log, and the log must never grow with the operation's talkativeness: the SDK's
//! throttle decides what becomes an event, and whoever writes the log comes and takes what is there.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use atg_sdk::{Counters, EventKind, EventThrottle};
use tokio::sync::Notify;

/// The reports of one job, over all its attempts.
#[derive(Debug, Default)]
pub(crate) struct Reports {
    pending: Mutex<Pending>,
    news: Notify,
}

#[derive(Debug, Default)]
struct Pending {
    throttle: EventThrottle,
    events: Vec<EventKind>,
}

impl Reports {
    /// An attempt begins: progress starts anew, and what an earlier one held back is dropped.
    pub(crate) fn begin_attempt(&self) {
        let mut pending = self.lock();
        pending.throttle.begin_attempt();
        pending.events.clear();
    }

    pub(crate) fn progress(&self, fraction: f64, step: &str, counters: Counters) {
        let step = (!step.is_empty()).then(|| step.to_owned());
        let mut pending = self.lock();
        let event = pending
            .throttle
            .progress(Instant::now(), fraction, step, counters);
        pending.events.extend(event);
        drop(pending);
        // Also for progress that was held back: whoever waits has to learn when it is due.
        self.news.notify_one();
    }

    pub(crate) fn warn(&self, message: String) {
        let mut pending = self.lock();
        let event = pending.throttle.warning(message);
        pending.events.extend(event);
        drop(pending);
        self.news.notify_one();
    }

    /// Returns when there may be something to take.
    pub(crate) async fn news(&self) {
        loop {
            let (ready, due) = {
                let pending = self.lock();
                (!pending.events.is_empty(), pending.throttle.due())
            };
            let news = self.news.notified();
            match due {
                _ if ready => return,
                Some(due) => tokio::select! {
                    () = news => {}
                    () = tokio::time::sleep_until(due.into()) => return,
                },
                None => news.await,
            }
        }
    }

    /// The events that it is time for.
    pub(crate) fn take(&self) -> Vec<EventKind> {
        let mut pending = self.lock();
        let held = pending.throttle.flush(Instant::now());
        pending.events.extend(held);
        std::mem::take(&mut pending.events)
    }

    /// The events that precede the end of an attempt. What was held back is among them, so that the counters of an ended
    /// job are those of its end.
    pub(crate) fn finish(&self) -> Vec<EventKind> {
        let mut pending = self.lock();
        if let Some(due) = pending.throttle.due() {
            let held = pending.throttle.flush(due);
            pending.events.extend(held);
        }
        let left_out = pending.throttle.finish();
        pending.events.extend(left_out);
        std::mem::take(&mut pending.events)
    }

    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
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
        assert_eq!(events.len(), 2, "{events:?}");
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
        reports.progress(0.1, "one", Counters::default());
        assert_eq!(reports.take().len(), 1);
        reports.progress(0.2, "two", Counters::default());
        reports.news().await;
    }
}
