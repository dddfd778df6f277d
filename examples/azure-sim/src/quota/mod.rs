//! What is allowed in how much time, and what Azure answers to more.

mod bucket;
mod charge;
mod units;
mod window;

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub(crate) use charge::charge;

use bucket::Bucket;
use window::Window;

/// Whether quotas are enforced.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quotas {
    /// Everything is allowed; no header tells of a quota.
    #[default]
    Off,
    /// As Azure enforces them.
    Faithful(Limits),
}

/// The figures, each of which can be another one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Reads per subscription and principal.
    pub reads: Rate,
    /// Writes per subscription and principal.
    pub writes: Rate,
    /// Deletes per subscription and principal.
    pub deletes: Rate,
    /// Reads that concern no subscription, per principal.
    pub tenant_reads: Rate,
    /// How many times that a subscription allows all principals together.
    pub subscription_factor: f64,
    /// Queries of Resource Graph per principal.
    pub resource_graph: Count,
    /// Reads that Resource Graph answers for Resource Manager, per subscription and principal.
    pub resource_graph_reads: Count,
    /// Resource units of Microsoft Graph per application; `None` for what Azure allows a tenant of this many users.
    pub graph_units: Option<Count>,
    /// Reads of a resource provider in a subscription per principal, beside the others. Empty unless told: Azure
    /// documents them by provider.
    pub providers: Vec<Provider>,
    /// The share of everything that somebody else uses with the same principal: 0 to 1.
    pub stolen: f64,
    /// What a refusal says about when to come back.
    pub retry_after: RetryAfter,
}

/// A bucket of tokens: so many at once, so many a second.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rate {
    /// At once.
    pub size: f64,
    /// A second.
    pub per_second: f64,
}

/// So many in a stretch of time that begins with the first.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Count {
    /// How many.
    pub count: u64,
    /// In how many seconds.
    pub seconds: u64,
}

/// The reads that a resource provider allows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Provider {
    /// `Microsoft.Storage`
    pub namespace: String,
    /// Its reads.
    pub reads: Count,
}

/// What a refusal says about when to come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryAfter {
    /// `Retry-After: 5`
    #[default]
    Seconds,
    /// `Retry-After: Fri, 31 Dec 1999 23:59:59 GMT`
    Date,
    /// Nothing, as some resources of Microsoft Graph do.
    Absent,
}

impl Default for Limits {
    fn default() -> Self {
        let rate = |size, per_second| Rate { size, per_second };
        let count = |count, seconds| Count { count, seconds };
        Self {
            reads: rate(250.0, 25.0),
            writes: rate(200.0, 10.0),
            deletes: rate(200.0, 10.0),
            tenant_reads: rate(250.0, 25.0),
            subscription_factor: 15.0,
            resource_graph: count(15, 5),
            resource_graph_reads: count(4000, 60),
            graph_units: None,
            providers: Vec::new(),
            stolen: 0.0,
            retry_after: RetryAfter::Seconds,
        }
    }
}

impl RetryAfter {
    /// The header's value.
    pub(crate) fn header(self, now: Timestamp, seconds: u64) -> Option<String> {
        match self {
            Self::Seconds => Some(seconds.to_string()),
            Self::Date => {
                let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
                let at = now
                    .checked_add(jiff::SignedDuration::from_secs(seconds))
                    .unwrap_or(now);
                Some(at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
            }
            Self::Absent => None,
        }
    }
}

/// What has been used.
#[derive(Debug, Default)]
pub(crate) struct Used {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    buckets: HashMap<String, Bucket>,
    windows: HashMap<String, Window>,
    tallies: HashMap<String, Tally>,
}

/// What one bucket has seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Calls that were allowed.
    pub allowed: u64,
    /// Calls that were refused.
    pub refused: u64,
    /// What those that were allowed cost together: calls, or units of Microsoft Graph.
    pub used: u64,
}

impl Used {
    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Begins again with everything full.
    pub(crate) fn reset(&self) {
        self.with(|state| *state = State::default());
    }

    /// What each bucket has seen.
    pub(crate) fn tallies(&self) -> std::collections::BTreeMap<String, Tally> {
        self.with(|state| {
            state
                .tallies
                .iter()
                .map(|(key, tally)| (key.clone(), *tally))
                .collect()
        })
    }
}
