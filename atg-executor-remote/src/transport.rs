//! One call of the service: key, time limit, repetition.

use std::{fmt, sync::Arc, time::Duration};

use atg_sdk::{Error, ErrorKind, Result, rest};
use reqwest::{
    Client, ClientBuilder, Method, RequestBuilder, Response,
    header::{AUTHORIZATION, HeaderMap, HeaderValue},
    redirect::{Attempt, Policy},
};
use secrecy::ExposeSecret as _;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::{
    RemoteOptions,
    address::Address,
    authorities, failure,
    patience::{Refusal, Retries},
};

/// A page of jobs at its largest: 100 jobs with outputs of 64 KiB each, and their lists of files.
const LONGEST_ANSWER: usize = 64 * 1024 * 1024;
/// A host that drops packets is not waited for as long as an answer is.
const CONNECT_LIMIT: Duration = Duration::from_secs(20);
/// Redirects within the service's own origin.
const MOST_REDIRECTS: usize = 5;

/// The connections to one service.
pub(crate) struct Transport {
    client: Client,
    pub(crate) address: Address,
    pub(crate) options: RemoteOptions,
}

/// Without the client, whose headers hold the key.
impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport")
            .field("address", &self.address.to_string())
            .finish_non_exhaustive()
    }
}

impl Transport {
    pub(crate) fn new(options: RemoteOptions) -> Result<Self> {
        let address = Address::parse(&options.base_url)?;
        let builder = Client::builder()
            .user_agent(concat!("atg/", env!("CARGO_PKG_VERSION")))
            .default_headers(default_headers(&options)?)
            .connect_timeout(CONNECT_LIMIT.min(options.request_timeout))
            .redirect(redirects_within(address.clone()))
            .tcp_nodelay(true);
        let builder = if address.is_local() {
            // A proxy would get the key, and knows another loopback than ours.
            builder.no_proxy()
        } else {
            builder
        };
        let client = tls(builder, &address, options.extra_ca.as_deref())?
            .build()
            .map_err(|error| {
                Error::new(
                    ErrorKind::Unavailable,
                    "set up TLS: are this system's certificate authorities installed?",
                )
                .with_source(error)
            })?;
        Ok(Self {
            client,
            address,
            options,
        })
    }

    /// A request for a path of the service.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, self.address.join(path))
            .header(rest::headers::X_REQUEST_ID, Uuid::now_v7().to_string())
    }

    pub(crate) fn retries(&self) -> Retries {
        Retries::new(self.options.max_retries, self.options.retry_delay)
    }

    /// One try: an answer that is a success.
    pub(crate) async fn attempt(&self, request: RequestBuilder) -> Result<Response, Refusal> {
        let limit = self.options.request_timeout;
        match tokio::time::timeout(limit, request.send()).await {
            Err(_) => Err(failure::of_silence(limit, &self.address)),
            Ok(Err(error)) => Err(failure::of_connection(error, &self.address)),
            Ok(Ok(response)) if response.status().is_success() => Ok(response),
            Ok(Ok(response)) => Err(failure::of_answer(response, &self.address).await),
        }
    }

    /// A call whose answer is of no interest beyond its success. Only for what may be sent twice.
    pub(crate) async fn send(&self, make: impl Fn() -> RequestBuilder) -> Result<Response> {
        let mut retries = self.retries();
        loop {
            match self.attempt(make()).await {
                Ok(response) => return Ok(response),
                Err(refusal) => retries.after(refusal).await?,
            }
        }
    }

    /// A call that is answered in JSON. Only for what may be sent twice.
    pub(crate) async fn json<T: DeserializeOwned>(
        &self,
        what: &str,
        make: impl Fn() -> RequestBuilder,
    ) -> Result<T> {
        let mut retries = self.retries();
        loop {
            match self.attempt_json(what, make()).await {
                Ok(value) => return Ok(value),
                Err(refusal) => retries.after(refusal).await?,
            }
        }
    }

    /// One try of a call that is answered in JSON.
    pub(crate) async fn attempt_json<T: DeserializeOwned>(
        &self,
        what: &str,
        request: RequestBuilder,
    ) -> Result<T, Refusal> {
        let response = self.attempt(request).await?;
        let limit = self.options.request_timeout;
        let body = tokio::time::timeout(limit, read_at_most(response, LONGEST_ANSWER))
            .await
            .map_err(|_| failure::of_silence(limit, &self.address))?
            .map_err(|error| failure::of_connection(error, &self.address))?;
        serde_json::from_slice(&body).map_err(|error| failure::of_nonsense(what, &self.address, error))
    }
}

fn default_headers(options: &RemoteOptions) -> Result<HeaderMap> {
    let text = format!("Bearer {}", options.api_key.expose_secret().trim());
    let mut key = HeaderValue::from_str(&text).map_err(|_| {
        // The header's own error is not a source here: it might show what it was made of.
        Error::invalid("use the API key: it holds characters that no key has; is it the key, and all of it?")
    })?;
    key.set_sensitive(true);
    Ok(HeaderMap::from_iter([(AUTHORIZATION, key)]))
}

/// Follows only what stays with the service: whatever leads elsewhere is answered as the error that it is.
fn redirects_within(address: Address) -> Policy {
    Policy::custom(move |attempt: Attempt<'_>| {
        if attempt.previous().len() <= MOST_REDIRECTS && address.is_origin_of(attempt.url()) {
            attempt.follow()
        } else {
            attempt.stop()
        }
    })
}

fn tls(builder: ClientBuilder, address: &Address, extra_ca: Option<&[u8]>) -> Result<ClientBuilder> {
    // The client takes the process's provider. Whoever installed another one first has chosen, which is fine.
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
    if !address.is_secure() {
        // Nothing will be verified: reading the system's authorities would only cost time.
        return Ok(builder.tls_certs_only([]));
    }
    let Some(pem) = extra_ca else { return Ok(builder) };
    let mut trusted = authorities::named(pem)?;
    trusted.extend(authorities::of_the_system());
    Ok(builder.tls_certs_merge(trusted))
}

/// A body that is known to be short; a longer one is cut, which nobody can read either.
pub(crate) async fn read_at_most(mut response: Response, limit: usize) -> reqwest::Result<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        let left = limit - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(left)]);
        if chunk.len() >= left {
            break;
        }
    }
    Ok(body)
}

/// Shared by the calls and the streams that outlive them.
pub(crate) type Shared = Arc<Transport>;
