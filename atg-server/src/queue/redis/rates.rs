//! How often a caller may call, counted for all servers.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use atg_sdk::Result;

use super::{RedisQueue, Shared, script, store::read};
use crate::http::{Decision, Rate, RateLimiter};

/// Keeps the numbers in the queue's Redis, so that a caller has one allowance and not one of each server.
pub struct RedisRates {
    shared: Arc<Shared>,
}

impl RedisQueue {
    /// The numbers of who calls how often.
    #[must_use]
    pub fn rates(&self) -> RedisRates {
        RedisRates {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl fmt::Debug for RedisRates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisRates").finish_non_exhaustive()
    }
}

#[async_trait]
impl RateLimiter for RedisRates {
    async fn count(&self, bucket: &str, rate: Rate) -> Result<Decision> {
        let mut command = self.shared.link.command(&script::RATE);
        let interval = rate.window / rate.calls.max(1);
        command
            .arg(bucket)
            .arg(micros(interval).max(1))
            .arg(micros(rate.window));
        let answer = self.shared.link.ask("count a call", &command).await?;
        let mut decisions: Vec<(u8, u32, u64)> = read(answer)?;
        let (allowed, remaining, reset) = decisions.pop().unwrap_or_default();
        Ok(Decision {
            allowed: allowed == 1,
            remaining,
            reset: Duration::from_micros(reset),
        })
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
