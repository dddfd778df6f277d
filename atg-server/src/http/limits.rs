//! How much and how often a caller may.

use std::{net::IpAddr, time::Duration};

use atg_sdk::{Error, ErrorKind, rest::headers};
use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::{
    Service,
    failure::Failure,
    rate::{Decision, Rate},
    routes::Call,
};
use crate::keys::Caller;

/// What the HTTP layer limits. The defaults are the contract's.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Submissions of long operations, by key and by address.
    pub long: Rate,
    /// Submissions of short operations.
    pub short: Rate,
    /// All other calls.
    pub other: Rate,
    /// A request's body, in bytes.
    pub body_bytes: usize,
    /// An input, in bytes.
    pub input_bytes: u64,
    /// Connections at once.
    pub connections: usize,
    /// How long a client may take for a request's head.
    pub header_time: Duration,
    /// How long an answer's first byte may take, where the call is not one that waits.
    pub first_byte: Duration,
    /// How long an upload or a download may stand still.
    pub idle: Duration,
    /// How often a silent stream of events says that it lives.
    pub heartbeat: Duration,
    /// How long running calls are waited for when the service stops.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            long: Rate::per_minute(10),
            short: Rate::per_minute(120),
            other: Rate::per_minute(600),
            body_bytes: 1024 * 1024,
            input_bytes: 2 * 1024 * 1024 * 1024,
            connections: 20_000,
            header_time: Duration::from_secs(10),
            first_byte: Duration::from_secs(30),
            idle: Duration::from_secs(60),
            heartbeat: Duration::from_secs(15),
            grace: Duration::from_secs(30),
        }
    }
}

/// Calls that are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    /// Operations that may take hours.
    Long,
    /// Operations that take seconds: never behind a scan.
    Short,
    /// Everything else.
    Other,
}

impl Lane {
    /// The lane of an operation.
    pub(crate) fn of_operation(name: &str) -> Self {
        match name {
            "query" | "diff" | "self-test" => Self::Short,
            _ => Self::Long,
        }
    }

    /// The lane of a call.
    pub(super) fn of(call: &Call) -> Self {
        match call {
            Call::Submit(name) => Self::of_operation(name),
            _ => Self::Other,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Long => "long",
            Self::Short => "short",
            Self::Other => "other",
        }
    }
}

/// A call that was counted and let in, as its answer's headers tell it.
#[derive(Debug)]
pub(super) struct Admitted {
    lane: Lane,
    rate: Rate,
    decision: Decision,
}

impl Admitted {
    /// The fields of the IETF draft on rate limit headers.
    pub(super) fn put_into(&self, answer: &mut HeaderMap) {
        let (policy, limit) = fields(self.lane, self.rate, &self.decision);
        for (name, value) in [(headers::RATE_LIMIT_POLICY, policy), (headers::RATE_LIMIT, limit)] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                answer.entry(HeaderName::from_static(name)).or_insert(value);
            }
        }
    }
}

fn fields(lane: Lane, rate: Rate, decision: &Decision) -> (String, String) {
    let name = lane.name();
    let policy = format!("\"{name}\";q={};w={}", rate.calls, rate.window.as_secs());
    (
        policy,
        format!(
            "\"{name}\";r={};t={}",
            decision.remaining,
            whole_seconds(decision.reset)
        ),
    )
}

fn whole_seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

impl Service {
    fn rate(&self, lane: Lane) -> Rate {
        match lane {
            Lane::Long => self.options.limits.long,
            Lane::Short => self.options.limits.short,
            Lane::Other => self.options.limits.other,
        }
    }

    /// Counts a call by its key and by its address, and refuses it when either has had enough.
    pub(super) async fn admit(&self, lane: Lane, caller: &Caller, peer: IpAddr) -> Result<Admitted, Failure> {
        let by_key = self
            .count(lane, &format!("key/{}/{}", caller.key, lane.name()))
            .await?;
        let by_address = self.admit_stranger(lane, peer).await?;
        let tighter = if by_key.remaining <= by_address.remaining {
            by_key
        } else {
            by_address
        };
        Ok(Admitted {
            lane,
            rate: self.rate(lane),
            decision: tighter,
        })
    }

    /// Counts a call by its address alone.
    pub(super) async fn admit_stranger(&self, lane: Lane, peer: IpAddr) -> Result<Decision, Failure> {
        // Somebody with an IPv6 network has 2⁶⁴ addresses at least.
        let network = match peer {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => format!("{:x?}", &address.segments()[..4]),
        };
        self.count(lane, &format!("address/{network}/{}", lane.name()))
            .await
    }

    async fn count(&self, lane: Lane, bucket: &str) -> Result<Decision, Failure> {
        let rate = self.rate(lane);
        let decision = self.options.rates.count(bucket, rate).await?;
        if decision.allowed {
            return Ok(decision);
        }
        let seconds = whole_seconds(decision.reset).max(1);
        let (policy, limit) = fields(lane, rate, &decision);
        let error = Error::new(
            ErrorKind::Throttled,
            format!(
                "more than {} calls of this kind in {} s: try again in {seconds} s",
                rate.calls,
                rate.window.as_secs()
            ),
        );
        Err(Failure::from(error)
            .header(header::RETRY_AFTER, seconds.to_string())
            .header(HeaderName::from_static(headers::RATE_LIMIT_POLICY), policy)
            .header(HeaderName::from_static(headers::RATE_LIMIT), limit))
    }
}
