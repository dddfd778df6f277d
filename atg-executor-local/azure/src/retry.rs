//! Whether to try again, and when.

use std::time::Duration;

/// How often a call is tried, and how long is waited between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// Tries in all.
    pub tries: u32,
    /// The wait before the second; twice as long before each further one.
    pub first: Duration,
    /// The longest wait that we choose ourselves.
    pub longest: Duration,
    /// The longest wait that Azure may ask for; beyond it the call fails and tells when to come back.
    pub longest_asked: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            tries: 6,
            first: Duration::from_millis(500),
            longest: Duration::from_secs(30),
            longest_asked: Duration::from_secs(300),
        }
    }
}

impl RetryPolicy {
    /// With so many tries.
    #[must_use]
    pub fn with_tries(mut self, tries: u32) -> Self {
        self.tries = tries;
        self
    }

    /// With that first wait.
    #[must_use]
    pub fn with_first(mut self, first: Duration) -> Self {
        self.first = first;
        self
    }

    /// How long to wait after so many tries; `None` where there should be no further one. Never shorter than Azure asked.
    pub(crate) fn wait(&self, made: u32, asked: Option<Duration>) -> Option<Duration> {
        if made >= self.tries || asked.is_some_and(|asked| asked > self.longest_asked) {
            return None;
        }
        let grown = self
            .first
            .saturating_mul(1 << made.saturating_sub(1).min(16))
            .min(self.longest);
        // Half of it is certain, the other half spreads callers that failed together.
        let ours = grown.mul_f64(0.5 + fastrand::f64() / 2.0);
        Some(match asked {
            // A little on top: callers that were told the same second must not come back in the same moment.
            Some(asked) => asked + ours.min(asked / 10 + Duration::from_millis(50)),
            None => ours,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_a_bound_and_end() {
        let policy = RetryPolicy::default().with_tries(20);
        for made in 1..20 {
            let whole = Duration::from_millis(500 << (made - 1).min(10)).min(policy.longest);
            let wait = policy.wait(made, None).unwrap();
            assert!(wait >= whole / 2 && wait <= whole, "{made}: {wait:?}");
        }
        assert_eq!(policy.wait(20, None), None);
    }

    #[test]
    fn what_azure_asks_for_is_waited_for_and_hardly_more_unless_it_is_too_long() {
        let policy = RetryPolicy::default();
        let asked = Duration::from_secs(10);
        let wait = policy.wait(5, Some(asked)).unwrap();
        assert!(
            wait >= asked && wait <= Duration::from_secs_f64(11.05),
            "{wait:?}"
        );
        assert_eq!(policy.wait(1, Some(Duration::from_secs(301))), None);
        assert!(policy.wait(1, Some(Duration::ZERO)).unwrap() <= Duration::from_millis(50));
    }
}
