//! A request, before anybody has looked into its body.

use std::{net::SocketAddr, time::Duration};

use atg_sdk::{Error, ErrorKind, TraceParent, rest::headers};
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts};
use http_body_util::BodyExt as _;
use jiff::Timestamp;
use uuid::Builder;

use super::{failure::Failure, request_body::RequestBody};

/// The header by which both sides name a call.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static(headers::X_REQUEST_ID);

/// A request with the address that it came from.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) parts: Parts,
    pub(crate) body: RequestBody,
    pub(crate) peer: SocketAddr,
    /// Whether the connection is TLS.
    pub(crate) secure: bool,
}

/// A UUID of version 7. It names a call in logs and is no secret, so it need not cost a call of the system's.
fn fresh() -> String {
    let mut random = [0; 10];
    fastrand::fill(&mut random);
    let now = Timestamp::now().as_millisecond();
    Builder::from_unix_timestamp_millis(u64::try_from(now).unwrap_or_default(), &random)
        .into_uuid()
        .to_string()
}

/// The name of a call: the caller's own, where it is fit for logs.
#[derive(Debug)]
pub(crate) struct RequestId {
    id: String,
    trace: Option<TraceParent>,
}

impl RequestId {
    pub(crate) fn of(sent: &HeaderMap) -> Self {
        let id = sent.get(REQUEST_ID).and_then(|value| value.to_str().ok());
        let fit = |text: &&str| {
            (1..=128).contains(&text.len())
                && text
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':'))
        };
        let trace = sent
            .get(headers::TRACEPARENT)
            .and_then(|value| value.to_str().ok())
            .and_then(|text| text.parse().ok());
        Self {
            id: id.filter(fit).map_or_else(fresh, str::to_owned),
            trace,
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.id
    }

    /// The trace that the caller says this call belongs to (W3C Trace Context).
    pub(crate) fn trace(&self) -> Option<TraceParent> {
        self.trace
    }

    pub(crate) fn put_into(&self, headers: &mut HeaderMap) {
        if let Ok(value) = HeaderValue::from_str(&self.id) {
            headers.insert(REQUEST_ID, value);
        }
    }
}

impl Incoming {
    /// A query parameter, unescaped; the last one wins.
    pub(crate) fn query(&self, name: &str) -> Option<String> {
        self.queries()
            .into_iter()
            .rev()
            .find_map(|(key, value)| (key == name).then_some(value))
    }

    /// All query parameters, unescaped.
    pub(crate) fn queries(&self) -> Vec<(String, String)> {
        let unescape = |text: &str| {
            percent_encoding::percent_decode_str(&text.replace('+', " "))
                .decode_utf8_lossy()
                .into_owned()
        };
        let query = self.parts.uri.query().unwrap_or_default();
        query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                (unescape(name), unescape(value))
            })
            .collect()
    }

    /// Refuses query parameters that the call does not have: a misspelled one would silently do nothing.
    pub(crate) fn only_queries(&self, known: &[&str]) -> Result<(), Failure> {
        let mut error = Error::invalid("the query string is not valid");
        for (name, _) in self.queries() {
            if !known.contains(&name.as_str()) {
                let known = if known.is_empty() {
                    "none".to_owned()
                } else {
                    known.join(", ")
                };
                error = error.with_field(
                    format!("?{name}"),
                    format!("is no parameter of this call; known: {known}"),
                );
            }
        }
        if error.fields().is_empty() {
            Ok(())
        } else {
            Err(error.into())
        }
    }

    /// The text of a header.
    pub(crate) fn header(&self, name: impl header::AsHeaderName) -> Option<&str> {
        self.parts.headers.get(name)?.to_str().ok()
    }

    /// Whether the body says itself where it ends.
    pub(crate) fn is_chunked(&self) -> bool {
        self.parts.headers.contains_key(header::TRANSFER_ENCODING)
    }

    /// The whole body, which must not be longer than that nor stand still for so long.
    pub(crate) async fn read(self, limit: usize, idle: Duration) -> Result<(Parts, Bytes), Failure> {
        let too_large = || {
            Failure::from(Error::new(
                ErrorKind::TooLarge,
                format!("the body is larger than {limit} bytes"),
            ))
            .header(header::CONNECTION, "close")
        };
        let declared = self
            .header(header::CONTENT_LENGTH)
            .and_then(|text| text.parse::<u64>().ok());
        if declared.is_some_and(|length| length > limit as u64) {
            return Err(too_large());
        }
        let mut body = self.body;
        let mut bytes = BytesMut::new();
        loop {
            let frame = tokio::time::timeout(idle, body.frame()).await.map_err(|_| {
                let error = Error::new(
                    ErrorKind::Timeout,
                    "the body stood still for too long: send it again",
                );
                Failure::with_status(error, StatusCode::REQUEST_TIMEOUT).header(header::CONNECTION, "close")
            })?;
            let Some(frame) = frame else { break };
            let frame = frame.map_err(|error| {
                let error = Error::invalid("the body ended before it was complete").with_source(error);
                Failure::with_status(error, StatusCode::BAD_REQUEST)
            })?;
            if let Some(data) = frame.data_ref() {
                if bytes.len() + data.len() > limit {
                    return Err(too_large());
                }
                bytes.extend_from_slice(data);
            }
        }
        Ok((self.parts, bytes.freeze()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        headers
    }

    #[test]
    fn a_callers_request_id_is_taken_over_unless_it_is_unfit_for_logs() {
        assert_eq!(RequestId::of(&headers("x-request-id", "abc-1")).as_str(), "abc-1");
        for unfit in ["", "a b", "x\"y", &"a".repeat(129)] {
            assert_ne!(RequestId::of(&headers("x-request-id", unfit)).as_str(), unfit);
        }
    }

    #[test]
    fn a_trace_parent_is_taken_over_or_left() {
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let taken = RequestId::of(&headers("traceparent", good)).trace();
        assert_eq!(taken.unwrap().to_string(), good);
        assert_eq!(RequestId::of(&headers("traceparent", "00-1-2-3")).trace(), None);
    }
}
