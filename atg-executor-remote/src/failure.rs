//! Answers and broken connections as errors.

use std::{error::Error as StdError, time::Duration};

use atg_sdk::{Error, ErrorKind, rest};
use jiff::Timestamp;
use reqwest::{Response, StatusCode, header};

use crate::{
    address::Address,
    patience::{Refusal, retry_after},
    transport::read_at_most,
};

/// Problem details are a few hundred bytes; a list of invalid members may be longer.
const LONGEST_PROBLEM: usize = 256 * 1024;

/// The codes by which a service names what the [`Executor`](atg_sdk::Executor) contract calls otherwise: over HTTP the
/// request is at fault, for the caller of the trait it is the id, or the input, that it names.
const KINDS_BY_CODE: [(&str, ErrorKind); 2] = [
    ("IdempotencyKeyReused", ErrorKind::Conflict),
    ("UnknownInput", ErrorKind::NotFound),
];

/// An answer that is not a success.
pub(crate) async fn of_answer(response: Response, address: &Address) -> Refusal {
    let status = response.status();
    let text = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
    let asked = text("retry-after").and_then(|text| retry_after(text, Timestamp::now()));
    let request_id = text(rest::headers::X_REQUEST_ID).map(str::to_owned);
    if status.is_redirection() {
        let target = text("location").unwrap_or("nowhere").to_owned();
        return Refusal::for_good(of_redirect(&target, address));
    }
    let is_json = text("content-type").is_some_and(|name| name.contains("json"));
    let body = if is_json {
        read_at_most(response, LONGEST_PROBLEM).await.unwrap_or_default()
    } else {
        Vec::new()
    };
    let mut error = problem(&body).unwrap_or_else(|| of_status(status, address));
    if let (None, Some(id)) = (error.request_id(), request_id) {
        error = error.with_request_id(id);
    }
    Refusal {
        may_pass: error.is_retryable(),
        error,
        retry_after: asked,
    }
}

fn problem(body: &[u8]) -> Option<Error> {
    let problem: rest::Problem = serde_json::from_slice(body).ok()?;
    if problem.kind.is_empty() && problem.detail.is_empty() {
        return None;
    }
    let known = KINDS_BY_CODE.iter().find(|(code, _)| *code == problem.code);
    let Some((code, kind)) = known else {
        return Some(problem.into());
    };
    let mut error = Error::new(*kind, problem.detail).with_code(*code);
    if let Some(id) = problem.request_id {
        error = error.with_request_id(id);
    }
    Some(problem.errors.into_iter().fold(error, |error, field| {
        error.with_field(field.pointer, field.detail)
    }))
}

/// Something else than the service answered, a proxy usually: its page is for browsers.
fn of_status(status: StatusCode, address: &Address) -> Error {
    Error::new(
        ErrorKind::from_http_status(status.as_u16()),
        format!(
            "get an answer from the service at {address}: what stands there says {status} and nothing else; is the \
             address right, and is the service running behind it?"
        ),
    )
}

fn of_redirect(target: &str, address: &Address) -> Error {
    let target: String = target.chars().filter(|c| !c.is_control()).take(200).collect();
    Error::invalid(format!(
        "call the service at {address}: it sends callers on to {target}, and the key goes to no other address; if you \
         trust that one, make it the service's address"
    ))
    .with_code("RedirectRefused")
}

/// A call that got no answer, or whose answer broke off.
pub(crate) fn of_connection(error: reqwest::Error, address: &Address) -> Refusal {
    let error = error.without_url();
    if error.is_builder() {
        return Refusal::for_good(Error::internal(format!("prepare a call of {address}")).with_source(error));
    }
    if error.is_timeout() {
        let words = format!("the service at {address} did not answer the connection in time");
        return Refusal::for_now(Error::new(ErrorKind::Unavailable, words).with_source(error));
    }
    if is_about_certificates(&error) {
        let words = format!(
            "the certificate of the service at {address} is not trusted: if it is your own, name its authority in \
             SSL_CERT_FILE"
        );
        return Refusal::for_good(Error::new(ErrorKind::Unavailable, words).with_source(error));
    }
    let words = if error.is_connect() {
        format!("the service at {address} cannot be reached: is it running, and is the address right?")
    } else {
        format!("the connection to the service at {address} broke off")
    };
    Refusal::for_now(Error::new(ErrorKind::Unavailable, words).with_source(error))
}

/// By the words of the causes: the types are those of a TLS library that others may replace.
fn is_about_certificates(error: &reqwest::Error) -> bool {
    let mut cause = StdError::source(error);
    while let Some(error) = cause {
        if error.to_string().contains("certificate") {
            return true;
        }
        cause = error.source();
    }
    false
}

/// No answer within the limit. Not tried again: who waited that long once is asked before waiting again.
pub(crate) fn of_silence(limit: Duration, address: &Address) -> Refusal {
    Refusal::for_good(Error::new(
        ErrorKind::Timeout,
        format!(
            "the service at {address} did not answer within {} s: try again, or allow it more time",
            limit.as_secs_f64()
        ),
    ))
}

/// The body of an answer is not what the contract says.
pub(crate) fn of_nonsense(what: &str, address: &Address, error: serde_json::Error) -> Refusal {
    Refusal::for_good(
        Error::internal(format!(
            "read {what} from the service at {address}: is it an ATG service, and one of about this version?"
        ))
        .with_source(error),
    )
}

/// Whether the answer has that media type.
pub(crate) fn is_of_type(response: &Response, media_type: &str) -> bool {
    response
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|found| found.trim().eq_ignore_ascii_case(media_type))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_http_calls_an_invalid_request_is_what_the_trait_promises() {
        let body = r#"{"status":422,"kind":"InvalidArgument","code":"IdempotencyKeyReused","detail":"used","request_id":"r",
            "errors":[{"pointer":"/a","detail":"b"}]}"#;
        let error = problem(body.as_bytes()).unwrap();
        assert_eq!(
            (error.kind(), error.code()),
            (ErrorKind::Conflict, "IdempotencyKeyReused")
        );
        assert_eq!((error.request_id(), error.fields().len()), (Some("r"), 1));
    }

    #[test]
    fn json_that_is_no_problem_is_not_shown() {
        assert!(problem(br#"{"status":502}"#).is_none());
        assert!(problem(br#"{"error":{"message":"x"}}"#).is_none());
        assert!(problem(b"<html>").is_none());
    }
}
