//! Taking jobs: set aside by a script, started by the reducer.

use std::{
    collections::HashMap,
    sync::PoisonError,
    time::{Duration, Instant},
};

use atg_sdk::{JobId, Result};
use redis::Value;

use super::{
    Shared,
    link::{Fault, Pause},
    row::{Change, Row, unexpected},
    script,
};
use crate::queue::{Claim, Fence, Lane, RECORD_VERSION, WorkerId};

/// How long a job that this build cannot read is left alone before it is looked at again.
const LEFT: Duration = Duration::from_secs(60);
/// How many of them are remembered: each is named in every claim.
const MOST_LEFT: usize = 200;

/// Jobs that only newer workers understand.
#[derive(Debug, Default)]
pub(super) struct Unreadable(HashMap<JobId, Instant>);

impl Unreadable {
    fn add(&mut self, id: JobId) {
        self.0.retain(|_, seen| seen.elapsed() < LEFT);
        if self.0.len() < MOST_LEFT {
            self.0.insert(id, Instant::now());
        }
    }

    fn ids(&self) -> Vec<String> {
        self.0.keys().map(ToString::to_string).collect()
    }
}

impl Shared {
    /// Claims up to so many jobs: two calls, however many they are.
    pub(super) async fn claim(
        &self,
        worker: WorkerId,
        lane: Lane,
        operations: &[&str],
        limit: usize,
    ) -> Result<Vec<Claim>> {
        let doing = "claim a job";
        loop {
            let mut command = self.link.command(&script::RESERVE);
            command
                .arg(worker.to_string())
                .arg(lane.name())
                .arg(limit)
                .arg(self.policy.lease.as_micros().to_string())
                .arg(self.policy.running_per_owner.of(lane))
                .arg(self.policy.running_per_tenant.of(lane))
                .arg(format!(",{},", operations.join(",")))
                .arg(RECORD_VERSION)
                .arg(
                    self.unreadable
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .ids(),
                );
            // Asked only once: what was set aside for an answer that was lost is put back when its time is over.
            let answer = self
                .link
                .call_safely(&command)
                .await
                .map_err(|fault| fault.into_error(doing))?;
            let reserved = self.timed(&answer)?;
            if reserved.is_empty() {
                return Ok(Vec::new());
            }
            let claims = self.begin(worker, reserved).await?;
            // Where none of them could be read, others may wait behind them.
            if !claims.is_empty() {
                return Ok(claims);
            }
        }
    }

    /// Appends `Started` to what was set aside.
    async fn begin(&self, worker: WorkerId, reserved: &[Value]) -> Result<Vec<Claim>> {
        let now = self.now().await?;
        let mut begun = Vec::new();
        let mut released = self.link.command(&script::RELEASE);
        let mut unread = 0;
        for pair in reserved.chunks(2) {
            let [Value::BulkString(id), fields] = pair else {
                return Err(unexpected());
            };
            let id: JobId = std::str::from_utf8(id)
                .ok()
                .and_then(|id| id.parse().ok())
                .ok_or_else(unexpected)?;
            match start(worker, id, fields, now, self) {
                Ok(Some(started)) => begun.push(started),
                Ok(None) => {
                    tracing::debug!(job = %id, "left to a newer worker");
                    self.unreadable
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .add(id);
                    released.arg(id.to_string()).arg(Row::revision(fields));
                    unread += 1;
                }
                Err(error) => {
                    tracing::error!(%error, job = %id, "its record cannot be used");
                    self.unreadable
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .add(id);
                    released.arg(id.to_string()).arg(Row::revision(fields));
                    unread += 1;
                }
            }
        }
        if unread > 0 {
            self.link.ask("leave jobs to newer workers", &released).await?;
        }
        if begun.is_empty() {
            return Ok(Vec::new());
        }
        self.store_started(begun).await
    }

    async fn store_started(&self, begun: Vec<(Claim, Change)>) -> Result<Vec<Claim>> {
        let doing = "claim a job";
        let mut open = begun;
        let mut claims = Vec::with_capacity(open.len());
        let mut pause = Pause::default();
        while !open.is_empty() {
            let mut command = self.link.command(&script::SAVE);
            for (_, change) in &open {
                change.push(&mut command)?;
            }
            match self.link.call_safely(&command).await {
                Ok(Value::Array(answers)) => {
                    for ((claim, change), answer) in open.drain(..).zip(answers) {
                        // Otherwise somebody cancelled it between the two calls.
                        if answer == Value::Int(1) {
                            self.stored(change.row, true);
                            claims.push(claim);
                        }
                    }
                }
                Ok(_) => return Err(unexpected()),
                Err(Fault::Unknown(error)) if pause.again().await => {
                    // Stored or not: what was stored has a later revision than what is sent again, and the log tells.
                    tracing::debug!(%error, "looks what became of claims");
                    let mut left = Vec::new();
                    for (claim, change) in open {
                        let id = claim.lease.job;
                        if self.find(doing, id).await.is_ok_and(|row| {
                            row.record.ticket.fence == Some(claim.lease.fence)
                                && row.record.log.job().attempt == claim.lease.attempt
                        }) {
                            self.stored(change.row, true);
                            claims.push(claim);
                        } else {
                            left.push((claim, change));
                        }
                    }
                    open = left;
                }
                Err(fault) if fault.may_pass() && pause.again().await => {}
                Err(fault) if claims.is_empty() => return Err(fault.into_error(doing)),
                // What was claimed is claimed; the others' reservations run out.
                Err(fault) => {
                    tracing::warn!(error = %fault.into_error(doing), "some jobs could not be claimed");
                    break;
                }
            }
        }
        Ok(claims)
    }
}

/// Starts a job that was set aside; nothing where only newer workers understand it.
fn start(
    worker: WorkerId,
    id: JobId,
    fields: &Value,
    now: jiff::Timestamp,
    shared: &Shared,
) -> Result<Option<(Claim, Change)>> {
    if Row::version(fields) > RECORD_VERSION {
        return Ok(None);
    }
    let row = Row::read(id, fields)?;
    let fence: Fence = row.record.ticket.fence.ok_or_else(unexpected)?;
    let mut record = row.record.clone();
    let Some((claim, events)) = record.claim(worker, fence, now, &shared.policy)? else {
        return Ok(None);
    };
    let change = Change::new(row.become_of(record, shared.policy.retention), &events)?;
    Ok(Some((claim, change)))
}
