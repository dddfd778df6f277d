//! Requests: any bytes on a connection. They are answered or refused, and never with a 500 or with half an answer.

use secrecy::ExposeSecret as _;
use serde_json::Value;

use crate::site;

pub(crate) const WORDS: &[&str] = &[
    "GET ",
    "HEAD ",
    "POST ",
    "PUT ",
    "DELETE ",
    "PATCH ",
    " HTTP/1.1\r\n",
    "\r\n",
    "\r\n\r\n",
    "Host: a\r\n",
    "Authorization: Bearer KEY\r\n",
    "Content-Length: ",
    "Content-Type: application/json\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Expect: 100-continue\r\n",
    "Accept: text/event-stream\r\n",
    "Accept: */*;q=0\r\n",
    "Prefer: wait=5\r\n",
    "Range: bytes=0-1,5-\r\n",
    "If-Range: \"x\"\r\n",
    "If-None-Match: *\r\n",
    "Last-Event-ID: 1\r\n",
    "Idempotency-Key: ",
    "X-Forwarded-For: ::1\r\n",
    "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n",
    "Connection: close\r\n",
    "/api/v1/jobs/01980000-0000-7000-8000-000000000001",
    "/api/v1/inputs/",
    "/artifacts",
    "/events",
    "/result",
    "/cancel",
    "?list",
    "?wait=",
    "?validate_only=true",
    "?status=pending&limit=",
    "&cursor=",
    "%2e%2e%2f",
    "%00",
    "%ff",
    "{\"tenant_id\":",
    "\"query\":\"MATCH (n) RETURN n\"",
    "null",
    "[[[[[[[[[[[[[[[[",
    "{\"a\":{\"a\":{\"a\":",
    "\\ud800",
    "1e999",
    "11111111-1111-4111-8111-111111111111",
];

/// Feeds the service with a connection of these bytes.
///
/// # Panics
/// When it is not answered as it must be.
pub fn run(input: &[u8]) {
    // The other protocol answers in frames, and its input has no text to read it by.
    let frames = input.starts_with(b"PRI * HTTP/2");
    let answers = site::with(|site| {
        let answers = site.answers(input);
        // A caller who sends the key somewhere where it is echoed has given it away himself.
        if !input.windows(3).any(|window| window == b"KEY") {
            let key = site.key.expose_secret();
            assert!(!contains(&answers, key.as_bytes()), "the key was in an answer");
        }
        answers
    });
    if frames || answers.is_empty() {
        return;
    }
    assert!(!contains(&answers, b"HTTP/1.1 500"), "{}", shown(&answers));
    let Some(answer) = Answer::read(&answers) else {
        panic!("half an answer: {}", shown(&answers));
    };
    answer.check(input.starts_with(b"HEAD "));
}

/// The status that these bytes are answered with first; `None` where they are not answered.
#[must_use]
pub fn first_status(input: &[u8]) -> Option<u16> {
    let answers = site::with(|site| site.answers(input));
    Answer::read(&answers).map(|answer| answer.status)
}

/// The first answer on a connection.
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    head: &'a str,
    /// What follows the head: the body, and perhaps other answers.
    rest: &'a [u8],
}

impl<'a> Answer<'a> {
    pub(crate) fn read(answers: &'a [u8]) -> Option<Self> {
        let end = answers.windows(4).position(|window| window == b"\r\n\r\n")?;
        let head = std::str::from_utf8(&answers[..end]).ok()?;
        let status = head
            .strip_prefix("HTTP/1.1 ")
            .or(head.strip_prefix("HTTP/1.0 "))?;
        let status = status.get(..3)?.parse().ok()?;
        let rest = &answers[end + 4..];
        // What comes before the answer proper.
        if status == 100 {
            return Self::read(rest);
        }
        Some(Self { status, head, rest })
    }

    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&'a str> {
        let line = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        line.filter(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
            .next()
    }

    /// The body, where the head says how long it is.
    pub(crate) fn body(&self) -> Option<&'a [u8]> {
        let length: usize = self.header("content-length")?.parse().ok()?;
        self.rest.get(..length)
    }

    /// What holds for every answer that is ours. Requests that are no HTTP are refused by hyper, with an empty answer.
    fn check(&self, to_head: bool) {
        let Some(id) = self.header("x-request-id") else {
            let bare =
                matches!(self.status, 400 | 408 | 414 | 431) && self.header("content-length") == Some("0");
            assert!(bare, "an answer without a request id: {}", self.head);
            return;
        };
        assert!((1..=128).contains(&id.len()), "{id}");
        if self.status < 400 || to_head {
            return;
        }
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json"),
            "{}",
            self.head
        );
        let Some(body) = self.body() else {
            panic!("an error without its body: {}", self.head);
        };
        let Ok(problem) = serde_json::from_slice::<Value>(body) else {
            panic!("an error that is not JSON: {}", shown(body));
        };
        assert_eq!(problem["status"], self.status, "{problem}");
        assert_eq!(problem["request_id"], id, "{problem}");
        assert!(
            problem["kind"].is_string() && problem["retryable"].is_boolean(),
            "{problem}"
        );
        assert_ne!(problem["kind"], "Internal", "{problem}");
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(2_000)]).into_owned()
}
