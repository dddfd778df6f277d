//! The real service over a local executor, on a port of its own.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use atg_executor_local::{LocalExecutor, LocalOptions};
use atg_executor_remote::RemoteOptions;
use atg_sdk::{Executor, InputDigest, Owner};
use atg_server::{
    QueueExecutor, QueueOptions,
    http::{Limits, Options, Rate, serve},
    keys::{ApiKey, Environment, KeyRecord, KeyRing, KeyState, Pepper, Scope, StaticKeys, TenantAccess},
    queue::{PerLane, Policy, RedisOptions, RedisQueue},
    worker::{Worker, WorkerOptions},
};
use rustls::ServerConfig;
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

#[expect(dead_code, reason = "other tests do more with it")]
#[path = "../../../atg-server/src/queue/redis/tests/server.rs"]
mod redis;

/// A service that runs until the value is dropped.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) address: SocketAddr,
    keys: Keys,
    stop: CancellationToken,
    task: Option<tokio::task::JoinHandle<atg_sdk::Result<()>>>,
}

/// One key for each owner.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    shown: Vec<(Owner, SecretString)>,
    records: Vec<KeyRecord>,
}

impl Keys {
    pub(crate) fn of(owners: &[Owner]) -> Self {
        let made = owners.iter().map(|owner| {
            let key = ApiKey::generate(Environment::Dev).unwrap();
            ((owner.clone(), key.reveal()), record(&key, owner, &pepper()))
        });
        let (shown, records) = made.unzip();
        Self { shown, records }
    }
}

fn pepper() -> Pepper {
    Pepper::new(b"pepper of the tests, long enough for it").unwrap()
}

/// How a service is set up.
#[derive(Debug, Default)]
pub(crate) struct Setup {
    pub(crate) tls: Option<Arc<ServerConfig>>,
    pub(crate) limits: Option<Limits>,
}

impl Drop for Service {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

pub(crate) fn local(data_dir: &Path, concurrency: usize) -> Arc<dyn Executor> {
    let options = LocalOptions::new(data_dir)
        .with_max_concurrent_jobs(concurrency)
        .with_retry_delay(Duration::from_millis(1));
    Arc::new(LocalExecutor::open(options).unwrap())
}

/// A queue, and a worker of this process that has a local executor carry its jobs out.
pub(crate) async fn queue(data_dir: &Path, concurrency: usize) -> Arc<dyn Executor> {
    let queue = QueueExecutor::open(queue_options(data_dir)).await.unwrap();
    with_worker(queue, data_dir, concurrency)
}

/// The same with the queue in Redis.
pub(crate) async fn redis_queue(data_dir: &Path, concurrency: usize) -> Arc<dyn Executor> {
    let redis = RedisOptions::parse(&redis::shared().url()).unwrap();
    let redis = redis
        .with_name(&format!("t{}", uuid::Uuid::now_v7().simple()))
        .unwrap();
    let options = queue_options(data_dir);
    let backend = RedisQueue::open(redis, options.policy.clone()).await.unwrap();
    let queue = QueueExecutor::with_backend(Arc::new(backend), options)
        .await
        .unwrap();
    with_worker(queue, data_dir, concurrency)
}

fn queue_options(data_dir: &Path) -> QueueOptions {
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
    QueueOptions::new(data_dir).with_policy(policy)
}

fn with_worker(queue: QueueExecutor, data_dir: &Path, concurrency: usize) -> Arc<dyn Executor> {
    let slots = PerLane {
        long: concurrency,
        short: concurrency,
    };
    let options = WorkerOptions::default().with_slots(slots);
    let worker = Worker::new(&queue, local(data_dir, 2 * concurrency), options);
    // It dies with the runtime of the test.
    tokio::spawn(worker.run(CancellationToken::new()));
    Arc::new(queue)
}

/// Limits that no test meets.
pub(crate) fn generous() -> Limits {
    let rate = Rate {
        calls: 1_000_000,
        window: Duration::from_secs(60),
    };
    Limits {
        long: rate,
        short: rate,
        other: rate,
        ..Limits::default()
    }
}

impl Service {
    /// Serves an executor to one key for each owner.
    pub(crate) async fn start(executor: Arc<dyn Executor>, owners: &[Owner], setup: Setup) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::start_on(listener, executor, Keys::of(owners), setup).await
    }

    pub(crate) async fn start_on(
        listener: TcpListener,
        executor: Arc<dyn Executor>,
        keys: Keys,
        setup: Setup,
    ) -> Self {
        let records = Arc::new(StaticKeys(keys.records.clone()));
        let ring = KeyRing::load(records, pepper(), Environment::Dev).await.unwrap();
        let options = Options {
            limits: setup.limits.unwrap_or_else(generous),
            tls: setup.tls,
            ..Options::new(Arc::new(ring))
        };
        let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
        let task = tokio::spawn(serve(listener, executor, options, stop.clone()));
        Self {
            address,
            keys,
            stop,
            task: Some(task),
        }
    }

    /// Stops it and waits until it has.
    pub(crate) async fn end(mut self) {
        self.stop.cancel();
        self.task.take().unwrap().await.unwrap().unwrap();
    }

    /// Options for a client of that owner.
    pub(crate) fn client(&self, owner: &Owner) -> RemoteOptions {
        RemoteOptions::new(format!("http://{}", self.address), self.key(owner))
    }

    pub(crate) fn key(&self, owner: &Owner) -> SecretString {
        let found = self.keys.shown.iter().find(|(name, _)| name == owner);
        found.map(|(_, key)| key.clone()).unwrap()
    }
}

/// Everything but the jobs of others.
fn record(key: &ApiKey, owner: &Owner, pepper: &Pepper) -> KeyRecord {
    KeyRecord {
        id: key.id().clone(),
        hash: InputDigest::from_bytes(key.hash(pepper)).to_string(),
        owner: owner.clone(),
        environment: Environment::Dev,
        scopes: vec![Scope::ScanRun, Scope::GraphRead, Scope::GraphWrite],
        tenants: TenantAccess::Every,
        not_before: None,
        expires_at: None,
        state: KeyState::Active,
    }
}
