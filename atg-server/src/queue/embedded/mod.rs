//! The queue in a file: SQLite, for any number of processes of one machine that share a directory.
//!
//! Every change is one `IMMEDIATE` transaction that is on the disk before the call returns, so a process that is killed
//! loses nothing that it acknowledged, and no two processes disagree about who was first.

mod database;
mod former;
mod inputs;
mod look;
mod queue;
mod recent;
mod row;
mod store;
#[cfg(test)]
mod tests;

use std::{
    fmt,
    path::Path,
    sync::{Arc, Mutex},
};

use atg_sdk::{Job, JobEvent, JobId, JobStatus, Result};
use jiff::Timestamp;
use rusqlite::Transaction;

use super::{Clock, Policy, Record, Topic, news::Hub};
use database::{Database, Fault};
use former::{expired, forgotten};
use look::Looking;
use recent::Recent;
use row::Row;

/// Events read in one transaction.
const PAGE: u32 = 500;

/// The queue in a file. Its clones are the same.
#[derive(Clone)]
pub struct EmbeddedQueue {
    shared: Arc<Shared>,
}

struct Shared {
    database: Database,
    policy: Policy,
    clock: Arc<dyn Clock>,
    hub: Arc<Hub>,
    looking: Looking,
    recent: Mutex<Recent>,
    /// When it was last found that the file can be written to.
    probed: Mutex<Option<Timestamp>>,
}

impl EmbeddedQueue {
    /// Opens the file, making it where it is missing. Blocks for a few milliseconds.
    ///
    /// # Errors
    /// `Unsupported` for a file of a newer version, `Conflict` for a database of something else, and what the disk
    /// answers.
    pub fn open(path: &Path, policy: Policy, clock: Arc<dyn Clock>) -> Result<Self> {
        let database = Database::open(path)?;
        Ok(Self {
            shared: Arc::new(Shared {
                recent: Mutex::new(Recent::open(&database)?),
                database,
                policy,
                clock,
                hub: Arc::default(),
                looking: Looking::default(),
                probed: Mutex::default(),
            }),
        })
    }
}

impl fmt::Debug for EmbeddedQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedQueue")
            .field("path", &self.shared.database.path())
            .finish_non_exhaustive()
    }
}

impl Shared {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Changes one record: the work says which events to append; without any, nothing is stored.
    fn change(
        &self,
        doing: &str,
        id: JobId,
        work: impl FnOnce(&mut Record, Timestamp) -> Result<Vec<JobEvent>>,
    ) -> Result<Job> {
        let now = self.now();
        let (job, changed) = self.database.write(doing, |transaction| {
            let mut row = self.find(transaction, id, now)?;
            let events = work(&mut row.record, now)?;
            let changed = if events.is_empty() {
                None
            } else {
                Some(row.save(transaction, &events, self.policy.retention)?)
            };
            Ok((self.whole(row), changed))
        })?;
        if let Some(changed) = changed {
            self.announce(id, changed, job.status);
        }
        Ok(job)
    }

    /// The job, with the time of its end of keeping as it follows from what was just stored.
    fn whole(&self, row: Row) -> Job {
        let mut job = row.into_job();
        if job.expires_at.is_none() {
            let retention = self.policy.retention;
            job.expires_at = job
                .completed_at
                .map(|at| super::record::after(at, retention))
                .and_then(|at| Timestamp::from_millisecond(at.as_millisecond()).ok());
        }
        job
    }

    /// Finds a job, or says how it is that there is none.
    fn find(&self, transaction: &Transaction<'_>, id: JobId, now: Timestamp) -> Result<Row, Fault> {
        match Row::find(transaction, id)? {
            Some(row) if row.has_expired(now) => Err(expired(row.record.log.job()).into()),
            Some(row) => Ok(row),
            None => match forgotten(transaction, id)? {
                Some(former) if former.expired => Err(former.gone(id).into()),
                _ => Err(super::refusal::missing(id).into()),
            },
        }
    }

    /// Tells this process of what it has just written.
    fn announce(&self, id: JobId, changed: i64, status: JobStatus) {
        self.looking.is_own(changed);
        self.hub.announce(Topic::Job(id));
        // A job that starts gives nobody anything to do.
        if status != JobStatus::Running {
            self.hub.announce(Topic::Queue);
        }
    }
}
