//! Who carries out what, and when.

use std::collections::HashMap;

use async_trait::async_trait;
use atg_sdk::{Error, Job, JobId, JobRequest, Operation, Result};
use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, Transaction, params};
use uuid::Uuid;

use super::{
    super::{
        Claim, DeadLetter, Depth, Fence, JobQueue, JobStore as _, Lane, Lease, RECORD_VERSION, Renewal,
        WorkerId, refusal::no_dead_letter,
    },
    EmbeddedQueue, Shared,
    database::{Fault, blocking},
    row::{Row, count, integer, nanoseconds, time, to_json},
};

#[async_trait]
impl JobQueue for EmbeddedQueue {
    async fn claim(
        &self,
        worker: WorkerId,
        lane: Lane,
        operations: &'static [&'static str],
    ) -> Result<Option<Claim>> {
        blocking(&self.shared, move |shared| shared.claim(worker, lane, operations)).await
    }

    async fn claim_many(
        &self,
        worker: WorkerId,
        lane: Lane,
        operations: &'static [&'static str],
        limit: usize,
    ) -> Result<Vec<Claim>> {
        // One at a time: each is a commit, and another process may claim in between.
        let mut claims = Vec::new();
        while claims.len() < limit {
            match self.claim(worker, lane, operations).await {
                Ok(Some(claim)) => claims.push(claim),
                Ok(None) => break,
                Err(error) if claims.is_empty() => return Err(error),
                Err(_) => break,
            }
        }
        Ok(claims)
    }

    async fn renew(&self, worker: WorkerId, leases: Vec<Lease>) -> Result<Vec<Renewal>> {
        blocking(&self.shared, move |shared| shared.renew(worker, &leases)).await
    }

    async fn fail(&self, lease: Lease, error: Error) -> Result<Job> {
        blocking(&self.shared, move |shared| {
            shared.change("end an attempt", lease.job, |record, now| {
                record.fail(lease, now, error, &shared.policy)
            })
        })
        .await
    }

    async fn hand_back(&self, lease: Lease) -> Result<Job> {
        blocking(&self.shared, move |shared| {
            shared.change("give a job back", lease.job, |record, now| {
                record.hand_back(lease, now)
            })
        })
        .await
    }

    async fn reclaim(&self) -> Result<Vec<JobId>> {
        blocking(&self.shared, Shared::reclaim).await
    }

    async fn next_due(&self, lane: Lane) -> Result<Option<Timestamp>> {
        blocking(&self.shared, move |shared| {
            let now = shared.now();
            shared.database.read("look at the queue", |transaction| {
                let due: Option<i64> = transaction
                    .prepare_cached(
                        "SELECT min(ready_at) FROM job WHERE status = 'pending' AND lane = ? AND ready_at > ?",
                    )?
                    .query_row(params![lane.name(), nanoseconds(now)], |row| row.get(0))?;
                Ok(due.map(time))
            })
        })
        .await
    }

    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>> {
        blocking(&self.shared, move |shared| {
            let now = shared.now();
            shared.database.read("list the dead letters", |transaction| {
                let rows = Row::select(
                    transaction,
                    "job.dead = 1 AND job.expires_at > ?1 ORDER BY job.number DESC LIMIT ?2",
                    params![now.as_millisecond(), integer(limit as u64)],
                )?;
                let mut letters = Vec::with_capacity(rows.len());
                for row in rows {
                    letters.push(DeadLetter {
                        requeued_as: requeued_as(transaction, row.number)?,
                        job: row.into_job(),
                    });
                }
                Ok(letters)
            })
        })
        .await
    }

    async fn requeue(&self, id: JobId) -> Result<Job> {
        let (number, request, priority) =
            blocking(&self.shared, move |shared| shared.dead_request(id)).await?;
        let again = request.id;
        let job = self.submit(request, priority).await?;
        blocking(&self.shared, move |shared| {
            shared
                .database
                .write("note that a dead letter was sent again", |transaction| {
                    transaction.execute(
                        "UPDATE job SET requeued_as = ? WHERE number = ? AND id = ?",
                        params![again.to_string(), number, id.to_string()],
                    )?;
                    Ok(())
                })
        })
        .await?;
        Ok(job)
    }

    async fn depth(&self) -> Result<Depth> {
        blocking(&self.shared, |shared| {
            let now = shared.now();
            shared.database.read("count the jobs", |transaction| {
                let (pending, first): (i64, Option<i64>) = transaction
                    .prepare_cached(
                        "SELECT count(*), min(ready_at) FILTER (WHERE ready_at <= ?) FROM job WHERE status = 'pending'",
                    )?
                    .query_row([nanoseconds(now)], |row| Ok((row.get(0)?, row.get(1)?)))?;
                let running: i64 = transaction
                    .prepare_cached("SELECT count(*) FROM job WHERE status = 'running'")?
                    .query_row([], |row| row.get(0))?;
                Ok(Depth {
                    pending: count(pending),
                    running: count(running),
                    waiting_since: first.map(time),
                })
            })
        })
        .await
    }

    fn now(&self) -> Timestamp {
        self.shared.now()
    }
}

/// A job that may start, and what decides whether it is the next.
struct Candidate {
    number: i64,
    owner: String,
    /// Smaller is earlier: priority, running jobs of its owner, when the owner was served last, age.
    rank: (i64, usize, i64, i64, i64),
}

/// What runs now in a lane.
#[derive(Default)]
struct Running {
    owners: HashMap<String, usize>,
    tenants: HashMap<String, usize>,
}

impl Shared {
    fn claim(&self, worker: WorkerId, lane: Lane, operations: &[&str]) -> Result<Option<Claim>> {
        let now = self.now();
        let operations = to_json(&operations)?;
        // Most looks find nothing, and those should not ask for the write lock.
        let worthwhile = self.database.read("look for a job", |transaction| {
            self.next(transaction, lane, &operations, now, &[])
        })?;
        if worthwhile.is_none() {
            return Ok(None);
        }
        let claimed = self.database.write("claim a job", |transaction| {
            let mut skipped = Vec::new();
            while let Some(candidate) = self.next(transaction, lane, &operations, now, &skipped)? {
                let Some(mut row) = Row::at(transaction, candidate.number)? else {
                    break;
                };
                let fence = next_fence(transaction)?;
                let Some((claim, events)) = row.record.claim(worker, fence, now, &self.policy)? else {
                    tracing::debug!(job = %row.record.log.job().id, "left to a newer worker");
                    skipped.push(candidate.number);
                    continue;
                };
                let changed = row.save(transaction, &events, self.policy.retention)?;
                transaction.execute(
                    "INSERT OR REPLACE INTO served (owner, lane, claim) VALUES (?, ?, ?)",
                    params![candidate.owner, lane.name(), integer(fence.counter)],
                )?;
                return Ok(Some((claim, changed)));
            }
            Ok(None)
        })?;
        Ok(claimed.map(|(claim, changed)| {
            self.announce(claim.lease.job, changed, atg_sdk::JobStatus::Running);
            claim
        }))
    }

    fn next(
        &self,
        transaction: &Transaction<'_>,
        lane: Lane,
        operations: &str,
        now: Timestamp,
        skipped: &[i64],
    ) -> Result<Option<Candidate>, Fault> {
        let running = running(transaction, lane)?;
        let per_owner = usize::try_from(self.policy.running_per_owner.of(lane)).unwrap_or(usize::MAX);
        let per_tenant = usize::try_from(self.policy.running_per_tenant.of(lane)).unwrap_or(usize::MAX);
        let full = running.tenants.iter().filter(|(_, jobs)| **jobs >= per_tenant);
        let full = to_json(&full.map(|(tenant, _)| tenant).collect::<Vec<_>>())?;
        let skipped = to_json(&skipped)?;
        let mut first = transaction.prepare_cached(
            "SELECT number, priority, created_at,
                 coalesce((SELECT claim FROM served WHERE served.owner = ?2 AND served.lane = ?1), 0)
             FROM job
             WHERE status = 'pending' AND lane = ?1 AND owner = ?2 AND ready_at <= ?3 AND version <= ?4
               AND operation IN (SELECT value FROM json_each(?5))
               AND (tenant_id IS NULL OR tenant_id NOT IN (SELECT value FROM json_each(?6)))
               AND number NOT IN (SELECT value FROM json_each(?7))
             ORDER BY priority DESC, created_at, number LIMIT 1",
        )?;
        let mut best: Option<Candidate> = None;
        for owner in waiting_owners(transaction, lane)? {
            let jobs = running.owners.get(&owner).copied().unwrap_or_default();
            if jobs >= per_owner {
                continue;
            }
            let found = first
                .query_row(
                    params![
                        lane.name(),
                        owner,
                        nanoseconds(now),
                        RECORD_VERSION,
                        operations,
                        full,
                        skipped
                    ],
                    |row| {
                        let priority: i64 = row.get(1)?;
                        let number = row.get(0)?;
                        Ok((number, (-priority, jobs, row.get(3)?, row.get(2)?, number)))
                    },
                )
                .optional()?;
            if let Some((number, rank)) = found
                && best.as_ref().is_none_or(|best| rank < best.rank)
            {
                best = Some(Candidate { number, owner, rank });
            }
        }
        Ok(best)
    }

    fn renew(&self, worker: WorkerId, leases: &[Lease]) -> Result<Vec<Renewal>> {
        let now = self.now();
        self.database.write("renew leases", |transaction| {
            leases
                .iter()
                .map(|lease| {
                    let lease = *lease;
                    let lost = Renewal {
                        lease,
                        held: false,
                        cancelling: false,
                    };
                    let Some(mut row) = Row::find(transaction, lease.job)? else {
                        return Ok(lost);
                    };
                    if row.record.renew(worker, lease, now, &self.policy).is_err() {
                        return Ok(lost);
                    }
                    row.save_holder(transaction)?;
                    Ok(Renewal {
                        lease,
                        held: true,
                        cancelling: row.record.log.job().cancel_requested_at.is_some(),
                    })
                })
                .collect()
        })
    }

    fn reclaim(&self) -> Result<Vec<JobId>> {
        const LOST: &str = "job.status = 'running' AND (lease.until IS NULL OR lease.until <= ?1) ORDER BY job.number LIMIT 100";
        let now = self.now();
        // The same look as above: first without the write lock.
        let worthwhile = self.database.read("look for lost jobs", |transaction| {
            Ok(!Row::select(transaction, LOST, [nanoseconds(now)])?.is_empty())
        })?;
        if !worthwhile {
            return Ok(Vec::new());
        }
        let reclaimed = self.database.write("take up lost jobs", |transaction| {
            let mut reclaimed = Vec::new();
            for mut row in Row::select(transaction, LOST, [nanoseconds(now)])? {
                let events = row.record.reclaim(now, &self.policy)?;
                if !events.is_empty() {
                    let changed = row.save(transaction, &events, self.policy.retention)?;
                    let job = row.record.log.job();
                    reclaimed.push((job.id, changed, job.status));
                }
            }
            Ok(reclaimed)
        })?;
        for (id, changed, status) in &reclaimed {
            self.announce(*id, *changed, *status);
        }
        Ok(reclaimed.into_iter().map(|(id, ..)| id).collect())
    }

    /// The request of a dead letter under the id that it has when it is submitted again.
    fn dead_request(&self, id: JobId) -> Result<(i64, JobRequest, i32)> {
        let now = self.now();
        self.database.read("read a dead letter", |transaction| {
            let row = self.find(transaction, id, now)?;
            if !row.record.ticket.dead {
                return Err(no_dead_letter(id).into());
            }
            let job = row.record.log.job();
            let request = JobRequest {
                id: JobId::from_uuid(Uuid::new_v5(&id.as_uuid(), b"requeue")),
                owner: job.owner.clone(),
                operation: Operation::from_parts(&job.operation, job.parameters.clone())?,
                confined_to: job.confined_to.clone(),
                context: None,
                trace: job.trace,
            };
            Ok((row.number, request, row.record.ticket.priority))
        })
    }
}

fn running(transaction: &Transaction<'_>, lane: Lane) -> Result<Running, Fault> {
    let mut select = transaction
        .prepare_cached("SELECT owner, tenant_id FROM job WHERE status = 'running' AND lane = ?")?;
    let mut rows = select.query([lane.name()])?;
    let mut running = Running::default();
    while let Some(row) = rows.next()? {
        *running.owners.entry(row.get(0)?).or_default() += 1;
        if let Some(tenant) = row.get(1)? {
            *running.tenants.entry(tenant).or_default() += 1;
        }
    }
    Ok(running)
}

/// Owners with a pending job: one step in the index for each of them, however many jobs they have.
fn waiting_owners(transaction: &Transaction<'_>, lane: Lane) -> Result<Vec<String>, Fault> {
    let mut select = transaction.prepare_cached(
        "WITH RECURSIVE waiting (owner) AS (
             SELECT min(owner) FROM job WHERE status = 'pending' AND lane = ?1
             UNION ALL
             SELECT (SELECT min(owner) FROM job WHERE status = 'pending' AND lane = ?1 AND owner > waiting.owner)
             FROM waiting WHERE waiting.owner IS NOT NULL)
         SELECT owner FROM waiting WHERE owner IS NOT NULL",
    )?;
    let owners = select.query_map([lane.name()], |row| row.get(0))?;
    Ok(owners.collect::<rusqlite::Result<_>>()?)
}

fn next_fence(transaction: &Transaction<'_>) -> Result<Fence, Fault> {
    let counter: i64 = transaction
        .prepare_cached("UPDATE meta SET value = value + 1 WHERE name = 'fence' RETURNING value")?
        .query_row([], |row| row.get(0))?;
    let epoch: i64 = transaction
        .prepare_cached("SELECT value FROM meta WHERE name = 'epoch'")?
        .query_row([], |row| row.get(0))?;
    Ok(Fence {
        epoch: count(epoch),
        counter: count(counter),
    })
}

fn requeued_as(transaction: &Transaction<'_>, number: i64) -> Result<Option<JobId>, Fault> {
    let id: Option<String> =
        transaction.query_row("SELECT requeued_as FROM job WHERE number = ?", [number], |row| {
            row.get(0)
        })?;
    Ok(id.and_then(|id| id.parse().ok()))
}
