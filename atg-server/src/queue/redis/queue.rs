//! Who carries out what, and when.

use async_trait::async_trait;
use atg_sdk::{Error, ErrorKind, Job, JobId, JobRequest, Operation, Result};
use jiff::Timestamp;
use redis::{Value, from_redis_value};
use uuid::Uuid;

use super::{
    RedisQueue,
    row::{Change, Found, Row, unexpected},
    script,
    store::read,
    time::moment,
};
use crate::queue::{
    Claim, DeadLetter, Depth, JobQueue, JobStore as _, Lane, Lease, Renewal, WorkerId,
    refusal::no_dead_letter,
};

#[async_trait]
impl JobQueue for RedisQueue {
    async fn claim(
        &self,
        worker: WorkerId,
        lane: Lane,
        operations: &'static [&'static str],
    ) -> Result<Option<Claim>> {
        Ok(self.shared.claim(worker, lane, operations, 1).await?.pop())
    }

    async fn claim_many(
        &self,
        worker: WorkerId,
        lane: Lane,
        operations: &'static [&'static str],
        limit: usize,
    ) -> Result<Vec<Claim>> {
        self.shared.claim(worker, lane, operations, limit).await
    }

    async fn renew(&self, worker: WorkerId, leases: Vec<Lease>) -> Result<Vec<Renewal>> {
        let shared = &self.shared;
        let mut command = shared.pulse.command(&script::RENEW);
        command
            .arg(worker.to_string())
            .arg(shared.policy.lease.as_micros().to_string());
        for lease in &leases {
            command
                .arg(lease.job.to_string())
                .arg(lease.fence.epoch)
                .arg(lease.fence.counter);
        }
        let answer = shared.pulse.ask("renew leases", &command).await?;
        let answers: Vec<u8> = from_redis_value(answer).map_err(|_| unexpected())?;
        let renewals = leases.into_iter().zip(answers).map(|(lease, answer)| Renewal {
            lease,
            held: answer > 0,
            cancelling: answer == 2,
        });
        Ok(renewals.collect())
    }

    async fn fail(&self, lease: Lease, error: Error) -> Result<Job> {
        let shared = &self.shared;
        shared
            .change("end an attempt", lease.job, false, |record, now| {
                record.fail(lease, now, error.clone(), &shared.policy)
            })
            .await
    }

    async fn hand_back(&self, lease: Lease) -> Result<Job> {
        self.shared
            .change("give a job back", lease.job, false, |record, now| {
                record.hand_back(lease, now)
            })
            .await
    }

    async fn reclaim(&self) -> Result<Vec<JobId>> {
        let shared = &self.shared;
        let command = shared.link.command(&script::LOST);
        let answer = shared.link.ask("look for lost jobs", &command).await?;
        let mut reclaimed = Vec::new();
        for pair in shared.timed(&answer)?.chunks(2) {
            let [Value::BulkString(id), _] = pair else {
                return Err(unexpected());
            };
            let id: JobId = std::str::from_utf8(id)
                .ok()
                .and_then(|id| id.parse().ok())
                .ok_or_else(unexpected)?;
            if shared.take_from_the_lost(id).await? {
                reclaimed.push(id);
            }
        }
        Ok(reclaimed)
    }

    async fn next_due(&self, lane: Lane) -> Result<Option<Timestamp>> {
        let mut command = self.shared.link.command(&script::DUE);
        command.arg(lane.name());
        let answer = self.shared.link.ask("look at the queue", &command).await?;
        microseconds(answer)
    }

    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>> {
        let doing = "list the dead letters";
        let shared = &self.shared;
        let now = shared.now().await?;
        let most = isize::try_from(limit).unwrap_or(isize::MAX);
        let mut range = redis::cmd("ZREVRANGE");
        range
            .arg(format!("{}:dead", shared.link.options().prefix))
            .arg(0)
            .arg(most.saturating_sub(1));
        let ids: Vec<String> =
            from_redis_value(shared.link.ask(doing, &range).await?).map_err(|_| unexpected())?;
        if ids.is_empty() || limit == 0 {
            return Ok(Vec::new());
        }
        let mut command = shared.link.command(&script::READ);
        command.arg(&ids);
        let answer = shared.link.ask(doing, &command).await?;
        let mut letters = Vec::new();
        for (id, value) in ids.iter().zip(shared.timed(&answer)?) {
            let Found::Job(row) = Found::read(id.parse()?, value)? else {
                continue;
            };
            if !row.has_expired(now) {
                letters.push(DeadLetter {
                    job: row.job(),
                    requeued_as: row.requeued_as,
                });
            }
        }
        Ok(letters)
    }

    async fn requeue(&self, id: JobId) -> Result<Job> {
        let Row { record, .. } = self.shared.find("read a dead letter", id).await?;
        if !record.ticket.dead {
            return Err(no_dead_letter(id));
        }
        let job = record.log.job();
        let request = JobRequest {
            id: JobId::from_uuid(Uuid::new_v5(&id.as_uuid(), b"requeue")),
            owner: job.owner.clone(),
            operation: Operation::from_parts(&job.operation, job.parameters.clone())?,
            confined_to: job.confined_to.clone(),
            context: None,
            trace: job.trace,
        };
        let again = self.submit(request, record.ticket.priority).await?;
        let mut command = self.shared.link.command(&script::MARK);
        command.arg(id.to_string()).arg(again.id.to_string());
        self.shared
            .link
            .ask("note that a dead letter was sent again", &command)
            .await?;
        Ok(again)
    }

    async fn depth(&self) -> Result<Depth> {
        let command = self.shared.link.command(&script::DEPTH);
        let answer = self.shared.link.ask("count the jobs", &command).await?;
        let (pending, running, first): (u64, u64, Value) =
            from_redis_value(answer).map_err(|_| unexpected())?;
        Ok(Depth {
            pending,
            running,
            waiting_since: microseconds(first)?,
        })
    }

    fn now(&self) -> Timestamp {
        self.shared.time.reckoned()
    }
}

impl super::Shared {
    /// Ends the attempt of a worker that is not heard of; false when somebody else did, or it is heard of again.
    async fn take_from_the_lost(&self, id: JobId) -> Result<bool> {
        let doing = "take up a lost job";
        // It may be one of this very process, which knows of its own loss no sooner than others.
        self.keep(id, None);
        let row = match self.find(doing, id).await {
            Ok(row) => row,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Gone) => return Ok(false),
            Err(error) => return Err(error),
        };
        let mut record = row.record.clone();
        let events = record.reclaim(self.now().await?, &self.policy)?;
        if events.is_empty() {
            return Ok(false);
        }
        let mut change = Change::new(row.become_of(record, self.policy.retention), &events)?;
        change.if_free = true;
        let mut command = self.link.command(&script::SAVE);
        change.push(&mut command)?;
        // Once: who was faster has done it, and what is not answered is looked for again a second later.
        let answer = self.link.call(&command).await;
        let stored: Vec<i64> = read(answer.map_err(|fault| fault.into_error(doing))?)?;
        if stored != [1] {
            return Ok(false);
        }
        self.stored(change.row, false);
        Ok(true)
    }
}

fn microseconds(value: Value) -> Result<Option<Timestamp>> {
    let text: String = from_redis_value(value).map_err(|_| unexpected())?;
    if text.is_empty() {
        return Ok(None);
    }
    let count: f64 = text.parse().map_err(|_| unexpected())?;
    Ok(Some(moment(count as i64)))
}
