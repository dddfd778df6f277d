//! So many in a stretch of time that begins with the first.

use jiff::{SignedDuration, Timestamp};

use super::Count;

/// A stretch of time and what was used in it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    begun: Timestamp,
    used: u64,
}

impl Window {
    /// One that begins now.
    pub(crate) const fn new(now: Timestamp) -> Self {
        Self { begun: now, used: 0 }
    }

    /// Takes so many, in a new stretch where the old one is over; `false` where too few are left.
    pub(crate) fn take(&mut self, count: Count, stolen: f64, amount: u64, now: Timestamp) -> bool {
        if now >= self.end(count) {
            *self = Self::new(now);
        }
        let fits = self.used + amount <= allowed(count, stolen);
        if fits {
            self.used += amount;
        }
        fits
    }

    /// What is left of it.
    pub(crate) fn left(&self, count: Count, stolen: f64) -> u64 {
        allowed(count, stolen).saturating_sub(self.used)
    }

    /// Whole seconds until it is over, at least 1.
    pub(crate) fn wait(&self, count: Count, now: Timestamp) -> u64 {
        let left = self.end(count).duration_since(now).as_millis();
        u64::try_from(left).unwrap_or_default().div_ceil(1000).max(1)
    }

    fn end(&self, count: Count) -> Timestamp {
        let seconds = i64::try_from(count.seconds).unwrap_or(i64::MAX);
        self.begun
            .checked_add(SignedDuration::from_secs(seconds))
            .unwrap_or(Timestamp::MAX)
    }
}

/// What is left for this caller when somebody else uses a share.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "counts of calls"
)]
fn allowed(count: Count, stolen: f64) -> u64 {
    (count.count as f64 * (1.0 - stolen)) as u64
}
