//! A server's life: from its parts to its last answer.

use std::sync::Arc;

use atg_executor_local::{LocalExecutor, LocalOptions, operations::validate};
use atg_sdk::{Error, ErrorKind, Executor, Result};
use atg_server::{
    Measured,
    http::{self, Metrics, Options, load_tls},
    keys::{FileKeys, KeyRing, KeySource, Pepper, PlainKeys, StaticKeys},
};
use secrecy::ExposeSecret as _;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    arguments::Role,
    config::{Config, Keys},
    own_key::OwnKey,
    pepper, say,
};

/// Short operations at once: the lane beside the long ones, which they never wait behind.
const SHORT_AT_ONCE: usize = 8;

/// Serves until it is told to stop.
pub(crate) async fn run(config: Config) -> Result<()> {
    if config.role != Role::All {
        return Err(Error::new(
            ErrorKind::Unsupported,
            "start one half of the service: this version has no queue between them: leave --role out",
        ));
    }
    let metrics = Arc::new(Metrics::new());
    let executor = executor(&config, &metrics)?;
    // Records outlive the process, and so must their pepper. Keys in plain are hashed anew in every run.
    let pepper = match &config.keys {
        Keys::File(_) => pepper::find(config.pepper.as_ref(), config.environment, &config.data_dir)?,
        Keys::Plain(_) | Keys::OfThisRun => Pepper::new(Pepper::generate()?.expose_secret().as_bytes())?,
    };
    let (source, own_key): (Arc<dyn KeySource>, _) = match &config.keys {
        Keys::File(path) => (Arc::new(FileKeys::new(path)), None),
        Keys::Plain(text) => (
            Arc::new(PlainKeys::parse(text, config.environment, &pepper)?),
            None,
        ),
        Keys::OfThisRun => {
            let key = OwnKey::make(config.environment, &pepper)?;
            (Arc::new(StaticKeys(vec![key.record.clone()])), Some(key))
        }
    };
    let keys = KeyRing::load(source, pepper, config.environment)
        .await
        .map_err(|error| Error::invalid(error.message()))?;
    let keys = Arc::new(keys);
    let options = Options {
        public_url: config.public_url.clone(),
        target_tenant: config.target_tenant,
        trusted_proxies: config.trusted_proxies.clone(),
        limits: config.limits.clone(),
        metrics: Arc::clone(&metrics),
        serve_metrics: config.serve_metrics,
        tls: config.tls.as_ref().map(load_tls).transpose()?,
        validate: Some(validate),
        ..Options::new(Arc::clone(&keys))
    };
    let listener = bind(config.address).await?;
    let address = listener.local_addr().map_err(unbound)?;
    let stop = CancellationToken::new();
    tokio::spawn(Arc::clone(&keys).keep_fresh());
    tokio::spawn(listen_to_signals(stop.clone(), Arc::clone(&keys)));
    if let Some(address) = config.metrics_listen {
        let listener = bind(address).await?;
        let options = Options {
            probes_only: true,
            serve_metrics: true,
            tls: None,
            ..options.clone()
        };
        tokio::spawn(http::serve(
            listener,
            Arc::clone(&executor),
            options,
            stop.clone(),
        ));
    }
    let scheme = if options.tls.is_some() { "https" } else { "http" };
    let key_file = own_key
        .as_ref()
        .map(|key| key.hand_out(&config.data_dir, address.port()))
        .transpose()?;
    // Last, for whoever waits for it: from here on calls are answered.
    say(&format!("listening on {scheme}://{address}"))?;
    tracing::info!(%address, environment = %config.environment, version = env!("CARGO_PKG_VERSION"), "listening");
    let outcome = http::serve(listener, executor, options, stop).await;
    drop(key_file);
    tracing::info!("stopped");
    outcome
}

fn executor(config: &Config, metrics: &Arc<Metrics>) -> Result<Arc<dyn Executor>> {
    let options = LocalOptions::new(&config.data_dir)
        .with_graph(config.graph.clone())
        .with_max_concurrent_jobs(config.max_concurrent_jobs + SHORT_AT_ONCE)
        .with_retention(config.retention);
    let local: Arc<dyn Executor> = Arc::new(LocalExecutor::open(options)?);
    Ok(Arc::new(Measured::new(local, Arc::clone(metrics))))
}

async fn bind(address: std::net::SocketAddr) -> Result<TcpListener> {
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
        tracing::info!("told to stop: finishing the calls in flight");
        stop.cancel();
    }
}

fn unbound(error: std::io::Error) -> Error {
    Error::internal("ask for the listener's address").with_source(error)
}
