//! Job history: logs of events in a database that several processes share.
//!
//! A job changes only by appending what the SDK's reducer admits, in one transaction with reading where it stands. That
//! is all that keeps two processes apart: who appends `Started` first has the job.

mod changes;
mod crashed;
mod database;
mod former;
mod list;
mod locks;
mod prune;
mod row;
mod watch;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use atg_sdk::{Error, Job, JobEvent, JobId, JobLog, JobRequest, JobStatus, Result};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{OptionalExtension as _, Transaction, params};

pub(crate) use self::{
    changes::{Changes, Following},
    database::{Database, Fault, blocking},
    list::list,
    locks::ProcessLocks,
    watch::watch,
};
use self::{
    former::{expired, forget, forgotten},
    row::Row,
};
use crate::inputs;

/// The jobs of this data directory. Calls on it block.
#[derive(Debug)]
pub(crate) struct JobStore {
    database: Arc<Database>,
    locks: ProcessLocks,
    changes: Changes,
    /// How long an ended job is kept.
    retention: SignedDuration,
    /// Jobs of ours whose end could not be written, and why. Without this, who waits for one would wait for ever.
    lost: Mutex<HashMap<JobId, Error>>,
}

impl JobStore {
    pub(crate) fn new(database: Arc<Database>, locks: ProcessLocks, retention: SignedDuration) -> Self {
        Self {
            database,
            locks,
            changes: Changes::default(),
            retention,
            lost: Mutex::default(),
        }
    }

    /// Accepts a job for this process. The second value says whether it is ours to start now.
    pub(crate) fn submit(&self, request: &JobRequest, graph_id: Option<String>) -> Result<(Job, bool)> {
        let process = self.locks.own()?;
        let accepted = self.database.write("submit a job", |transaction| {
            match Row::find(transaction, request.id)? {
                Some(row) => self.submit_again(transaction, request, row, &process),
                None => insert(transaction, request, graph_id, &process).map(|job| (job, true)),
            }
        })?;
        self.changes.announce();
        Ok(accepted)
    }

    /// The job on whose behalf a job works, itself where there is none: of a scan that was resumed more than once the first.
    pub(crate) fn outermost(&self, id: JobId) -> Result<JobId> {
        let outer: Option<String> = self
            .database
            .read("find out what a job goes on with", |connection| {
                let mut find = connection.prepare_cached(
                    "SELECT outer_job FROM behalf JOIN job ON job.number = behalf.job WHERE job.id = ?",
                )?;
                Ok(find.query_row([id.to_string()], |row| row.get(0)).optional()?)
            })?;
        Ok(outer.and_then(|outer| outer.parse().ok()).unwrap_or(id))
    }

    /// The same request again. A pending job whose process died is taken over: nobody else would start it.
    fn submit_again(
        &self,
        transaction: &Transaction<'_>,
        request: &JobRequest,
        row: Row,
        process: &str,
    ) -> Result<(Job, bool), Fault> {
        if row.has_expired(Timestamp::now()) {
            return Err(expired(row.log.job()).into());
        }
        let number = row.number;
        let orphaned = row.log.job().status == JobStatus::Pending && self.locks.is_free(&row.process)?;
        let job = whole(transaction, row)?;
        job.check_same_request(request)?;
        if orphaned {
            transaction.execute(
                "UPDATE job SET process = ? WHERE number = ?",
                params![process, number],
            )?;
        }
        Ok((job, orphaned))
    }

    /// Appends what `change` makes of the log, all of it or nothing. Returns the job as it is then, without parameters.
    pub(crate) fn change(
        &self,
        id: JobId,
        change: impl FnOnce(&mut JobLog) -> Result<Vec<JobEvent>>,
    ) -> Result<Job> {
        let job = self
            .database
            .write("record what happened to a job", |transaction| {
                let mut row = self.find(transaction, id)?;
                let events = change(&mut row.log)?;
                if !events.is_empty() {
                    row.save(transaction, &events, self.retention)?;
                }
                Ok(row.log.into_job())
            })?;
        self.changes.announce();
        Ok(job)
    }

    /// Records the wish to cancel.
    pub(crate) fn cancel(&self, id: JobId) -> Result<Job> {
        self.settle(id)?;
        let found = self.database.write("cancel a job", |transaction| {
            let mut row = self.find(transaction, id)?;
            let events = row.log.cancel(Timestamp::now());
            if !events.is_empty() {
                row.save(transaction, &events, self.retention)?;
            }
            // Read again, for what the end has added to it.
            let row = self.find(transaction, id)?;
            whole(transaction, row)
        })?;
        self.changes.announce();
        Ok(found)
    }

    /// The job as it is now.
    pub(crate) fn get(&self, id: JobId) -> Result<Job> {
        self.settle(id)?;
        self.check_not_lost(id)?;
        self.database.read("read a job", |transaction| {
            let row = self.find(transaction, id)?;
            whole(transaction, row)
        })
    }

    /// Forgets an ended job, so that its artifacts may be removed. False where there was none.
    pub(crate) fn delete(&self, id: JobId) -> Result<bool> {
        self.settle(id)?;
        let deleted = self.database.write("delete a job", |transaction| {
            let Some(row) = Row::find(transaction, id)? else {
                return Ok(false);
            };
            let status = row.log.job().status;
            if !status.has_ended() {
                return Err(Error::conflict(format!(
                    "delete job {id}: it is {status}: cancel it and wait for its end first"
                ))
                .into());
            }
            forget(transaction, row.number, row.has_expired(Timestamp::now()))?;
            Ok(true)
        })?;
        self.changes.announce();
        Ok(deleted)
    }

    /// Whether somebody asked for this job to stop.
    pub(crate) fn is_cancelling(&self, id: JobId) -> Result<bool> {
        self.database.read("look for a wish to cancel", |transaction| {
            Ok(transaction
                .prepare_cached("SELECT cancelling FROM job WHERE id = ?")?
                .query_row([id.to_string()], |row| row.get(0))
                .optional()?
                .unwrap_or(false))
        })
    }

    /// Looks for damage, as far as that is quick.
    pub(crate) fn check(&self) -> Result<()> {
        let found: String = self.database.read("check the job history", |transaction| {
            Ok(transaction.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?)
        })?;
        if found == "ok" {
            return Ok(());
        }
        Err(Error::internal(
            "read the job history: jobs.db is damaged: move it away, and a new one is made",
        ))
    }

    /// How many jobs wait, and how many run.
    pub(crate) fn count_open(&self) -> Result<(u64, u64)> {
        self.database.read("count the jobs", |transaction| {
            let mut select = transaction.prepare_cached(
                "SELECT count(*) FROM job WHERE status IN ('pending', 'running') AND status = ?",
            )?;
            let mut count = |status: JobStatus| {
                let count: i64 = select.query_row([status.name()], |row| row.get(0))?;
                Ok::<_, Fault>(count.unsigned_abs())
            };
            Ok((count(JobStatus::Pending)?, count(JobStatus::Running)?))
        })
    }

    /// How many jobs there are in each state.
    pub(crate) fn count(&self) -> Result<Vec<(String, u64)>> {
        self.database.read("count the jobs", |transaction| {
            let mut select =
                transaction.prepare("SELECT status, count(*) FROM job GROUP BY status ORDER BY status")?;
            let counts =
                select.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs())))?;
            Ok(counts.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Whether the job's end was to be written by us and could not be.
    pub(crate) fn check_not_lost(&self, id: JobId) -> Result<()> {
        let lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        lost.get(&id).map_or(Ok(()), |error| Err(error.clone()))
    }

    /// Remembers that the end of a job of ours could not be written.
    pub(crate) fn lose(&self, id: JobId, error: Error) {
        self.lost
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id, error);
        self.changes.announce();
    }

    /// Tells of every change of any job.
    pub(crate) fn changes(&self) -> &Changes {
        &self.changes
    }

    /// Finds a job, or says how it is that there is none.
    fn find(&self, transaction: &Transaction<'_>, id: JobId) -> Result<Row, Fault> {
        match Row::find(transaction, id)? {
            Some(row) if row.has_expired(Timestamp::now()) => Err(expired(row.log.job()).into()),
            Some(row) => Ok(row),
            None => match forgotten(transaction, id)? {
                Some(former) if former.expired => Err(former.gone(id).into()),
                _ => Err(Error::not_found(format!(
                    "find job {id}: there is none here: `atg job list` shows those that there are"
                ))
                .into()),
            },
        }
    }
}

fn insert(
    transaction: &Transaction<'_>,
    request: &JobRequest,
    graph_id: Option<String>,
    process: &str,
) -> Result<Job, Fault> {
    if let Some(former) = forgotten(transaction, request.id)? {
        return Err(former.gone(request.id).into());
    }
    for digest in request.operation.inputs() {
        transaction
            .query_row(
                "SELECT 1 FROM input WHERE owner = ? AND sha256 = ?",
                params![request.owner.as_str(), digest.as_str()],
                |_| Ok(()),
            )
            .optional()?
            .ok_or_else(|| inputs::unknown(digest))?;
    }
    let (log, first) = JobLog::submit(request, graph_id, Timestamp::now());
    let job = log.job();
    transaction.execute(
        "INSERT INTO job (id, created_at, owner, operation, tenant_id, status, process, sequence, snapshot)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        params![
            job.id.to_string(),
            row::nanoseconds(job.created_at),
            job.owner.as_str(),
            job.operation,
            job.tenant_id.map(|id| id.to_string()),
            job.status.name(),
            process,
            row::integer(log.last_sequence()),
            row::to_json(job)?
        ],
    )?;
    let number = transaction.last_insert_rowid();
    row::append(transaction, number, &[first])?;
    for digest in request.operation.inputs() {
        transaction.execute(
            "INSERT OR IGNORE INTO job_input VALUES (?, ?)",
            params![number, digest.as_str()],
        )?;
    }
    if let Some(context) = &request.context {
        transaction.execute(
            "INSERT INTO behalf VALUES (?, ?)",
            params![number, context.job_id.to_string()],
        )?;
    }
    Ok(log.into_job())
}

/// The job with what only its first event holds.
fn whole(transaction: &Transaction<'_>, row: Row) -> Result<Job, Fault> {
    let first: String = transaction
        .prepare_cached("SELECT body FROM event WHERE job = ? AND sequence = 1")?
        .query_row([row.number], |row| row.get(0))?;
    let mut job = row.log.into_job();
    row::add_request(&mut job, &first)?;
    Ok(job)
}
