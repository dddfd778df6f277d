//! The HTTP layer: serves any [`Executor`] under the contract of the service.

mod answers;
mod archive;
mod artifacts;
mod auth;
mod body;
mod connection;
mod documents;
mod events;
mod failure;
mod health;
mod inputs;
mod jobs;
mod limits;
mod metrics;
mod openapi;
mod patience;
mod ranges;
mod rate;
mod request;
mod request_body;
mod routes;
mod schema;
mod submit;
mod unparsed;

use std::{
    borrow::Cow,
    fmt,
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use atg_sdk::{Executor, Operation, Result as SdkResult, azure::TenantId};
use http::{HeaderValue, Method, Response, StatusCode, header};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

pub use connection::{Connections, TlsFiles, load_tls, serve};
pub use limits::Limits;
pub use metrics::Metrics;
pub use openapi::document as openapi_document;
pub use rate::{Decision, LocalRates, Rate, RateLimiter};

use self::{
    body::Body,
    failure::Failure,
    request::{Incoming, RequestId},
    routes::{Call, NoRoute},
};
use crate::keys::{Caller, KeyRing};

/// What the HTTP layer needs besides an executor.
#[derive(Debug, Clone)]
pub struct Options {
    /// Who may call.
    pub keys: Arc<KeyRing>,
    /// The address under which clients reach the service, for absolute URLs in answers. Without it they are made of the
    /// request's own host.
    pub public_url: Option<String>,
    /// The only tenant that this service is for; also the default where a request names none.
    pub target_tenant: Option<TenantId>,
    /// Addresses of proxies whose `Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// How much and how often.
    pub limits: Limits,
    /// Where calls are counted.
    pub rates: Arc<dyn RateLimiter>,
    /// What is measured.
    pub metrics: Arc<Metrics>,
    /// Whether `/metrics` is served.
    pub serve_metrics: bool,
    /// TLS, where this process ends it.
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// What the executor's operations refuse before they begin, so that it is refused before anything is queued.
    pub validate: Option<fn(&Operation) -> SdkResult<()>>,
    /// Serve health and metrics only, and both without a key: for a listener that strangers cannot reach.
    pub probes_only: bool,
    /// Until this is cancelled a service that stops still answers new connections, saying that it takes no work. Without
    /// it the listener is closed at once.
    pub closing: Option<CancellationToken>,
}

impl Options {
    /// The contract's defaults, for whoever has one of these keys.
    #[must_use]
    pub fn new(keys: Arc<KeyRing>) -> Self {
        Self {
            keys,
            public_url: None,
            target_tenant: None,
            trusted_proxies: Vec::new(),
            limits: Limits::default(),
            rates: Arc::new(LocalRates::default()),
            metrics: Arc::new(Metrics::new()),
            serve_metrics: true,
            tls: None,
            validate: None,
            probes_only: false,
            closing: None,
        }
    }
}

/// The service: everything that a call needs.
pub(crate) struct Service {
    pub(crate) executor: Arc<dyn Executor>,
    pub(crate) options: Options,
    pub(crate) archives: archive::Archives,
    pub(crate) answers: answers::Answers,
    pub(crate) schemas: schema::Schemas,
    /// Submissions with an idempotency key that are being accepted.
    pub(crate) accepting: submit::Accepting,
    pub(crate) started: Instant,
    /// Cancelled when the service takes no more work.
    pub(crate) draining: CancellationToken,
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service")
            .field("executor", &self.executor)
            .finish_non_exhaustive()
    }
}

impl Service {
    /// Answers one request, whatever happens: the outer half, which turns failures into answers and measures.
    pub(crate) async fn answer(self: Arc<Self>, request: Incoming) -> Response<Body> {
        let begun = Instant::now();
        let id = RequestId::of(&request.parts.headers);
        let (method, path) = (request.parts.method.clone(), request.parts.uri.path().to_owned());
        let call = routes::find(&method, &path);
        let endpoint = call.as_ref().map_or(Cow::Borrowed("other"), Call::endpoint);
        let span = tracing::info_span!(
            "request",
            otel.name = format_args!("{method} {endpoint}"),
            otel.kind = "server",
            id = %id.as_str(),
            method = %method,
            trace = tracing::field::Empty,
        );
        let mut seen = Seen {
            trace: crate::trace::follow(&span, id.trace()),
            ..Seen::default()
        };
        let outcome = self
            .inner(request, call, &id, &mut seen)
            .instrument(span.clone())
            .await;
        let mut response = outcome.unwrap_or_else(|failure| {
            let _entered = span.enter();
            if failure.status().is_server_error() {
                let error = failure.error();
                let cause = std::error::Error::source(error).map(ToString::to_string);
                tracing::error!(status = failure.status().as_u16(), %error, cause, "call failed");
            }
            failure.into_response(&path, id.as_str())
        });
        seen.finish(response.headers_mut());
        id.put_into(response.headers_mut());
        if method == Method::HEAD {
            body::drop_content(&mut response);
        }
        let status = response.status();
        span.in_scope(|| seen.audit(&method, &endpoint, &path, status, begun.elapsed()));
        self.options
            .metrics
            .request(endpoint, &method, status, begun.elapsed());
        response
    }

    /// The inner half: `?` all the way.
    async fn inner(
        self: &Arc<Self>,
        request: Incoming,
        call: Result<Call, NoRoute>,
        id: &RequestId,
        seen: &mut Seen,
    ) -> Result<Response<Body>, Failure> {
        let peer = self.peer(&request);
        seen.address = Some(peer);
        one_host(&request)?;
        // An unknown path is answered before the key is looked at: there is nothing to protect.
        let call = call.map_err(|reason| no_route(&reason))?;
        if self.options.probes_only && !call.is_probe() {
            return Err(no_route(&NoRoute::Path));
        }
        let first_byte = self.options.limits.first_byte;
        if call.is_open() || self.options.probes_only {
            return in_time(first_byte, self.open(call)).await;
        }
        let header = request
            .parts
            .headers
            .get(header::AUTHORIZATION)
            .map(HeaderValue::as_bytes);
        let caller = self.authenticate(header, peer).await?;
        seen.caller = Some(Arc::clone(&caller));
        let lane = limits::Lane::of(&call);
        seen.rate = Some(self.admit(lane, &caller, peer).await?);
        if call.may_take_long() {
            return self.carry_out(call, request, &caller, id, seen).await;
        }
        let held = if call.may_wait() {
            submit::held_for(&request)
        } else {
            Duration::ZERO
        };
        in_time(
            first_byte + held,
            self.carry_out(call, request, &caller, id, seen),
        )
        .await
    }

    async fn open(&self, call: Call) -> Result<Response<Body>, Failure> {
        match call {
            Call::Live => self.live(),
            Call::Ready => self.ready().await,
            Call::OpenApi => Ok(documents::openapi()),
            Call::Docs => Ok(documents::page()),
            Call::DocsAsset(name) => documents::asset(&name),
            Call::Metrics => self.metrics().await,
            _ => self.health().await,
        }
    }

    async fn carry_out(
        self: &Arc<Self>,
        call: Call,
        request: Incoming,
        caller: &Caller,
        id: &RequestId,
        seen: &mut Seen,
    ) -> Result<Response<Body>, Failure> {
        // Of all calls that of a job's state is made most often. The others keep their states elsewhere, so that its own,
        // which is moved from hand to hand, stays small.
        match call {
            Call::GetJob(job) => self.get_job(&job, &request, caller, seen).await,
            Call::Submit(name) => Box::pin(self.submit(name, request, caller, seen)).await,
            Call::PutInput(digest) => Box::pin(self.put_input(&digest, request, caller)).await,
            Call::HeadInput(digest) => Box::pin(self.head_input(&digest, caller)).await,
            Call::ListJobs => Box::pin(self.list_jobs(&request, caller)).await,
            Call::JobResult(job) => Box::pin(self.job_result(&job, &request, caller, id, seen)).await,
            Call::JobEvents(job) => Box::pin(self.job_events(&job, &request, caller, seen)).await,
            Call::Archive(job) => Box::pin(self.archive(&job, &request, caller, seen)).await,
            Call::Artifact(job, name) => Box::pin(self.artifact(&job, &name, &request, caller, seen)).await,
            Call::Cancel(job) => Box::pin(self.cancel_job(&job, &request, caller, seen)).await,
            Call::DeleteJob(job) => Box::pin(self.delete_job(&job, &request, caller, seen)).await,
            Call::Status => Box::pin(self.status(&request, caller)).await,
            Call::Metrics => Box::pin(self.metrics()).await,
            Call::Health | Call::Live | Call::Ready | Call::OpenApi | Call::Docs | Call::DocsAsset(_) => {
                Box::pin(self.open(call)).await
            }
        }
    }
}

/// An answer whose first byte does not come in time is given up.
async fn in_time(
    limit: Duration,
    answer: impl Future<Output = Result<Response<Body>, Failure>>,
) -> Result<Response<Body>, Failure> {
    tokio::time::timeout(limit, answer).await.unwrap_or_else(|_| {
        let error = atg_sdk::Error::new(atg_sdk::ErrorKind::Timeout, "the answer took too long: try again");
        Err(error.into())
    })
}

/// RFC 9112, section 3.2: a request of HTTP/1.1 names one host. Two could mean one to a proxy and the other here.
fn one_host(request: &Incoming) -> Result<(), Failure> {
    let hosts = request.parts.headers.get_all(header::HOST).iter().count();
    if request.parts.version != http::Version::HTTP_11 || hosts == 1 {
        return Ok(());
    }
    let error = atg_sdk::Error::invalid("send the header Host, once").with_code("MalformedRequest");
    // What follows on this connection may be meant for somebody else.
    Err(Failure::with_status(error, StatusCode::BAD_REQUEST).header(header::CONNECTION, "close"))
}

fn no_route(reason: &NoRoute) -> Failure {
    match reason {
        NoRoute::Path => Failure::from(atg_sdk::Error::not_found(
            "there is nothing under this path: see /openapi.json",
        )),
        NoRoute::Method(allowed) => {
            let names: Vec<_> = allowed.iter().map(Method::as_str).collect();
            let error = atg_sdk::Error::invalid(format!("this path takes {}", names.join(", ")));
            Failure::with_status(
                error.with_code("MethodNotAllowed"),
                StatusCode::METHOD_NOT_ALLOWED,
            )
            .header(header::ALLOW, names.join(", "))
        }
        NoRoute::Malformed(part) => Failure::from(atg_sdk::Error::not_found(format!(
            "the path's `{part}` is not UTF-8 when unescaped"
        ))),
    }
}

/// What is learnt of a call on its way, for its audit line and headers.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    address: Option<IpAddr>,
    caller: Option<Arc<Caller>>,
    rate: Option<limits::Admitted>,
    pub(crate) tenant: Option<TenantId>,
    pub(crate) job: Option<atg_sdk::JobId>,
    /// Where its trace goes on from, for who carries the job out.
    pub(crate) trace: Option<atg_sdk::TraceParent>,
}

impl Seen {
    fn finish(&self, headers: &mut http::HeaderMap) {
        if let Some(rate) = &self.rate {
            rate.put_into(headers);
        }
    }

    /// One line for every authenticated call: who, from where, what, on what, with which outcome.
    fn audit(&self, method: &Method, endpoint: &str, path: &str, status: StatusCode, took: Duration) {
        let Some(caller) = &self.caller else { return };
        tracing::info!(
            target: "atg::audit",
            key = %caller.key,
            owner = %caller.owner,
            address = self.address.map(tracing::field::display),
            action = format_args!("{method} {endpoint}"),
            path,
            tenant = self.tenant.map(tracing::field::display),
            job = self.job.map(tracing::field::display),
            status = status.as_u16(),
            milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            "call"
        );
    }
}
