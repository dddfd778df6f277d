//! One job as Redis keeps it.

use atg_sdk::{Error, EventKind, Job, JobEvent, JobId, JobLog, JobStatus, Owner, Result};
use jiff::{SignedDuration, Timestamp};
use redis::{Cmd, Value};
use uuid::Uuid;

use super::time::moment;
use crate::queue::{
    Fence, Lane, RECORD_VERSION, Record, Ticket, WorkerId,
    record::{Holder, after},
};

/// A record and where it is kept.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) record: Record,
    /// How often it was changed: who stores it says what it was when he read it.
    pub(super) revision: u64,
    pub(super) expires_at: Option<i64>,
    pub(super) requeued_as: Option<JobId>,
    /// How long its texts are, about.
    pub(super) bytes: usize,
}

/// A job that was here.
#[derive(Debug)]
pub(super) struct Former {
    pub(super) expired: bool,
    pub(super) owner: Owner,
    pub(super) tenant_id: Option<atg_sdk::azure::TenantId>,
}

/// What a script found of a job.
#[derive(Debug)]
pub(super) enum Found {
    Job(Box<Row>),
    Former(Former),
    Nothing,
}

/// The fields of a job, in the order of `fields.lua`.
struct Fields<'v>(std::slice::Iter<'v, Value>);

impl Fields<'_> {
    fn text(&mut self) -> Result<&str> {
        match self.0.next() {
            Some(Value::BulkString(bytes)) => std::str::from_utf8(bytes).map_err(damaged),
            Some(Value::Nil) => Ok(""),
            _ => Err(unexpected()),
        }
    }

    fn number<N: std::str::FromStr>(&mut self) -> Result<N> {
        self.text()?.parse().map_err(|_| unexpected())
    }

    fn maybe<N: std::str::FromStr>(&mut self) -> Result<Option<N>> {
        match self.text()? {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| unexpected()),
        }
    }
}

impl Row {
    /// Reads the answer of a script. Nothing for a record that only a newer version can read.
    pub(super) fn read(id: JobId, value: &Value) -> Result<Self> {
        let Value::Array(values) = value else {
            return Err(unexpected());
        };
        let mut fields = Fields(values.iter());
        let revision = fields.number()?;
        let version = fields.number()?;
        let sequence = fields.number()?;
        let snapshot = fields.text()?;
        let mut bytes = snapshot.len();
        let mut job: Job = serde_json::from_str(snapshot).map_err(damaged)?;
        let first = fields.text()?;
        bytes += first.len();
        let first: JobEvent = serde_json::from_str(first).map_err(damaged)?;
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
        job.id = id;
        job.owner = Owner::new(fields.text()?);
        let lane = if fields.text()? == Lane::Short.name() {
            Lane::Short
        } else {
            Lane::Long
        };
        let priority = fields.number()?;
        let failures = fields.number()?;
        let ready_at = moment(fields.number()?);
        let touched_at = moment(fields.number()?);
        let fence = match (fields.maybe()?, fields.maybe()?) {
            (Some(epoch), Some(counter)) => Some(Fence { epoch, counter }),
            _ => None,
        };
        let worker = fields.maybe::<Uuid>()?.map(WorkerId);
        let progress_events = fields.number()?;
        let warnings = fields.number()?;
        let dead = fields.text()? == "1";
        let expires_at: Option<i64> = fields.maybe()?;
        let _number = fields.text()?;
        let requeued_as = fields.maybe()?;
        let until = fields.maybe::<f64>()?.map(|until| moment(until as i64));
        job.expires_at = expires_at.and_then(|at| Timestamp::from_millisecond(at).ok());
        Ok(Self {
            record: Record {
                log: JobLog::resume(job, sequence),
                ticket: Ticket {
                    version,
                    lane,
                    priority,
                    failures,
                    ready_at,
                    touched_at,
                    fence,
                    holder: worker.zip(until).map(|(worker, until)| Holder { worker, until }),
                    progress_events,
                    warnings,
                    dead,
                },
            },
            revision,
            expires_at,
            requeued_as,
            bytes,
        })
    }

    /// The version of the record that a script answered with.
    pub(super) fn version(value: &Value) -> u32 {
        let Value::Array(values) = value else { return 0 };
        match values.get(1) {
            Some(Value::BulkString(bytes)) => std::str::from_utf8(bytes)
                .ok()
                .and_then(|text| text.parse().ok())
                .unwrap_or(u32::MAX),
            _ => 0,
        }
    }

    /// The revision of the record that a script answered with, also where only a newer version can read the rest.
    pub(super) fn revision(value: &Value) -> &[u8] {
        match value {
            Value::Array(values) => match values.first() {
                Some(Value::BulkString(bytes)) => bytes,
                _ => b"",
            },
            _ => b"",
        }
    }

    pub(super) fn has_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|at| at <= now.as_millisecond())
    }

    pub(super) fn job(&self) -> Job {
        self.record.log.job().clone()
    }

    /// What the record has become, with the events that made it so.
    pub(super) fn become_of(&self, record: Record, retention: SignedDuration) -> Self {
        let mut record = record;
        let expires_at = record
            .log
            .job()
            .completed_at
            .map(|at| after(at, retention).as_millisecond());
        let sequence = record.log.last_sequence();
        let mut job = record.log.into_job();
        job.expires_at = expires_at.and_then(|at| Timestamp::from_millisecond(at).ok());
        record.log = JobLog::resume(job, sequence);
        Self {
            record,
            revision: self.revision + 1,
            expires_at,
            requeued_as: self.requeued_as,
            bytes: self.bytes,
        }
    }
}

/// A change that is to be stored.
#[derive(Debug, Clone)]
pub(super) struct Change {
    pub(super) row: Row,
    /// The bodies of the events that it adds.
    pub(super) bodies: Vec<String>,
    /// Only if nobody holds the job.
    pub(super) if_free: bool,
}

impl Change {
    pub(super) fn new(row: Row, events: &[JobEvent]) -> Result<Self> {
        Ok(Self {
            row,
            bodies: events.iter().map(to_json).collect::<Result<_>>()?,
            if_free: false,
        })
    }

    /// Adds it to a call of `save.lua`.
    pub(super) fn push(&self, command: &mut Cmd) -> Result<()> {
        let row = &self.row;
        let (job, ticket) = (row.record.log.job(), &row.record.ticket);
        command
            .arg(job.id.to_string())
            .arg(row.revision - 1)
            .arg(if self.if_free { "free" } else { "" })
            .arg(job.status.name())
            .arg(row.record.log.last_sequence())
            .arg(to_json(job)?)
            .arg(ticket.failures)
            .arg(ticket.ready_at.as_microsecond())
            .arg(ticket.touched_at.as_microsecond())
            .arg(
                ticket
                    .fence
                    .map_or_else(String::new, |fence| fence.epoch.to_string()),
            )
            .arg(
                ticket
                    .fence
                    .map_or_else(String::new, |fence| fence.counter.to_string()),
            )
            .arg(ticket.progress_events)
            .arg(ticket.warnings)
            .arg(u8::from(ticket.dead))
            .arg(u8::from(job.cancel_requested_at.is_some()))
            .arg(row.expires_at.map_or_else(String::new, |at| at.to_string()))
            .arg(self.bodies.len())
            .arg(&self.bodies);
        Ok(())
    }

    /// The sequence of the event before the first that it adds.
    pub(super) fn before(&self) -> u64 {
        self.row.record.log.last_sequence() - self.bodies.len() as u64
    }
}

impl Found {
    /// Reads what `read.lua` says of a job.
    pub(super) fn read(id: JobId, value: &Value) -> Result<Self> {
        match value {
            Value::Array(_) => Ok(Self::Job(Box::new(Row::read(id, value)?))),
            Value::BulkString(bytes) if bytes.is_empty() => Ok(Self::Nothing),
            Value::BulkString(bytes) => Former::read(&String::from_utf8_lossy(bytes)).map(Self::Former),
            _ => Err(unexpected()),
        }
    }
}

impl Former {
    pub(super) fn read(text: &str) -> Result<Self> {
        let (head, owner) = text.split_once(' ').ok_or_else(unexpected)?;
        let tenant = head.get(1..).unwrap_or_default();
        Ok(Self {
            expired: head.starts_with('e'),
            owner: Owner::new(owner),
            tenant_id: tenant.parse().ok(),
        })
    }
}

/// What the job of a request is when it is new.
pub(super) fn push_new(
    command: &mut Cmd,
    record: &Record,
    first: &JobEvent,
    graph: &str,
    inputs: &str,
) -> Result<()> {
    let (job, ticket) = (record.log.job(), &record.ticket);
    debug_assert_eq!(job.status, JobStatus::Pending);
    command
        .arg(job.id.to_string())
        .arg(job.owner.as_str())
        .arg(job.tenant_id.map_or_else(String::new, |id| id.to_string()))
        .arg(&job.operation)
        .arg(ticket.lane.name())
        .arg(ticket.priority)
        .arg(RECORD_VERSION)
        .arg(ticket.ready_at.as_microsecond())
        .arg(graph)
        .arg(inputs)
        .arg(to_json(job)?)
        .arg(to_json(first)?);
    Ok(())
}

pub(super) fn to_json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::internal("write the queue").with_source(error))
}

pub(super) fn read_event(body: &[u8]) -> Result<JobEvent> {
    serde_json::from_slice(body).map_err(damaged)
}

/// The error for an answer that no script of this version gives.
pub(super) fn unexpected() -> Error {
    Error::internal("read the queue: an entry in Redis is not what this version wrote: delete the job")
}

fn damaged(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    unexpected().with_source(error)
}
