//! What the suite must know of an executor.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;

use crate::{Executor, Owner};

/// Makes the executor under test, and says in which respects it may differ.
///
/// One value belongs to one case. What an executor needs (a directory, a server) is kept alive in it.
#[async_trait]
pub trait Fixture: Send + Sync + 'static {
    /// An executor of its own, without any job, that carries out at most that many jobs at a time.
    async fn executor(&self, concurrency: usize) -> Arc<dyn Executor>;

    /// The same executor, for calls of that owner. Behind a service the owner follows from the key, so it is another
    /// client; everywhere else it is the one that was given.
    fn on_behalf_of(&self, executor: &Arc<dyn Executor>, _owner: &Owner) -> Arc<dyn Executor> {
        Arc::clone(executor)
    }

    /// How many attempts a job has at most when it fails with a retryable error.
    fn max_attempts(&self) -> u32 {
        1
    }

    /// Whether an input is copied when it is put. Otherwise a file is read when a job needs it, and one that was
    /// changed meanwhile fails the job.
    fn copies_inputs(&self) -> bool {
        false
    }

    /// After which time a case has failed.
    fn time_limit(&self) -> Duration {
        Duration::from_secs(60)
    }
}
