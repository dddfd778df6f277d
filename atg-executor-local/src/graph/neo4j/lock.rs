//! One writer a tenant: a node that says who, a heartbeat by the server's clock, a fence against those who come back.
//!
//! A transaction that was begun before a tenant was taken over may still be running on the server, though whoever sent it
//! is gone. The server ends it after [`WRITE_LIMIT`](super::server::WRITE_LIMIT); who takes the tenant over stops it, and
//! waits until no such transaction is left.

use std::time::Duration;

use atg_bolt::{Packer, Value};
use atg_sdk::{Error, ErrorKind, Result, azure::TenantId};
use tokio::{runtime::Handle, task::JoinHandle, time::Instant};
use tokio_util::sync::CancellationToken;

use super::server::{Server, WRITE_LIMIT};

/// How often a waiting scan looks whether its turn has come.
const ASK_AGAIN: Duration = Duration::from_millis(200);

/// The server looks every two seconds for transactions whose time is over.
const LAST_OF_ALL: Duration = WRITE_LIMIT.saturating_add(Duration::from_secs(3));

/// How a lock is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rhythm {
    /// How often a scan says that it still lives.
    pub(super) heartbeat: Duration,
    /// After how long without a word a scan is given up.
    pub(super) stale_after: Duration,
}

/// The lock of a tenant, held.
#[derive(Debug)]
pub(super) struct Lock {
    server: Server,
    runtime: Handle,
    pub(super) tenant: TenantId,
    /// Raised by whoever comes next.
    pub(super) fence: i64,
    /// The mark as it was.
    pub(super) was_partial: i64,
    /// How many edges the tenant has.
    pub(super) edges: i64,
    /// What the last scan left for the next one.
    pub(super) remembered: Option<String>,
    heart: JoinHandle<()>,
    held: bool,
    /// Whether anything may have been written.
    touched: bool,
}

/// Waits for its turn.
pub(super) async fn take(
    server: &Server,
    tenant: TenantId,
    holder: &str,
    no_wait: bool,
    cancel: &CancellationToken,
    rhythm: Rhythm,
) -> Result<Lock> {
    loop {
        if cancel.is_cancelled() {
            return Err(Error::cancelled());
        }
        match try_take(server, tenant, holder, rhythm).await? {
            Ok(lock) => {
                lock.wait_for_others(cancel).await?;
                return Ok(lock);
            }
            Err(other) if no_wait => {
                return Err(Error::new(
                    ErrorKind::Conflict,
                    format!(
                        "begin: {other} is writing to the tenant; wait for it to end, or leave out --no-wait"
                    ),
                ));
            }
            Err(_) => {}
        }
        tokio::select! {
            () = cancel.cancelled() => {}
            () = tokio::time::sleep(ASK_AGAIN) => {}
        }
    }
}

/// Tries once. `Err(holder)` inside when somebody who lives has it.
pub(super) async fn try_take(
    server: &Server,
    tenant: TenantId,
    holder: &str,
    rhythm: Rhythm,
) -> Result<Result<Lock, String>> {
    let doing = "take the write lock of the tenant";
    let stale = i64::try_from(rhythm.stale_after.as_millis()).unwrap_or(i64::MAX);
    let mut parameters = Packer::new();
    parameters.map(3).text("tenant").text(&tenant.to_string());
    parameters.text("holder").text(holder).text("stale").int(stale);
    // Who only waits writes nothing.
    let seen = server
        .read(
            "MATCH (t:_Tenant {tenant_id: $tenant})
             WHERE t.holder IS NOT NULL AND timestamp() - t.heartbeat_at <= $stale RETURN t.holder, $holder",
            &parameters,
            doing,
        )
        .await?;
    if let Some(Value::String(other)) = seen.single() {
        return Ok(Err(other.clone()));
    }
    // A forgotten tenant's fences are below those of one that is made later: its writer may still wake up. The first SET waits for whoever changes the node; what follows sees what they left. The second one's own name tells
    // whether a repeated attempt finds that the first had succeeded.
    let mut own = Packer::new();
    let nonce = uuid::Uuid::new_v4().to_string();
    own.map(4).text("tenant").text(&tenant.to_string());
    own.text("holder")
        .text(holder)
        .text("stale")
        .int(stale)
        .text("nonce")
        .text(&nonce);
    let answer = server
        .write(
            "MERGE (t:_Tenant {tenant_id: $tenant})
             ON CREATE SET t.fence = timestamp(), t.partial = 2, t.edges = 0
             SET t.asked_at = timestamp()
             WITH t, t.holder IS NOT NULL AND timestamp() - t.heartbeat_at <= $stale AND t.nonce <> $nonce AS taken,
                  CASE t.nonce WHEN $nonce THEN t.was_partial ELSE t.partial END AS was,
                  CASE t.nonce WHEN $nonce THEN t.fence ELSE t.fence + 1 END AS fence
             FOREACH (_ IN CASE WHEN taken THEN [] ELSE [1] END |
                 SET t.fence = fence, t.nonce = $nonce, t.holder = $holder, t.heartbeat_at = timestamp(),
                     t.was_partial = was, t.partial = 1)
             RETURN taken, t.holder, t.fence, was, t.edges, t.remembered",
            &own,
            doing,
        )
        .await?;
    match answer.rows.into_iter().next().as_deref() {
        Some([Value::Bool(true), Value::String(other), ..]) => Ok(Err(other.clone())),
        Some(
            [
                Value::Bool(false),
                _,
                Value::Int(fence),
                Value::Int(was_partial),
                Value::Int(edges),
                remembered,
            ],
        ) => Ok(Ok(Lock {
            heart: tokio::spawn(beat(server.clone(), tenant, *fence, rhythm.heartbeat)),
            server: server.clone(),
            runtime: Handle::current(),
            tenant,
            fence: *fence,
            was_partial: *was_partial,
            edges: *edges,
            remembered: remembered.as_str().map(str::to_owned),
            held: true,
            touched: false,
        })),
        _ => Err(Error::internal("the tenant's own node is not what it should be")),
    }
}

/// Says now and then that the holder lives.
async fn beat(server: Server, tenant: TenantId, fence: i64, rhythm: Duration) {
    let mut next = tokio::time::interval(rhythm);
    next.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    // The first tick is now, when the tenant has just been taken.
    next.tick().await;
    loop {
        next.tick().await;
        let mut parameters = Packer::new();
        parameters.map(2).text("tenant").text(&tenant.to_string());
        parameters.text("fence").int(fence);
        let beaten = server
            .write(
                "MATCH (t:_Tenant {tenant_id: $tenant, fence: $fence}) SET t.heartbeat_at = timestamp()",
                &parameters,
                "say that the scan lives",
            )
            .await;
        if let Err(error) = beaten {
            // The next one may succeed; if none does, the fence keeps the graph whole.
            tracing::warn!(%error, "the heartbeat of the scan did not reach the graph");
        }
    }
}

impl Lock {
    /// Waits until no transaction of an earlier holder is left.
    async fn wait_for_others(&self, cancel: &CancellationToken) -> Result<()> {
        let until = Instant::now() + LAST_OF_ALL;
        let mut parameters = Packer::new();
        parameters.map(2).text("tenant").text(&self.tenant.to_string());
        parameters.text("fence").int(self.fence);
        loop {
            let others = self
                .server
                .read(
                    "SHOW TRANSACTIONS YIELD transactionId, metaData
                     WHERE metaData.atg_tenant = $tenant AND toInteger(metaData.atg_fence) < $fence
                     RETURN transactionId",
                    &parameters,
                    "look for transactions of an earlier scan",
                )
                .await;
            match others {
                Ok(others) if others.rows.is_empty() => return Ok(()),
                Ok(others) => self.stop(&others.rows).await,
                // Who may not see them can still wait until their time is over.
                Err(error) => {
                    tracing::debug!(%error, "transactions of an earlier scan are waited for unseen");
                }
            }
            if Instant::now() >= until {
                return Ok(());
            }
            tokio::select! {
                () = cancel.cancelled() => return Err(Error::cancelled()),
                () = tokio::time::sleep(ASK_AGAIN) => {}
            }
        }
    }

    async fn stop(&self, transactions: &[Vec<Value>]) {
        let ids: Vec<&str> = transactions
            .iter()
            .filter_map(|row| row.first()?.as_str())
            .collect();
        let mut parameters = Packer::new();
        parameters.map(1).text("ids").list(ids.len());
        for id in ids {
            parameters.text(id);
        }
        let stopped = self
            .server
            .write(
                "TERMINATE TRANSACTIONS $ids",
                &parameters,
                "stop a transaction of an earlier scan",
            )
            .await;
        if let Err(error) = stopped {
            tracing::debug!(%error, "a transaction of an earlier scan is waited for");
        }
    }

    /// Gives the tenant back as it was, for who took it and then wrote nothing.
    pub(super) async fn release_untouched(mut self) -> Result<()> {
        self.give_back(Some(self.was_partial)).await
    }

    /// Gives the tenant back as it is. Does nothing when it was taken over.
    pub(super) async fn release(&mut self) -> Result<()> {
        self.give_back(None).await
    }

    async fn give_back(&mut self, partial: Option<i64>) -> Result<()> {
        self.held = false;
        self.heart.abort();
        let (server, tenant, fence) = (self.server.clone(), self.tenant, self.fence);
        give_back(&server, tenant, fence, partial).await
    }

    /// From now on something may have been written.
    pub(super) fn touch(&mut self) {
        self.touched = true;
    }

    /// The tenant was given back together with the last that was written.
    pub(super) fn is_given_back(&mut self) {
        self.held = false;
        self.heart.abort();
    }

    /// Whether the runtime that keeps its heart beating has gone.
    pub(super) fn is_orphaned(&self) -> bool {
        self.held && self.heart.is_finished()
    }

    /// Whether it still has to be given back.
    pub(super) const fn is_held(&self) -> bool {
        self.held
    }
}

async fn give_back(server: &Server, tenant: TenantId, fence: i64, partial: Option<i64>) -> Result<()> {
    let mut parameters = Packer::new();
    parameters.map(3).text("tenant").text(&tenant.to_string());
    parameters.text("fence").int(fence).text("partial");
    match partial {
        Some(mark) => parameters.int(mark),
        None => parameters.null(),
    };
    server
        .write(
            "MATCH (t:_Tenant {tenant_id: $tenant, fence: $fence})
             SET t.holder = null, t.heartbeat_at = null, t.partial = coalesce($partial, t.partial)",
            &parameters,
            "release the write lock of the tenant",
        )
        .await
        .map(drop)
}

impl Drop for Lock {
    fn drop(&mut self) {
        self.heart.abort();
        if !self.held {
            return;
        }
        // Whoever waited for the tenant was dropped in the middle of it.
        let (server, tenant, fence) = (self.server.clone(), self.tenant, self.fence);
        let partial = (!self.touched).then_some(self.was_partial);
        self.runtime.spawn(async move {
            if let Err(error) = give_back(&server, tenant, fence, partial).await {
                tracing::warn!(%error, "the write lock of the tenant stays until its heartbeat is old");
            }
        });
    }
}
