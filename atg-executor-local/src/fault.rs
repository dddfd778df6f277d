//! From what the operating system and SQLite report to errors that say what to do.

use std::{io, path::Path};

use atg_sdk::{Error, ErrorKind};

/// The error of a file or directory operation. `doing` fits after "failed to …", for example `write the artifact`.
pub(crate) fn io_error(doing: &str, path: &Path, error: io::Error) -> Error {
    let place = path.display();
    let (kind, message) = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => (
            ErrorKind::Unavailable,
            format!(
                "{doing}: the disk that holds {place} is full: free some space, or choose another with ATG_DATA_DIR"
            ),
        ),
        io::ErrorKind::ReadOnlyFilesystem => (
            ErrorKind::PermissionDenied,
            format!(
                "{doing}: {place} is on a read-only file system: choose another directory with ATG_DATA_DIR"
            ),
        ),
        io::ErrorKind::PermissionDenied => (
            ErrorKind::PermissionDenied,
            format!("{doing}: this user may not use {place}: correct its permissions, or choose another"),
        ),
        io::ErrorKind::NotFound => (ErrorKind::NotFound, format!("{doing}: {place} is not there")),
        io::ErrorKind::NotADirectory
        | io::ErrorKind::IsADirectory
        | io::ErrorKind::AlreadyExists
        | io::ErrorKind::InvalidFilename => (
            ErrorKind::InvalidArgument,
            format!("{doing}: {place} cannot be used: choose another place"),
        ),
        _ => (ErrorKind::Internal, format!("{doing}: {place} cannot be used")),
    };
    Error::new(kind, message).with_source(error)
}

/// The error of a database operation on the file at `path`.
pub(crate) fn sqlite_error(doing: &str, path: &Path, error: rusqlite::Error) -> Error {
    use rusqlite::ErrorCode;

    let place = path.display();
    let (kind, message) = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => (
            ErrorKind::Unavailable,
            format!(
                "{doing}: the disk that holds {place} is full: free some space, or choose another with ATG_DATA_DIR"
            ),
        ),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => (
            ErrorKind::Unavailable,
            format!("{doing}: {place} was in use by another process for 30 seconds: try again later"),
        ),
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => (
            ErrorKind::PermissionDenied,
            format!(
                "{doing}: {place} cannot be opened for writing: correct the permissions of it and of its directory"
            ),
        ),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => (
            ErrorKind::Internal,
            format!(
                "{doing}: {place} is damaged or not a database of atg: move it away, and a new one is made"
            ),
        ),
        _ => (
            ErrorKind::Internal,
            format!("{doing}: {place} did not answer as expected"),
        ),
    };
    Error::new(kind, message).with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_says_what_to_do() {
        let error = io_error(
            "write an artifact",
            Path::new("/data/a"),
            io::Error::from(io::ErrorKind::StorageFull),
        );
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(error.message().contains("free some space"), "{error}");
    }

    #[test]
    fn a_full_database_says_what_to_do() {
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        connection
            .execute_batch("PRAGMA page_size = 4096; CREATE TABLE t (x BLOB); PRAGMA max_page_count = 3;")
            .unwrap();
        let error = connection
            .execute("INSERT INTO t VALUES (zeroblob(100000))", [])
            .unwrap_err();
        let error = sqlite_error("record an event", Path::new("/data/jobs.db"), error);
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(error.message().contains("is full"), "{error}");
    }
}
