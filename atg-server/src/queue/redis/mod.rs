//! The queue in a Redis: for any number of processes on any number of machines.
//!
//! What may happen to a job is decided by [`Record`], as for every backend. A change is made here and stored by a script
//! that refuses it when the record is not what it was when it was read; so nothing is written under an old token, and no
//! rule is written twice. The scripts know the index, the counters and the leases, and nothing of what events mean.

mod change;
mod claiming;
mod greeting;
mod inputs;
mod link;
mod listening;
mod options;
mod place;
mod queue;
mod quota;
mod rates;
mod recent;
mod row;
mod script;
mod store;
#[cfg(test)]
mod tests;
mod time;
mod together;

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use atg_sdk::{Error, JobId, Result};
use jiff::Timestamp;
use redis::Value;
use tokio::runtime::{Builder, Handle};

use super::{Clock, Policy, news::Hub};
use change::Unsure;
use claiming::Unreadable;
use link::Link;
use recent::Recent;
use row::Row;
use time::Time;
use together::Together;

pub use options::RedisOptions;
pub use quota::RedisLedger;
pub use rates::RedisRates;

/// Events read at once.
const PAGE: usize = 500;

/// The queue in a Redis. Its clones are the same.
#[derive(Clone)]
pub struct RedisQueue {
    shared: Arc<Shared>,
}

struct Shared {
    /// What everything is asked over.
    link: Arc<Link>,
    /// Submissions of this process.
    submissions: Together,
    /// Changes of jobs by this process.
    changes: Together,
    /// What leases are renewed over: it is served by a thread of its own, because a process whose threads all compute must
    /// not lose its jobs.
    pulse: Link,
    policy: Policy,
    time: Arc<Time>,
    hub: Arc<Hub>,
    /// Jobs that this process carries out, as they were when it last stored them: their log has one writer, so most
    /// changes need no look before.
    held: Mutex<HashMap<JobId, Row>>,
    /// Changes of which nobody knows whether they were stored.
    unsure: Mutex<HashMap<JobId, Unsure>>,
    unreadable: Mutex<Unreadable>,
    recent: Mutex<Recent>,
    /// The graph that new jobs work on, as it was last heard of.
    graph: Mutex<String>,
    /// Ends the thread of the pulse when this is dropped.
    _alive: tokio::sync::oneshot::Sender<()>,
}

impl RedisQueue {
    /// Connects, and makes the queue where there is none. Must be called within a runtime, which then serves the
    /// connection.
    ///
    /// # Errors
    /// `InvalidArgument` for a server that would lose jobs, with what to change; `Unavailable` for one that cannot be
    /// reached; `Unauthenticated`.
    pub async fn open(options: RedisOptions, policy: Policy) -> Result<Self> {
        Self::open_at(options, policy, None).await
    }

    /// The same with another clock than that of Redis, for tests.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn open_with_clock(
        options: RedisOptions,
        policy: Policy,
        clock: Arc<dyn Clock>,
    ) -> Result<Self> {
        Self::open_at(options, policy, Some(clock)).await
    }

    async fn open_at(options: RedisOptions, policy: Policy, clock: Option<Arc<dyn Clock>>) -> Result<Self> {
        let time = Arc::new(Time::new(clock));
        let (own, alive) = own_runtime()?;
        let link = Arc::new(Link::new(options.clone(), Handle::current(), Arc::clone(&time)));
        link.open().await?;
        let limits = vec![
            policy.max_depth.to_string(),
            policy.max_open_per_owner.to_string(),
        ];
        let pulse = Link::new(options.clone(), own.clone(), Arc::clone(&time));
        let (hub, followed) = Hub::reporting();
        let hub = Arc::new(hub);
        own.spawn(listening::listen(options, Arc::downgrade(&hub), followed));
        Ok(Self {
            shared: Arc::new(Shared {
                submissions: Together::new(&link, &script::SUBMIT, limits, true),
                changes: Together::new(&link, &script::SAVE, Vec::new(), false),
                link,
                pulse,
                policy,
                time,
                hub,
                held: Mutex::default(),
                unsure: Mutex::default(),
                unreadable: Mutex::default(),
                recent: Mutex::default(),
                graph: Mutex::default(),
                _alive: alive,
            }),
        })
    }
}

impl fmt::Debug for RedisQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisQueue")
            .field("link", &self.shared.link)
            .finish_non_exhaustive()
    }
}

/// A runtime on a thread of its own, until the sender is dropped.
fn own_runtime() -> Result<(Handle, tokio::sync::oneshot::Sender<()>)> {
    let cannot = |error| Error::internal("start the thread that listens to Redis").with_source(error);
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(cannot)?;
    let handle = runtime.handle().clone();
    let (alive, ended) = tokio::sync::oneshot::channel::<()>();
    thread::Builder::new()
        .name("atg-queue-redis".to_owned())
        .spawn(move || {
            // Nothing is ever sent: it ends when the other side is dropped.
            let _ = runtime.block_on(ended);
        })
        .map_err(cannot)?;
    Ok((handle, alive))
}

impl Shared {
    /// The time, as Redis has it.
    async fn now(&self) -> Result<Timestamp> {
        if let Some(now) = self.time.fresh() {
            return Ok(now);
        }
        let mut command = redis::cmd("TIME");
        command.arg::<&[&str]>(&[]);
        let value = self.link.ask("ask Redis for the time", &command).await?;
        let (seconds, micros): (i64, i64) = redis::from_redis_value(value).map_err(|_| row::unexpected())?;
        self.time.told(seconds * 1_000_000 + micros);
        Ok(self.time.reckoned())
    }

    /// Takes in the time with which most scripts begin their answer, and leaves the rest.
    fn timed<'v>(&self, answer: &'v Value) -> Result<&'v [Value]> {
        match answer {
            Value::Array(parts) => match parts.split_first() {
                Some((Value::BulkString(time), rest)) => {
                    let told = std::str::from_utf8(time).ok().and_then(|text| text.parse().ok());
                    self.time.told(told.ok_or_else(row::unexpected)?);
                    Ok(rest)
                }
                _ => Err(row::unexpected()),
            },
            _ => Err(row::unexpected()),
        }
    }

    fn held(&self, id: JobId) -> Option<Row> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.get(&id).cloned()
    }

    /// Keeps what was stored, while this process may change it again.
    fn keep(&self, id: JobId, row: Option<Row>) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        match row {
            Some(row) => drop(held.insert(id, row)),
            None => drop(held.remove(&id)),
        }
    }
}
