//! What a running operation says of itself, on its way to the job's log.
//!
//! The operation must never wait for the log, and the log must never grow with the operation's talkativeness: of
//! progress only the latest is kept, warnings are counted past a limit, and whoever writes the log empties this when it
//! is ready for more.

use std::sync::{Mutex, MutexGuard, PoisonError};

use atg_sdk::Counters;
use tokio::sync::Notify;

/// Warnings that are kept in words; those after them are counted.
const MAX_WARNINGS: u64 = 1000;

/// The latest of what an operation reported.
#[derive(Debug, Default)]
pub(crate) struct Reports {
    pending: Mutex<Pending>,
    something: Notify,
}

#[derive(Debug, Default)]
struct Pending {
    progress: Option<Progress>,
    warnings: Vec<String>,
    warned: u64,
    suppressed: u64,
    /// Progress never goes back, whatever an operation says.
    furthest: f64,
}

/// The latest progress.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Progress {
    pub(crate) fraction: f64,
    pub(crate) step: Option<String>,
    pub(crate) counters: Counters,
}

impl Reports {
    pub(crate) fn progress(&self, fraction: f64, step: &str, counters: Counters) {
        let mut pending = self.lock();
        // A division by zero in an operation is no reason to lose its step.
        let fraction = if fraction.is_finite() {
            fraction.clamp(0.0, 1.0)
        } else {
            0.0
        };
        pending.furthest = pending.furthest.max(fraction);
        pending.progress = Some(Progress {
            fraction: pending.furthest,
            step: (!step.is_empty()).then(|| step.to_owned()),
            counters,
        });
        drop(pending);
        self.something.notify_one();
    }

    pub(crate) fn warn(&self, message: String) {
        let mut pending = self.lock();
        if pending.warned < MAX_WARNINGS {
            pending.warned += 1;
            pending.warnings.push(message);
            drop(pending);
            self.something.notify_one();
        } else {
            pending.suppressed += 1;
        }
    }

    /// Waits until there is something to write.
    pub(crate) async fn something(&self) {
        self.something.notified().await;
    }

    /// The latest progress, once.
    pub(crate) fn take_progress(&self) -> Option<Progress> {
        self.lock().progress.take()
    }

    /// The warnings since the last call, in order.
    pub(crate) fn take_warnings(&self) -> Vec<String> {
        std::mem::take(&mut self.lock().warnings)
    }

    /// How many warnings were only counted.
    pub(crate) fn suppressed(&self) -> u64 {
        self.lock().suppressed
    }

    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_latest_progress_is_kept_and_it_never_goes_back() {
        let reports = Reports::default();
        reports.progress(0.5, "half", Counters::default());
        reports.progress(0.25, "less", Counters::default());
        reports.progress(f64::NAN, "nonsense", Counters::default());
        let progress = reports.take_progress().unwrap();
        assert_eq!(
            (progress.fraction, progress.step.as_deref()),
            (0.5, Some("nonsense"))
        );
        assert_eq!(reports.take_progress(), None);
    }

    #[test]
    fn warnings_past_the_limit_are_counted() {
        let reports = Reports::default();
        for number in 0..MAX_WARNINGS + 7 {
            reports.warn(number.to_string());
        }
        assert_eq!(reports.take_warnings().len() as u64, MAX_WARNINGS);
        reports.warn("one more".to_owned());
        assert!(reports.take_warnings().is_empty());
        assert_eq!(reports.suppressed(), 8);
    }
}
