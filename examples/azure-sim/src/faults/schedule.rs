//! Rules: which requests, how many of them, and what happens to them.

use http::Method;
use serde::{Deserialize, Serialize};

use crate::{cloud::Part, quota::RetryAfter, web::Call};

/// What goes wrong.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Schedule {
    /// Decides which requests are hit.
    pub seed: u64,
    /// The first rule whose turn it is applies.
    pub rules: Vec<Rule>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Which requests it is about; all where nothing is said.
    #[serde(default, rename = "match")]
    pub matching: Matching,
    /// What happens.
    pub fault: Fault,
    /// How many of 1,000; 1,000 unless told.
    #[serde(default = "always")]
    pub per_mille: u16,
    /// How often at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// How many requests it lets pass first.
    #[serde(default)]
    pub skip: u64,
}

const fn always() -> u16 {
    1000
}

/// Which requests.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Matching {
    /// `login`, `arm`, `resource_graph`, `graph`, `vault`, `imds`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// `GET`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// A part of the path and query, in any casing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contains: Option<String>,
    /// A part of the request's body, in any casing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_contains: Option<String>,
}

impl Matching {
    pub(super) fn is_about(&self, call: &Call, part: Part) -> bool {
        let lower = |text: &str| text.to_lowercase();
        self.service
            .as_deref()
            .is_none_or(|name| name == service(call, part))
            && self
                .method
                .as_deref()
                .is_none_or(|method| call.method.as_str().eq_ignore_ascii_case(method))
            && self
                .contains
                .as_deref()
                .is_none_or(|text| lower(&call.target()).contains(&lower(text)))
            && self
                .body_contains
                .as_deref()
                .is_none_or(|text| lower(&String::from_utf8_lossy(&call.body)).contains(&lower(text)))
    }
}

/// The name of what answers.
pub(crate) fn service(call: &Call, part: Part) -> &'static str {
    match part {
        Part::Login => "login",
        Part::Arm
            if call.method == Method::POST
                && call.path.to_lowercase().contains("/microsoft.resourcegraph/") =>
        {
            "resource_graph"
        }
        Part::Arm => "arm",
        Part::Graph => "graph",
        Part::Vault => "vault",
        Part::Imds => "imds",
        Part::Control => "control",
    }
}

/// What happens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Fault {
    /// 403: the permission was taken away.
    Forbidden,
    /// 404, as for a resource that vanished between list and detail.
    NotFound,
    /// 429.
    TooManyRequests {
        /// What it says about when to come back.
        #[serde(default)]
        retry_after: RetryAfter,
        /// In how many seconds.
        #[serde(default = "a_second")]
        seconds: u64,
    },
    /// 5xx, or 408.
    ServerError {
        /// 500, 502, 503, 504, 408.
        #[serde(default = "unavailable")]
        status: u16,
    },
    /// The answer ends in the middle, and with it the connection.
    Truncated,
    /// A whole answer whose JSON ends in the middle.
    InvalidJson,
    /// The same page again: its link leads to itself.
    RepeatedPage,
    /// A page without items, whose link leads to the page that was asked for.
    EmptyPage,
    /// The answer comes, later.
    Slow {
        /// How much later.
        milliseconds: u64,
    },
    /// The connection ends without an answer.
    Cut,
    /// 401: the token is said to have expired.
    ExpiredToken,
    /// 401 with claims that a new token has to answer.
    ClaimsChallenge,
    /// 400: this version is not there for that type.
    NoRegisteredProvider,
    /// 400: the link to the next page is no longer good. Only requests for a next page are hit.
    CursorRefused,
}

const fn a_second() -> u64 {
    1
}

const fn unavailable() -> u16 {
    503
}
