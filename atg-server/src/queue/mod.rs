//! Jobs that wait for a worker, and the record of all jobs: two traits that every backend implements.
//!
//! A backend only keeps records and finds them again. What may happen to a job, and what happens then, is decided in one
//! place for all of them: the reducer of the SDK for its log, and [`Record`] for everything that only a queue knows
//! (tokens, leases, attempts that count, delays). The suite in `suite/` runs against every backend.

mod clock;
mod embedded;
mod lane;
mod news;
mod policy;
mod record;
mod redis;
mod refusal;
#[cfg(test)]
mod suite;

use std::fmt;

use async_trait::async_trait;
use atg_sdk::{
    Error, EventKind, Input, InputDigest, Job, JobEvent, JobFilter, JobId, JobRequest, Operation, Owner,
    PartHealth, Result, TraceParent, azure::TenantId,
};
use jiff::Timestamp;
use uuid::Uuid;

pub use clock::{Clock, ManualClock, SystemClock};
pub use embedded::EmbeddedQueue;
pub use lane::{Lane, PerLane};
pub use news::{News, Topic};
pub use policy::Policy;
pub use record::{Record, Ticket};
pub use redis::{RedisLedger, RedisOptions, RedisQueue, RedisRates};

/// The version of the records that this build writes. Records of a newer one are left to newer workers.
pub const RECORD_VERSION: u32 = 1;

/// The code of an error that says: somebody else has the job now, walk away.
pub const LEASE_LOST: &str = "LeaseLost";

/// The record of all jobs: a log of events each, and what follows from it.
///
/// Every write is durable before the call returns, and happens as a whole or not at all.
#[async_trait]
pub trait JobStore: fmt::Debug + Send + Sync + 'static {
    /// Accepts a job and puts it into the queue, in one step. The same request again gives the same job.
    ///
    /// # Errors
    /// `Conflict` when the id stands for another request, `Gone` when that job was here once, `NotFound` for an input that
    /// its owner did not send, `Unavailable` when the queue is full, `Throttled` when the owner has too many open jobs.
    async fn submit(&self, request: JobRequest, priority: i32) -> Result<Job>;

    /// The job as it is now.
    ///
    /// # Errors
    /// `NotFound`; `Gone` for a while after its time of keeping.
    async fn get(&self, id: JobId) -> Result<Job>;

    /// At most so many of the jobs that the filter admits, newest first, of equal times by descending id.
    ///
    /// # Errors
    /// What keeps the store from answering.
    async fn list(&self, filter: JobFilter, limit: usize) -> Result<Vec<Job>>;

    /// Events after that sequence, and whether they are the last there will be.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    async fn events(&self, id: JobId, after: u64) -> Result<EventPage>;

    /// Records the wish that a job stop. A job that nobody runs ends at once; one that has ended is returned unchanged.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    async fn cancel(&self, id: JobId) -> Result<Job>;

    /// Appends events under a token, all of them or none. With the event that ends the job the lease is over.
    ///
    /// # Errors
    /// `Conflict` with the code [`LEASE_LOST`] when a newer token was given out or the job is not running any more;
    /// `Conflict` without it when the reducer refuses an event.
    async fn append(&self, lease: Lease, kinds: Vec<EventKind>) -> Result<Job>;

    /// Deletes an ended job; false where there was none. Its id stays used for a while.
    ///
    /// # Errors
    /// `Conflict` for a job that has not ended.
    async fn delete(&self, id: JobId) -> Result<bool>;

    /// Forgets ended jobs and inputs that were kept long enough; their files may go.
    ///
    /// # Errors
    /// What keeps the store from answering.
    async fn expire(&self) -> Result<Expired>;

    /// Notes that an owner sent an input, which now lies under that name in the store of objects.
    ///
    /// Returns the name under which it lies: an earlier one where the owner sent the same before.
    ///
    /// # Errors
    /// `TooLarge` when the owner's inputs would exceed the quota.
    async fn put_input(&self, owner: Owner, input: Input, location: String) -> Result<String>;

    /// Where an owner's input lies. Counts as a use of it.
    ///
    /// # Errors
    /// `NotFound`, also for the input of somebody else.
    async fn find_input(&self, owner: Owner, digest: InputDigest) -> Result<(Input, String)>;

    /// Compares what this process brings with what the first one wrote, and writes what nobody has written yet.
    ///
    /// # Errors
    /// `InvalidArgument` naming both, when they differ.
    async fn identify(&self, parts: Identity) -> Result<Identity>;

    /// Tells of changes, also by other processes. Must be called within a runtime.
    fn news(&self, topic: Topic) -> News;

    /// Looks at the store's own state.
    ///
    /// # Errors
    /// What keeps it from answering.
    async fn health(&self) -> Result<PartHealth>;
}

/// Who carries out what, and when.
#[async_trait]
pub trait JobQueue: fmt::Debug + Send + Sync + 'static {
    /// Takes the next job that may start: appends `Started` under a new token, and gives a lease on it.
    ///
    /// Higher priorities come first; among equals the owner with the fewest running jobs, then the one who was served
    /// longest ago, then the oldest job. A job waits while its owner or its tenant has as many running as they may, while
    /// it is delayed, and when its record or its parameters are of a version that this build does not know.
    ///
    /// # Errors
    /// What keeps the queue from answering.
    async fn claim(
        &self,
        worker: WorkerId,
        lane: Lane,
        operations: &'static [&'static str],
    ) -> Result<Option<Claim>>;

    /// Takes up to so many, in the order in which they would be taken one by one.
    ///
    /// # Errors
    /// As [`claim`](Self::claim), when none could be taken.
    async fn claim_many(
        &self,
        worker: WorkerId,
        lane: Lane,
        operations: &'static [&'static str],
        limit: usize,
    ) -> Result<Vec<Claim>>;

    /// Makes leases last longer, from now. One that was lost says so, and the others are renewed all the same.
    ///
    /// # Errors
    /// What keeps the queue from answering.
    async fn renew(&self, worker: WorkerId, leases: Vec<Lease>) -> Result<Vec<Renewal>>;

    /// Ends an attempt with an error: another one follows after a delay where the error and the number of attempts
    /// permit it, otherwise the job has failed. A job that was asked to stop is cancelled.
    ///
    /// # Errors
    /// `Conflict` with the code [`LEASE_LOST`].
    async fn fail(&self, lease: Lease, error: Error) -> Result<Job>;

    /// Gives a job back, because its worker stops. The attempt does not count.
    ///
    /// # Errors
    /// `Conflict` with the code [`LEASE_LOST`].
    async fn hand_back(&self, lease: Lease) -> Result<Job>;

    /// Ends the attempts of workers that are no longer heard of: those whose lease is over, and those whose lease record
    /// is lost. The attempts count. Returns the jobs.
    ///
    /// # Errors
    /// What keeps the queue from answering.
    async fn reclaim(&self) -> Result<Vec<JobId>>;

    /// When the next delayed job of that lane may start; `None` where none is delayed.
    ///
    /// # Errors
    /// What keeps the queue from answering.
    async fn next_due(&self, lane: Lane) -> Result<Option<Timestamp>>;

    /// Jobs that failed after all their attempts although another one might help, newest first.
    ///
    /// # Errors
    /// What keeps the queue from answering.
    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>>;

    /// Submits the request of a dead letter again, under a new id: an ended job stays as it ended. Asked twice, it gives
    /// the same job.
    ///
    /// # Errors
    /// `NotFound` for a job that is not a dead letter; those of [`JobStore::submit`].
    async fn requeue(&self, id: JobId) -> Result<Job>;

    /// How many jobs wait and run.
    ///
    /// # Errors
    /// What keeps the queue from answering.
    async fn depth(&self) -> Result<Depth>;

    /// What time it is for this queue: what it tells is to be compared with that, and with no other clock.
    fn now(&self) -> Timestamp;
}

/// Both at once: what a server needs.
pub trait Backend: JobStore + JobQueue {}

impl<B: JobStore + JobQueue> Backend for B {}

/// A fencing token: of two, the greater is the newer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fence {
    /// Raised when a queue may have forgotten counters.
    pub epoch: u64,
    /// Raised by every claim.
    pub counter: u64,
}

/// The name of a worker: new at each start of a process, so that nobody takes up a lease of a life before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WorkerId(Uuid);

impl WorkerId {
    /// A new one.
    #[must_use]
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }
}

impl Default for WorkerId {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for WorkerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_hyphenated().fmt(f)
    }
}

/// The right to carry out one attempt of one job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Lease {
    /// The job.
    pub job: JobId,
    /// The attempt.
    pub attempt: u32,
    /// The token under which it was claimed.
    pub fence: Fence,
}

/// A job that was claimed, with all that its worker needs.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The right to it.
    pub lease: Lease,
    /// Whose job it is.
    pub owner: Owner,
    /// What to do.
    pub operation: Operation,
    /// The only tenants that exist for it; all where `None`.
    pub confined_to: Option<Vec<TenantId>>,
    /// Attempts that failed before, and count.
    pub failures: u32,
    /// Progress events that its log holds already.
    pub progress_events: u32,
    /// Warnings that its log holds already.
    pub warnings: u64,
    /// The trace that it belongs to.
    pub trace: Option<TraceParent>,
}

/// What became of a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Renewal {
    /// Which.
    pub lease: Lease,
    /// Whether it still holds.
    pub held: bool,
    /// Whether somebody asked for the job to stop.
    pub cancelling: bool,
}

/// A part of a log.
#[derive(Debug, Clone, PartialEq)]
pub struct EventPage {
    /// In order, without gaps.
    pub events: Vec<JobEvent>,
    /// Whether nothing can follow.
    pub last: bool,
}

/// A job that failed although another attempt might have helped.
#[derive(Debug, Clone, PartialEq)]
pub struct DeadLetter {
    /// As it ended.
    pub job: Job,
    /// The job that its request was submitted as again.
    pub requeued_as: Option<JobId>,
}

/// What was forgotten.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expired {
    /// Jobs: their artifacts may go.
    pub jobs: Vec<JobId>,
    /// Where inputs lay that nobody needs.
    pub inputs: Vec<String>,
}

/// How much there is to do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Depth {
    /// Jobs that wait to be started.
    pub pending: u64,
    /// Jobs that run.
    pub running: u64,
    /// Since when a job waits that might start, where one does.
    pub waiting_since: Option<Timestamp>,
}

/// What belongs together: made when each part was created.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// The queue's own; given out, never brought.
    pub queue_id: Option<String>,
    /// The graph on which its jobs work.
    pub graph_id: Option<String>,
    /// The store of its inputs and artifacts.
    pub artifact_store_id: Option<String>,
}
