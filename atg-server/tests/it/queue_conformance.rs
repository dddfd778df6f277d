//! The suite that every executor passes, over the embedded queue and a worker in this process.

use std::{sync::Arc, time::Duration};

use atg_executor_local::{LocalExecutor, LocalOptions};
use atg_sdk::{Executor, conformance::Fixture};
use atg_server::{
    QueueExecutor, QueueOptions,
    queue::{PerLane, Policy},
    worker::{Worker, WorkerOptions},
};
use tokio_util::sync::CancellationToken;

struct Queue {
    data_dir: tempfile::TempDir,
}

impl Queue {
    fn new() -> Self {
        Self {
            data_dir: tempfile::tempdir().unwrap(),
        }
    }
}

#[async_trait::async_trait]
impl Fixture for Queue {
    async fn executor(&self, concurrency: usize) -> Arc<dyn Executor> {
        let many = PerLane {
            long: 100,
            short: 100,
        };
        let policy = Policy {
            first_delay: jiff::SignedDuration::from_millis(1),
            running_per_owner: many,
            running_per_tenant: many,
            ..Policy::default()
        };
        let options = QueueOptions::new(self.data_dir.path()).with_policy(policy);
        let queue = QueueExecutor::open(options).await.unwrap();
        let local = LocalOptions::new(self.data_dir.path()).with_max_concurrent_jobs(concurrency);
        let local = Arc::new(LocalExecutor::open(local).unwrap());
        let options = WorkerOptions::default()
            .with_slots(PerLane {
                long: concurrency,
                short: concurrency,
            })
            .with_grace(Duration::from_secs(1));
        let worker = Worker::new(&queue, local, options);
        // It dies with the case's runtime.
        tokio::spawn(worker.run(CancellationToken::new()));
        Arc::new(queue)
    }

    fn max_attempts(&self) -> u32 {
        3
    }

    fn copies_inputs(&self) -> bool {
        true
    }
}

atg_sdk::conformance_suite!(Queue::new());
