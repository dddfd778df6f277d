//! What clients and services say over HTTP in the same words. Pure: nothing here sends anything.

mod cursor;
pub mod paths;
mod problem;

pub use cursor::{cursor, read_cursor};
pub use paths::query_escaped;
pub use problem::Problem;

/// The media type of every error.
pub const PROBLEM_JSON: &str = "application/problem+json";
/// The media type of a job's events.
pub const EVENT_STREAM: &str = "text/event-stream";

/// The names of the headers that the contract gives a meaning, in lower case.
pub mod headers {
    /// On a submission: a UUID, which is then the job's id, or any text of up to 255 characters.
    pub const IDEMPOTENCY_KEY: &str = "idempotency-key";
    /// The sequence of the last event that a watcher has seen.
    pub const LAST_EVENT_ID: &str = "last-event-id";
    /// Where to ask for the job, beside `location`.
    pub const OPERATION_LOCATION: &str = "operation-location";
    /// Which preferences were followed.
    pub const PREFERENCE_APPLIED: &str = "preference-applied";
    /// `wait=N`: hold the submission's answer up to that many seconds for the job's end.
    pub const PREFER: &str = "prefer";
    /// The quota that is left.
    pub const RATE_LIMIT: &str = "ratelimit";
    /// The quota there is.
    pub const RATE_LIMIT_POLICY: &str = "ratelimit-policy";
    /// The digest of an artifact.
    pub const REPR_DIGEST: &str = "repr-digest";
    /// The trace that a call belongs to (W3C Trace Context).
    pub const TRACEPARENT: &str = "traceparent";
    /// The id under which a call is logged on both sides.
    pub const X_REQUEST_ID: &str = "x-request-id";
}
