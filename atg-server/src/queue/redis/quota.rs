//! Azure's quota, kept for all workers: the arithmetic is the SDK's, what it comes to lies in Redis.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use atg_sdk::{
    Error, ErrorKind, Result,
    quota::{Allowance, QuotaBucket, QuotaLedger, QuotaLimit, QuotaReading, QuotaVerdict},
};
use jiff::Timestamp;
use tokio::{runtime::Handle, sync::mpsc};

use super::{RedisQueue, Shared, row::to_json, script, store::read};

/// How long what is known of a quota is kept after the last call. Longer than any of Azure's windows.
const KEPT: Duration = Duration::from_secs(60 * 60);
/// How often to lose against other workers before that is an error: they would have to come in this very moment each time.
const RACES: u32 = 200;

/// Keeps count of calls of Azure for all workers of a queue.
pub struct RedisLedger {
    shared: Arc<Shared>,
    settled: mpsc::UnboundedSender<(QuotaBucket, QuotaLimit, QuotaReading)>,
}

impl RedisQueue {
    /// The quota that all workers of this queue share. Must be called within a runtime.
    #[must_use]
    pub fn quota(&self) -> RedisLedger {
        let (settled, mut readings) = mpsc::unbounded_channel::<(QuotaBucket, QuotaLimit, QuotaReading)>();
        let shared = Arc::clone(&self.shared);
        // In its own time: whoever made the call must not wait for Redis.
        Handle::current().spawn(async move {
            while let Some((bucket, limit, reading)) = readings.recv().await {
                let told = shared.account(&bucket, &limit, |allowance, now| allowance.settle(now, &reading));
                if let Err(error) = told.await {
                    tracing::warn!(%error, "what an answer said of a quota is lost");
                }
            }
        });
        RedisLedger {
            shared: Arc::clone(&self.shared),
            settled,
        }
    }
}

impl fmt::Debug for RedisLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisLedger").finish_non_exhaustive()
    }
}

#[async_trait]
impl QuotaLedger for RedisLedger {
    async fn take(&self, bucket: &QuotaBucket, limit: &QuotaLimit, cost: u32) -> Result<QuotaVerdict> {
        self.shared
            .account(bucket, limit, |allowance, now| allowance.take(now, cost))
            .await
    }

    fn settle(&self, bucket: &QuotaBucket, limit: &QuotaLimit, reading: &QuotaReading) {
        // The receiver lives as long as the runtime; without one there is nobody to tell.
        let _ = self.settled.send((bucket.clone(), *limit, *reading));
    }
}

impl Shared {
    /// Reads what is left, lets it change, and stores it unless somebody was faster; then once more.
    async fn account<T>(
        &self,
        bucket: &QuotaBucket,
        limit: &QuotaLimit,
        act: impl Fn(&mut Allowance, Timestamp) -> T + Send + Sync,
    ) -> Result<T> {
        let doing = "share the quota of Azure";
        let key = format!(":quota:{}", to_json(bucket)?);
        for race in 0..RACES {
            let now = self.now().await?;
            let mut get = redis::cmd("GET");
            get.arg(format!("{}{key}", self.link.options().prefix));
            let known: Option<String> = read(self.link.ask(doing, &get).await?)?;
            // One of another version says nothing to this one, which then begins with what is documented.
            let known_allowance = known.as_deref().and_then(|text| serde_json::from_str(text).ok());
            let mut allowance = known_allowance.unwrap_or_else(|| Allowance::new(*limit, now));
            let outcome = act(&mut allowance, now);
            let becomes = to_json(&allowance)?;
            let mut swap = self.link.command(&script::SWAP);
            swap.arg(&key)
                .arg(known.unwrap_or_default())
                .arg(&becomes)
                .arg(KEPT.as_millis().to_string());
            // Where the answer is lost it may count twice, which costs a call and breaks nothing.
            if read::<u8>(self.link.ask(doing, &swap).await?)? == 1 {
                return Ok(outcome);
            }
            if race > 3 {
                tokio::time::sleep(Duration::from_millis(fastrand::u64(1..10))).await;
            }
        }
        Err(Error::new(
            ErrorKind::Unavailable,
            format!("{doing}: too many workers ask at once: try again"),
        ))
    }
}
