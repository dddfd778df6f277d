//! A server's life: from its parts to its last answer.

use std::{net::SocketAddr, sync::Arc};

use atg_azure::{Azure, AzureOptions, RetryPolicy, transport::CallObserver};
use atg_executor_local::{LocalExecutor, LocalOptions, Observer, operations::validate};
use atg_sdk::{Error, ErrorKind, Executor, Result, azure::TenantId, quota::QuotaLedger};
use atg_server::{
    QueueExecutor, QueueOptions,
    http::{self, Metrics, Options, load_tls},
    keys::{FileKeys, KeyRing, KeySource, Pepper, PlainKeys, StaticKeys},
    objects::Objects,
    queue::{Backend, EmbeddedQueue, PerLane, Policy, RedisQueue, SystemClock},
    worker::{Admit, Worker, WorkerOptions},
};
use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret as _;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    arguments::Role,
    config::{ArtifactStore, Config, Keys},
    own_key::{KeyFile, OwnKey},
    pepper, say, values,
    vault::VaultKeys,
};

/// Short operations at once: the lane beside the long ones, which they never wait behind.
const SHORT_AT_ONCE: usize = 8;

/// Serves until it is told to stop.
pub(crate) async fn run(config: Config) -> Result<()> {
    let metrics = Arc::new(Metrics::new());
    let Opened { queue, shared } = open_queue(&config).await?;
    let (keys, own_key) = keys(&config).await?;
    let (stop, closing) = (CancellationToken::new(), CancellationToken::new());
    let mut options = Options {
        public_url: config.public_url.clone(),
        target_tenant: config.target_tenant,
        trusted_proxies: config.trusted_proxies.clone(),
        limits: config.limits.clone(),
        metrics: Arc::clone(&metrics),
        serve_metrics: config.serve_metrics,
        tls: config.tls.as_ref().map(load_tls).transpose()?,
        validate: Some(validate),
        closing: Some(closing.clone()),
        ..Options::new(Arc::clone(&keys))
    };
    if let Some(shared) = &shared {
        options.rates = Arc::new(shared.rates());
    }
    // Within the one grace that it was given the worker has its time first, and then the calls.
    options.limits.grace = match config.role {
        Role::All | Role::Worker => config.limits.grace / 5,
        Role::Api => config.limits.grace * 9 / 10,
    };
    // Everything that can be refused is refused before the first line that somebody may wait for.
    let worker = match config.role {
        Role::Api => None,
        Role::All | Role::Worker => {
            let quota = shared.map(|shared| Arc::new(shared.quota()) as Arc<dyn QuotaLedger>);
            Some(worker(&config, &queue, &metrics, &keys, quota).await?)
        }
    };
    let executor: Arc<dyn Executor> = Arc::new(queue);
    let listener = match config.role {
        Role::Worker => None,
        Role::Api | Role::All => Some(bind(config.address).await?),
    };
    tokio::spawn(Arc::clone(&keys).keep_fresh());
    tokio::spawn(listen_to_signals(stop.clone(), keys));
    if let Some(address) = config.metrics_listen {
        let options = Options {
            probes_only: true,
            serve_metrics: true,
            tls: None,
            ..options.clone()
        };
        tokio::spawn(http::serve(
            bind(address).await?,
            Arc::clone(&executor),
            options,
            stop.clone(),
        ));
    }
    let mut key_file = None;
    if let Some(listener) = &listener {
        key_file = announce(&config, listener, own_key.as_ref())?;
    }
    let serving = async {
        match listener {
            Some(listener) => http::serve(listener, executor, options, stop.clone()).await,
            None => Ok(()),
        }
    };
    let working = async {
        let outcome = match worker {
            Some(worker) => worker.run(stop.clone()).await,
            None => {
                stop.cancelled().await;
                Ok(())
            }
        };
        // Without its worker the process is of no use; with its jobs ended or given back it may go.
        stop.cancel();
        closing.cancel();
        outcome
    };
    let (served, worked) = tokio::join!(serving, working);
    drop::<Option<KeyFile>>(key_file);
    tracing::info!("stopped");
    worked.and(served)
}

/// The queue, and itself once more where all servers share it: they share more than jobs then.
struct Opened {
    queue: QueueExecutor,
    shared: Option<RedisQueue>,
}

async fn open_queue(config: &Config) -> Result<Opened> {
    let long = u64::try_from(config.max_concurrent_jobs).unwrap_or(u64::MAX);
    let running = PerLane {
        long,
        ..Policy::default().running_per_owner
    };
    let policy = Policy {
        retention: SignedDuration::try_from(config.retention).unwrap_or(SignedDuration::MAX),
        max_depth: config.max_queue_depth,
        max_open_per_owner: config.max_open_jobs,
        running_per_owner: running,
        running_per_tenant: running,
        ..Policy::default()
    };
    let options = QueueOptions::new(&config.data_dir)
        .with_policy(policy)
        .with_priorities(config.priorities.clone())
        .with_max_input_bytes(config.limits.input_bytes);
    values::make_private_directory(&config.data_dir)?;
    let objects = match &config.artifact_store {
        ArtifactStore::DataDir => Objects::directory(&config.data_dir.join("objects"))?,
        ArtifactStore::Directory(place) => Objects::directory(place)?,
        ArtifactStore::Container(container) => container.open(config.storage_key.as_ref(), &config.azure)?,
    };
    let shared = match &config.redis {
        Some(redis) => Some(RedisQueue::open(redis.clone(), options.policy.clone()).await?),
        None => None,
    };
    let backend: Arc<dyn Backend> = match &shared {
        Some(shared) => Arc::new(shared.clone()),
        None => {
            let file = config.data_dir.join("queue.db");
            Arc::new(EmbeddedQueue::open(
                &file,
                options.policy.clone(),
                Arc::new(SystemClock),
            )?)
        }
    };
    let queue = QueueExecutor::over(backend, objects, options).await?;
    Ok(Opened { queue, shared })
}

/// What carries jobs out: the only line of the service that names it.
async fn worker(
    config: &Config,
    queue: &QueueExecutor,
    metrics: &Arc<Metrics>,
    keys: &Arc<KeyRing>,
    quota: Option<Arc<dyn QuotaLedger>>,
) -> Result<Worker> {
    let slots = PerLane {
        long: config.max_concurrent_jobs,
        short: SHORT_AT_ONCE,
    };
    let mut local = LocalOptions::new(&config.data_dir)
        .with_graph(config.graph.clone())
        .with_neo4j(config.neo4j.clone())
        .with_azure(config.azure.clone().with_calls({
            let metrics = Arc::clone(metrics);
            CallObserver::new(move |api, status| metrics.azure_call(api, status))
        }))
        .with_max_concurrent_jobs(slots.long + slots.short)
        .with_retention(config.retention)
        .with_graph_writes({
            let metrics = Arc::clone(metrics);
            Observer::new(move |took| metrics.graph_write(took))
        });
    if let Some(quota) = quota {
        local = local.with_quota(quota);
    }
    let metrics = Arc::clone(metrics);
    let options = WorkerOptions::default()
        .with_slots(slots)
        .with_grace(config.limits.grace * 7 / 10)
        .with_admit(admit(config, keys))
        .with_ended(Arc::new(move |job| metrics.ended(job)));
    let executor = Arc::new(LocalExecutor::open(local)?);
    // The worker would find out as well, but only after somebody was told that this process is there.
    queue.join_graph(executor.health().await?.graph_id).await?;
    Ok(Worker::new(queue, executor, options))
}

/// The look at a job before each attempt: what its owner's keys allow now, and the tenant that this server is for. A
/// process that nobody gave keys knows of no owner but its own, and holds to what was stored.
fn admit(config: &Config, keys: &Arc<KeyRing>) -> Admit {
    let ring = match config.keys {
        Keys::OfThisRun => None,
        Keys::Plain(_) | Keys::File(_) | Keys::Vault(_) => Some(Arc::clone(keys)),
    };
    let target = config.target_tenant;
    Arc::new(move |claim| {
        let tenants = claim.operation.named_tenants();
        let stored = claim.confined_to.as_deref();
        let left = match &ring {
            Some(ring) => {
                let name = claim.operation.name();
                ring.standing(&claim.owner, name, &tenants, stored, Timestamp::now())?
            }
            None => stored.map(<[TenantId]>::to_vec),
        };
        let Some(target) = target else { return Ok(left) };
        let foreign = tenants.iter().any(|tenant| *tenant != target)
            || left
                .as_ref()
                .is_some_and(|left| !left.is_empty() && !left.contains(&target));
        if foreign {
            return Err(Error::new(
                ErrorKind::PermissionDenied,
                format!("start the job: this server is for tenant {target} alone"),
            ));
        }
        Ok(Some(left.map_or_else(
            || vec![target],
            |left| left.into_iter().filter(|tenant| *tenant == target).collect(),
        )))
    })
}

async fn keys(config: &Config) -> Result<(Arc<KeyRing>, Option<OwnKey>)> {
    // Records outlive the process, and so must their pepper. Keys in plain are hashed anew in every run.
    let pepper = match &config.keys {
        Keys::File(_) | Keys::Vault(_) => {
            pepper::find(config.pepper.as_ref(), config.environment, &config.data_dir)?
        }
        Keys::Plain(_) | Keys::OfThisRun => Pepper::new(Pepper::generate()?.expose_secret().as_bytes())?,
    };
    let (source, own_key): (Arc<dyn KeySource>, _) = match &config.keys {
        Keys::File(path) => (Arc::new(FileKeys::new(path)), None),
        Keys::Vault(name) => (
            Arc::new(VaultKeys::new(Azure::new(vault_options(config)), name)),
            None,
        ),
        Keys::Plain(text) => (
            Arc::new(PlainKeys::parse(text, config.environment, &pepper)?),
            None,
        ),
        Keys::OfThisRun => {
            let key = OwnKey::make(config.environment, &pepper)?;
            (Arc::new(StaticKeys(vec![key.record.clone()])), Some(key))
        }
    };
    let keys = KeyRing::load(source, pepper, config.environment).await;
    let keys = keys.map_err(|error| match config.keys {
        // That may pass, or be for somebody else to mend: the vault's own kind tells.
        Keys::Vault(_) => error,
        // A key file that is not there is a mistake in the configuration, and ends like one.
        _ => Error::invalid(error.message()),
    })?;
    Ok((Arc::new(keys), own_key))
}

/// The ring asks again within seconds: a call of the vault that fails is not worth the usual patience.
fn vault_options(config: &Config) -> AzureOptions {
    config
        .azure
        .clone()
        .with_retry(RetryPolicy::default().with_tries(3))
}

/// Hands the key of this run out and says where calls are answered: last, for whoever waits for that line.
fn announce(config: &Config, listener: &TcpListener, own_key: Option<&OwnKey>) -> Result<Option<KeyFile>> {
    let address = listener
        .local_addr()
        .map_err(|error| Error::internal("ask for the listener's address").with_source(error))?;
    let key_file = own_key
        .map(|key| key.hand_out(&config.data_dir, address.port()))
        .transpose()?;
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    say(&format!("listening on {scheme}://{address}"))?;
    tracing::info!(%address, environment = %config.environment, version = env!("CARGO_PKG_VERSION"), "listening");
    Ok(key_file)
}

async fn bind(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        let kind = match error.kind() {
            std::io::ErrorKind::AddrInUse => ErrorKind::Unavailable,
            std::io::ErrorKind::PermissionDenied => ErrorKind::PermissionDenied,
            _ => ErrorKind::InvalidArgument,
        };
        Error::new(kind, format!("listen on {address}: {error}"))
    })
}

/// SIGTERM or Ctrl-C ends the run, a second one at once; SIGHUP reads the keys again.
async fn listen_to_signals(stop: CancellationToken, keys: Arc<KeyRing>) {
    use tokio::signal::unix::{SignalKind, signal};
    let signals = (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
        signal(SignalKind::hangup()),
    );
    let (Ok(mut terminate), Ok(mut interrupt), Ok(mut hangup)) = signals else {
        tracing::warn!("signals cannot be listened to: the process ends at once when it is told to");
        return;
    };
    loop {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hangup.recv() => {
                keys.reload().await;
                continue;
            }
        }
        if stop.is_cancelled() {
            std::process::exit(130);
        }
        tracing::info!("told to stop: finishing what is in flight");
        stop.cancel();
    }
}
