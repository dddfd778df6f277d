//! What Azure, or the way to it, answered instead of success.

use std::{fmt, time::Duration};

use atg_sdk::ErrorKind;
use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use serde_json::Value;

use crate::headers;

/// What this crate's fallible calls return.
pub type Result<T, E = AzureError> = std::result::Result<T, E>;

/// The longest message that is kept: some answers are whole web pages.
const LONGEST_MESSAGE: usize = 2_000;

/// A call that did not succeed: Azure's code, words and request ids, and what was called.
///
/// It holds nothing secret: no header that was sent, no body that was sent, and of an address only host and path.
#[derive(Clone)]
pub struct AzureError(Box<Inner>);

#[derive(Clone, Default)]
struct Inner {
    kind: ErrorKind,
    status: Option<u16>,
    code: Option<String>,
    message: String,
    call: Option<String>,
    request_id: Option<String>,
    correlation_id: Option<String>,
    retry_after: Option<Duration>,
    tries: u32,
}

impl AzureError {
    /// One that no answer of Azure stands behind.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            ..Inner::default()
        }))
    }

    /// What an answer says that is no success.
    #[must_use]
    pub fn of_answer(answer: &Response<Bytes>) -> Self {
        let status = answer.status();
        let (code, message) = read_body(answer.body());
        let message = message.unwrap_or_else(|| {
            status
                .canonical_reason()
                .unwrap_or("an answer without words")
                .to_ascii_lowercase()
        });
        let ids = RequestIds::of(answer.headers());
        Self(Box::new(Inner {
            kind: kind_of(status, code.as_deref()),
            status: Some(status.as_u16()),
            code,
            message: tame(&message),
            request_id: ids.request,
            correlation_id: ids.correlation,
            retry_after: headers::retry_after(answer.headers()),
            ..Inner::default()
        }))
    }

    pub(crate) fn with_call(mut self, call: impl Into<String>) -> Self {
        self.0.call.get_or_insert(call.into());
        self
    }

    pub(crate) fn with_tries(mut self, tries: u32) -> Self {
        self.0.tries = tries;
        self
    }

    pub(crate) fn with_message(mut self, message: impl Into<String>) -> Self {
        self.0.message = message.into();
        self
    }

    /// What machines act on.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The HTTP status; `None` where there was no answer.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// Azure's code, for example `AuthorizationFailed` or `AADSTS7000215`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// What happened, in Azure's words where there are any.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The id under which Azure logged the call.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// The id under which Azure logged everything that belongs to the call.
    #[must_use]
    pub fn correlation_id(&self) -> Option<&str> {
        self.0.correlation_id.as_deref()
    }

    /// How long Azure asked to wait.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// How often it was tried.
    #[must_use]
    pub fn tries(&self) -> u32 {
        self.0.tries
    }
}

/// The ids under which Azure logged a call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestIds {
    /// Of the call: `x-ms-request-id`, of Microsoft Graph `request-id`.
    pub request: Option<String>,
    /// Of what belongs together.
    pub correlation: Option<String>,
}

impl RequestIds {
    /// Those of an answer.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        let text = |name: &str| Some(tame(headers.get(name)?.to_str().ok()?)).filter(|id| !id.is_empty());
        Self {
            request: text("x-ms-request-id").or_else(|| text("request-id")),
            correlation: text("x-ms-correlation-request-id").or_else(|| text("client-request-id")),
        }
    }
}

/// Code and message of a body, in any of the shapes that Azure's services use.
fn read_body(body: &[u8]) -> (Option<String>, Option<String>) {
    let Ok(value) = serde_json::from_slice::<Value>(body) else {
        let text = String::from_utf8_lossy(&body[..body.len().min(LONGEST_MESSAGE)]);
        let words = text.trim();
        // Pages for browsers say nothing that a person would want to read here.
        let readable = !words.is_empty() && !words.starts_with('<');
        return (None, readable.then(|| words.to_owned()));
    };
    let text = |value: &Value, names: [&str; 2]| {
        names
            .iter()
            .find_map(|name| value.get(name)?.as_str())
            .map(str::to_owned)
    };
    match value.get("error").or_else(|| value.get("odata.error")) {
        // Login: `{"error": "invalid_client", "error_description": "AADSTS7000215: …"}`.
        Some(Value::String(word)) => {
            let described = text(&value, ["error_description", "message"]);
            let code = described
                .as_deref()
                .and_then(|words| words.split_once(':'))
                .map(|(code, _)| code)
                .filter(|code| code.starts_with("AADSTS"));
            (Some(code.unwrap_or(word).to_owned()), described)
        }
        Some(error) => {
            let code = text(error, ["code", "Code"]);
            let message = text(error, ["message", "Message"]).or_else(|| {
                error
                    .get("message")
                    .and_then(|words| text(words, ["value", "Value"]))
            });
            let details = error.get("details").and_then(Value::as_array);
            let more = details
                .into_iter()
                .flatten()
                .filter_map(|detail| text(detail, ["message", "Message"]))
                .find(|more| message.as_ref().is_some_and(|message| !message.contains(more)));
            let message = match (message, more) {
                (Some(message), Some(more)) => Some(format!("{message} ({more})")),
                (message, _) => message,
            };
            (code, message)
        }
        // Some providers leave the envelope out.
        None => (
            text(&value, ["code", "Code"]),
            text(&value, ["message", "Message"]),
        ),
    }
}

fn kind_of(status: StatusCode, code: Option<&str>) -> ErrorKind {
    match (status.as_u16(), code) {
        // Login answers a wrong secret or an unknown application with 400.
        (400, Some(code)) if code.starts_with("AADSTS") || code == "invalid_client" => {
            ErrorKind::Unauthenticated
        }
        (status, _) if (300..400).contains(&status) => ErrorKind::Unsupported,
        (500..=599, _) if status != StatusCode::GATEWAY_TIMEOUT => ErrorKind::Unavailable,
        (status, _) => ErrorKind::from_http_status(status),
    }
}

/// One line of bounded length, without what a terminal would act on.
pub(crate) fn tame(text: &str) -> String {
    let mut line: String = text
        .split(|c: char| c.is_control() || c.is_whitespace())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    if line.len() > LONGEST_MESSAGE {
        let end = line.floor_char_boundary(LONGEST_MESSAGE);
        line.truncate(end);
        line.push('…');
    }
    line
}

impl fmt::Display for AzureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { call, message, .. } = &*self.0;
        match call {
            Some(call) => write!(f, "{call}: {message}")?,
            None => f.write_str(message)?,
        }
        // Login puts its code before its words itself.
        let code = self
            .code()
            .filter(|code| !message.starts_with(*code))
            .map(str::to_owned);
        let parts = [
            code,
            self.0.status.map(|status| status.to_string()),
            self.request_id().map(|id| format!("request {id}")),
            (self.0.tries > 1).then(|| format!("tried {} times", self.0.tries)),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if parts.is_empty() {
            return Ok(());
        }
        write!(f, " ({})", parts.join(", "))
    }
}

impl fmt::Debug for AzureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AzureError {{ {:?}: {self} }}", self.0.kind)
    }
}

impl std::error::Error for AzureError {}

impl From<AzureError> for atg_sdk::Error {
    fn from(error: AzureError) -> Self {
        let mut out = Self::new(error.kind(), error.to_string());
        if let Some(code) = error.code() {
            out = out.with_code(code);
        }
        if let Some(id) = error.request_id() {
            out = out.with_request_id(id);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn of(status: u16, body: &str) -> AzureError {
        let answer = Response::builder()
            .status(status)
            .header("x-ms-request-id", "r-1")
            .body(Bytes::copy_from_slice(body.as_bytes()))
            .unwrap();
        AzureError::of_answer(&answer)
    }

    #[rstest]
    #[case::resource_manager(
        r#"{"error":{"code":"AuthorizationFailed","message":"The client may not."}}"#,
        "AuthorizationFailed",
        "The client may not."
    )]
    #[case::with_details(
        r#"{"error":{"code":"BadRequest","message":"Please see details.","details":[{"code":"X","message":"No such table."}]}}"#,
        "BadRequest",
        "Please see details. (No such table.)"
    )]
    #[case::microsoft_graph(
        r#"{"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges.","innerError":{"request-id":"x"}}}"#,
        "Authorization_RequestDenied",
        "Insufficient privileges."
    )]
    #[case::odata(
        r#"{"odata.error":{"code":"Request_BadRequest","message":{"lang":"en","value":"Wrong."}}}"#,
        "Request_BadRequest",
        "Wrong."
    )]
    #[case::login(
        r#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided.\r\nTrace ID: 1"}"#,
        "AADSTS7000215",
        "AADSTS7000215: Invalid client secret provided. Trace ID: 1"
    )]
    #[case::bare(r#"{"Code":"Oops","Message":"It broke."}"#, "Oops", "It broke.")]
    fn code_and_message_are_found_in_every_shape(
        #[case] body: &str,
        #[case] code: &str,
        #[case] message: &str,
    ) {
        let error = of(403, body);
        assert_eq!((error.code(), error.message()), (Some(code), message));
        assert_eq!(error.request_id(), Some("r-1"));
    }

    #[rstest]
    #[case(400, "{}", ErrorKind::InvalidArgument)]
    #[case(
        400,
        r#"{"error":"invalid_client","error_description":"AADSTS1: no"}"#,
        ErrorKind::Unauthenticated
    )]
    #[case(302, "", ErrorKind::Unsupported)]
    #[case(429, "", ErrorKind::Throttled)]
    #[case(500, "", ErrorKind::Unavailable)]
    #[case(504, "", ErrorKind::Timeout)]
    fn the_status_decides_the_kind(#[case] status: u16, #[case] body: &str, #[case] kind: ErrorKind) {
        assert_eq!(of(status, body).kind(), kind);
    }

    #[test]
    fn a_page_for_browsers_is_not_repeated_and_a_long_text_is_cut() {
        assert_eq!(of(502, "<html>canary</html>").message(), "bad gateway");
        let long = of(
            500,
            &format!("{{\"message\":\"{}\\u001b[2J\"}}", "é".repeat(5_000)),
        );
        assert!(long.message().len() < 2_010 && !long.message().contains('\u{1b}'));
    }

    #[test]
    fn it_reads_as_a_sentence_and_keeps_its_parts() {
        let error = of(404, r#"{"error":{"code":"ResourceNotFound","message":"Gone."}}"#)
            .with_call("GET management.azure.com/subscriptions")
            .with_tries(3);
        assert_eq!(
            error.to_string(),
            "GET management.azure.com/subscriptions: Gone. (ResourceNotFound, 404, request r-1, tried 3 times)"
        );
        let error = atg_sdk::Error::from(error);
        assert_eq!(
            (error.kind(), error.code(), error.request_id()),
            (ErrorKind::NotFound, "ResourceNotFound", Some("r-1"))
        );
    }
}
