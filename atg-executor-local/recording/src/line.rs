//! A line: one exchange, without its secrets.

use std::collections::BTreeMap;

use atg_azure::wire::{Cause, WireFailure};
use atg_json::write_string;
use bytes::Bytes;
use http::{Method, Response, StatusCode};
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use crate::clean::Cleaner;

/// What a request is found by.
pub(crate) type Key = [u8; 16];

/// Method, address without secrets, and body.
pub(crate) fn key(method: &str, address: &str, asked: &[u8]) -> Key {
    let mut hasher = Sha256::new();
    for part in [method.as_bytes(), address.as_bytes()] {
        hasher.update(part);
        hasher.update([0]);
    }
    hasher.update(asked);
    let mut out = Key::default();
    out.copy_from_slice(&hasher.finalize()[..16]);
    out
}

/// An exchange as it passed, with all its secrets.
pub(crate) struct Exchange {
    pub(crate) method: Method,
    pub(crate) address: String,
    pub(crate) asked: Bytes,
    pub(crate) outcome: Result<Response<Bytes>, WireFailure>,
}

impl Exchange {
    /// Appends its line, without secrets.
    pub(crate) fn write(&self, cleaner: &Cleaner, out: &mut String) {
        out.push_str("{\"method\":");
        write_string(self.method.as_str(), out);
        out.push_str(",\"url\":");
        write_string(&cleaner.address(&self.address), out);
        // What ATG asks is made of its own words, IDs and cursors; it is the key, so it stays as it is.
        if let Some(asked) = one_line(&self.asked) {
            out.push_str(",\"asked\":");
            out.push_str(asked);
        }
        match &self.outcome {
            Ok(answer) => write_answer(answer, cleaner, out),
            Err(failure) => {
                out.push_str(",\"failure\":{\"cause\":");
                write_string(cause_name(failure.cause), out);
                out.push_str(",\"words\":");
                write_string(&failure.words, out);
                out.push('}');
            }
        }
        out.push_str("}\n");
    }
}

fn write_answer(answer: &Response<Bytes>, cleaner: &Cleaner, out: &mut String) {
    use std::fmt::Write as _;
    // Writing to a string cannot fail.
    let _ = write!(out, ",\"status\":{},\"headers\":{{", answer.status().as_u16());
    let kept = answer
        .headers()
        .iter()
        .filter(|(name, _)| Cleaner::keeps_header(name.as_str()))
        .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    for (index, (name, value)) in kept.enumerate() {
        if index > 0 {
            out.push(',');
        }
        write_string(name, out);
        out.push(':');
        write_string(value, out);
    }
    out.push('}');
    if answer.body().is_empty() {
        return;
    }
    match cleaner.body(answer.body()) {
        Some(body) => {
            out.push_str(",\"body\":");
            out.push_str(&body);
        }
        // What cannot be read cannot be redacted. It comes back as something that cannot be read either.
        None => {
            let _ = write!(out, ",\"unreadable\":{}", answer.body().len());
        }
    }
}

/// A JSON text that can stand within a line.
fn one_line(text: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(text).ok()?;
    let is_json = serde_json::from_str::<&RawValue>(text).is_ok_and(|raw| raw.get().len() == text.len());
    (is_json && !text.contains(['\n', '\r'])).then_some(text)
}

/// A line, read.
#[derive(Deserialize)]
pub(crate) struct Line<'a> {
    method: Option<String>,
    url: Option<String>,
    #[serde(borrow)]
    asked: Option<&'a RawValue>,
    status: Option<u16>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(borrow)]
    body: Option<&'a RawValue>,
    unreadable: Option<u64>,
    failure: Option<Failure>,
    /// The last line alone: how many exchanges there are.
    pub(crate) exchanges: Option<u64>,
}

#[derive(Deserialize)]
struct Failure {
    cause: String,
    words: String,
}

impl<'a> Line<'a> {
    /// # Errors
    /// What is wrong with it, in words.
    pub(crate) fn read(text: &'a [u8]) -> Result<Self, String> {
        let line: Self = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        let is_exchange = line.method.is_some() && line.url.is_some();
        let is_answered = line.status.is_some() != line.failure.is_some();
        if line.exchanges.is_none() && !(is_exchange && is_answered) {
            return Err("it is no exchange".to_owned());
        }
        Ok(line)
    }

    pub(crate) fn key(&self) -> Key {
        let asked = self.asked.map_or(&[][..], |asked| asked.get().as_bytes());
        let text = |text: &'_ Option<String>| text.clone().unwrap_or_default();
        key(&text(&self.method), &text(&self.url), asked)
    }

    /// What came of it.
    pub(crate) fn outcome(self) -> Result<Response<Bytes>, WireFailure> {
        if let Some(failure) = self.failure {
            return Err(WireFailure::new(cause_of(&failure.cause), failure.words));
        }
        let body = match (self.body, self.unreadable) {
            (Some(body), _) => Bytes::copy_from_slice(body.get().as_bytes()),
            // No JSON, as it was none.
            (None, Some(_)) => Bytes::from_static(b"(not recorded)"),
            (None, None) => Bytes::new(),
        };
        let mut answer = Response::new(body);
        let status = self.status.and_then(|status| StatusCode::from_u16(status).ok());
        *answer.status_mut() = status
            .ok_or_else(|| WireFailure::new(Cause::NotRecorded, "the status of its answer is damaged"))?;
        for (name, value) in self.headers {
            let name = http::HeaderName::try_from(name);
            if let (Ok(name), Ok(value)) = (name, http::HeaderValue::try_from(value)) {
                answer.headers_mut().append(name, value);
            }
        }
        Ok(answer)
    }
}

const CAUSES: [(Cause, &str); 7] = [
    (Cause::Connect, "connect"),
    (Cause::Certificate, "certificate"),
    (Cause::Time, "time"),
    (Cause::Cut, "cut"),
    (Cause::TooLong, "too_long"),
    (Cause::Request, "request"),
    (Cause::NotRecorded, "not_recorded"),
];

fn cause_name(cause: Cause) -> &'static str {
    let found = CAUSES.iter().find(|(known, _)| *known == cause);
    found.map_or("not_recorded", |(_, name)| name)
}

fn cause_of(name: &str) -> Cause {
    let found = CAUSES.iter().find(|(_, known)| *known == name);
    found.map_or(Cause::NotRecorded, |(cause, _)| *cause)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn again(exchange: &Exchange) -> (String, Result<Response<Bytes>, WireFailure>) {
        let mut text = String::new();
        exchange.write(&Cleaner::new(Arc::new(|_| {})), &mut text);
        assert_eq!(text.matches('\n').count(), 1, "{text}");
        let line = Line::read(text.trim_end().as_bytes()).unwrap();
        assert_eq!(
            line.key(),
            key(exchange.method.as_str(), &exchange.address, &exchange.asked)
        );
        let outcome = line.outcome();
        (text, outcome)
    }

    fn exchange(outcome: Result<Response<Bytes>, WireFailure>) -> Exchange {
        Exchange {
            method: Method::POST,
            address: "https://management.azure.com/providers/x?api-version=1".to_owned(),
            asked: Bytes::from_static(br#"{"query":"Resources","options":{"$skipToken":"abc"}}"#),
            outcome,
        }
    }

    #[test]
    fn an_answer_comes_back_as_it_was_but_for_what_proves_who_asked() {
        let answer = Response::builder()
            .status(429)
            .header("retry-after", "7")
            .header("set-cookie", "canary")
            .header("x-ms-ratelimit-remaining-tenant-reads", "3")
            .body(Bytes::from_static(b"{\"error\": {\n\"code\":\"X\"}}"))
            .unwrap();
        let (text, outcome) = again(&exchange(Ok(answer)));
        let answer = outcome.unwrap();
        assert_eq!(answer.status(), 429);
        assert_eq!(answer.headers()["retry-after"], "7");
        assert_eq!(answer.headers().len(), 2);
        assert_eq!(answer.body(), &br#"{"error":{"code":"X"}}"#[..]);
        assert!(!text.contains("canary"));
    }

    #[test]
    fn no_answer_comes_back_as_none_for_the_same_cause() {
        for (cause, _) in CAUSES {
            let (_, outcome) = again(&exchange(Err(WireFailure::new(cause, "it broke"))));
            let failure = outcome.unwrap_err();
            assert_eq!((failure.cause, &*failure.words), (cause, "it broke"));
        }
    }

    #[test]
    fn a_body_that_cannot_be_read_is_not_kept_and_comes_back_as_one_that_cannot() {
        let answer = Response::new(Bytes::from_static(b"<html>canary"));
        let (text, outcome) = again(&exchange(Ok(answer)));
        assert!(!text.contains("canary"));
        assert!(serde_json::from_slice::<serde_json::Value>(outcome.unwrap().body()).is_err());
        let (_, outcome) = again(&exchange(Ok(Response::new(Bytes::new()))));
        assert!(outcome.unwrap().body().is_empty());
    }

    #[test]
    fn a_line_that_is_no_exchange_is_told() {
        for text in [
            "{}",
            "[]",
            "{\"method\":\"GET\",\"url\":\"x\"}",
            "{\"status\":200}",
        ] {
            assert!(Line::read(text.as_bytes()).is_err(), "{text}");
        }
        assert_eq!(Line::read(br#"{"exchanges":3}"#).unwrap().exchanges, Some(3));
    }
}
