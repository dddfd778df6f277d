//! The suite that every executor passes: HTTP over local.

use std::sync::{Arc, Mutex};

use atg_executor_remote::RemoteExecutor;
use atg_sdk::{Executor, Owner, conformance::Fixture};

use super::service::{Service, Setup, local};

struct OverLocal {
    data_dir: tempfile::TempDir,
    service: Mutex<Option<Service>>,
}

impl OverLocal {
    fn new() -> Self {
        Self {
            data_dir: tempfile::tempdir().unwrap(),
            service: Mutex::default(),
        }
    }

    fn client(&self, owner: &Owner) -> Arc<dyn Executor> {
        let service = self.service.lock().unwrap();
        let options = service.as_ref().unwrap().client(owner);
        Arc::new(RemoteExecutor::new(options).unwrap())
    }
}

#[async_trait::async_trait]
impl Fixture for OverLocal {
    async fn executor(&self, concurrency: usize) -> Arc<dyn Executor> {
        let owners = [Owner::default(), Owner::new("somebody else")];
        let executor = local(self.data_dir.path(), concurrency);
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

atg_sdk::conformance_suite!(OverLocal::new());
