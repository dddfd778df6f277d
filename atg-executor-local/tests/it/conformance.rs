//! The suite that every executor passes.

use std::{sync::Arc, time::Duration};

use atg_executor_local::{LocalExecutor, LocalOptions};
use atg_sdk::{Executor, conformance::Fixture};

struct Local {
    data_dir: tempfile::TempDir,
}

impl Local {
    fn new() -> Self {
        Self {
            data_dir: tempfile::tempdir().unwrap(),
        }
    }
}

#[async_trait::async_trait]
impl Fixture for Local {
    async fn executor(&self, concurrency: usize) -> Arc<dyn Executor> {
        let options = LocalOptions::new(self.data_dir.path())
            .with_max_concurrent_jobs(concurrency)
            .with_retry_delay(Duration::from_millis(1));
        Arc::new(LocalExecutor::open(options).unwrap())
    }

    fn max_attempts(&self) -> u32 {
        3
    }
}

atg_sdk::conformance_suite!(Local::new());
