//! One job as the database keeps it.

use atg_sdk::{Error, EventKind, Job, JobEvent, JobId, JobLog, Owner, Result};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Row as SqlRow, Transaction, params};
use uuid::Uuid;

use super::{
    super::{
        Fence, Lane, Record, Ticket, WorkerId,
        record::{Holder, after},
    },
    database::Fault,
};

/// A record and where it is kept.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) number: i64,
    pub(super) record: Record,
    /// The write that changed it last.
    pub(super) changed: i64,
    /// How long its texts are, about.
    pub(super) bytes: usize,
    pub(super) expires_at: Option<i64>,
}

const COLUMNS: &str = "job.number, job.id, job.owner, job.sequence, job.snapshot, job.expires_at, job.changed, job.version, job.lane,
    job.priority, job.failures, job.ready_at, job.touched_at, job.epoch, job.counter, job.progress_events, job.warnings,
    job.dead, lease.worker, lease.until, event.body";
const TABLES: &str = "job LEFT JOIN lease ON lease.job = job.number
    JOIN event ON event.job = job.number AND event.sequence = 1";

impl Row {
    pub(super) fn find(transaction: &Transaction<'_>, id: JobId) -> Result<Option<Self>, Fault> {
        let mut found = Self::select(transaction, "job.id = ?1", [id.to_string()])?;
        Ok(found.pop())
    }

    pub(super) fn at(transaction: &Transaction<'_>, number: i64) -> Result<Option<Self>, Fault> {
        let mut found = Self::select(transaction, "job.number = ?1", [number])?;
        Ok(found.pop())
    }

    /// The rows that the condition admits; it may end with an order and a limit.
    pub(super) fn select(
        transaction: &Transaction<'_>,
        condition: &str,
        parameters: impl rusqlite::Params,
    ) -> Result<Vec<Self>, Fault> {
        let mut select =
            transaction.prepare_cached(&format!("SELECT {COLUMNS} FROM {TABLES} WHERE {condition}"))?;
        let mut rows = select.query(parameters)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(Self::read(row)?);
        }
        Ok(found)
    }

    fn read(row: &SqlRow<'_>) -> Result<Self, Fault> {
        let expires_at: Option<i64> = row.get("expires_at")?;
        let snapshot = row.get_ref("snapshot")?.as_str().map_err(rusqlite::Error::from)?;
        let submitted = row.get_ref("body")?.as_str().map_err(rusqlite::Error::from)?;
        let mut job = read_job(snapshot)?;
        job.owner = Owner::new(row.get::<_, String>("owner")?);
        job.expires_at = expires_at.and_then(|at| Timestamp::from_millisecond(at).ok());
        let first = read_event(submitted)?;
        if let EventKind::Submitted {
            parameters,
            confined_to,
            trace,
            ..
        } = first.kind
        {
            job.parameters = parameters;
            job.confined_to = confined_to;
            job.trace = trace;
        }
        let lane: String = row.get("lane")?;
        let fence = match (
            row.get::<_, Option<i64>>("epoch")?,
            row.get::<_, Option<i64>>("counter")?,
        ) {
            (Some(epoch), Some(counter)) => Some(Fence {
                epoch: count(epoch),
                counter: count(counter),
            }),
            _ => None,
        };
        let holder = match (
            row.get::<_, Option<String>>("worker")?,
            row.get::<_, Option<i64>>("until")?,
        ) {
            (Some(worker), Some(until)) => Some(Holder {
                worker: worker_id(&worker)?,
                until: time(until),
            }),
            _ => None,
        };
        let ticket = Ticket {
            version: row.get("version")?,
            lane: if lane == Lane::Short.name() {
                Lane::Short
            } else {
                Lane::Long
            },
            priority: row.get("priority")?,
            failures: row.get("failures")?,
            ready_at: time(row.get("ready_at")?),
            touched_at: time(row.get("touched_at")?),
            fence,
            holder,
            progress_events: row.get("progress_events")?,
            warnings: count(row.get("warnings")?),
            dead: row.get("dead")?,
        };
        Ok(Self {
            number: row.get("number")?,
            changed: row.get("changed")?,
            bytes: snapshot.len() + submitted.len(),
            record: Record {
                log: JobLog::resume(job, count(row.get("sequence")?)),
                ticket,
            },
            expires_at,
        })
    }

    /// Whether its time of keeping is over, although nobody has cleared it away yet.
    pub(super) fn has_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|at| at <= now.as_millisecond())
    }

    /// The job with what no event says.
    pub(super) fn into_job(self) -> Job {
        self.record.log.into_job()
    }

    /// Stores a new job and its first event. Returns its number.
    pub(super) fn insert(
        transaction: &Transaction<'_>,
        record: &Record,
        first: &JobEvent,
    ) -> Result<i64, Fault> {
        let (job, ticket) = (record.log.job(), &record.ticket);
        transaction
            .prepare_cached(
                "INSERT INTO job (id, created_at, owner, operation, tenant_id, status, sequence, snapshot, changed, version,
                     lane, priority, failures, ready_at, touched_at, progress_events, warnings, dead)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![
                job.id.to_string(),
                nanoseconds(job.created_at),
                job.owner.as_str(),
                job.operation,
                job.tenant_id.map(|id| id.to_string()),
                job.status.name(),
                integer(record.log.last_sequence()),
                to_json(job)?,
                change(transaction)?,
                ticket.version,
                ticket.lane.name(),
                ticket.priority,
                ticket.failures,
                nanoseconds(ticket.ready_at),
                nanoseconds(ticket.touched_at),
                ticket.progress_events,
                integer(ticket.warnings),
                ticket.dead,
            ])?;
        let number = transaction.last_insert_rowid();
        append(transaction, number, std::slice::from_ref(first))?;
        Ok(number)
    }

    /// Stores what was appended, and the record as it is after that. Returns the number of the change.
    pub(super) fn save(
        &mut self,
        transaction: &Transaction<'_>,
        events: &[JobEvent],
        retention: SignedDuration,
    ) -> Result<i64, Fault> {
        let (job, ticket) = (self.record.log.job(), &self.record.ticket);
        let expires_at = job.completed_at.map(|at| after(at, retention).as_millisecond());
        let changed = change(transaction)?;
        append(transaction, self.number, events)?;
        transaction
            .prepare_cached(
                "UPDATE job SET status = ?, sequence = ?, snapshot = ?, expires_at = ?, changed = ?, failures = ?,
                     ready_at = ?, touched_at = ?, epoch = ?, counter = ?, progress_events = ?, warnings = ?, dead = ?
                 WHERE number = ?",
            )?
            .execute(params![
                job.status.name(),
                integer(self.record.log.last_sequence()),
                to_json(job)?,
                expires_at,
                changed,
                ticket.failures,
                nanoseconds(ticket.ready_at),
                nanoseconds(ticket.touched_at),
                ticket.fence.map(|fence| integer(fence.epoch)),
                ticket.fence.map(|fence| integer(fence.counter)),
                ticket.progress_events,
                integer(ticket.warnings),
                ticket.dead,
                self.number,
            ])?;
        self.save_holder(transaction)?;
        self.expires_at = expires_at;
        self.changed = changed;
        Ok(changed)
    }

    /// Stores who runs it.
    pub(super) fn save_holder(&self, transaction: &Transaction<'_>) -> Result<(), Fault> {
        match self.record.ticket.holder {
            None => transaction
                .prepare_cached("DELETE FROM lease WHERE job = ?")?
                .execute([self.number])?,
            Some(holder) => transaction
                .prepare_cached("INSERT OR REPLACE INTO lease (job, worker, until) VALUES (?, ?, ?)")?
                .execute(params![
                    self.number,
                    holder.worker.to_string(),
                    nanoseconds(holder.until)
                ])?,
        };
        Ok(())
    }
}

/// Events after that sequence, in order.
pub(super) fn events(
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

/// The number of this write.
pub(super) fn change(transaction: &Transaction<'_>) -> Result<i64, Fault> {
    Ok(transaction
        .prepare_cached("UPDATE meta SET value = value + 1 WHERE name = 'change' RETURNING value")?
        .query_row([], |row| row.get(0))?)
}

/// Stores events behind those that are there. The primary key refuses a sequence that exists.
fn append(transaction: &Transaction<'_>, number: i64, events: &[JobEvent]) -> Result<(), Fault> {
    let mut insert =
        transaction.prepare_cached("INSERT INTO event (job, sequence, body) VALUES (?, ?, ?)")?;
    for event in events {
        insert.execute(params![number, integer(event.sequence), to_json(event)?])?;
    }
    Ok(())
}

/// As a number that sorts as times do. It overflows in the year 2262.
pub(super) fn nanoseconds(time: Timestamp) -> i64 {
    i64::try_from(time.as_nanosecond()).unwrap_or(i64::MAX)
}

pub(super) fn time(nanoseconds: i64) -> Timestamp {
    Timestamp::from_nanosecond(i128::from(nanoseconds)).unwrap_or(Timestamp::MAX)
}

/// SQLite's integers are signed; sequences begin at 1 and stay far below the limit.
pub(super) fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

pub(super) fn to_json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::internal("write the queue").with_source(error))
}

fn read_job(snapshot: &str) -> Result<Job> {
    serde_json::from_str(snapshot).map_err(damaged)
}

fn read_event(body: &str) -> Result<JobEvent> {
    serde_json::from_str(body).map_err(damaged)
}

fn worker_id(text: &str) -> Result<WorkerId> {
    Uuid::try_parse(text).map(WorkerId).map_err(damaged)
}

fn damaged(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::internal("read the queue: an entry is damaged: delete the job, or move queue.db away")
        .with_source(error)
}
