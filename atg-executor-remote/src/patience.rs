//! Whether to try again, and when.

use std::time::Duration;

use atg_sdk::{Error, Result};
use jiff::{Timestamp, fmt::rfc2822};

/// The longest wait between two tries.
const LONGEST: Duration = Duration::from_secs(30);
/// The longest `Retry-After` that is waited for; a longer one is the caller's to decide about.
const LONGEST_ASKED: Duration = Duration::from_secs(60);

/// A call that did not succeed.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// What the caller gets if nobody tries again.
    pub(crate) error: Error,
    /// Whether another try may go better.
    pub(crate) may_pass: bool,
    /// When, as the other side said.
    pub(crate) retry_after: Option<Duration>,
}

impl Refusal {
    /// One that no repetition mends.
    pub(crate) const fn for_good(error: Error) -> Self {
        Self {
            error,
            may_pass: false,
            retry_after: None,
        }
    }

    /// One that a repetition may mend.
    pub(crate) const fn for_now(error: Error) -> Self {
        Self {
            error,
            may_pass: true,
            retry_after: None,
        }
    }

    /// How long to wait before the next try after that many; `None` where there should be none.
    pub(crate) fn wait(&self, tries: u32, base: Duration) -> Option<Duration> {
        if !self.may_pass {
            return None;
        }
        let grown = base.saturating_mul(1 << tries.min(16)).min(LONGEST);
        // Half of it is certain, the other half spreads callers that failed together.
        let wait = grown.mul_f64(0.5 + fastrand::f64() / 2.0);
        match self.retry_after {
            Some(asked) if asked > LONGEST_ASKED => None,
            // On top of it: callers that were told the same second must not come back in the same moment.
            Some(asked) => Some(asked + wait),
            None => Some(wait),
        }
    }
}

/// The code of an answer that is no failure: somebody else is just submitting the same job.
const STILL_BEING_ACCEPTED: &str = "StillBeingAccepted";
/// How often that is waited for. One is accepted in milliseconds, but many may queue for their turn.
const MOST_TURNS: u32 = 30;

/// Counts the tries of one call.
#[derive(Debug)]
pub(crate) struct Retries {
    made: u32,
    most: u32,
    turns: u32,
    base: Duration,
}

impl Retries {
    pub(crate) const fn new(most: u32, base: Duration) -> Self {
        Self {
            made: 0,
            most,
            turns: 0,
            base,
        }
    }

    /// Waits for the time of the next try.
    ///
    /// # Errors
    /// The refusal's own error, when there should be none.
    pub(crate) async fn after(&mut self, refusal: Refusal) -> Result<()> {
        let is_queue = refusal.error.code() == STILL_BEING_ACCEPTED && self.turns < MOST_TURNS;
        match refusal.wait(self.made, self.base) {
            Some(wait) if is_queue || self.made < self.most => {
                if is_queue {
                    self.turns += 1;
                } else {
                    self.made += 1;
                }
                tracing::debug!(error = %refusal.error, ?wait, attempt = self.made, "trying a call again");
                tokio::time::sleep(wait).await;
                Ok(())
            }
            _ => Err(refusal.error),
        }
    }

    /// Something went well: what failed before does not count any more.
    pub(crate) const fn forget(&mut self) {
        self.made = 0;
    }
}

/// `Retry-After`: seconds, or a date (RFC 9110).
pub(crate) fn retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let at = rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Duration::try_from(at.duration_since(now)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: Duration = Duration::from_millis(500);

    fn refusal(retry_after: Option<u64>) -> Refusal {
        Refusal {
            retry_after: retry_after.map(Duration::from_secs),
            ..Refusal::for_now(Error::internal("x"))
        }
    }

    #[test]
    fn waits_double_up_to_a_bound_and_spread() {
        for tries in 0..40 {
            let full = BASE.saturating_mul(1 << tries.min(16)).min(LONGEST);
            for _ in 0..50 {
                let wait = refusal(None).wait(tries, BASE).unwrap();
                assert!(full / 2 <= wait && wait <= full, "{tries}: {wait:?}");
            }
        }
    }

    #[test]
    fn a_wish_of_the_service_is_obeyed_up_to_a_minute() {
        assert!(refusal(Some(7)).wait(0, BASE).unwrap() >= Duration::from_secs(7));
        assert!(refusal(Some(60)).wait(0, BASE).is_some());
        assert_eq!(refusal(Some(61)).wait(0, BASE), None);
        assert_eq!(Refusal::for_good(Error::internal("x")).wait(0, BASE), None);
    }

    #[tokio::test(start_paused = true)]
    async fn tries_are_counted_and_forgotten() {
        let mut retries = Retries::new(2, BASE);
        for _ in 0..2 {
            retries.after(refusal(None)).await.unwrap();
        }
        retries.after(refusal(None)).await.unwrap_err();
        retries.forget();
        retries.after(refusal(None)).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_for_ones_turn_is_no_failure_and_still_ends() {
        let mut retries = Retries::new(1, BASE);
        let queued = || Refusal::for_now(Error::conflict("x").with_code(STILL_BEING_ACCEPTED));
        for _ in 0..MOST_TURNS {
            retries.after(queued()).await.unwrap();
        }
        retries.after(refusal(None)).await.unwrap();
        retries.after(queued()).await.unwrap_err();
    }

    #[test]
    fn seconds_and_dates_are_read() {
        let now: Timestamp = "1994-11-06T08:49:30Z".parse().unwrap();
        let read = |text| retry_after(text, now);
        assert_eq!(read(" 12 "), Some(Duration::from_secs(12)));
        assert_eq!(
            read("Sun, 06 Nov 1994 08:49:37 GMT"),
            Some(Duration::from_secs(7))
        );
        assert_eq!(read("Sun, 06 Nov 1994 08:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(read("soon"), None);
        assert_eq!(read("-5"), None);
    }
}
