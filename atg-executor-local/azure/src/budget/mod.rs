//! The quota that all work of a process shares: nobody calls before there is leave, and no lane waits behind another's queue.
//!
//! How much there is, and when the next call may be made, is a [`QuotaLedger`]'s to say: one in memory here, or one that
//! several workers share. This adds what only a process can know: whose turn it is.
//!
//! Turns are two queues, one behind the other. Callers of a lane (a subscription, say) queue for their lane, and the first of
//! each lane queues for the bucket: so lanes take turns, however long each is.

mod call;
mod memory;
mod report;

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::{
        Arc, Mutex as StdMutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use atg_sdk::{
    Result,
    quota::{CallKind, QuotaBucket, QuotaLedger, QuotaLimit, QuotaReading, QuotaVerdict},
};
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};

pub use self::{
    call::{Call, subscription_of},
    memory::MemoryLedger,
    report::{BucketReport, floor},
};
use crate::{clock::Clock, headers};

/// Calls under way at once, in all.
const MOST_AT_ONCE: usize = 512;
/// Of one bucket: a slow subscription must not hold what all need.
const MOST_OF_ONE: usize = 128;

/// The quota of this process's principals.
pub struct Budget {
    ledger: Arc<dyn QuotaLedger>,
    clock: Arc<dyn Clock>,
    limits: BTreeMap<CallKind, QuotaLimit>,
    gates: StdMutex<HashMap<QuotaBucket, Arc<Gate>>>,
    at_once: Arc<Semaphore>,
}

/// Where the calls of one bucket queue.
struct Gate {
    limit: QuotaLimit,
    turn: Mutex<()>,
    lanes: StdMutex<HashMap<String, Arc<Mutex<()>>>>,
    at_once: Arc<Semaphore>,
    tally: StdMutex<report::Tally>,
    /// Of a provider's own bucket: whether it has ever refused. Until then it is not asked.
    counts: AtomicBool,
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Budget")
            .field("ledger", &self.ledger)
            .finish_non_exhaustive()
    }
}

impl Budget {
    /// A budget of this process alone.
    #[must_use]
    pub fn in_memory(clock: Arc<dyn Clock>) -> Arc<Self> {
        let ledger = Arc::new(MemoryLedger::new(Arc::clone(&clock)));
        Self::new(ledger, clock, BTreeMap::new())
    }

    /// A budget over that ledger. `limits` are those that differ from what Microsoft documents.
    #[must_use]
    pub fn new(
        ledger: Arc<dyn QuotaLedger>,
        clock: Arc<dyn Clock>,
        limits: BTreeMap<CallKind, QuotaLimit>,
    ) -> Arc<Self> {
        Arc::new(Self {
            ledger,
            clock,
            limits,
            gates: StdMutex::default(),
            at_once: Arc::new(Semaphore::new(MOST_AT_ONCE)),
        })
    }

    /// What is allowed of that kind of call.
    #[must_use]
    pub fn limit(&self, kind: CallKind) -> QuotaLimit {
        self.limits
            .get(&kind)
            .copied()
            .unwrap_or_else(|| kind.documented())
    }

    /// Waits for leave to make a call. It is the caller's turn after one call of each lane that waits too.
    ///
    /// # Errors
    /// When a shared ledger cannot be reached.
    pub async fn acquire(self: &Arc<Self>, call: &Call) -> Result<Leave> {
        let asked = self.clock.now();
        let gate = self.gate(&call.bucket);
        let own = call.provider_bucket().map(|bucket| (self.gate(&bucket), bucket));
        let lane = gate.lane(&call.lane);
        let _lane = lane.lock().await;
        let _turn = gate.turn.lock().await;
        let of_one = permit(&gate.at_once).await;
        if let Some((own, bucket)) = own.as_ref().filter(|(own, _)| own.counts.load(Ordering::Relaxed)) {
            self.wait_for(bucket, &own.limit, call.cost).await?;
        }
        self.wait_for(&call.bucket, &gate.limit, call.cost).await?;
        let of_all = permit(&self.at_once).await;
        let granted = self.clock.now();
        gate.tally().granted(call.cost, asked, granted);
        Ok(Leave {
            budget: Arc::clone(self),
            gate: Arc::clone(&gate),
            own,
            bucket: call.bucket.clone(),
            cost: call.cost,
            granted,
            settled: false,
            _permits: (of_one, of_all),
        })
    }

    async fn wait_for(&self, bucket: &QuotaBucket, limit: &QuotaLimit, cost: u32) -> Result<()> {
        while let QuotaVerdict::Wait(time) = self.ledger.take(bucket, limit, cost).await? {
            self.clock.sleep(time).await;
        }
        Ok(())
    }

    fn gate(&self, bucket: &QuotaBucket) -> Arc<Gate> {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(gate) = gates.get(bucket) {
            return Arc::clone(gate);
        }
        let limit = match bucket.provider {
            Some(_) => QuotaLimit::unknown(),
            None => self.limit(bucket.kind),
        };
        let gate = Arc::new(Gate {
            limit,
            turn: Mutex::default(),
            lanes: StdMutex::default(),
            at_once: Arc::new(Semaphore::new(MOST_OF_ONE)),
            tally: StdMutex::default(),
            counts: AtomicBool::new(bucket.provider.is_none()),
        });
        gates.insert(bucket.clone(), Arc::clone(&gate));
        gate
    }

    /// What was called so far, by bucket.
    #[must_use]
    pub fn report(&self) -> Vec<BucketReport> {
        let gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        let mut rows: Vec<_> = gates
            .iter()
            .filter_map(|(bucket, gate)| gate.tally().report(bucket, gate.limit))
            .collect();
        rows.sort_by(|a, b| a.bucket.cmp(&b.bucket));
        rows
    }
}

/// A semaphore that is never closed always gives a permit in the end.
async fn permit(semaphore: &Arc<Semaphore>) -> Option<OwnedSemaphorePermit> {
    Arc::clone(semaphore).acquire_owned().await.ok()
}

impl Gate {
    fn lane(&self, name: &str) -> Arc<Mutex<()>> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        // Lanes come and go with the subscriptions of each scan; an empty one is not worth its name.
        if lanes.len() > 1_000 {
            lanes.retain(|_, lane| Arc::strong_count(lane) > 1);
        }
        Arc::clone(lanes.entry(name.to_owned()).or_default())
    }

    fn tally(&self) -> std::sync::MutexGuard<'_, report::Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Leave for one call. Say what came of it; one that is dropped counts as a call that was cut.
#[must_use = "the call that leave was given for is to be made"]
pub struct Leave {
    budget: Arc<Budget>,
    gate: Arc<Gate>,
    /// The provider's own bucket.
    own: Option<(Arc<Gate>, QuotaBucket)>,
    bucket: QuotaBucket,
    cost: u32,
    granted: Timestamp,
    settled: bool,
    _permits: (Option<OwnedSemaphorePermit>, Option<OwnedSemaphorePermit>),
}

impl fmt::Debug for Leave {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leave")
            .field("bucket", &self.bucket)
            .field("cost", &self.cost)
            .finish_non_exhaustive()
    }
}

impl Leave {
    /// Tells what was answered.
    pub fn answered(mut self, status: StatusCode, headers: &HeaderMap) {
        let refused = status == StatusCode::TOO_MANY_REQUESTS;
        let remaining = headers::remaining(headers, self.bucket.kind, &self.gate.limit);
        let enough_left = remaining.is_some_and(|left| left >= f64::from(self.cost.max(1)));
        // A refusal while Resource Manager still has quota, or that names a provider's, is the provider's.
        let of_provider =
            refused && self.own.is_some() && (enough_left || headers::provider_of(headers).is_some());
        let reading = QuotaReading {
            cost: self.cost,
            latency: self.latency(),
            answered: true,
            refused: refused && !of_provider,
            retry_after: headers::retry_after(headers),
            remaining,
            resets_after: headers::resets_after(headers),
        };
        if refused {
            self.gate.tally().refused(self.budget.clock.now());
        } else {
            self.gate.tally().answered(self.budget.clock.now());
        }
        self.settle(&reading);
        if let Some((own, bucket)) = &self.own {
            if of_provider {
                own.counts.store(true, Ordering::Relaxed);
            }
            if own.counts.load(Ordering::Relaxed) {
                let reading = QuotaReading {
                    refused: of_provider,
                    remaining: None,
                    resets_after: None,
                    ..reading
                };
                self.budget.ledger.settle(bucket, &own.limit, &reading);
            }
        }
    }

    fn latency(&self) -> Duration {
        let passed = self.budget.clock.now().duration_since(self.granted);
        Duration::try_from(passed).unwrap_or_default()
    }

    fn settle(&mut self, reading: &QuotaReading) {
        self.settled = true;
        self.budget.ledger.settle(&self.bucket, &self.gate.limit, reading);
    }
}

impl Drop for Leave {
    fn drop(&mut self) {
        if !self.settled {
            let reading = QuotaReading {
                cost: self.cost,
                latency: self.latency(),
                ..QuotaReading::default()
            };
            self.settle(&reading);
        }
    }
}

#[cfg(test)]
mod tests;
