//! The numbers of a queue, and what follows from them.

use atg_sdk::{Error, JobId};
use jiff::SignedDuration;

use super::PerLane;

/// How long things last and how much there may be. All processes of one queue should use the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// How long a lease lasts that nobody renews.
    pub lease: SignedDuration,
    /// Attempts of a job that may fail before the job has failed.
    pub max_attempts: u32,
    /// How long the second attempt waits; each further one twice as long.
    pub first_delay: SignedDuration,
    /// The longest that an attempt waits.
    pub longest_delay: SignedDuration,
    /// How long an ended job is kept.
    pub retention: SignedDuration,
    /// How long the id of a job that is gone stays known.
    pub remembered: SignedDuration,
    /// Jobs that may wait at a time.
    pub max_depth: u64,
    /// Jobs of one owner that may wait or run at a time.
    pub max_open_per_owner: u64,
    /// Jobs of one owner that may run at a time.
    pub running_per_owner: PerLane<u64>,
    /// Jobs of one tenant that may run at a time.
    pub running_per_tenant: PerLane<u64>,
    /// How long an input is kept after its last use.
    pub inputs_kept: SignedDuration,
    /// Bytes that the inputs of one owner may have.
    pub input_quota: u64,
}

impl Default for Policy {
    fn default() -> Self {
        let running = PerLane { long: 3, short: 8 };
        Self {
            lease: SignedDuration::from_secs(10),
            max_attempts: 3,
            first_delay: SignedDuration::from_secs(1),
            longest_delay: SignedDuration::from_secs(60),
            retention: SignedDuration::from_hours(7 * 24),
            remembered: SignedDuration::from_hours(7 * 24),
            max_depth: 10_000,
            max_open_per_owner: 1_000,
            running_per_owner: running,
            running_per_tenant: running,
            inputs_kept: SignedDuration::from_hours(24),
            input_quota: 20 << 30,
        }
    }
}

impl Policy {
    /// Whether an attempt that failed so is followed by another, so many having failed now.
    #[must_use]
    pub fn tries_again(&self, operation: &str, failures: u32, error: &Error) -> bool {
        // Who waits for an answer asks again himself; answering later than he waits helps nobody.
        error.is_retryable() && operation != "query" && failures < self.max_attempts
    }

    /// How long to wait after so many failures: exponential, with the upper half left to chance, so that jobs that failed
    /// together do not come back together.
    ///
    /// The chance is drawn from the job's id: the same for every backend and process, and nothing to inject.
    #[must_use]
    pub fn delay(&self, job: JobId, failures: u32) -> SignedDuration {
        let doublings = failures.saturating_sub(1).min(30);
        let whole = self
            .first_delay
            .checked_mul(1 << doublings)
            .unwrap_or(self.longest_delay)
            .min(self.longest_delay);
        let half = whole / 2;
        let spread = u64::try_from(half.as_nanos()).unwrap_or_default();
        let drawn = draw(job, failures) % spread.max(1);
        whole - half + SignedDuration::from_nanos(i64::try_from(drawn).unwrap_or_default())
    }
}

/// A number that looks like chance: the finaliser of SplitMix64 over what identifies the attempt.
fn draw(job: JobId, failures: u32) -> u64 {
    let (high, low) = job.as_uuid().as_u64_pair();
    let mut z = high ^ low.rotate_left(17) ^ (u64::from(failures) << 40);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use atg_sdk::ErrorKind;

    use super::*;

    #[test]
    fn delays_double_up_to_the_longest_and_differ_between_jobs() {
        let policy = Policy::default();
        let seconds = |delay: SignedDuration| delay.as_secs_f64();
        for (failures, whole) in [(1, 1.0), (2, 2.0), (3, 4.0), (7, 60.0), (40, 60.0)] {
            let delays: Vec<_> = (0..200).map(|_| policy.delay(JobId::new(), failures)).collect();
            for delay in &delays {
                assert!(
                    (whole / 2.0..whole).contains(&seconds(*delay)),
                    "{failures}: {delay}"
                );
            }
            let mean = delays.iter().map(|delay| seconds(*delay)).sum::<f64>() / 200.0;
            assert!((mean / whole - 0.75).abs() < 0.05, "{failures}: a mean of {mean}");
        }
    }

    #[test]
    fn only_what_may_help_is_tried_again_and_never_a_query() {
        let policy = Policy::default();
        for kind in ErrorKind::ALL {
            let error = Error::new(kind, "do it");
            assert_eq!(
                policy.tries_again("scan", 2, &error),
                kind.is_retryable(),
                "{kind}"
            );
            assert!(!policy.tries_again("scan", 3, &error), "{kind}");
            assert!(!policy.tries_again("query", 1, &error), "{kind}");
        }
    }
}
