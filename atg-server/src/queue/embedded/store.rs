//! The record of all jobs.

use std::sync::PoisonError;

use async_trait::async_trait;
use atg_sdk::{
    EventKind, HealthState, Input, InputDigest, Job, JobFilter, JobId, JobRequest, JobStatus, Owner,
    PartHealth, Result,
};
use jiff::SignedDuration;
use rusqlite::{OptionalExtension as _, Transaction, params};

use super::{
    super::{
        EventPage, Expired, Identity, JobStore, Lease, News, Record, Topic,
        refusal::{joined, not_ended, queue_full, too_many_open},
    },
    EmbeddedQueue, PAGE, Shared,
    database::{Fault, blocking},
    former::{expired, forget, forgotten},
    row::{self, Row, integer, nanoseconds, to_json},
};

/// How long it is believed that the file can be written to.
const PROBE: SignedDuration = SignedDuration::from_secs(10);

#[async_trait]
impl JobStore for EmbeddedQueue {
    async fn submit(&self, request: JobRequest, priority: i32) -> Result<Job> {
        blocking(&self.shared, move |shared| shared.submit(&request, priority)).await
    }

    async fn get(&self, id: JobId) -> Result<Job> {
        // Two small looks at what is in memory, if not for long: not worth the way to another thread.
        if let Some(job) = self.shared.recent(id) {
            return Ok(job);
        }
        blocking(&self.shared, move |shared| {
            let now = shared.now();
            let row = shared
                .database
                .read("read a job", |transaction| shared.find(transaction, id, now))?;
            Ok(shared.remember(row))
        })
        .await
    }

    async fn list(&self, filter: JobFilter, limit: usize) -> Result<Vec<Job>> {
        blocking(&self.shared, move |shared| shared.list(&filter, limit)).await
    }

    async fn events(&self, id: JobId, after: u64) -> Result<EventPage> {
        blocking(&self.shared, move |shared| {
            let now = shared.now();
            shared.database.read("read the log of a job", |transaction| {
                let row = shared.find(transaction, id, now)?;
                let events = row::events(transaction, row.number, after, PAGE)?;
                let log = &row.record.log;
                let complete = events.last().map_or(after >= log.last_sequence(), |event| {
                    event.sequence == log.last_sequence()
                });
                Ok(EventPage {
                    events,
                    last: complete && log.job().status.has_ended(),
                })
            })
        })
        .await
    }

    async fn cancel(&self, id: JobId) -> Result<Job> {
        blocking(&self.shared, move |shared| {
            shared.change("cancel a job", id, |record, now| Ok(record.cancel(now)))
        })
        .await
    }

    async fn append(&self, lease: Lease, kinds: Vec<EventKind>) -> Result<Job> {
        blocking(&self.shared, move |shared| {
            shared.change("append to the log of a job", lease.job, |record, now| {
                record.append(lease, now, kinds)
            })
        })
        .await
    }

    async fn delete(&self, id: JobId) -> Result<bool> {
        blocking(&self.shared, move |shared| shared.delete(id)).await
    }

    async fn expire(&self) -> Result<Expired> {
        blocking(&self.shared, Shared::expire).await
    }

    async fn put_input(&self, owner: Owner, input: Input, location: String) -> Result<String> {
        blocking(&self.shared, move |shared| {
            shared.put_input(&owner, &input, &location)
        })
        .await
    }

    async fn find_input(&self, owner: Owner, digest: InputDigest) -> Result<(Input, String)> {
        blocking(&self.shared, move |shared| shared.find_input(&owner, digest)).await
    }

    async fn identify(&self, parts: Identity) -> Result<Identity> {
        blocking(&self.shared, move |shared| {
            let doing = "compare the parts of the service";
            let known = shared.database.read(doing, known)?;
            let wanted = joined(&known, parts)?;
            if wanted != known {
                // Somebody may have been faster: what he wrote counts.
                return shared
                    .database
                    .write(doing, |transaction| write_identity(transaction, wanted));
            }
            Ok(known)
        })
        .await
    }

    fn news(&self, topic: Topic) -> News {
        let news = self.shared.hub.follow(topic);
        Shared::look(&self.shared);
        news
    }

    async fn health(&self) -> Result<PartHealth> {
        blocking(&self.shared, |shared| {
            shared.probe()?;
            let id = shared
                .database
                .read("read the queue", |transaction| stored(transaction, "queue_id"))?;
            Ok(PartHealth {
                state: HealthState::Healthy,
                // Callers read this, and where it lies on a server's disk is none of their business.
                detail: format!("queue {}", id.unwrap_or_default()),
            })
        })
        .await
    }
}

impl Shared {
    /// Writes something that changes nothing, to see that it can be done. Anybody may ask for the health as often as he
    /// likes, so not every time.
    fn probe(&self) -> Result<()> {
        let now = self.now();
        let mut probed = self.probed.lock().unwrap_or_else(PoisonError::into_inner);
        if probed.is_some_and(|last| now.duration_since(last).abs() < PROBE) {
            return Ok(());
        }
        self.database.write("write to the queue", |transaction| {
            transaction.execute("UPDATE meta SET value = value WHERE name = 'epoch'", [])?;
            Ok(())
        })?;
        *probed = Some(now);
        Ok(())
    }

    fn submit(&self, request: &JobRequest, priority: i32) -> Result<Job> {
        let now = self.now();
        let (job, changed) = self.database.write("accept a job", |transaction| {
            if let Some(row) = Row::find(transaction, request.id)? {
                if row.has_expired(now) {
                    return Err(expired(row.record.log.job()).into());
                }
                row.record.check_same_request(request)?;
                return Ok((row.into_job(), None));
            }
            if let Some(former) = forgotten(transaction, request.id)? {
                return Err(former.gone(request.id).into());
            }
            self.check_room(transaction, &request.owner)?;
            self.use_inputs(transaction, request, now)?;
            let graph_id = match request.operation.name() {
                "self-test" | "rehearsal" => None,
                _ => stored(transaction, "graph_id")?,
            };
            let (record, first) = Record::submit(request, graph_id, priority, now);
            let number = Row::insert(transaction, &record, &first)?;
            for digest in request.operation.inputs() {
                transaction.execute(
                    "INSERT OR IGNORE INTO job_input VALUES (?, ?)",
                    params![number, digest.as_str()],
                )?;
            }
            let changed: i64 =
                transaction.query_row("SELECT changed FROM job WHERE number = ?", [number], |row| {
                    row.get(0)
                })?;
            Ok((record.log.into_job(), Some(changed)))
        })?;
        match changed {
            Some(changed) => self.announce(job.id, changed, job.status),
            // Somebody asks once more for a job that nobody starts: perhaps nobody was told.
            None if job.status == JobStatus::Pending => self.hub.announce(Topic::Queue),
            None => {}
        }
        Ok(job)
    }

    fn check_room(&self, transaction: &Transaction<'_>, owner: &Owner) -> Result<(), Fault> {
        let pending: i64 = transaction
            .prepare_cached("SELECT count(*) FROM job WHERE status = 'pending'")?
            .query_row([], |row| row.get(0))?;
        if row::count(pending) >= self.policy.max_depth {
            return Err(queue_full(row::count(pending)).into());
        }
        let open: i64 = transaction
            .prepare_cached("SELECT count(*) FROM job WHERE status IN ('pending', 'running') AND owner = ?")?
            .query_row([owner.as_str()], |row| row.get(0))?;
        if row::count(open) >= self.policy.max_open_per_owner {
            return Err(too_many_open(row::count(open)).into());
        }
        Ok(())
    }

    fn list(&self, filter: &JobFilter, limit: usize) -> Result<Vec<Job>> {
        let (time, id) = filter.before.map_or((i64::MAX, String::new()), |(time, id)| {
            (nanoseconds(time), id.to_string())
        });
        let owner = filter.owner.as_ref().map(Owner::as_str);
        let tenants = filter
            .tenants
            .as_ref()
            .map(|ids| to_json(&ids.iter().map(ToString::to_string).collect::<Vec<_>>()))
            .transpose()?;
        let status = names(filter.status.iter().map(|status| status.name()))?;
        let operations = names(filter.operations.iter().map(String::as_str))?;
        let now = self.now().as_millisecond();
        self.database.read("list the jobs", |transaction| {
            let rows = Row::select(
                transaction,
                "(job.created_at, job.id) < (?1, ?2)
                   AND (job.expires_at IS NULL OR job.expires_at > ?3)
                   AND (?4 IS NULL OR job.owner = ?4)
                   AND (?5 IS NULL OR job.tenant_id IN (SELECT value FROM json_each(?5)))
                   AND (?6 IS NULL OR job.status IN (SELECT value FROM json_each(?6)))
                   AND (?7 IS NULL OR job.operation IN (SELECT value FROM json_each(?7)))
                 ORDER BY job.created_at DESC, job.id DESC LIMIT ?8",
                params![
                    time,
                    id,
                    now,
                    owner,
                    tenants,
                    status,
                    operations,
                    integer(limit as u64)
                ],
            )?;
            Ok(rows.into_iter().map(Row::into_job).collect())
        })
    }

    fn delete(&self, id: JobId) -> Result<bool> {
        let now = self.now();
        let deleted = self.database.write("delete a job", |transaction| {
            let Some(row) = Row::find(transaction, id)? else {
                return Ok(false);
            };
            let status = row.record.log.job().status;
            if !status.has_ended() {
                return Err(not_ended(id, status).into());
            }
            forget(transaction, row.number, row.has_expired(now), now)?;
            Ok(true)
        })?;
        if deleted {
            self.hub.announce(Topic::Job(id));
        }
        Ok(deleted)
    }

    fn expire(&self) -> Result<Expired> {
        /// One transaction must not keep the others waiting.
        const AT_ONCE: i64 = 200;
        let now = self.now();
        let mut expired = Expired::default();
        loop {
            let some = self.database.write("forget old jobs", |transaction| {
                let old = {
                    let mut select = transaction.prepare_cached(
                        "SELECT number, id FROM job WHERE expires_at IS NOT NULL AND expires_at <= ? LIMIT ?",
                    )?;
                    let rows = select.query_map(params![now.as_millisecond(), AT_ONCE], |row| {
                        Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
                    })?;
                    rows.collect::<rusqlite::Result<Vec<_>>>()?
                };
                for (number, _) in &old {
                    forget(transaction, *number, true, now)?;
                }
                Ok(old)
            })?;
            let more = some.len() as i64 == AT_ONCE;
            expired
                .jobs
                .extend(some.iter().filter_map(|(_, id)| id.parse::<JobId>().ok()));
            if !more {
                break;
            }
        }
        let remembered = now.as_millisecond() - self.policy.remembered.as_millis() as i64;
        expired.inputs = self.database.write("forget old inputs", |transaction| {
            transaction.execute("DELETE FROM gone WHERE at < ?", [remembered])?;
            self.expire_inputs(transaction, now)
        })?;
        Ok(expired)
    }
}

/// What the first process wrote.
fn stored(transaction: &Transaction<'_>, name: &str) -> Result<Option<String>, Fault> {
    Ok(transaction
        .prepare_cached("SELECT value FROM meta WHERE name = ?")?
        .query_row([name], |row| row.get(0))
        .optional()?)
}

fn known(transaction: &Transaction<'_>) -> Result<Identity, Fault> {
    Ok(Identity {
        queue_id: stored(transaction, "queue_id")?,
        graph_id: stored(transaction, "graph_id")?,
        artifact_store_id: stored(transaction, "artifact_store_id")?,
    })
}

fn write_identity(transaction: &Transaction<'_>, wanted: Identity) -> Result<Identity, Fault> {
    let joined = joined(&known(transaction)?, wanted)?;
    for (name, value) in [
        ("graph_id", &joined.graph_id),
        ("artifact_store_id", &joined.artifact_store_id),
    ] {
        if let Some(value) = value {
            transaction.execute("INSERT OR IGNORE INTO meta VALUES (?, ?)", params![name, value])?;
        }
    }
    Ok(joined)
}

/// A JSON array for SQL; nothing where everything is admitted.
fn names<'n>(names: impl Iterator<Item = &'n str>) -> Result<Option<String>> {
    let names: Vec<_> = names.collect();
    if names.is_empty() {
        Ok(None)
    } else {
        to_json(&names).map(Some)
    }
}
