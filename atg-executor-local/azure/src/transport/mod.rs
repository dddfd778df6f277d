//! Calls of Azure: with a token, within the quota, repeated where that is safe and may help.

mod answer;
mod batch;
mod pages;
mod query;
mod request;
mod tally;

use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

use atg_sdk::ErrorKind;
use bytes::Bytes;
use http::{Response, StatusCode, header::AUTHORIZATION};
use secrecy::ExposeSecret as _;
use uuid::Uuid;

pub use self::{
    answer::Answer,
    batch::BatchRead,
    pages::{Page, Pages},
    query::{QueryPages, ResourceGraphQuery},
    request::Request,
    tally::{CallObserver, Tally, TallyReport},
};
use crate::{
    budget::{Budget, Call},
    clock::Clock,
    cloud::{Audience, Cloud, origin},
    credential::{AccessToken, Identity, TokenRequest, TokenSource},
    error::{AzureError, Result},
    headers,
    retry::RetryPolicy,
    wire::{Cause, Limits, Wire, WireFailure},
};

/// Calls one cloud as one principal. Clones share tokens, quota and connections.
#[derive(Clone)]
pub struct Transport {
    parts: Arc<Parts>,
    /// Of the calls that are made through this one and its clones.
    own: Option<Arc<Tally>>,
    retry: RetryPolicy,
    limits: Limits,
}

struct Parts {
    cloud: Cloud,
    wire: Arc<dyn Wire>,
    tokens: Arc<TokenSource>,
    budget: Arc<Budget>,
    clock: Arc<dyn Clock>,
    tally: Tally,
    principal: OnceLock<String>,
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport")
            .field("cloud", &self.parts.cloud.name)
            .field("tokens", &self.parts.tokens)
            .finish_non_exhaustive()
    }
}

/// What is made of one try.
enum Outcome {
    Done(Response<Bytes>),
    Failed(AzureError),
    /// Again, after that time at least where it was asked for.
    Again(AzureError),
    /// With another token.
    Renew(AzureError, Option<String>),
}

impl Transport {
    /// Calls that cloud over that wire, with those tokens, within that budget.
    pub fn new(
        cloud: Cloud,
        wire: Arc<dyn Wire>,
        tokens: Arc<TokenSource>,
        budget: Arc<Budget>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            parts: Arc::new(Parts {
                cloud,
                wire,
                tokens,
                budget,
                clock,
                tally: Tally::default(),
                principal: OnceLock::new(),
            }),
            own: None,
            retry: RetryPolicy::default(),
            limits: Limits::default(),
        }
    }

    /// The same with a tally of its own: one job among many that share tokens, quota and connections. What it calls is
    /// counted in the common tally too.
    #[must_use]
    pub fn counted_apart(&self) -> Self {
        Self {
            own: Some(Arc::default()),
            ..self.clone()
        }
    }

    /// The same, telling somebody of every answer. For a transport that nobody uses yet.
    #[must_use]
    pub fn heard_by(self, observer: Option<CallObserver>) -> Self {
        let Parts {
            cloud,
            wire,
            tokens,
            budget,
            clock,
            ..
        } = &*self.parts;
        let parts = Parts {
            cloud: cloud.clone(),
            wire: Arc::clone(wire),
            tokens: Arc::clone(tokens),
            budget: Arc::clone(budget),
            clock: Arc::clone(clock),
            tally: Tally::heard_by(observer),
            principal: OnceLock::new(),
        };
        Self {
            parts: Arc::new(parts),
            ..self
        }
    }

    /// The same with another patience.
    #[must_use]
    pub fn with_retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// The same with other bounds of one exchange.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The same over another wire, which `wrap` makes of this one: a recording, for example. Tokens are still got as before,
    /// so that wire never sees one being asked for. What is called is counted anew.
    #[must_use]
    pub fn over(&self, wrap: impl FnOnce(Arc<dyn Wire>) -> Arc<dyn Wire>) -> Self {
        let parts = &*self.parts;
        let other = Self::new(
            parts.cloud.clone(),
            wrap(Arc::clone(&parts.wire)),
            Arc::clone(&parts.tokens),
            Arc::clone(&parts.budget),
            Arc::clone(&parts.clock),
        );
        other.with_retry(self.retry).with_limits(self.limits)
    }

    /// The clock that it waits by.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.parts.clock
    }

    /// The cloud's hosts.
    #[must_use]
    pub fn cloud(&self) -> &Cloud {
        &self.parts.cloud
    }

    /// The tokens it calls with.
    #[must_use]
    pub fn tokens(&self) -> &Arc<TokenSource> {
        &self.parts.tokens
    }

    /// The budget it keeps to.
    #[must_use]
    pub fn budget(&self) -> &Arc<Budget> {
        &self.parts.budget
    }

    /// What it has called so far.
    #[must_use]
    pub fn tally(&self) -> TallyReport {
        self.own.as_deref().unwrap_or(&self.parts.tally).report()
    }

    fn count(&self, count: impl Fn(&Tally)) {
        count(&self.parts.tally);
        if let Some(own) = &self.own {
            count(own);
        }
    }

    /// Whose token Resource Manager is called with.
    ///
    /// # Errors
    /// Each way to sign in that was tried and why it failed.
    pub async fn identity(&self) -> atg_sdk::Result<Identity> {
        let scope = self.parts.cloud.scope(&Audience::ResourceManager);
        self.parts.tokens.identity(&TokenRequest::new(scope)).await
    }

    /// Makes a call and gives its answer, which is a success.
    ///
    /// A call is repeated after failures that may pass, if it may be sent twice; after a refusal for quota always, since
    /// nothing was done then; and with a new token after the old one was refused.
    ///
    /// # Errors
    /// What Azure answered last; `InvalidArgument` for an address that is none of the cloud's.
    pub async fn send(&self, request: &Request) -> Result<Answer> {
        self.check_origin(request)?;
        let parts = &*self.parts;
        let mut token_request = TokenRequest::new(parts.cloud.scope(&request.audience));
        let correlation = Uuid::new_v4().to_string();
        let mut tries = 0;
        let (mut failures, mut refusals, mut renewals) = (0, 0, 0);
        let mut token = self.token(&token_request).await?;
        loop {
            tries += 1;
            let outcome = self.attempt(request, &token, &correlation).await?;
            let (error, wait) = match outcome {
                Outcome::Done(answer) => return Ok(Answer::new(answer, tries)),
                Outcome::Failed(error) => (error, None),
                Outcome::Renew(error, claims) if renewals < 2 => {
                    renewals += 1;
                    self.count(Tally::renewed);
                    token_request.claims = claims;
                    token = match parts.tokens.renew(&token_request, &token).await {
                        Ok(token) => token,
                        // Both say why: the refusal, and why it cannot be met.
                        Err(renewal) => {
                            let words = format!("{}; a new token was not given: {renewal}", error.message());
                            return Err(error.with_message(words).with_tries(tries));
                        }
                    };
                    token_request.claims = None;
                    continue;
                }
                Outcome::Renew(error, _) => (error, None),
                Outcome::Again(error) => {
                    let made = if error.kind() == ErrorKind::Throttled {
                        refusals += 1;
                        refusals
                    } else {
                        failures += 1;
                        failures
                    };
                    let wait = self.retry.wait(made, error.retry_after());
                    (error, wait)
                }
            };
            let Some(wait) = wait else {
                self.count(Tally::failed);
                return Err(error.with_call(request.shown()).with_tries(tries));
            };
            self.count(Tally::repeated);
            tracing::debug!(call = %request.shown(), %error, wait = wait.as_secs_f64(), "a call is repeated");
            parts.clock.sleep(wait).await;
            // It may have ended while we waited.
            token = self.token(&token_request).await?;
        }
    }

    async fn token(&self, request: &TokenRequest) -> Result<AccessToken> {
        let outcome = self.parts.tokens.token(request).await;
        outcome.map_err(|error| AzureError::new(error.kind(), error.message()))
    }

    async fn attempt(&self, request: &Request, token: &AccessToken, correlation: &str) -> Result<Outcome> {
        let parts = &*self.parts;
        let mut call = Call::of(
            self.principal(token),
            &request.audience,
            &request.method,
            &request.url,
        );
        if let Some(lane) = &request.lane {
            call.lane.clone_from(lane);
        }
        call.cost = request.cost.unwrap_or(call.cost);
        let ready = request.to_http(token.secret.expose_secret(), correlation)?;
        let leave = parts
            .budget
            .acquire(&call)
            .await
            .map_err(|error| AzureError::new(error.kind(), error.message()))?;
        let limits = Limits {
            time: request.time_limit.unwrap_or(self.limits.time),
            ..self.limits
        };
        let exchanged = parts.wire.exchange(ready, limits).await;
        Ok(match exchanged {
            Ok(answer) => {
                leave.answered(answer.status(), answer.headers());
                self.count(|tally| tally.answered(&request.audience, answer.status(), answer.body().len()));
                judge(request, answer)
            }
            Err(failure) => {
                drop(leave);
                self.count(|tally| tally.cut(&request.audience));
                self.judge_failure(request, failure)
            }
        })
    }

    fn judge_failure(&self, request: &Request, failure: WireFailure) -> Outcome {
        // Without a connection nothing was sent, so anything may be sent again.
        let safe = request.may_be_repeated || failure.cause == Cause::Connect;
        let again = failure.may_pass() && safe;
        let error = failure.into_error(&request.url);
        if again {
            Outcome::Again(error)
        } else {
            Outcome::Failed(error)
        }
    }

    /// Whose quota is used. Tokens of one credential are one principal's.
    fn principal(&self, token: &AccessToken) -> &str {
        self.parts.principal.get_or_init(|| {
            let identity = Identity::of(token);
            identity
                .object_id
                .or(identity.client_id)
                .unwrap_or_else(|| "unknown".to_owned())
        })
    }

    /// A token goes to the host that it is for and to no other.
    fn check_origin(&self, request: &Request) -> Result<()> {
        let cloud = &self.parts.cloud;
        let good = match request.audience {
            Audience::ResourceManager => origin(&request.url) == origin(&cloud.resource_manager),
            Audience::MicrosoftGraph => origin(&request.url) == origin(&cloud.microsoft_graph),
            // A vault was named by whoever set us up, as an address or within the cloud's own domain.
            Audience::KeyVault => request.url.scheme() == "https",
        };
        if good {
            return Ok(());
        }
        Err(AzureError::new(
            ErrorKind::InvalidArgument,
            format!(
                "call {}: it is none of the hosts of the cloud {}, and no token goes there",
                origin(&request.url),
                cloud.name
            ),
        ))
    }

    /// Waits, by the transport's own clock.
    pub(crate) async fn pause(&self, time: Duration) {
        self.parts.clock.sleep(time).await;
    }

    pub(crate) fn retry(&self) -> &RetryPolicy {
        &self.retry
    }
}

fn judge(request: &Request, answer: Response<Bytes>) -> Outcome {
    let status = answer.status();
    if status.is_success() || request.expected.contains(&status) {
        return Outcome::Done(answer);
    }
    let error = AzureError::of_answer(&answer);
    match status {
        StatusCode::UNAUTHORIZED => {
            let claims = headers::claims(answer.headers());
            Outcome::Renew(error, claims)
        }
        StatusCode::TOO_MANY_REQUESTS => Outcome::Again(error),
        StatusCode::REQUEST_TIMEOUT
        | StatusCode::INTERNAL_SERVER_ERROR
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT
            if request.may_be_repeated =>
        {
            Outcome::Again(error)
        }
        _ => Outcome::Failed(error),
    }
}

/// For `to_http`.
const BEARER: http::HeaderName = AUTHORIZATION;
