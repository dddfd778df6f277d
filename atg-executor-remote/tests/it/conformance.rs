//! The suite that every executor passes, over real connections: HTTP over local, and HTTP over the queue.

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use atg_executor_remote::RemoteExecutor;
use atg_sdk::{Executor, Owner, conformance::Fixture};
use futures::future::BoxFuture;

use super::service::{Service, Setup, local, queue, redis_queue};

/// A service for each case, over what the function makes.
struct Over {
    make: fn(&Path, usize) -> BoxFuture<'_, Arc<dyn Executor>>,
    data_dir: tempfile::TempDir,
    service: Mutex<Option<Service>>,
}

impl Over {
    fn new(make: fn(&Path, usize) -> BoxFuture<'_, Arc<dyn Executor>>) -> Self {
        Self {
            make,
            data_dir: tempfile::tempdir().unwrap(),
            service: Mutex::default(),
        }
    }

    fn local() -> Self {
        Self::new(|place, concurrency| Box::pin(async move { local(place, concurrency) }))
    }

    fn queue() -> Self {
        Self::new(|place, concurrency| Box::pin(queue(place, concurrency)))
    }

    fn redis() -> Self {
        Self::new(|place, concurrency| Box::pin(redis_queue(place, concurrency)))
    }

    fn client(&self, owner: &Owner) -> Arc<dyn Executor> {
        let service = self.service.lock().unwrap();
        let options = service.as_ref().unwrap().client(owner);
        Arc::new(RemoteExecutor::new(options).unwrap())
    }
}

#[async_trait::async_trait]
impl Fixture for Over {
    async fn executor(&self, concurrency: usize) -> Arc<dyn Executor> {
        let owners = [Owner::default(), Owner::new("somebody else")];
        let executor = (self.make)(self.data_dir.path(), concurrency).await;
        let service = Service::start(executor, &owners, Setup::default()).await;
        *self.service.lock().unwrap() = Some(service);
        self.client(&Owner::default())
    }

    fn on_behalf_of(&self, _executor: &Arc<dyn Executor>, owner: &Owner) -> Arc<dyn Executor> {
        self.client(owner)
    }

    fn max_attempts(&self) -> u32 {
        3
    }

    fn copies_inputs(&self) -> bool {
        true
    }
}

mod over_local {
    atg_sdk::conformance_suite!(super::Over::local());
}

mod over_queue {
    atg_sdk::conformance_suite!(super::Over::queue());
}

mod over_redis {
    atg_sdk::conformance_suite!(super::Over::redis());
}
