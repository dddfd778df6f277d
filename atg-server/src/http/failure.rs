//! Answers that say what went wrong: RFC 9457 problem details, on every error without exception.

use atg_sdk::{
    Error, ErrorKind,
    rest::{PROBLEM_JSON, Problem},
};
use http::{HeaderName, HeaderValue, Response, StatusCode, header};

use super::body::{Body, full};

/// An error on its way to the caller: the error itself, and what HTTP wants besides.
#[derive(Debug)]
pub(crate) struct Failure {
    error: Error,
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Failure {
    /// An error with another status than its kind has by itself.
    pub(crate) fn with_status(error: Error, status: StatusCode) -> Self {
        Self {
            error,
            status,
            headers: Vec::new(),
        }
    }

    /// Adds a header.
    #[must_use]
    pub(crate) fn header(mut self, name: HeaderName, value: impl AsRef<str>) -> Self {
        if let Ok(value) = HeaderValue::from_str(value.as_ref()) {
            self.headers.push((name, value));
        }
        self
    }

    /// What it is, for logs and metrics.
    pub(crate) fn error(&self) -> &Error {
        &self.error
    }

    /// The status of the answer.
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// The answer. What is inside of a `500` is for the log alone.
    pub(crate) fn into_response(self, instance: &str, request_id: &str) -> Response<Body> {
        self.respond(instance, request_id, None)
    }

    fn respond(self, instance: &str, request_id: &str, job_error: Option<&Error>) -> Response<Body> {
        let mut problem = Problem::new(&self.error)
            .with_status(self.status.as_u16())
            .with_instance(instance)
            .with_request_id(request_id);
        problem.job_error = job_error.cloned();
        // The type is made of strings, numbers and lists: it cannot fail to serialise.
        let mut response = Response::new(full(serde_json::to_vec(&problem).unwrap_or_default()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if self.error.is_retryable() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        for (name, value) in self.headers {
            headers.insert(name, value);
        }
        response
    }
}

/// The answer to a call for the result of a job that has none. The job's error is inside and never the answer's own: a
/// client would take a job's `Throttled` for the call's and retry.
pub(crate) fn no_result(job_error: &Error, code: &str, instance: &str, request_id: &str) -> Response<Body> {
    let error = Error::new(
        ErrorKind::Conflict,
        "the job did not complete: its own error is in `job_error`",
    );
    Failure::from(error.with_code(code)).respond(instance, request_id, Some(job_error))
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let status =
            StatusCode::from_u16(error.kind().http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self::with_status(error, status)
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;
    use serde_json::{Value, json};

    use super::*;

    async fn body(response: Response<Body>) -> Value {
        serde_json::from_slice(&response.into_body().collect().await.unwrap().to_bytes()).unwrap()
    }

    #[tokio::test]
    async fn an_internal_error_shows_its_request_id_and_nothing_else() {
        let failure = Failure::from(Error::internal("the password is hunter2"));
        let response = failure.into_response("/api/v1/jobs", "r1");
        assert_eq!(response.status(), 500);
        let shown = body(response).await;
        assert_eq!(shown["request_id"], "r1");
        assert!(!shown.to_string().contains("hunter2"));
    }

    #[tokio::test]
    async fn a_jobs_own_error_travels_inside() {
        let error = Error::new(ErrorKind::Throttled, "list resources: Azure refused");
        let response = no_result(&error, "JobFailed", "/x", "r2");
        assert_eq!(response.status(), 409);
        let shown = body(response).await;
        assert_eq!(shown["code"], "JobFailed");
        assert_eq!(
            shown["type"],
            "https://azure-tenant-grapher.dev/problems/job-failed"
        );
        assert_eq!(shown["retryable"], json!(false));
        assert_eq!(shown["job_error"]["kind"], "Throttled");
    }

    #[tokio::test]
    async fn what_may_be_retried_says_when() {
        let failure =
            Failure::from(Error::new(ErrorKind::Throttled, "slow down")).header(header::RETRY_AFTER, "7");
        let response = failure.into_response("/x", "r3");
        assert_eq!(response.headers()[header::RETRY_AFTER], "7");
    }
}
