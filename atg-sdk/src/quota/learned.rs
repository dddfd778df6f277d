//! A rate that nobody tells: found from refusals alone.
//!
//! A refusal means that the bucket is empty. Between two refusals, then, exactly as much came back as was used: that, over
//! the time between, is the rate. We stay a little below it and creep up, so that a refusal comes once in some hundred calls,
//! and a quota that grew is found again.

use serde::{Deserialize, Serialize};

/// Where we start below the measured rate, so that the bucket first fills a little.
const BELOW: f64 = 0.97;
/// How much of the measured rate each call adds.
const CREEP: f64 = 0.000_2;
/// After so many calls without refusal the measurement is forgotten: the rate then grows by its cube.
const MEMORY: f64 = 1_000.0;
/// A measurement over fewer calls, or over less time, says little: it goes on through further refusals, at each of which the
/// bucket is empty too.
const ENOUGH_CALLS: f64 = 10.0;
const ENOUGH_TIME: f64 = 1.0;
/// After so long it says that there is next to nothing.
const LONG: f64 = 10.0;
/// Below one call a second our own pace decides how long a measurement takes, and a refusal that has nothing to do with it
/// would halve the pace, and so on, down to nothing. So a measurement over few calls halves it at most, and each call that
/// goes well raises it, by more than one refusal in four takes away.
const SLOW: f64 = 1.0;
const RECOVERY: f64 = 1.3;
/// However often it is refused: otherwise refusals that have nothing to do with the pace would in the end bring it to a halt.
const SLOWEST: f64 = 1.0 / 30.0;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Learned {
    /// The measured rate; `None` before the second refusal.
    rate: Option<f64>,
    /// When the bucket was last known to be empty, in seconds of the allowance's own time.
    empty_at: Option<f64>,
    /// What was used since then.
    used: f64,
}

impl Learned {
    /// A call that went well.
    pub(super) fn used(&mut self, cost: f64) {
        if self.empty_at.is_some() {
            self.used += cost;
        }
    }

    /// One that was refused.
    pub(super) fn refused(&mut self, now: f64, rate: f64) {
        if let Some(then) = self.empty_at {
            let time = now - then;
            if time < ENOUGH_TIME || (self.used < ENOUGH_CALLS && time < LONG) {
                return;
            }
            let measured = self.used.max(0.5) / time;
            let least = match self.rate() {
                Some(rate) if self.used < ENOUGH_CALLS => rate.min(SLOW) / 2.0,
                _ => 0.0,
            };
            self.rate = Some(measured.max(least));
        } else if rate.is_finite() {
            // Nothing is measured yet. Half is a guess that errs on the safe side, and not for long.
            self.rate = Some(rate / 2.0);
        }
        self.empty_at = Some(now);
        self.used = 0.0;
    }

    /// The answers tell what is left: nothing has to be guessed any more.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// How fast to go; `None` while nothing was learned.
    pub(super) fn rate(&self) -> Option<f64> {
        let used = self.used;
        self.rate.map(|rate| {
            let crept = rate * (BELOW + CREEP * used + (used / MEMORY).powi(3));
            crept.max((rate * RECOVERY.powf(used)).min(SLOW)).max(SLOWEST)
        })
    }
}
