//! Changing a job: read, ask the record, store if nobody was faster.

use std::sync::PoisonError;

use atg_sdk::{Error, ErrorKind, EventKind, FormerJob, Job, JobEvent, JobId, JobStatus, Result};
use jiff::Timestamp;
use redis::{Cmd, Value};

use super::{
    Shared,
    link::{Fault, Pause},
    row::{Change, Former, Found, Row, unexpected},
    script,
};
use crate::queue::{
    Lease, Record, Topic,
    refusal::{gone, missing},
};

/// How often to lose against others who change the same job before that is an error.
const RACES: u32 = 50;

/// A change that was sent and not answered.
#[derive(Debug, Clone)]
pub(super) struct Unsure {
    lease: Lease,
    kinds: Vec<EventKind>,
    /// The sequence before its first event.
    before: u64,
    bodies: Vec<String>,
}

/// What became of a change that was sent.
pub(super) enum Stored {
    Yes,
    /// The record is not what it was.
    No,
    /// Nobody can tell now.
    Unknown(Error),
}

impl Shared {
    /// Reads one job.
    pub(super) async fn find(&self, doing: &str, id: JobId) -> Result<Row> {
        let mut command = self.link.command(&script::READ);
        command.arg(id.to_string());
        let answer = self.link.ask(doing, &command).await?;
        let found = self.timed(&answer)?.first().ok_or_else(unexpected)?;
        self.present(id, Found::read(id, found)?)
    }

    /// The job, or how it is that there is none.
    pub(super) fn present(&self, id: JobId, found: Found) -> Result<Row> {
        match found {
            Found::Job(row) if row.has_expired(self.time.reckoned()) => {
                let job = row.job();
                let (owner, tenant_id) = (job.owner, job.tenant_id);
                Err(gone(id, Some(FormerJob { owner, tenant_id })))
            }
            Found::Job(row) => Ok(*row),
            Found::Former(Former {
                expired: true,
                owner,
                tenant_id,
            }) => Err(gone(id, Some(FormerJob { owner, tenant_id }))),
            Found::Former(_) | Found::Nothing => Err(missing(id)),
        }
    }

    /// Changes one job: the work says which events to append; without any, nothing is stored.
    pub(super) async fn change(
        &self,
        doing: &str,
        id: JobId,
        if_free: bool,
        work: impl Fn(&mut Record, Timestamp) -> Result<Vec<JobEvent>>,
    ) -> Result<Job> {
        let mut known = self.held(id);
        for _ in 0..RACES {
            let remembered = known.is_some();
            let row = match known.take() {
                Some(row) => row,
                None => self.find(doing, id).await?,
            };
            let now = self.now().await?;
            let mut record = row.record.clone();
            let events = match work(&mut record, now) {
                Ok(events) => events,
                Err(error) if remembered => {
                    // What was remembered may be old: the refusal has to be about what is.
                    tracing::debug!(%error, "looks again");
                    self.keep(id, None);
                    continue;
                }
                Err(error) => return Err(error),
            };
            if events.is_empty() {
                return Ok(row.job());
            }
            let mut change = Change::new(row.become_of(record, self.policy.retention), &events)?;
            change.if_free = if_free;
            match self.store(doing, &change).await? {
                Stored::Yes => {
                    let job = change.row.job();
                    self.stored(change.row, remembered);
                    return Ok(job);
                }
                Stored::No => self.keep(id, None),
                Stored::Unknown(error) => {
                    self.keep(id, None);
                    return Err(error);
                }
            }
        }
        Err(Error::new(
            ErrorKind::Unavailable,
            format!("{doing}: others change it all the time: try again"),
        ))
    }

    /// The same for a worker, who may come again with what he sent before.
    pub(super) async fn append(&self, lease: Lease, kinds: Vec<EventKind>) -> Result<Job> {
        let doing = "append to the log of a job";
        let id = lease.job;
        let kinds = match self.settle_unsure(doing, lease, &kinds).await? {
            Settled::All(job) => return Ok(*job),
            Settled::Some(left) => left,
            Settled::Nothing => kinds,
        };
        let sent = std::sync::Mutex::new(None);
        let outcome = self
            .change(doing, id, false, |record, now| {
                let before = record.log.last_sequence();
                let events = record.append(lease, now, kinds.clone())?;
                let bodies = events
                    .iter()
                    .map(super::row::to_json)
                    .collect::<Result<Vec<_>>>()?;
                *sent.lock().unwrap_or_else(PoisonError::into_inner) = Some((before, bodies));
                Ok(events)
            })
            .await;
        if outcome
            .as_ref()
            .is_err_and(|error| error.code() == "RedisUnavailable")
            && let Some((before, bodies)) = sent.into_inner().unwrap_or_else(PoisonError::into_inner)
        {
            let unsure = Unsure {
                lease,
                kinds,
                before,
                bodies,
            };
            self.unsure
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(id, unsure);
        }
        outcome
    }

    /// Finds out what became of what was sent before without an answer.
    async fn settle_unsure(&self, doing: &str, lease: Lease, kinds: &[EventKind]) -> Result<Settled> {
        let unsure = {
            let unsure = self.unsure.lock().unwrap_or_else(PoisonError::into_inner);
            unsure.get(&lease.job).cloned()
        };
        let Some(unsure) = unsure else {
            return Ok(Settled::Nothing);
        };
        let applied = unsure.lease == lease
            && self
                .holds(doing, lease.job, unsure.before, &unsure.bodies)
                .await?;
        self.unsure
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&lease.job);
        if !applied {
            return Ok(Settled::Nothing);
        }
        match kinds.strip_prefix(unsure.kinds.as_slice()) {
            Some([]) => Ok(Settled::All(Box::new(self.find(doing, lease.job).await?.job()))),
            Some(left) => Ok(Settled::Some(left.to_vec())),
            None => Ok(Settled::Nothing),
        }
    }

    /// Whether the log holds exactly these events there.
    async fn holds(&self, doing: &str, id: JobId, before: u64, bodies: &[String]) -> Result<bool> {
        let mut command = self.link.command(&script::EVENTS);
        command.arg(id.to_string()).arg(before).arg(bodies.len());
        let answer = self.link.ask(doing, &command).await?;
        let rest = self.timed(&answer)?;
        let found = rest.get(1..).unwrap_or_default();
        Ok(found.len() == bodies.len()
            && found.iter().zip(bodies).all(|(value, body)| match value {
                Value::BulkString(bytes) => bytes == body.as_bytes(),
                _ => false,
            }))
    }

    /// Stores one change. Where no answer comes, finds out what became of it.
    async fn store(&self, doing: &str, change: &Change) -> Result<Stored> {
        let mut pause = Pause::default();
        loop {
            let mut part = Cmd::new();
            change.push(&mut part)?;
            let fault = match self.changes.call(part).await {
                Ok(answer) => return stored(&answer),
                Err(fault) => fault,
            };
            if matches!(fault, Fault::Refused(_)) {
                return Err(fault.into_error(doing));
            }
            if !pause.again().await {
                return Ok(Stored::Unknown(fault.into_error(doing)));
            }
            if matches!(fault, Fault::Unknown(_)) {
                match self
                    .holds(
                        doing,
                        change.row.record.log.job().id,
                        change.before(),
                        &change.bodies,
                    )
                    .await
                {
                    Ok(true) => return Ok(Stored::Yes),
                    Ok(false) => {}
                    Err(error) => return Ok(Stored::Unknown(error)),
                }
            }
        }
    }

    /// Tells this process of what it has just stored, and keeps it where it will be changed again.
    pub(super) fn stored(&self, row: Row, held: bool) {
        let job = row.record.log.job();
        let (id, status) = (job.id, job.status);
        let kept = held && row.record.ticket.fence.is_some();
        self.keep(id, kept.then_some(row));
        self.hub.announce(Topic::Job(id));
        // A job that starts gives nobody anything to do.
        if status != JobStatus::Running {
            self.hub.announce(Topic::Queue);
        }
    }
}

/// What was found out about a change that was not answered.
enum Settled {
    /// It was stored, and it was all.
    All(Box<Job>),
    /// It was stored, and this was not part of it.
    Some(Vec<EventKind>),
    /// It was not stored, or there was none.
    Nothing,
}

/// Reads the answer to one change.
fn stored(answer: &Value) -> Result<Stored> {
    match answer {
        Value::Int(1) => Ok(Stored::Yes),
        Value::Int(_) => Ok(Stored::No),
        _ => Err(unexpected()),
    }
}
