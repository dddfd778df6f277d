//! One job as the database keeps it.

use atg_sdk::{Error, EventKind, Job, JobEvent, JobId, JobLog, Owner, Result};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{OptionalExtension as _, Transaction, params};

use super::Fault;

/// A job, its place in its log, and who runs it. Its parameters are `null`: they are in its first event.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) number: i64,
    pub(crate) log: JobLog,
    /// The name of the lock that its process holds.
    pub(crate) process: String,
    expires_at: Option<Timestamp>,
}

impl Row {
    /// Finds a job.
    pub(crate) fn find(transaction: &Transaction<'_>, id: JobId) -> Result<Option<Self>, Fault> {
        let found = transaction
            .prepare_cached(
                "SELECT number, owner, sequence, snapshot, process, expires_at FROM job WHERE id = ?",
            )?
            .query_row([id.to_string()], |row| {
                Ok((
                    row.get(0)?,
                    row.get(1)?,
                    row.get(2)?,
                    row.get::<_, String>(3)?,
                    row.get(4)?,
                    row.get(5)?,
                ))
            })
            .optional()?;
        let Some((number, owner, sequence, snapshot, process, expires_at)) = found else {
            return Ok(None);
        };
        Ok(Some(Self {
            number,
            log: JobLog::resume(read_job(&snapshot, owner, expires_at)?, count(sequence)),
            process,
            expires_at: expires_at.and_then(|at| Timestamp::from_millisecond(at).ok()),
        }))
    }

    /// Whether its time of keeping is over, although nobody has cleared it away yet.
    pub(crate) fn has_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }

    /// Stores what was appended, and the job as it is after that.
    pub(crate) fn save(
        &self,
        transaction: &Transaction<'_>,
        events: &[JobEvent],
        retention: SignedDuration,
    ) -> Result<(), Fault> {
        let job = self.log.job();
        let ended_at = job.completed_at.map(Timestamp::as_millisecond);
        let expires_at = job.completed_at.map(|at| after(at, retention).as_millisecond());
        append(transaction, self.number, events)?;
        transaction
            .prepare_cached(
                "UPDATE job SET status = ?, sequence = ?, cancelling = ?, snapshot = ?, ended_at = ?, expires_at = ?
                 WHERE number = ?",
            )?
            .execute(params![
                job.status.name(),
                integer(self.log.last_sequence()),
                job.cancel_requested_at.is_some(),
                to_json(job)?,
                ended_at,
                expires_at,
                self.number
            ])?;
        Ok(())
    }
}

/// Stores events behind those that are there. The primary key refuses a sequence that exists.
pub(crate) fn append(transaction: &Transaction<'_>, number: i64, events: &[JobEvent]) -> Result<(), Fault> {
    let mut insert =
        transaction.prepare_cached("INSERT INTO event (job, sequence, body) VALUES (?, ?, ?)")?;
    for event in events {
        insert.execute(params![number, integer(event.sequence), to_json(event)?])?;
    }
    Ok(())
}

/// Events after that sequence, in order.
pub(crate) fn events(
    transaction: &Transaction<'_>,
    number: i64,
    after: u64,
    limit: u32,
) -> Result<Vec<JobEvent>, Fault> {
    let mut select = transaction
        .prepare_cached("SELECT body FROM event WHERE job = ? AND sequence > ? ORDER BY sequence LIMIT ?")?;
    let mut rows = select.query(params![number, integer(after), limit])?;
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        events.push(read_event(
            row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?,
        )?);
    }
    Ok(events)
}

/// A job from its snapshot and what a snapshot leaves out.
pub(crate) fn read_job(snapshot: &str, owner: String, expires_at: Option<i64>) -> Result<Job> {
    let mut job: Job = serde_json::from_str(snapshot).map_err(damaged)?;
    job.owner = Owner::new(owner);
    job.expires_at = expires_at.and_then(|at| Timestamp::from_millisecond(at).ok());
    Ok(job)
}

/// Adds what a snapshot leaves out and only the first event holds.
pub(crate) fn add_request(job: &mut Job, first: &str) -> Result<()> {
    if let EventKind::Submitted {
        parameters,
        confined_to,
        trace,
        ..
    } = read_event(first)?.kind
    {
        job.parameters = parameters;
        job.confined_to = confined_to;
        job.trace = trace;
    }
    Ok(())
}

/// As a number that sorts as times do. It overflows in the year 2262.
pub(crate) fn nanoseconds(time: Timestamp) -> i64 {
    i64::try_from(time.as_nanosecond()).unwrap_or(i64::MAX)
}

/// That time and so much later; the end of time where there is none such.
pub(crate) fn after(time: Timestamp, duration: SignedDuration) -> Timestamp {
    time.checked_add(duration).unwrap_or(Timestamp::MAX)
}

pub(crate) fn to_json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::internal("write the job history").with_source(error))
}

fn read_event(body: &str) -> Result<JobEvent> {
    serde_json::from_str(body).map_err(damaged)
}

fn damaged(error: serde_json::Error) -> Error {
    Error::internal("read the job history: an entry is damaged: delete the job, or move jobs.db away")
        .with_source(error)
}

/// SQLite's integers are signed; sequences begin at 1 and stay far below the limit.
pub(crate) fn integer(sequence: u64) -> i64 {
    i64::try_from(sequence).unwrap_or(i64::MAX)
}

fn count(sequence: i64) -> u64 {
    u64::try_from(sequence).unwrap_or_default()
}
