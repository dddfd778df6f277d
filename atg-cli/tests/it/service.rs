//! The service, in this process, for the real binary to call.

use std::{net::SocketAddr, path::Path, sync::Arc};

use atg_executor_local::{LocalExecutor, LocalOptions};
use atg_sdk::{Executor, InputDigest, Owner};
use atg_server::{
    QueueExecutor, QueueOptions,
    http::{Limits, Options, Rate, serve},
    keys::{ApiKey, Environment, KeyRecord, KeyRing, KeyState, Pepper, Scope, StaticKeys, TenantAccess},
    worker::{Worker, WorkerOptions},
};
use futures::future::BoxFuture;
use secrecy::ExposeSecret as _;
use tempfile::TempDir;
use tokio::{net::TcpListener, runtime::Runtime};
use tokio_util::sync::CancellationToken;

use super::support::{Home, Ran};

/// A service over a local executor with a data directory of its own. Ends with the value.
pub(crate) struct Service {
    pub(crate) address: SocketAddr,
    pub(crate) key: String,
    stop: CancellationToken,
    // Before the directory: its tasks end first.
    _runtime: Runtime,
    _data_dir: TempDir,
}

impl Drop for Service {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Service {
    pub(crate) fn start() -> Self {
        Self::over(|executor| executor)
    }

    /// With something between the HTTP layer and the local executor.
    pub(crate) fn over(wrap: impl FnOnce(Arc<dyn Executor>) -> Arc<dyn Executor>) -> Self {
        Self::serving(|place| {
            let local = LocalExecutor::open(LocalOptions::new(place)).unwrap();
            Box::pin(std::future::ready(wrap(Arc::new(local))))
        })
    }

    /// As `atg-server` is: a queue, and a worker that takes its jobs.
    pub(crate) fn queued() -> Self {
        Self::serving(|place| {
            let place = place.to_owned();
            Box::pin(async move {
                let queue = QueueExecutor::open(QueueOptions::new(&place)).await.unwrap();
                let local = LocalExecutor::open(LocalOptions::new(&place)).unwrap();
                let worker = Worker::new(&queue, Arc::new(local), WorkerOptions::default());
                // It dies with the runtime.
                tokio::spawn(worker.run(CancellationToken::new()));
                let queue: Arc<dyn Executor> = Arc::new(queue);
                queue
            })
        })
    }

    fn serving(make: impl FnOnce(&Path) -> BoxFuture<'static, Arc<dyn Executor>>) -> Self {
        let runtime = Runtime::new().unwrap();
        let data_dir = tempfile::tempdir().unwrap();
        let stop = CancellationToken::new();
        let (key, address) = runtime.block_on(async {
            let executor = make(data_dir.path()).await;
            let key = ApiKey::generate(Environment::Dev).unwrap();
            let options = options(&key).await;
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            tokio::spawn(serve(listener, executor, options, stop.clone()));
            (key.reveal().expose_secret().to_owned(), address)
        });
        Self {
            address,
            key,
            stop,
            _runtime: runtime,
            _data_dir: data_dir,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The command with the service's address and key in its environment, and `--remote` before it.
    pub(crate) fn command(&self, home: &Home, args: &[&str]) -> std::process::Command {
        let mut command = home.command(&[&["--remote"], args].concat());
        command
            .env("ATG_SERVICE_URL", self.url())
            .env("ATG_API_KEY", &self.key);
        command
    }

    pub(crate) fn run(&self, home: &Home, args: &[&str]) -> Ran {
        Ran::from(self.command(home, args).output().unwrap())
    }
}

async fn options(key: &ApiKey) -> Options {
    let pepper = Pepper::new(b"pepper of the tests, long enough for it").unwrap();
    let record = KeyRecord {
        id: key.id().clone(),
        hash: InputDigest::from_bytes(key.hash(&pepper)).to_string(),
        owner: Owner::new("tests"),
        environment: Environment::Dev,
        scopes: vec![
            Scope::ScanRun,
            Scope::GraphRead,
            Scope::GraphWrite,
            Scope::IacGenerate,
        ],
        tenants: TenantAccess::Every,
        not_before: None,
        expires_at: None,
        state: KeyState::Active,
    };
    let ring = KeyRing::load(Arc::new(StaticKeys(vec![record])), pepper, Environment::Dev)
        .await
        .unwrap();
    let rate = Rate {
        calls: 1_000_000,
        window: std::time::Duration::from_secs(60),
    };
    Options {
        limits: Limits {
            long: rate,
            short: rate,
            other: rate,
            ..Limits::default()
        },
        ..Options::new(Arc::new(ring))
    }
}
