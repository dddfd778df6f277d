//! How often a caller may call: the generic cell rate algorithm, one number a bucket.
//!
//! The same arithmetic fits a script in Redis, which will hold the numbers for several servers.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use atg_sdk::Result;

/// So many calls in such a time; all of them at once if need be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub calls: u32,
    /// In how long.
    pub window: Duration,
}

impl Rate {
    /// So many a minute.
    #[must_use]
    pub const fn per_minute(calls: u32) -> Self {
        Self {
            calls,
            window: Duration::from_secs(60),
        }
    }

    fn interval(self) -> Duration {
        self.window / self.calls.max(1)
    }
}

/// What a limiter says of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// Whether it may go on.
    pub allowed: bool,
    /// How many more may follow at once.
    pub remaining: u32,
    /// How long until one more is allowed, or, for an allowed call, until the bucket is full again.
    pub reset: Duration,
}

/// Counts calls by bucket.
#[async_trait]
pub trait RateLimiter: fmt::Debug + Send + Sync {
    /// Counts one call, unless it is refused.
    ///
    /// # Errors
    /// `Unavailable` when the numbers are kept elsewhere and that cannot be reached.
    async fn count(&self, bucket: &str, rate: Rate) -> Result<Decision>;
}

/// Keeps the numbers in this process.
#[derive(Debug)]
pub struct LocalRates {
    begun: Instant,
    /// For each bucket the moment, since `begun`, at which it will be full again.
    full_at: Mutex<HashMap<String, Duration>>,
}

/// Past that many buckets, those that are full again are dropped: they say nothing that a new one would not.
const SWEEP_AT: usize = 10_000;

impl Default for LocalRates {
    fn default() -> Self {
        Self {
            begun: Instant::now(),
            full_at: Mutex::default(),
        }
    }
}

impl LocalRates {
    fn count_at(&self, now: Duration, bucket: &str, rate: Rate) -> Decision {
        let mut buckets = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= SWEEP_AT {
            buckets.retain(|_, full_at| *full_at > now);
        }
        let full_at = buckets.get(bucket).copied().unwrap_or_default().max(now);
        let interval = rate.interval();
        let after = full_at + interval;
        let debt = after - now;
        if debt > rate.window {
            return Decision {
                allowed: false,
                remaining: 0,
                reset: debt - rate.window,
            };
        }
        match buckets.get_mut(bucket) {
            Some(known) => *known = after,
            None => drop(buckets.insert(bucket.to_owned(), after)),
        }
        let left = (rate.window - debt).as_nanos() / interval.as_nanos().max(1);
        Decision {
            allowed: true,
            remaining: u32::try_from(left).unwrap_or(u32::MAX),
            reset: debt,
        }
    }
}

#[async_trait]
impl RateLimiter for LocalRates {
    async fn count(&self, bucket: &str, rate: Rate) -> Result<Decision> {
        Ok(self.count_at(self.begun.elapsed(), bucket, rate))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_burst_is_allowed_and_then_the_rate_holds() {
        let rates = LocalRates::default();
        let rate = Rate::per_minute(10);
        for left in (0..10).rev() {
            let decision = rates.count_at(SECOND, "a", rate);
            assert!(decision.allowed);
            assert_eq!(decision.remaining, left);
        }
        let refused = rates.count_at(SECOND, "a", rate);
        assert!(!refused.allowed);
        assert_eq!(refused.reset, 6 * SECOND);
        assert!(
            rates.count_at(SECOND, "b", rate).allowed,
            "another bucket is not touched"
        );
        assert!(!rates.count_at(6 * SECOND, "a", rate).allowed);
        assert!(rates.count_at(7 * SECOND, "a", rate).allowed);
        assert!(!rates.count_at(7 * SECOND, "a", rate).allowed);
    }

    #[test]
    fn a_refused_call_costs_nothing() {
        let rates = LocalRates::default();
        let rate = Rate::per_minute(1);
        assert!(rates.count_at(Duration::ZERO, "a", rate).allowed);
        for _ in 0..100 {
            assert!(!rates.count_at(SECOND, "a", rate).allowed);
        }
        assert!(rates.count_at(60 * SECOND, "a", rate).allowed);
    }

    #[test]
    fn full_buckets_are_forgotten() {
        let rates = LocalRates::default();
        for caller in 0..SWEEP_AT {
            rates.count_at(Duration::ZERO, &caller.to_string(), Rate::per_minute(60));
        }
        rates.count_at(100 * SECOND, "late", Rate::per_minute(60));
        assert_eq!(rates.full_at.lock().unwrap().len(), 1);
    }
}
