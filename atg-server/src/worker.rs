//! Takes jobs out of a queue and has any [`Executor`] carry them out.
//!
//! Each attempt is an inner job of that executor. What the inner job reports goes into the outer job's log under the
//! token of the claim; its artifacts are copied, and become visible with the outer job's last event. A worker that is
//! killed at any moment leaves a lease that runs out, and files that nobody can name.

mod attempt;
mod heart;
mod inner;
mod options;

use std::{fmt, sync::Arc, time::Duration};

use atg_sdk::{Executor, Operation, Result};
use tokio::{
    task::JoinSet,
    time::{Instant, interval, sleep, timeout_at},
};
use tokio_util::sync::CancellationToken;

pub use options::{Admit, WorkerOptions};

use crate::{
    QueueExecutor,
    queue::{Lane, Topic, WorkerId},
};
use heart::Heart;

/// How long to pause after the queue did not answer.
const PAUSE: Duration = Duration::from_secs(1);
/// How often files are looked for that belong to no job.
const SWEEP: Duration = Duration::from_secs(60 * 60);

/// Carries out jobs of a queue.
pub struct Worker {
    shared: Arc<Shared>,
}

/// What all attempts of a worker need.
struct Shared {
    id: WorkerId,
    queue: QueueExecutor,
    inner: Arc<dyn Executor>,
    options: WorkerOptions,
    heart: Heart,
    /// Cancelled when running jobs are to be given back.
    give_back: CancellationToken,
}

impl Worker {
    /// A worker of that queue, which has that executor do the work. The executor should keep no limit of its own below
    /// the worker's slots: a job that waits inside of it holds a lease meanwhile.
    #[must_use]
    pub fn new(queue: &QueueExecutor, inner: Arc<dyn Executor>, options: WorkerOptions) -> Self {
        let id = WorkerId::new();
        Self {
            shared: Arc::new(Shared {
                id,
                heart: Heart::new(id, Arc::clone(queue.backend()), options.heartbeat),
                queue: queue.clone(),
                inner,
                options,
                give_back: CancellationToken::new(),
            }),
        }
    }

    /// Its name, under which it holds leases.
    #[must_use]
    pub fn id(&self) -> WorkerId {
        self.shared.id
    }

    /// Takes and carries out jobs until the token is cancelled. Then it takes no more, lets running jobs end for half of
    /// the grace, stops the others where they are and gives them back, and returns before the grace is over.
    ///
    /// Dropped, it stops at once, as a killed process would.
    ///
    /// # Errors
    /// `InvalidArgument` naming both, when the executor works on another graph than the queue's other workers; what keeps
    /// the heartbeat from starting.
    pub async fn run(self, drain: CancellationToken) -> Result<()> {
        let shared = self.shared;
        let graph_id = shared.inner.health().await?.graph_id;
        shared.queue.join_graph(graph_id).await?;
        let _beating = shared.heart.start()?;
        tracing::info!(worker = %shared.id, "takes jobs");
        let mut chores = JoinSet::new();
        chores.spawn(reclaim(Arc::clone(&shared)));
        chores.spawn(tidy(Arc::clone(&shared)));
        let mut lanes = JoinSet::new();
        for lane in Lane::ALL {
            lanes.spawn(take(Arc::clone(&shared), lane, drain.clone()));
        }
        drain.cancelled().await;
        let begun = Instant::now();
        let grace = shared.options.grace;
        tracing::info!(worker = %shared.id, running = shared.heart.leases().len(), "takes no more jobs");
        let ended = async |lanes: &mut JoinSet<()>, until| {
            let all = async { while lanes.join_next().await.is_some() {} };
            timeout_at(until, all).await.is_ok()
        };
        if !ended(&mut lanes, begun + grace / 2).await {
            shared.give_back.cancel();
            // A tenth is left for those who do not listen.
            if !ended(&mut lanes, begun + grace * 9 / 10).await {
                lanes.shutdown().await;
                for lease in shared.heart.leases() {
                    if let Err(error) = shared.queue.backend().hand_back(lease).await {
                        tracing::warn!(%error, job = %lease.job, "others take it when its lease is over");
                    }
                }
            }
        }
        tracing::info!(worker = %shared.id, "stopped");
        Ok(())
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker")
            .field("id", &self.shared.id)
            .field("inner", &self.shared.inner)
            .finish_non_exhaustive()
    }
}

/// Takes jobs of one lane, as many at a time as there are slots. Returns when it is to stop and all have ended.
async fn take(shared: Arc<Shared>, lane: Lane, drain: CancellationToken) {
    let slots = shared.options.slots.of(lane);
    let backend = Arc::clone(shared.queue.backend());
    let mut news = backend.news(Topic::Queue);
    let mut attempts = JoinSet::new();
    while !drain.is_cancelled() {
        while attempts.try_join_next().is_some() {}
        if attempts.len() >= slots {
            tokio::select! {
                _ = attempts.join_next() => {}
                () = drain.cancelled() => {}
            }
            continue;
        }
        // What is announced from here on leads to another look.
        news.mark_seen();
        let free = slots - attempts.len();
        let pause = match backend.claim_many(shared.id, lane, Operation::NAMES, free).await {
            Ok(claims) if claims.is_empty() => until_due(&shared, lane).await,
            Ok(claims) => {
                for claim in claims {
                    attempts.spawn(attempt::carry_out(Arc::clone(&shared), claim));
                }
                continue;
            }
            Err(error) => {
                tracing::warn!(%error, "jobs cannot be taken");
                PAUSE
            }
        };
        tokio::select! {
            () = news.changed() => {}
            () = sleep(pause) => {}
            _ = attempts.join_next(), if !attempts.is_empty() => {}
            () = drain.cancelled() => {}
        }
    }
    while attempts.join_next().await.is_some() {}
}

/// How long to wait without being told of anything.
async fn until_due(shared: &Shared, lane: Lane) -> Duration {
    let longest = shared.options.look;
    let backend = shared.queue.backend();
    let due = backend.next_due(lane).await.ok().flatten();
    // By the clock of the queue: this machine's may be wrong.
    let wait = due.map(|due| Duration::try_from(due.duration_since(backend.now())).unwrap_or_default());
    // Not before it is due: a millisecond early would be a look for nothing.
    wait.map_or(longest, |wait| (wait + Duration::from_millis(1)).min(longest))
}

/// Takes up jobs of workers that are no longer heard of.
async fn reclaim(shared: Arc<Shared>) {
    let mut ticks = interval(shared.options.reclaim);
    loop {
        ticks.tick().await;
        match shared.queue.backend().reclaim().await {
            Ok(jobs) => {
                for job in jobs {
                    tracing::warn!(%job, "its worker is not heard of any more");
                }
            }
            Err(error) => tracing::warn!(%error, "jobs of lost workers cannot be looked for"),
        }
    }
}

/// Forgets what was kept long enough.
async fn tidy(shared: Arc<Shared>) {
    let mut ticks = interval(shared.options.tidy);
    let mut swept: Option<Instant> = None;
    loop {
        ticks.tick().await;
        let mut tidied = shared.queue.tidy().await;
        if tidied.is_ok() && swept.is_none_or(|swept| swept.elapsed() >= SWEEP) {
            swept = Some(Instant::now());
            tidied = shared.queue.sweep().await;
        }
        if let Err(error) = tidied {
            tracing::warn!(%error, "old jobs and inputs cannot be deleted");
        }
    }
}
