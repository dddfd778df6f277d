//! Real connections, kept and used again: HTTP/2 where it is offered, through the proxy that the system names.

use std::{fmt, fs, path::PathBuf, time::Duration};

use async_trait::async_trait;
use atg_sdk::{Error, ErrorKind, Result};
use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use reqwest::{Certificate, Client, ClientBuilder, redirect::Policy};

use super::{Cause, Limits, Wire, WireFailure, thumbprint};
use crate::error::tame;

/// A host that drops packets is not waited for as long as an answer is.
const CONNECT_LIMIT: Duration = Duration::from_secs(20);
/// Front doors close idle connections after some minutes; ours close before.
const IDLE_LIMIT: Duration = Duration::from_secs(90);
/// A connection that carries nothing while answers are awaited is probed, and given up when it does not reply.
const PING: Duration = Duration::from_secs(20);

/// How connections are made.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct ConnectionOptions {
    /// Certificate authorities to trust beside the system's, PEM.
    pub extra_ca: Option<Vec<u8>>,
    /// A file of such, read when connections are made: whoever makes none is not held up by one that is gone.
    pub extra_ca_file: Option<PathBuf>,
    /// A proxy for everything, instead of what the system names; it may hold a name and password.
    pub proxy: Option<secrecy::SecretString>,
    /// No proxy at all: metadata services answer on this very machine only.
    pub no_proxy: bool,
    /// Trust only a certificate with this SHA-1 thumbprint: Service Fabric's, which no authority has signed.
    pub thumbprint: Option<String>,
}

impl fmt::Debug for ConnectionOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionOptions")
            .field("extra_ca", &self.extra_ca.as_ref().map(Vec::len))
            .field("extra_ca_file", &self.extra_ca_file)
            .field("proxy", &self.proxy.is_some())
            .field("no_proxy", &self.no_proxy)
            .field("thumbprint", &self.thumbprint)
            .finish()
    }
}

impl ConnectionOptions {
    /// With authorities to trust beside the system's, PEM.
    #[must_use]
    pub fn with_extra_ca(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.extra_ca = Some(pem.into());
        self
    }

    /// Without any proxy.
    #[must_use]
    pub fn without_proxy(mut self) -> Self {
        self.no_proxy = true;
        self
    }
}

/// Connections to any number of hosts.
pub struct Connections {
    client: Client,
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connections")
    }
}

impl Connections {
    /// Sets TLS up; connects to nobody yet.
    ///
    /// # Errors
    /// `InvalidArgument` for a file that holds no certificate or a proxy that is no address, `Unavailable` where the system
    /// has no authorities.
    pub fn new(options: &ConnectionOptions) -> Result<Self> {
        use secrecy::ExposeSecret as _;
        let mut builder = Client::builder()
            .user_agent(concat!("atg/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_LIMIT)
            .pool_idle_timeout(IDLE_LIMIT)
            .http2_keep_alive_interval(PING)
            .http2_keep_alive_timeout(PING)
            .http2_adaptive_window(true)
            // A redirect would take the token along to wherever it points.
            .redirect(Policy::none())
            .tcp_nodelay(true);
        if options.no_proxy {
            builder = builder.no_proxy();
        } else if let Some(proxy) = &options.proxy {
            // The error would repeat the address, and with it the password.
            let proxy = reqwest::Proxy::all(proxy.expose_secret())
                .map_err(|_| Error::invalid("use the proxy: it is no address like http://host:port"))?;
            builder = builder.proxy(proxy);
        }
        let client = trust(builder, options)?.build().map_err(|error| {
            Error::new(
                ErrorKind::Unavailable,
                "set up TLS: are this system's certificate authorities installed?",
            )
            .with_source(error)
        })?;
        Ok(Self { client })
    }
}

fn trust(builder: ClientBuilder, options: &ConnectionOptions) -> Result<ClientBuilder> {
    // The client takes the process's provider. Whoever installed another one first has chosen, which is fine.
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
    if let Some(thumbprint) = &options.thumbprint {
        return Ok(builder.tls_backend_preconfigured(thumbprint::only(thumbprint)?));
    }
    let mut builder = builder;
    if let Some(pem) = &options.extra_ca {
        builder = builder.tls_certs_merge(certificates(pem)?);
    }
    if let Some(path) = &options.extra_ca_file {
        let pem = fs::read(path).map_err(|error| {
            Error::invalid(format!(
                "read the certificate authorities in {}, which SSL_CERT_FILE names: {error}",
                path.display()
            ))
        })?;
        builder = builder.tls_certs_merge(certificates(&pem)?);
    }
    Ok(builder)
}

fn certificates(pem: &[u8]) -> Result<Vec<Certificate>> {
    let found = Certificate::from_pem_bundle(pem).map_err(|error| {
        Error::invalid("read the extra certificate authority: it is not PEM of certificates")
            .with_source(error)
    })?;
    if found.is_empty() {
        return Err(Error::invalid(
            "read the extra certificate authority: the file holds no certificate",
        ));
    }
    Ok(found)
}

#[async_trait]
impl Wire for Connections {
    async fn exchange(
        &self,
        request: Request<Bytes>,
        limits: Limits,
    ) -> Result<Response<Bytes>, WireFailure> {
        let request = reqwest::Request::try_from(request)
            .map_err(|error| WireFailure::new(Cause::Request, words(&error)))?;
        let whole = async {
            let answer = self
                .client
                .execute(request)
                .await
                .map_err(|error| failure(&error))?;
            read(answer, limits.bytes).await
        };
        tokio::time::timeout(limits.time, whole)
            .await
            .unwrap_or_else(|_| {
                Err(WireFailure::new(
                    Cause::Time,
                    format!("none within {} s", limits.time.as_secs_f32()),
                ))
            })
    }
}

async fn read(mut answer: reqwest::Response, most: usize) -> Result<Response<Bytes>, WireFailure> {
    let too_long = || WireFailure::new(Cause::TooLong, format!("it is longer than {most} bytes"));
    // A length that is told saves reading in vain; one that is not, or that is of the packed form, is found out.
    if answer.content_length().is_some_and(|length| length > most as u64) {
        return Err(too_long());
    }
    let mut head = Response::new(());
    *head.status_mut() = answer.status();
    *head.version_mut() = answer.version();
    *head.headers_mut() = std::mem::take(answer.headers_mut());
    let mut body = BytesMut::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| failure(&error))? {
        if body.len() + chunk.len() > most {
            return Err(too_long());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(head.map(|()| body.freeze()))
}

fn failure(error: &reqwest::Error) -> WireFailure {
    let words = words(error);
    let cause = if error.is_builder() {
        Cause::Request
    } else if words.contains("certificate") || words.contains("UnknownIssuer") {
        Cause::Certificate
    } else if error.is_connect() {
        Cause::Connect
    } else if error.is_timeout() {
        Cause::Time
    } else {
        Cause::Cut
    };
    WireFailure::new(cause, words)
}

/// The innermost words: those around it repeat the address, whose query may hold what nobody needs to see.
fn words(error: &(dyn std::error::Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    if innermost.is::<reqwest::Error>() {
        return "the client gave up".to_owned();
    }
    tame(&innermost.to_string())
}
