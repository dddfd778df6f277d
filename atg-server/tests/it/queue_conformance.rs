//! The suite that every executor passes, over both queues and a worker in this process.

use std::{sync::Arc, time::Duration};

use atg_executor_local::{LocalExecutor, LocalOptions};
use atg_sdk::{Executor, conformance::Fixture};
use atg_server::{
    QueueExecutor, QueueOptions,
    queue::{PerLane, Policy, RedisQueue},
    worker::{Worker, WorkerOptions},
};
use tokio_util::sync::CancellationToken;

use crate::redis::fresh;

struct Queue {
    data_dir: tempfile::TempDir,
    in_redis: bool,
}

impl Queue {
    fn new(in_redis: bool) -> Self {
        Self {
            data_dir: tempfile::tempdir().unwrap(),
            in_redis,
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
        let queue = if self.in_redis {
            let backend = RedisQueue::open(fresh(), options.policy.clone()).await.unwrap();
            QueueExecutor::with_backend(Arc::new(backend), options).await
        } else {
            QueueExecutor::open(options).await
        };
        let queue = queue.unwrap();
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

mod in_a_file {
    atg_sdk::conformance_suite!(super::Queue::new(false));
}

mod in_redis {
    atg_sdk::conformance_suite!(super::Queue::new(true));
}
