//! The ledger of one process.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use atg_sdk::{
    Result,
    quota::{Allowance, QuotaBucket, QuotaLedger, QuotaLimit, QuotaReading, QuotaVerdict},
};

use crate::clock::Clock;

/// Keeps count in memory.
#[derive(Debug)]
pub struct MemoryLedger {
    clock: Arc<dyn Clock>,
    allowances: Mutex<HashMap<QuotaBucket, Allowance>>,
}

impl MemoryLedger {
    /// An empty one.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            allowances: Mutex::default(),
        }
    }

    fn with<T>(
        &self,
        bucket: &QuotaBucket,
        limit: &QuotaLimit,
        act: impl FnOnce(&mut Allowance, jiff::Timestamp) -> T,
    ) -> T {
        let now = self.clock.now();
        let mut allowances = self.allowances.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(allowance) = allowances.get_mut(bucket) {
            return act(allowance, now);
        }
        let allowance = allowances
            .entry(bucket.clone())
            .or_insert_with(|| Allowance::new(*limit, now));
        act(allowance, now)
    }
}

#[async_trait]
impl QuotaLedger for MemoryLedger {
    async fn take(&self, bucket: &QuotaBucket, limit: &QuotaLimit, cost: u32) -> Result<QuotaVerdict> {
        Ok(self.with(bucket, limit, |allowance, now| allowance.take(now, cost)))
    }

    fn settle(&self, bucket: &QuotaBucket, limit: &QuotaLimit, reading: &QuotaReading) {
        self.with(bucket, limit, |allowance, now| allowance.settle(now, reading));
    }
}
