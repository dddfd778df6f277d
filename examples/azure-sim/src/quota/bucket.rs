//! Tokens that come back at a steady rate.

use jiff::Timestamp;

use super::Rate;

/// Tokens, and when they were counted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bucket {
    tokens: f64,
    at: Timestamp,
}

impl Bucket {
    /// A full one.
    pub(crate) const fn full(rate: Rate, now: Timestamp) -> Self {
        Self {
            tokens: rate.size,
            at: now,
        }
    }

    /// Adds what has come back since; `stolen` is the share of it that somebody else took.
    pub(crate) fn refill(&mut self, rate: Rate, stolen: f64, now: Timestamp) {
        let passed = now.duration_since(self.at).as_secs_f64().max(0.0);
        self.tokens = (self.tokens + passed * rate.per_second * (1.0 - stolen)).min(rate.size);
        self.at = now;
    }

    /// Takes one; `false` where there is none.
    pub(crate) fn take(&mut self) -> bool {
        let has = self.tokens >= 1.0;
        if has {
            self.tokens -= 1.0;
        }
        has
    }

    /// Puts one back.
    pub(crate) fn put_back(&mut self) {
        self.tokens += 1.0;
    }

    /// Whole tokens.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "never negative, and never more than a bucket holds"
    )]
    pub(crate) const fn left(&self) -> u64 {
        self.tokens as u64
    }

    /// Whole seconds until there is one, at least 1.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a small number of seconds"
    )]
    pub(crate) fn wait(&self, rate: Rate, stolen: f64) -> u64 {
        let rate = rate.per_second * (1.0 - stolen);
        if rate <= 0.0 {
            return 3600;
        }
        ((1.0 - self.tokens) / rate).ceil().max(1.0) as u64
    }
}
