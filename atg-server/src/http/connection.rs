//! Listening: connections, TLS, and the end of both.

use std::{
    convert::Infallible,
    fmt, io,
    net::SocketAddr,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use atg_sdk::{Error, ErrorKind, Executor, Result};
use futures::FutureExt as _;
use http::{Method, Request};
use hyper::service::service_fn;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    sync::Semaphore,
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::{
    Options, Service, answers::Answers, archive::Archives, patience::Patient, request::Incoming,
    request_body::RequestBody, schema::Schemas, unparsed::Explained,
};

/// A certificate chain and its key, both PEM.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The chain, leaf first.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// Reads the files into a configuration that offers HTTP/2 and HTTP/1.1.
///
/// # Errors
/// `InvalidArgument` naming the file.
pub fn load_tls(files: &TlsFiles) -> Result<Arc<ServerConfig>> {
    let complain = |path: &PathBuf, error: &dyn fmt::Display| {
        Error::invalid(format!("read the TLS file {}: {error}", path.display()))
    };
    let chain: Vec<_> = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect)
        .map_err(|error| complain(&files.certificate, &error))?;
    if chain.is_empty() {
        return Err(complain(&files.certificate, &"it holds no certificate"));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|error| complain(&files.key, &error))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::internal("set up TLS").with_source(error))?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| complain(&files.certificate, &error))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Serves an executor until `stop` is cancelled, then lets running calls end within the grace and returns.
///
/// # Errors
/// When the listener breaks for good.
pub async fn serve(
    listener: TcpListener,
    executor: Arc<dyn Executor>,
    options: Options,
    stop: CancellationToken,
) -> Result<()> {
    let slots = Arc::new(Semaphore::new(options.limits.connections));
    let grace = options.limits.grace;
    let metrics = Arc::clone(&options.metrics);
    // Ends with this function.
    let mut chores = JoinSet::new();
    chores.spawn(async move { metrics.keep_small().await });
    let close = options.closing.clone().unwrap_or_else(|| stop.clone());
    let server = Connections::new(executor, options, stop);
    let graceful = GracefulShutdown::new();
    loop {
        // Over the limit new connections wait in the listener's backlog, where they cost nothing.
        let slot = tokio::select! {
            slot = Arc::clone(&slots).acquire_owned() => slot,
            () = close.cancelled() => break,
        };
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    pause_after(&error).await?;
                    continue;
                }
            },
            () = close.cancelled() => break,
        };
        // Answers are small and wanted at once.
        let _ = stream.set_nodelay(true);
        let watcher = graceful.watcher();
        let server = server.clone();
        tokio::spawn(async move {
            let _slot = slot;
            if let Err(error) = server.connection(stream, peer, watcher).await {
                tracing::debug!(%peer, %error, "connection ended badly");
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(grace, graceful.shutdown()).await.is_err() {
        tracing::warn!(
            seconds = grace.as_secs(),
            "calls still running after the grace were cut off"
        );
    }
    Ok(())
}

fn builder(header_time: Duration) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(header_time)
        .max_buf_size(64 * 1024);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(256)
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(Duration::from_secs(20));
    builder
}

/// Answers calls on connections that somebody else accepts. Its clones are the same service.
#[derive(Clone)]
pub struct Connections {
    service: Arc<Service>,
    builder: Builder<TokioExecutor>,
    tls: Option<TlsAcceptor>,
    header_time: Duration,
    idle: Duration,
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connections")
            .field("service", &self.service)
            .finish_non_exhaustive()
    }
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

impl Connections {
    /// A service that takes no new work once `stop` is cancelled.
    #[must_use]
    pub fn new(executor: Arc<dyn Executor>, options: Options, stop: CancellationToken) -> Self {
        Self {
            tls: options.tls.clone().map(TlsAcceptor::from),
            builder: builder(options.limits.header_time),
            header_time: options.limits.header_time,
            idle: options.limits.idle,
            service: Arc::new(Service {
                executor,
                options,
                archives: Archives::default(),
                answers: Answers::default(),
                schemas: Schemas::new(),
                accepting: super::submit::Accepting::default(),
                started: Instant::now(),
                draining: stop,
            }),
        }
    }

    /// Answers the calls of one connection that is not TLS, or whose TLS ended elsewhere, until one side closes it.
    ///
    /// # Errors
    /// `Unavailable` when it ends otherwise.
    pub async fn serve(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        peer: SocketAddr,
    ) -> Result<()> {
        let graceful = GracefulShutdown::new();
        let served = self.http(stream, peer, false, graceful.watcher()).await;
        served.map_err(|error| {
            Error::new(ErrorKind::Unavailable, format!("serve a connection: {error}")).with_source(error)
        })
    }

    async fn connection(
        self,
        stream: tokio::net::TcpStream,
        peer: SocketAddr,
        watcher: hyper_util::server::graceful::Watcher,
    ) -> Result<(), BoxError> {
        match &self.tls {
            None => self.http(stream, peer, false, watcher).await,
            Some(acceptor) => {
                let stream = tokio::time::timeout(self.header_time, acceptor.accept(stream)).await??;
                self.http(stream, peer, true, watcher).await
            }
        }
    }

    async fn http(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        peer: SocketAddr,
        secure: bool,
        watcher: hyper_util::server::graceful::Watcher,
    ) -> Result<(), BoxError> {
        let service = service_fn(|request: Request<hyper::body::Incoming>| {
            let service = Arc::clone(&self.service);
            async move {
                let (parts, body) = request.into_parts();
                Ok::<_, Infallible>(
                    answer(
                        service,
                        Incoming {
                            body: RequestBody::new(body, &parts),
                            parts,
                            peer,
                            secure,
                        },
                    )
                    .await,
                )
            }
        });
        let stream = Patient::new(stream, self.header_time, self.idle);
        let metrics = Arc::clone(&self.service.options.metrics);
        let heard = move |status| {
            // What was asked for nobody knows.
            metrics.request("other".into(), &Method::TRACE, status, Duration::ZERO);
            tracing::debug!(%peer, status = status.as_u16(), "no HTTP");
        };
        let stream = TokioIo::new(Explained::new(stream, Box::new(heard)));
        let connection = self.builder.serve_connection(stream, service);
        watcher.watch(connection.into_owned()).await
    }
}

/// An answer even where ours panics: one broken call must not take the connection's others with it.
async fn answer(service: Arc<Service>, request: Incoming) -> http::Response<super::body::Body> {
    let path = request.parts.uri.path().to_owned();
    let answer = std::panic::AssertUnwindSafe(service.answer(request))
        .catch_unwind()
        .await;
    answer.unwrap_or_else(|_| {
        let id = uuid::Uuid::now_v7().to_string();
        tracing::error!(request = %id, "a call panicked");
        let error = Error::internal("answer a call: it panicked");
        let mut answer = super::failure::Failure::from(error).into_response(&path, &id);
        if let Ok(id) = http::HeaderValue::from_str(&id) {
            answer.headers_mut().insert(super::request::REQUEST_ID, id);
        }
        answer
    })
}

/// Out of file descriptors or memory: the next try may do. Anything else that `accept` says concerns one connection only.
async fn pause_after(error: &io::Error) -> Result<()> {
    match error.kind() {
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted => {}
        io::ErrorKind::InvalidInput => {
            return Err(Error::new(
                ErrorKind::Internal,
                format!("accept connections: {error}"),
            ));
        }
        _ => {
            tracing::warn!(%error, "cannot accept connections for the moment");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    Ok(())
}
