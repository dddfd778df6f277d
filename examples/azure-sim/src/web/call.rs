//! One request, taken apart.

use bytes::Bytes;
use http::{HeaderMap, Method};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::error;

use super::Reply;

/// One request.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) method: Method,
    /// Scheme and authority that the client used: links in answers begin with it.
    pub(crate) origin: String,
    /// The authority's host, lower-cased, without the port.
    pub(crate) host: String,
    /// The path as it was sent.
    pub(crate) path: String,
    /// The path's segments, decoded.
    pub(crate) segments: Vec<String>,
    /// The query's parameters, decoded, in order.
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Call {
    /// Takes a path and query as they stand in a request line.
    pub(crate) fn new(method: Method, origin: String, target: &str, headers: HeaderMap, body: Bytes) -> Self {
        let authority = origin.split_once("://").map_or(&*origin, |(_, rest)| rest);
        let host = match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
            _ => authority,
        }
        .trim_matches(['[', ']'])
        .to_ascii_lowercase();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Self {
            method,
            origin,
            host,
            path: path.to_owned(),
            segments: path
                .split('/')
                .filter(|segment| !segment.is_empty())
                .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
                .collect(),
            query: parameters(query),
            headers,
            body,
        }
    }

    /// A parameter of the query; names disregard case, as they do in Azure.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| &**value)
    }

    /// A header as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The segments, lower-cased, as patterns are written.
    pub(crate) fn lower(&self) -> Vec<String> {
        self.segments
            .iter()
            .map(|segment| segment.to_lowercase())
            .collect()
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Result<Value, Reply> {
        serde_json::from_slice(&self.body).map_err(|error| {
            error::arm(
                400,
                "InvalidRequestContent",
                format!("The request content was invalid and could not be deserialized: '{error}'."),
            )
        })
    }

    /// Path and query, decoded.
    pub(crate) fn target(&self) -> String {
        let query: Vec<String> = self
            .query
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        format!("/{}?{}", self.segments.join("/"), query.join("&"))
    }

    /// The body as a form.
    pub(crate) fn form(&self) -> Vec<(String, String)> {
        parameters(&String::from_utf8_lossy(&self.body))
    }

    /// The request's path again, with these parameters in place of those of the same name: a link to the next page.
    pub(crate) fn link(&self, replaced: &[(&str, &str)]) -> String {
        self.link_without(&[], replaced)
    }

    /// The same without some parameters.
    pub(crate) fn link_without(&self, left_out: &[&str], replaced: &[(&str, &str)]) -> String {
        let names = || left_out.iter().chain(replaced.iter().map(|(name, _)| name));
        let kept = self
            .query
            .iter()
            .filter(|(name, _)| !names().any(|other| other.eq_ignore_ascii_case(name)))
            .map(|(name, value)| (&**name, &**value));
        let query: Vec<String> = kept
            .chain(replaced.iter().copied())
            .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
            .collect();
        format!("{}{}?{}", self.origin, self.path, query.join("&"))
    }
}

fn parameters(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            (decode(name), decode(value))
        })
        .collect()
}

fn decode(text: &str) -> String {
    percent_decode_str(&text.replace('+', " "))
        .decode_utf8_lossy()
        .into_owned()
}

/// What may stand unchanged in a query.
const PLAIN: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// Encodes one name or value of a query.
pub(crate) fn encode(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, PLAIN).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(target: &str) -> Call {
        Call::new(
            Method::GET,
            "https://[::1]:8443".to_owned(),
            target,
            HeaderMap::new(),
            Bytes::new(),
        )
    }

    #[test]
    fn escapes_are_decoded_and_empty_segments_left_out() {
        let call = call("//subscriptions/a%20b/?%24filter=x+eq%20%27y%27&api-version=1");
        assert_eq!(call.segments, ["subscriptions", "a b"]);
        assert_eq!(call.parameter("$FILTER"), Some("x eq 'y'"));
        assert_eq!(call.host, "::1");
    }

    #[test]
    fn a_link_keeps_what_it_does_not_replace() {
        let call = call("/a?api-version=2021&%24skiptoken=old&%24top=5");
        assert_eq!(
            call.link(&[("$skiptoken", "n/w")]),
            "https://[::1]:8443/a?api-version=2021&%24top=5&%24skiptoken=n%2Fw"
        );
    }
}
