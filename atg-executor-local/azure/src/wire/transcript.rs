//! What was sent and what came back, to be shown: with everything secret masked.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use serde_json::Value;
use url::form_urlencoded;

use super::{Limits, Wire, WireFailure};

/// Stands for what is not shown.
pub(crate) const MASK: &str = "********";

/// Headers that prove who calls.
const SECRET_HEADERS: [&str; 4] = [
    "authorization",
    "secret",
    "x-identity-header",
    "proxy-authorization",
];
/// Members of forms and of JSON that are tokens, secrets or proofs.
const SECRET_MEMBERS: [&str; 10] = [
    "access_token",
    "accesstoken",
    "refresh_token",
    "id_token",
    "token",
    "client_secret",
    "client_assertion",
    "password",
    "assertion",
    "value",
];
/// Headers that are shown: the others say nothing about the exchange.
const SHOWN_HEADERS: [&str; 9] = [
    "authorization",
    "secret",
    "x-identity-header",
    "metadata",
    "content-type",
    "www-authenticate",
    "retry-after",
    "accept",
    "location",
];

/// One exchange, masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchanged {
    /// Method, address and headers, then the body.
    pub sent: String,
    /// Status and headers, then the body; or why there was none.
    pub received: String,
}

/// A wire that keeps a masked copy of what passes over it.
pub struct Transcript {
    inner: Arc<dyn Wire>,
    exchanged: Mutex<Vec<Exchanged>>,
}

impl fmt::Debug for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transcript")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}

impl Transcript {
    /// Over that wire.
    pub fn new(inner: Arc<dyn Wire>) -> Arc<Self> {
        Arc::new(Self {
            inner,
            exchanged: Mutex::default(),
        })
    }

    /// Takes what was kept so far.
    pub fn take(&self) -> Vec<Exchanged> {
        std::mem::take(&mut self.exchanged.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl Wire for Transcript {
    async fn exchange(
        &self,
        request: Request<Bytes>,
        limits: Limits,
    ) -> Result<Response<Bytes>, WireFailure> {
        let sent = format!(
            "{} {}\n{}{}",
            request.method(),
            request.uri(),
            shown_headers(request.headers()),
            shown_body(request.headers(), request.body())
        );
        let outcome = self.inner.exchange(request, limits).await;
        let received = match &outcome {
            Ok(answer) => format!(
                "{}\n{}{}",
                answer.status(),
                shown_headers(answer.headers()),
                shown_body(answer.headers(), answer.body())
            ),
            Err(failure) => format!("no answer: {}", failure.words),
        };
        let mut exchanged = self.exchanged.lock().unwrap_or_else(PoisonError::into_inner);
        exchanged.push(Exchanged { sent, received });
        drop(exchanged);
        outcome
    }
}

fn shown_headers(headers: &HeaderMap) -> String {
    let mut lines: Vec<String> = headers
        .iter()
        .filter(|(name, _)| SHOWN_HEADERS.contains(&name.as_str()))
        .map(|(name, value)| {
            let text = value.to_str().unwrap_or(MASK);
            let shown = if SECRET_HEADERS.contains(&name.as_str()) {
                // The scheme says how it is proved, and is no secret.
                match text.split_once(' ') {
                    Some((scheme @ ("Bearer" | "Basic"), _)) => format!("{scheme} {MASK}"),
                    _ => MASK.to_owned(),
                }
            } else {
                text.to_owned()
            };
            format!("{name}: {shown}\n")
        })
        .collect();
    lines.sort();
    lines.concat()
}

fn shown_body(headers: &HeaderMap, body: &[u8]) -> String {
    if body.is_empty() {
        return String::new();
    }
    let form = headers
        .get("content-type")
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/x-www-form-urlencoded"));
    if form {
        let pairs: Vec<String> = form_urlencoded::parse(body)
            .map(|(name, value)| {
                let shown = if is_secret(&name) { MASK } else { &value };
                format!("{name}={shown}\n")
            })
            .collect();
        return pairs.concat();
    }
    match serde_json::from_slice::<Value>(body) {
        Ok(mut value) => {
            mask(&mut value);
            format!("{value}\n")
        }
        // What cannot be read cannot be masked.
        Err(_) => format!("{} bytes\n", body.len()),
    }
}

fn is_secret(name: &str) -> bool {
    SECRET_MEMBERS.contains(&name.to_ascii_lowercase().as_str())
}

fn mask(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                if is_secret(name) && member.is_string() {
                    *member = Value::from(MASK);
                } else {
                    mask(member);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_secret_is_left_in_any_part() {
        let form = HeaderMap::from_iter([(
            http::header::CONTENT_TYPE,
            http::HeaderValue::from_static("application/x-www-form-urlencoded"),
        )]);
        let shown = shown_body(&form, b"client_id=a&client_secret=canary&client_assertion=canary");
        assert_eq!(
            shown,
            "client_id=a\nclient_secret=********\nclient_assertion=********\n"
        );
        let json = br#"{"access_token":"canary","x":[{"value":"canary"}],"expires_in":1,"value":[1]}"#;
        let shown = shown_body(&HeaderMap::new(), json);
        assert!(
            !shown.contains("canary") && shown.contains("\"expires_in\":1"),
            "{shown}"
        );
        assert_eq!(shown_body(&HeaderMap::new(), b"canary"), "6 bytes\n");
        let headers = HeaderMap::from_iter([
            (
                http::header::AUTHORIZATION,
                http::HeaderValue::from_static("Basic canary"),
            ),
            (
                http::HeaderName::from_static("secret"),
                http::HeaderValue::from_static("canary x"),
            ),
        ]);
        assert_eq!(
            shown_headers(&headers),
            "authorization: Basic ********\nsecret: ********\n"
        );
    }
}
