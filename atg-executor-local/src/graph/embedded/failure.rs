//! What SQLite says, in the words of ATG.

use atg_sdk::{Error, ErrorKind, Result};
use rusqlite::ErrorCode;

/// Adds what was being done to an answer of SQLite.
pub(crate) trait Sql<T> {
    /// `doing` is a fragment that fits after "failed to …".
    fn during(self, doing: &str) -> Result<T>;
}

impl<T> Sql<T> for rusqlite::Result<T> {
    fn during(self, doing: &str) -> Result<T> {
        self.map_err(|error| explain(error, doing))
    }
}

fn explain(error: rusqlite::Error, doing: &str) -> Error {
    let (kind, advice) = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => (
            ErrorKind::Unavailable,
            "another process has been writing to the graph without a pause: try again later",
        ),
        Some(ErrorCode::DiskFull) => (
            ErrorKind::Unavailable,
            "the disk is full: free some space and run it again, nothing that was written before is lost",
        ),
        Some(ErrorCode::SystemIoFailure) => (
            ErrorKind::Unavailable,
            "the disk could not be read or written: see whether it is full or faulty, then run it again",
        ),
        Some(ErrorCode::CannotOpen) => (
            ErrorKind::NotFound,
            "the graph file cannot be opened: see whether its directory exists and may be written to",
        ),
        Some(
            ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::AuthorizationForStatementDenied,
        ) => (
            ErrorKind::PermissionDenied,
            "the graph file may not be written to: change its permissions or name another graph",
        ),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => (
            ErrorKind::Unsupported,
            "the graph file is damaged: move it away and restore a backup, or scan again",
        ),
        Some(ErrorCode::OperationInterrupted) => (ErrorKind::Cancelled, "it was interrupted"),
        _ => (
            ErrorKind::Internal,
            "the embedded graph answered what it should not",
        ),
    };
    Error::new(kind, format!("{doing}: {advice}")).with_source(error)
}
