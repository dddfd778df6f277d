//! The paths of the service.

use crate::{InputDigest, JobId};

/// What all others begin with.
pub const BASE: &str = "/api/v1";
/// The jobs of the caller.
pub const JOBS: &str = "/api/v1/jobs";
/// What the caller's key may do, and how busy the service is.
pub const STATUS: &str = "/api/v1/status";
/// Whether it works, for everybody.
pub const HEALTH: &str = "/health";

/// Submits the operation of that name.
#[must_use]
pub fn operation(name: &str) -> String {
    format!("{BASE}/{}", encoded(name))
}

/// An input.
#[must_use]
pub fn input(digest: &InputDigest) -> String {
    format!("{BASE}/inputs/{digest}")
}

/// A job.
#[must_use]
pub fn job(id: JobId) -> String {
    format!("{JOBS}/{id}")
}

/// The output of a job that completed.
#[must_use]
pub fn job_result(id: JobId) -> String {
    format!("{JOBS}/{id}/result")
}

/// The events of a job.
#[must_use]
pub fn job_events(id: JobId) -> String {
    format!("{JOBS}/{id}/events")
}

/// Asks a job to stop.
#[must_use]
pub fn job_cancel(id: JobId) -> String {
    format!("{JOBS}/{id}/cancel")
}

/// All artifacts of a job as one archive.
#[must_use]
pub fn job_artifacts(id: JobId) -> String {
    format!("{JOBS}/{id}/artifacts")
}

/// One artifact; slashes in its name stay slashes.
#[must_use]
pub fn job_artifact(id: JobId, name: &str) -> String {
    format!("{JOBS}/{id}/artifacts/{}", encoded(name))
}

/// A value of a query string.
#[must_use]
pub fn query_escaped(value: &str) -> String {
    encoded(value).replace('/', "%2F")
}

/// Everything but RFC 3986's unreserved characters and slashes as `%XX`.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn paths_are_those_of_the_contract() {
        let id = JobId::from_uuid(Uuid::nil());
        let job_path = "/api/v1/jobs/00000000-0000-0000-0000-000000000000";
        assert_eq!(operation("self-test"), "/api/v1/self-test");
        assert_eq!(job(id), job_path);
        assert_eq!(job_events(id), format!("{job_path}/events"));
        assert_eq!(job_artifacts(id), format!("{job_path}/artifacts"));
        assert_eq!(
            input(&InputDigest::from_bytes([0xab; 32])),
            format!("/api/v1/inputs/{}", "ab".repeat(32))
        );
    }

    #[test]
    fn a_name_cannot_end_the_path_it_stands_in() {
        let id = JobId::from_uuid(Uuid::nil());
        let path = job_artifact(id, "mod ules/é?x#y%2e.tf");
        assert!(
            path.ends_with("/artifacts/mod%20ules/%C3%A9%3Fx%23y%252e.tf"),
            "{path}"
        );
    }
}
