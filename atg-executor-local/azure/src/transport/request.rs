//! A call that is to be made.

use std::{fmt, time::Duration};

use atg_sdk::ErrorKind;
use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode};
use serde::Serialize;
use url::Url;
use uuid::Uuid;

use super::BEARER;
use crate::{
    cloud::{Audience, Cloud, origin},
    error::{AzureError, Result},
};

/// A call: where, how, and whether it may be made twice.
#[derive(Clone)]
pub struct Request {
    pub(super) audience: Audience,
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) body: Option<Bytes>,
    /// Whether a second sending does no harm.
    pub(super) may_be_repeated: bool,
    /// Statuses that are answers and not errors.
    pub(super) expected: Vec<StatusCode>,
    pub(super) lane: Option<String>,
    pub(super) cost: Option<u32>,
    pub(super) time_limit: Option<Duration>,
    extra: Vec<(&'static str, HeaderValue)>,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown())
    }
}

impl Request {
    fn new(audience: Audience, method: Method, url: Url, body: Option<Bytes>) -> Self {
        // PUT and DELETE say how things shall be, which can be said twice. POST and PATCH do something each time.
        let may_be_repeated = matches!(method, Method::GET | Method::HEAD | Method::PUT | Method::DELETE);
        Self {
            audience,
            method,
            url,
            body,
            may_be_repeated,
            expected: Vec::new(),
            lane: None,
            cost: None,
            time_limit: None,
            extra: Vec::new(),
        }
    }

    /// Reads a path of Resource Manager. It begins with a slash and may have a query.
    ///
    /// # Errors
    /// `InvalidArgument` for what is no path.
    pub fn get(cloud: &Cloud, path: &str) -> Result<Self> {
        let url = join(&cloud.resource_manager, path)?;
        Ok(Self::new(Audience::ResourceManager, Method::GET, url, None))
    }

    /// Reads a path of Microsoft Graph, its version first: `/v1.0/users`.
    ///
    /// # Errors
    /// `InvalidArgument` for what is no path.
    pub fn get_graph(cloud: &Cloud, path: &str) -> Result<Self> {
        let url = join(&cloud.microsoft_graph, path)?;
        Ok(Self::new(Audience::MicrosoftGraph, Method::GET, url, None))
    }

    /// Reads a path of a vault.
    ///
    /// # Errors
    /// `InvalidArgument` for what is no path.
    pub fn get_vault(vault: &Url, path: &str) -> Result<Self> {
        let url = join(vault, path)?;
        Ok(Self::new(Audience::KeyVault, Method::GET, url, None))
    }

    /// A `POST` that only reads: a query, a batch of reads. It may be sent twice.
    ///
    /// # Errors
    /// `InvalidArgument` for what is no path, `Internal` for a body that is no JSON.
    pub fn read(cloud: &Cloud, audience: Audience, path: &str, body: &impl Serialize) -> Result<Self> {
        let mut request = Self::write(cloud, audience, Method::POST, path, body)?;
        request.may_be_repeated = true;
        Ok(request)
    }

    /// A call that changes something.
    ///
    /// # Errors
    /// `InvalidArgument` for what is no path, `Internal` for a body that is no JSON.
    pub fn write(
        cloud: &Cloud,
        audience: Audience,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> Result<Self> {
        let base = match audience {
            Audience::MicrosoftGraph => &cloud.microsoft_graph,
            _ => &cloud.resource_manager,
        };
        let body = serde_json::to_vec(body)
            .map_err(|error| AzureError::new(ErrorKind::Internal, format!("write a request: {error}")))?;
        Ok(Self::new(audience, method, join(base, path)?, Some(body.into())))
    }

    /// In that lane: calls of different lanes take turns.
    #[must_use]
    pub fn in_lane(mut self, lane: impl Into<String>) -> Self {
        self.lane = Some(lane.into());
        self
    }

    /// At that cost, where the address does not tell it: a `$batch`.
    #[must_use]
    pub fn with_cost(mut self, cost: u32) -> Self {
        self.cost = Some(cost);
        self
    }

    /// With that status as an answer like any other: a list that is empty because its parent is gone.
    #[must_use]
    pub fn expecting(mut self, status: StatusCode) -> Self {
        self.expected.push(status);
        self
    }

    /// With that limit of time for each try.
    #[must_use]
    pub fn with_time_limit(mut self, time: Duration) -> Self {
        self.time_limit = Some(time);
        self
    }

    /// With one more header. Of Microsoft Graph, for example, `ConsistencyLevel: eventual`.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: HeaderValue) -> Self {
        self.extra.push((name, value));
        self
    }

    /// Where it goes.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The same call elsewhere.
    pub(super) fn at(&self, url: Url) -> Self {
        Self { url, ..self.clone() }
    }

    pub(super) fn with_body(&self, body: Bytes) -> Self {
        Self {
            body: Some(body),
            ..self.clone()
        }
    }

    /// For people: without the query, which may hold a cursor or more.
    pub(super) fn shown(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        format!("{} {host}{}", self.method, self.url.path())
    }

    pub(super) fn to_http(&self, token: &str, correlation: &str) -> Result<http::Request<Bytes>> {
        let mut bearer = HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| {
            AzureError::new(
                ErrorKind::Unauthenticated,
                "use the token: it holds characters that none has",
            )
        })?;
        bearer.set_sensitive(true);
        let [own, together] = match self.audience {
            Audience::MicrosoftGraph => ["client-request-id", "x-ms-correlation-request-id"],
            _ => ["x-ms-client-request-id", "x-ms-correlation-request-id"],
        };
        let mut builder = http::Request::builder()
            .method(self.method.clone())
            .uri(self.url.as_str())
            .header(BEARER, bearer)
            .header("accept", "application/json")
            .header(own, Uuid::new_v4().to_string())
            .header(together, correlation);
        if self.body.is_some() {
            builder = builder.header("content-type", "application/json");
        }
        for (name, value) in &self.extra {
            builder = builder.header(*name, value);
        }
        builder
            .body(self.body.clone().unwrap_or_default())
            .map_err(|_| AzureError::new(ErrorKind::InvalidArgument, format!("call {}", self.shown())))
    }
}

/// A path at a host. What is no path must not become another host.
fn join(base: &Url, path: &str) -> Result<Url> {
    let refuse = || {
        AzureError::new(
            ErrorKind::InvalidArgument,
            format!("call `{}`: it is no path", crate::error::tame(path)),
        )
    };
    if !path.starts_with('/') || path.starts_with("//") {
        return Err(refuse());
    }
    let url = Url::parse(&format!("{}{path}", origin(base))).map_err(|_| refuse())?;
    (origin(&url) == origin(base)).then_some(url).ok_or_else(refuse)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::CloudName;

    #[test]
    fn only_what_may_be_sent_twice_is() {
        let cloud = Cloud::known(&CloudName::Public).unwrap();
        let arm = Audience::ResourceManager;
        assert!(Request::get(&cloud, "/subscriptions").unwrap().may_be_repeated);
        assert!(
            Request::read(&cloud, arm.clone(), "/query", &())
                .unwrap()
                .may_be_repeated
        );
        for (method, safe) in [
            (Method::POST, false),
            (Method::PATCH, false),
            (Method::PUT, true),
            (Method::DELETE, true),
        ] {
            let request = Request::write(&cloud, arm.clone(), method, "/x", &()).unwrap();
            assert_eq!(request.may_be_repeated, safe, "{request:?}");
        }
    }

    #[test]
    fn a_path_never_becomes_another_host() {
        let cloud = Cloud::known(&CloudName::Public).unwrap();
        for path in [
            "",
            "x",
            "//evil.example/x",
            "@evil.example",
            "https://evil.example",
        ] {
            assert!(Request::get(&cloud, path).is_err(), "{path}");
        }
    }

    #[test]
    fn what_is_shown_has_neither_query_nor_token() {
        let cloud = Cloud::known(&CloudName::Public).unwrap();
        let request = Request::get(&cloud, "/subscriptions?$skiptoken=canary").unwrap();
        assert_eq!(request.shown(), "GET management.azure.com/subscriptions");
        let http = request.to_http("canary", "c").unwrap();
        assert!(!format!("{http:?}").contains("Bearer canary") && !format!("{request:?}").contains("canary"));
    }
}
