//! Problem details (RFC 9457): the body of every answer that is an error.

use serde::{Deserialize, Serialize};

use crate::{Error, ErrorKind, FieldError};

/// The body of an error's answer.
///
/// Read back it is tolerant: a kind that this version does not know acts as `Internal`, keeps its name, and is retried
/// if the sender says so.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Problem {
    /// A URI for the kind of error.
    #[serde(rename = "type", default)]
    pub type_uri: String,
    /// The kind in words.
    #[serde(default)]
    pub title: String,
    /// The HTTP status once more.
    pub status: u16,
    /// The kind's name.
    #[serde(default)]
    pub kind: String,
    /// A finer word than the kind; the kind's name where there is none.
    #[serde(default)]
    pub code: String,
    /// What happened, and what to do about it.
    #[serde(default)]
    pub detail: String,
    /// The path that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// The id under which the service logged the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Whether the same call may succeed later.
    #[serde(default)]
    pub retryable: bool,
    /// All invalid members of the request.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// The job's own error, in the answer to a call for the result of a job that has none. It is never the answer's own:
    /// a client would take a job's `Throttled` for the call's and retry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_error: Option<Error>,
}

impl Problem {
    /// What the types' URIs begin with.
    pub const TYPES: &str = "https://azure-tenant-grapher.dev/problems/";

    /// The answer for an error. Of an internal one it says nothing: the log does, under the request's id.
    #[must_use]
    pub fn new(error: &Error) -> Self {
        let kind = error.kind();
        let (code, detail, fields) = if kind == ErrorKind::Internal {
            let detail = "something went wrong here that is not your fault; report it with the request id";
            (kind.name(), detail.to_owned(), Vec::new())
        } else {
            (error.code(), error.message().to_owned(), error.fields().to_vec())
        };
        Self {
            type_uri: format!("{}{}", Self::TYPES, words(code, '-')),
            title: words(kind.name(), ' '),
            status: kind.http_status(),
            kind: kind.name().to_owned(),
            code: code.to_owned(),
            detail,
            instance: None,
            request_id: error.request_id().map(str::to_owned),
            retryable: error.is_retryable(),
            errors: fields,
            job_error: None,
        }
    }

    /// With another status than the kind's own.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// With the path that was asked for.
    #[must_use]
    pub fn with_instance(mut self, path: impl Into<String>) -> Self {
        self.instance = Some(path.into());
        self
    }

    /// With the id under which the call is logged.
    #[must_use]
    pub fn with_request_id(mut self, id: impl Into<String>) -> Self {
        self.request_id = Some(id.into());
        self
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        if problem.kind.is_empty() {
            return Self::new(ErrorKind::from_http_status(problem.status), problem.detail);
        }
        Self::from_wire(
            problem.kind,
            Some(problem.code).filter(|code| !code.is_empty()),
            problem.detail,
            Some(problem.retryable),
            problem.errors,
            problem.request_id,
        )
    }
}

/// `NotFound` as `not found` or `not-found`.
fn words(name: &str, between: char) -> String {
    let mut out = String::with_capacity(name.len() + 2);
    for c in name.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push(between);
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_survives_the_way_through_a_problem() {
        for kind in ErrorKind::ALL {
            let error = Error::new(kind, "read the query: give one")
                .with_code("QueryMissing")
                .with_field("/query", "is missing")
                .with_request_id("r-1");
            let body = serde_json::to_string(&Problem::new(&error)).unwrap();
            let problem: Problem = serde_json::from_str(&body).unwrap();
            assert_eq!(problem.status, kind.http_status());
            let read = Error::from(problem);
            if kind == ErrorKind::Internal {
                assert!(
                    !body.contains("give one") && !body.contains("QueryMissing"),
                    "{body}"
                );
                assert_eq!((read.kind(), read.request_id()), (kind, Some("r-1")));
            } else {
                assert_eq!(read, error);
            }
        }
    }

    #[test]
    fn the_finest_word_names_the_type_and_the_kind_the_title() {
        let coded = Problem::new(&Error::conflict("wait").with_code("JobNotEnded"));
        assert!(coded.type_uri.ends_with("/problems/job-not-ended"), "{coded:?}");
        assert_eq!(coded.title, "conflict");
        let problem = Problem::new(&Error::not_found("find job 7")).with_instance("/api/v1/jobs/7");
        assert_eq!(
            problem.type_uri,
            "https://azure-tenant-grapher.dev/problems/not-found"
        );
        assert_eq!(problem.title, "not found");
    }

    #[test]
    fn what_other_versions_and_proxies_answer_is_read() {
        let foreign = r#"{"status":418,"kind":"Teapot","detail":"brew coffee","retryable":true,"new":[1]}"#;
        let error = Error::from(serde_json::from_str::<Problem>(foreign).unwrap());
        assert_eq!(
            (error.kind(), error.kind_name(), error.code()),
            (ErrorKind::Internal, "Teapot", "Teapot")
        );
        assert!(error.is_retryable());
        let bare = Error::from(serde_json::from_str::<Problem>(r#"{"status":502}"#).unwrap());
        assert_eq!((bare.kind(), bare.is_retryable()), (ErrorKind::Unavailable, true));
    }
}
