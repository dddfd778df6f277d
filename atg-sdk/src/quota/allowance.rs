//! What is left of one quota, as far as one can know it from outside.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{QuotaLimit, QuotaReading, QuotaVerdict, Refill, learned::Learned};

/// A full bucket is emptied at so many times the rate at which it refills, not all at once: if somebody else has used some of
/// it, the first answers say so before everything is under way.
const BURST_PACE: f64 = 4.0;
/// The same where answers do not say: then only a refusal tells, and takes along whatever is under way.
const BLIND_PACE: f64 = 1.6;
/// Of what is documented so much is used however often it is refused.
const SLOWEST: f64 = 100.0;
/// The longest that a refusal without `Retry-After` stops a bucket.
const LONGEST_GUESS: f64 = 30.0;
/// How fast the estimate of what others use follows what is seen, in seconds.
const FOLLOWING: f64 = 3.0;
/// Calls that were never settled, of a worker that died, are forgotten when for so long none was granted or settled.
const ABANDONED: f64 = 120.0;
/// Azure tells times in whole seconds.
const ROUNDING: f64 = 1.0;
/// On top of a window's end: clocks differ a little, and a call that comes too early is refused.
const GRACE: f64 = 0.02;

/// What is left of one quota. Pure: it is told the time.
///
/// Our own count leads, the answers correct it: others use the same quota, and documentation is not always true. What an
/// answer says is older than the calls made since, which is allowed for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Allowance {
    limit: QuotaLimit,
    /// Time is counted in seconds from here.
    origin: Timestamp,
    /// What is left, by our count.
    left: f64,
    /// When that was.
    at: f64,
    /// Granted and not yet settled.
    in_flight: f64,
    /// When something was last granted or settled.
    active: f64,
    /// No call before that.
    blocked_until: f64,
    /// The next call of a burst.
    next: f64,
    /// When all is back. Of windows only; `None` until the first answer in one.
    window_ends: Option<f64>,
    /// When the first call of the window was granted.
    window_from: Option<f64>,
    /// Refusals since the last call that went well.
    refusals: u32,
    /// What others use, a second.
    others: f64,
    /// Answers so far.
    answers: u64,
    /// Whether answers say what is left.
    told: bool,
    /// How long answers take.
    latency: f64,
    learned: Learned,
}

impl Allowance {
    /// A full one.
    #[must_use]
    pub fn new(limit: QuotaLimit, now: Timestamp) -> Self {
        Self {
            limit,
            origin: now,
            left: f64::from(limit.burst),
            at: 0.0,
            in_flight: 0.0,
            active: 0.0,
            blocked_until: 0.0,
            next: 0.0,
            window_ends: None,
            window_from: None,
            refusals: 0,
            others: 0.0,
            answers: 0,
            told: false,
            latency: 0.0,
            learned: Learned::default(),
        }
    }

    /// Asks for leave to make a call.
    pub fn take(&mut self, now: Timestamp, cost: u32) -> QuotaVerdict {
        let now = self.seconds(now);
        // A cost beyond the whole of it would wait for ever: it gets the whole.
        let cost = match self.limit.burst {
            0 => f64::from(cost),
            burst => f64::from(cost.min(burst)),
        };
        self.refill(now);
        let ready = self.blocked_until.max(self.next).max(self.enough_at(now, cost));
        if ready > now {
            return QuotaVerdict::Wait(Duration::from_secs_f64((ready - now).max(0.001)));
        }
        self.left -= cost;
        self.in_flight += cost;
        self.active = now;
        self.next = now + self.gap(cost);
        self.window_from.get_or_insert(now);
        QuotaVerdict::Granted
    }

    /// Takes in what came of a call.
    pub fn settle(&mut self, now: Timestamp, reading: &QuotaReading) {
        let now = self.seconds(now);
        self.refill(now);
        self.in_flight = (self.in_flight - f64::from(reading.cost)).max(0.0);
        self.active = now;
        if reading.answered {
            self.hear(now, reading);
        }
        self.end_silent_window(now);
    }

    fn hear(&mut self, now: f64, reading: &QuotaReading) {
        self.latency += (reading.latency.as_secs_f64() - self.latency) / 8.0;
        self.answers += 1;
        let of_this_window = self.end_window(now, reading);
        if let Some(remaining) = reading.remaining.filter(|_| of_this_window) {
            self.told = true;
            self.correct(remaining);
        }
        if reading.refused {
            self.refuse(now, reading);
        } else {
            self.refusals = 0;
            self.learned.used(f64::from(reading.cost));
        }
    }

    fn seconds(&self, now: Timestamp) -> f64 {
        // A clock that was set back stands still for us.
        now.duration_since(self.origin).as_secs_f64().max(self.at)
    }

    /// How much comes back a second.
    fn rate(&self) -> f64 {
        let documented = match self.limit.refill {
            _ if !self.limit.is_known() => f64::INFINITY,
            Refill::PerSecond(rate) => f64::from(rate),
            Refill::After(period) => f64::from(self.limit.burst) / period.as_secs_f64(),
        };
        match self.learned.rate() {
            Some(learned) if documented.is_finite() => learned.clamp(documented / SLOWEST, documented),
            Some(learned) => learned,
            None => documented,
        }
    }

    /// How much of that comes back to us, as far as others let it.
    fn own_rate(&self) -> f64 {
        let rate = self.rate();
        (rate - self.others).max(rate / 20.0)
    }

    fn refill(&mut self, now: f64) {
        let passed = now - self.at;
        self.at = now;
        if self.in_flight > 0.0 && now - self.active > ABANDONED {
            self.in_flight = 0.0;
            self.end_silent_window(now);
        }
        match self.limit.refill {
            _ if !self.limit.is_known() => {
                if let Some(rate) = self.learned.rate() {
                    self.left = (self.left + passed * rate).min(1.0);
                }
            }
            Refill::PerSecond(_) => {
                let most = f64::from(self.limit.burst).max(self.left);
                self.left = (self.left + passed * self.own_rate()).min(most);
            }
            Refill::After(_) => {
                if self.window_ends.is_some_and(|end| now >= end) {
                    self.left = f64::from(self.limit.burst);
                    self.window_ends = None;
                    self.window_from = None;
                }
            }
        }
    }

    /// What is not used. Calls overtake one another on their way, so some come together; and others' calls that we have not
    /// seen yet may make ours one too many: as many as come while an answer is under way and the next call waits, and
    /// somewhat more, since they come as they like.
    fn reserve(&self) -> f64 {
        if matches!(self.limit.refill, Refill::After(_)) || !self.limit.is_known() {
            return 0.0;
        }
        let burst = f64::from(self.limit.burst);
        let together = (1.0 + self.rate() * self.latency / 4.0).min(burst / 50.0);
        let unseen = self.others * (self.latency + 2.0 / self.rate());
        (together + unseen + 2.0 * unseen.sqrt()).min(burst / 4.0)
    }

    /// When there will be enough.
    fn enough_at(&self, now: f64, cost: f64) -> f64 {
        if !self.limit.is_known() && self.learned.rate().is_none() {
            return now;
        }
        let missing = cost + self.reserve() - self.left;
        if missing <= 0.0 {
            return now;
        }
        match self.limit.refill {
            Refill::After(period) if self.limit.is_known() => match self.window_ends {
                Some(end) => end,
                // Nobody knows when the window began until its first answer, or until all its calls were cut.
                None => now + period.as_secs_f64() / 50.0,
            },
            _ => now + missing / self.own_rate(),
        }
    }

    fn gap(&self, cost: f64) -> f64 {
        let blind = self.answers > 0 && !self.told;
        let pace = if blind { BLIND_PACE } else { BURST_PACE };
        match self.limit.refill {
            Refill::PerSecond(_) if self.rate().is_finite() => cost / (self.rate() * pace),
            _ => 0.0,
        }
    }

    /// Brings our count in line with what an answer says is left.
    fn correct(&mut self, remaining: f64) {
        // What was granted since may or may not be in it already.
        let least = remaining - self.in_flight;
        if self.left > remaining {
            // Somebody else uses it too, or more than was thought.
            self.others += (self.left - remaining) / FOLLOWING;
            self.left = remaining;
        } else if self.left < least && matches!(self.limit.refill, Refill::PerSecond(_)) {
            // Answers overtake one another. In a window that would give twice what was given already; a bucket forgives it.
            self.others = (self.others - (least - self.left) / FOLLOWING).max(0.0);
            self.left = least;
        }
        self.others = self.others.min(self.rate());
    }

    /// A window begins with its first call, which we know better than Azure tells us: it tells whole seconds. Only what
    /// rounding cannot explain is believed.
    /// Tells whether the answer is one of the window that is open.
    fn end_window(&mut self, now: f64, reading: &QuotaReading) -> bool {
        let Refill::After(period) = self.limit.refill else {
            return true;
        };
        let granted = now - reading.latency.as_secs_f64();
        if self.window_from.is_none_or(|from| granted + GRACE < from) {
            // It was counted in the window before.
            return false;
        }
        // It was counted before it was answered: from now on the period is over in time for certain.
        let ours = *self.window_ends.get_or_insert(now + period.as_secs_f64() + GRACE);
        if let Some(told) = reading.resets_after.map(|told| told.as_secs_f64()) {
            let latest = now + told + ROUNDING;
            let earliest = now + told - ROUNDING - reading.latency.as_secs_f64();
            self.window_ends = Some(ours.max(earliest).min(latest.max(now)));
        }
        true
    }

    /// A window of which nothing is under way and nobody knows the end (all its calls were cut, or a call of the window before
    /// was refused before this one had begun) is over at the latest one period from now: otherwise it would never end.
    fn end_silent_window(&mut self, now: f64) {
        if let Refill::After(period) = self.limit.refill
            && self.in_flight <= 0.0
            && self.left < f64::from(self.limit.burst)
        {
            self.window_ends.get_or_insert(now + period.as_secs_f64() + GRACE);
        }
    }

    fn refuse(&mut self, now: f64, reading: &QuotaReading) {
        // With enough left the refusal is not this quota's doing: only the call itself has to wait.
        if reading
            .remaining
            .is_some_and(|left| left >= f64::from(reading.cost.max(1)))
        {
            return;
        }
        if self.told {
            self.learned.forget();
        } else {
            self.learned.refused(now, self.rate());
        }
        self.refusals += 1;
        self.left = self.left.min(0.0);
        let pause = match (reading.retry_after, self.window_ends) {
            (Some(told), _) => told.as_secs_f64(),
            (None, Some(end)) if self.limit.is_known() => (end - now).max(self.guess()),
            (None, _) => self.guess(),
        };
        self.blocked_until = self.blocked_until.max(now + pause.min(f64::from(u16::MAX)));
    }

    /// How long to wait after a refusal that does not say: what a few calls take to come back, twice as long each time.
    fn guess(&self) -> f64 {
        let rate = self.rate();
        let few = if rate.is_finite() && rate > 0.0 {
            5.0 / rate
        } else {
            1.0
        };
        let doubled = few.clamp(0.2, 1.0) * f64::from(1_u32 << (self.refusals.saturating_sub(1)).min(10));
        doubled.min(LONGEST_GUESS)
    }
}

#[cfg(test)]
mod tests;
