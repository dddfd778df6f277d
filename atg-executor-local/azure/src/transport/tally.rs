//! What was called, in numbers.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use http::StatusCode;

use crate::cloud::Audience;

/// Counts calls as they are made.
#[derive(Debug, Default)]
pub struct Tally {
    counts: Mutex<TallyReport>,
    heard: Option<CallObserver>,
}

/// Hears of every answer, for measurements that others keep: the service's name and the status, 0 for a call without an
/// answer. Called in the middle of the work: it should be quick.
#[derive(Clone)]
pub struct CallObserver(Arc<dyn Fn(&'static str, u16) + Send + Sync>);

impl CallObserver {
    /// One that calls this.
    pub fn new(hear: impl Fn(&'static str, u16) + Send + Sync + 'static) -> Self {
        Self(Arc::new(hear))
    }
}

impl fmt::Debug for CallObserver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CallObserver")
    }
}

/// What was called so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TallyReport {
    /// Answers by service and status; status 0 for calls without one.
    pub requests: BTreeMap<(Audience, u16), u64>,
    /// Tries after the first.
    pub repeated: u64,
    /// Tokens got because one was refused.
    pub renewed: u64,
    /// Calls that failed for good.
    pub failed: u64,
    /// Bytes of answers, unpacked.
    pub bytes: u64,
}

impl TallyReport {
    /// Requests of all services together.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.requests.values().sum()
    }

    /// Those that were refused for quota.
    #[must_use]
    pub fn refused(&self) -> u64 {
        let refused = |(_, status): &(Audience, u16)| *status == StatusCode::TOO_MANY_REQUESTS.as_u16();
        let found = self.requests.iter().filter(|(key, _)| refused(key));
        found.map(|(_, count)| count).sum()
    }
}

impl Tally {
    /// One that tells somebody else of every answer too.
    pub(crate) fn heard_by(observer: Option<CallObserver>) -> Self {
        Self {
            heard: observer,
            ..Self::default()
        }
    }

    fn tell(&self, audience: &Audience, status: u16) {
        if let Some(CallObserver(hear)) = &self.heard {
            hear(audience.name(), status);
        }
    }

    fn count(&self, act: impl FnOnce(&mut TallyReport)) {
        act(&mut self.counts.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(super) fn answered(&self, audience: &Audience, status: StatusCode, bytes: usize) {
        self.tell(audience, status.as_u16());
        self.count(|counts| {
            *counts
                .requests
                .entry((audience.clone(), status.as_u16()))
                .or_default() += 1;
            counts.bytes += bytes as u64;
        });
    }

    pub(super) fn cut(&self, audience: &Audience) {
        self.tell(audience, 0);
        self.count(|counts| *counts.requests.entry((audience.clone(), 0)).or_default() += 1);
    }

    pub(super) fn repeated(&self) {
        self.count(|counts| counts.repeated += 1);
    }

    pub(super) fn renewed(&self) {
        self.count(|counts| counts.renewed += 1);
    }

    pub(super) fn failed(&self) {
        self.count(|counts| counts.failed += 1);
    }

    pub(super) fn report(&self) -> TallyReport {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
