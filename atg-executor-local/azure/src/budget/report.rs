//! What was called, by bucket, and how near it came to what is possible.

use std::time::Duration;

use atg_sdk::quota::{QuotaBucket, QuotaLimit};
use jiff::Timestamp;

/// What one bucket has seen.
#[derive(Debug, Clone, PartialEq)]
pub struct BucketReport {
    /// Which.
    pub bucket: QuotaBucket,
    /// What is allowed there.
    pub limit: QuotaLimit,
    /// Calls made, the refused ones too.
    pub calls: u64,
    /// What they cost together.
    pub cost: u64,
    /// Calls that were refused.
    pub refused: u64,
    /// How long callers waited for leave, all together.
    pub waited: Duration,
    /// From the first call to the last answer.
    pub took: Duration,
    /// The shortest time in which what succeeded could have been done from a full bucket.
    pub floor: Duration,
}

/// The floor of many buckets together: they empty side by side.
#[must_use]
pub fn floor(reports: &[BucketReport]) -> Duration {
    reports
        .iter()
        .map(|report| report.floor)
        .max()
        .unwrap_or_default()
}

#[derive(Debug, Default)]
pub(super) struct Tally {
    calls: u64,
    cost: u64,
    refused: u64,
    waited: Duration,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
}

impl Tally {
    pub(super) fn granted(&mut self, cost: u32, asked: Timestamp, granted: Timestamp) {
        self.calls += 1;
        self.cost += u64::from(cost);
        self.waited += Duration::try_from(granted.duration_since(asked)).unwrap_or_default();
        self.first.get_or_insert(granted);
    }

    pub(super) fn answered(&mut self, now: Timestamp) {
        self.last = Some(now);
    }

    pub(super) fn refused(&mut self, now: Timestamp) {
        self.refused += 1;
        self.last = Some(now);
    }

    pub(super) fn report(&self, bucket: &QuotaBucket, limit: QuotaLimit) -> Option<BucketReport> {
        let first = self.first?;
        let took = self.last.map(|last| last.duration_since(first));
        let good = self.cost - self.cost * self.refused / self.calls.max(1);
        Some(BucketReport {
            bucket: bucket.clone(),
            limit,
            calls: self.calls,
            cost: self.cost,
            refused: self.refused,
            waited: self.waited,
            took: took
                .and_then(|took| Duration::try_from(took).ok())
                .unwrap_or_default(),
            floor: limit.floor(good),
        })
    }
}
