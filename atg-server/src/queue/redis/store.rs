//! The record of all jobs.

use std::{collections::HashSet, sync::PoisonError};

use async_trait::async_trait;
use atg_sdk::{
    Error, EventKind, FormerJob, HealthState, Input, InputDigest, Job, JobFilter, JobId, JobRequest,
    JobStatus, Owner, PartHealth, Result,
};
use redis::{Cmd, Value, from_redis_value, from_redis_value_ref};

use super::{
    PAGE, RedisQueue, Shared,
    row::{Former, Found, Row, push_new, read_event, unexpected},
    script,
};
use crate::queue::{
    EventPage, Expired, Identity, JobStore, Lease, News, Record, Topic,
    refusal::{gone, joined, no_input, not_ended, queue_full, too_many_open},
};

/// Entries of an index that one call looks at: a few milliseconds of the server.
const LOOK: usize = 500;

#[async_trait]
impl JobStore for RedisQueue {
    async fn submit(&self, request: JobRequest, priority: i32) -> Result<Job> {
        self.shared.submit(&request, priority).await
    }

    async fn get(&self, id: JobId) -> Result<Job> {
        let shared = &self.shared;
        let known = {
            let mut recent = shared.recent.lock().unwrap_or_else(PoisonError::into_inner);
            recent.find(id, shared.time.reckoned())
        };
        if let Some((job, revision)) = known {
            let mut look = redis::cmd("HGET");
            look.arg(format!("{}:j:{id}", shared.link.options().prefix))
                .arg("rev");
            let now: Option<u64> = read(shared.link.ask("read a job", &look).await?)?;
            if now == Some(revision) {
                return Ok(job);
            }
        }
        let row = shared.find("read a job", id).await?;
        let job = row.job();
        let mut recent = shared.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.keep(&job, row.revision, row.bytes);
        Ok(job)
    }

    async fn list(&self, filter: JobFilter, limit: usize) -> Result<Vec<Job>> {
        self.shared.list(&filter, limit).await
    }

    async fn events(&self, id: JobId, after: u64) -> Result<EventPage> {
        let shared = &self.shared;
        let mut command = shared.link.command(&script::EVENTS);
        command.arg(id.to_string()).arg(after).arg(PAGE);
        let answer = shared.link.ask("read the log of a job", &command).await?;
        let (found, bodies) = shared.timed(&answer)?.split_first().ok_or_else(unexpected)?;
        let row = shared.present(id, Found::read(id, found)?)?;
        let events = bodies
            .iter()
            .map(|body| match body {
                Value::BulkString(body) => read_event(body),
                _ => Err(unexpected()),
            })
            .collect::<Result<Vec<_>>>()?;
        let log = &row.record.log;
        let complete = events.last().map_or(after >= log.last_sequence(), |event| {
            event.sequence == log.last_sequence()
        });
        Ok(EventPage {
            events,
            last: complete && log.job().status.has_ended(),
        })
    }

    async fn cancel(&self, id: JobId) -> Result<Job> {
        let job = self
            .shared
            .change("cancel a job", id, false, |record, now| Ok(record.cancel(now)))
            .await?;
        // Its worker may be in this process.
        self.shared.hub.announce_wish(id);
        Ok(job)
    }

    async fn append(&self, lease: Lease, kinds: Vec<EventKind>) -> Result<Job> {
        self.shared.append(lease, kinds).await
    }

    async fn delete(&self, id: JobId) -> Result<bool> {
        let mut command = self.shared.link.command(&script::DELETE);
        command.arg(id.to_string());
        let answer = self.shared.link.ask("delete a job", &command).await?;
        let was: String = from_redis_value(answer).map_err(|_| unexpected())?;
        match was.as_str() {
            "" => Ok(false),
            "pending" => Err(not_ended(id, JobStatus::Pending)),
            "running" => Err(not_ended(id, JobStatus::Running)),
            _ => {
                self.shared.hub.announce(Topic::Job(id));
                Ok(true)
            }
        }
    }

    async fn expire(&self) -> Result<Expired> {
        let shared = &self.shared;
        let mut expired = Expired::default();
        loop {
            let mut command = shared.link.command(&script::EXPIRE);
            command
                .arg(shared.policy.remembered.as_micros().to_string())
                .arg(shared.policy.inputs_kept.as_micros().to_string());
            let answer = shared.link.ask("forget old jobs and inputs", &command).await?;
            let (jobs, inputs, ids): (Vec<String>, Vec<String>, usize) =
                from_redis_value(answer).map_err(|_| unexpected())?;
            let more = jobs.len() >= 200 || inputs.len() >= 500 || ids >= 500;
            expired
                .jobs
                .extend(jobs.iter().filter_map(|id| id.parse::<JobId>().ok()));
            expired.inputs.extend(inputs);
            if !more {
                return Ok(expired);
            }
        }
    }

    async fn put_input(&self, owner: Owner, input: Input, location: String) -> Result<String> {
        self.shared.put_input(&owner, &input, &location).await
    }

    async fn find_input(&self, owner: Owner, digest: InputDigest) -> Result<(Input, String)> {
        self.shared.find_input(&owner, digest).await
    }

    async fn identify(&self, parts: Identity) -> Result<Identity> {
        let doing = "compare the parts of the service";
        let shared = &self.shared;
        // First without writing anything: what is refused must leave nothing behind.
        let known = shared.identity(doing, &Identity::default()).await?;
        let wanted = joined(&known, parts)?;
        if wanted == known {
            return Ok(known);
        }
        // Somebody may have been faster: what he wrote counts.
        let known = shared.identity(doing, &wanted).await?;
        joined(&known, wanted)
    }

    fn news(&self, topic: Topic) -> News {
        self.shared.hub.follow(topic)
    }

    async fn health(&self) -> Result<PartHealth> {
        let known = self
            .shared
            .identity("ask the queue", &Identity::default())
            .await?;
        Ok(PartHealth {
            state: HealthState::Healthy,
            detail: format!("queue {}", known.queue_id.unwrap_or_default()),
        })
    }
}

impl Shared {
    async fn identity(&self, doing: &str, wanted: &Identity) -> Result<Identity> {
        let mut command = self.link.command(&script::IDENTIFY);
        command
            .arg(wanted.graph_id.as_deref().unwrap_or_default())
            .arg(wanted.artifact_store_id.as_deref().unwrap_or_default());
        let answer = self.link.ask(doing, &command).await?;
        let (queue_id, graph_id, artifact_store_id) = from_redis_value(answer).map_err(|_| unexpected())?;
        Ok(Identity {
            queue_id,
            graph_id,
            artifact_store_id,
        })
    }

    async fn submit(&self, request: &JobRequest, priority: i32) -> Result<Job> {
        let doing = "accept a job";
        loop {
            let graph = match request.operation.name() {
                "self-test" | "rehearsal" => None,
                _ => Some(self.graph.lock().unwrap_or_else(PoisonError::into_inner).clone()),
            };
            let now = self.now().await?;
            let graph_id = graph.clone().filter(|id| !id.is_empty());
            let (record, first) = Record::submit(request, graph_id, priority, now);
            let inputs: Vec<_> = request
                .operation
                .inputs()
                .into_iter()
                .map(|digest| digest.as_str().to_owned())
                .collect();
            let mut part = Cmd::new();
            push_new(
                &mut part,
                &record,
                &first,
                graph.as_deref().unwrap_or("*"),
                &inputs.join(","),
            )?;
            let submitted = || self.submissions.call(part.clone());
            let answer = self.link.patiently(doing, submitted).await?;
            let (outcome, detail): (String, String) = from_redis_value(answer).map_err(|_| unexpected())?;
            let count = || detail.parse().unwrap_or_default();
            return match outcome.as_str() {
                "new" => {
                    self.hub.announce(Topic::Queue);
                    Ok(record.log.into_job())
                }
                "known" => self.resubmitted(request).await,
                "gone" => {
                    let Former { owner, tenant_id, .. } = Former::read(&detail)?;
                    Err(gone(request.id, Some(FormerJob { owner, tenant_id })))
                }
                "graph" => {
                    // Somebody brought one since this process looked.
                    *self.graph.lock().unwrap_or_else(PoisonError::into_inner) = detail;
                    continue;
                }
                "full" => Err(queue_full(count())),
                "open" => Err(too_many_open(count())),
                "input" => Err(no_input(&detail.parse()?)),
                _ => Err(unexpected()),
            };
        }
    }

    /// The job that was there already: also where the first answer was lost, and the call was made twice.
    async fn resubmitted(&self, request: &JobRequest) -> Result<Job> {
        let row = self.find("accept a job", request.id).await?;
        row.record.check_same_request(request)?;
        let job = row.job();
        if job.status == JobStatus::Pending {
            // Perhaps nobody was told.
            self.hub.announce(Topic::Queue);
        }
        Ok(job)
    }

    async fn list(&self, filter: &JobFilter, limit: usize) -> Result<Vec<Job>> {
        if filter.tenants.as_ref().is_some_and(Vec::is_empty) || limit == 0 {
            return Ok(Vec::new());
        }
        let index = match &filter.owner {
            Some(owner) => format!(":all:{}", owner.as_str()),
            None => ":all".to_owned(),
        };
        let among = |names: Vec<String>| match names.as_slice() {
            [] => String::new(),
            names => format!(",{},", names.join(",")),
        };
        let statuses = among(
            filter
                .status
                .iter()
                .map(|status| status.name().to_owned())
                .collect(),
        );
        let tenants = filter.tenants.iter().flatten().map(ToString::to_string).collect();
        let (tenants, operations) = (among(tenants), among(filter.operations.clone()));
        // What is submitted while we look would move the places in the index.
        let (before, before_id) = match filter.before {
            Some((time, id)) => (time.as_microsecond(), id.to_string()),
            None => (self.now().await?.as_microsecond() + 1, String::new()),
        };
        let mut jobs = Vec::new();
        let mut seen = HashSet::new();
        let mut from = 0_i64;
        while from >= 0 && jobs.len() < limit {
            let mut command = self.link.command(&script::LIST);
            command
                .arg(&index)
                .arg(from)
                .arg(LOOK)
                .arg(limit - jobs.len())
                .arg(before)
                .arg(&before_id)
                .arg(&statuses)
                .arg(&tenants)
                .arg(&operations);
            let answer = self.link.ask("list the jobs", &command).await?;
            let (next, found) = self.timed(&answer)?.split_first().ok_or_else(unexpected)?;
            from = from_redis_value_ref(next).map_err(|_| unexpected())?;
            for pair in found.chunks(2) {
                let [Value::BulkString(id), fields] = pair else {
                    return Err(unexpected());
                };
                let id: JobId = std::str::from_utf8(id)
                    .ok()
                    .and_then(|id| id.parse().ok())
                    .ok_or_else(unexpected)?;
                if seen.insert(id) {
                    jobs.push(Row::read(id, fields)?.job());
                }
            }
        }
        Ok(jobs)
    }
}

/// Keeps an error's type in sight where a reply cannot be read.
pub(super) fn read<T: redis::FromRedisValue>(value: Value) -> Result<T, Error> {
    from_redis_value(value).map_err(|_| unexpected())
}
