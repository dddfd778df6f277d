//! What keeps us from the server, or what it says, in the words of ATG.

use atg_bolt::Failure;
use atg_sdk::{Error, ErrorKind, Result};

/// Adds what was being done to an answer of the server.
pub(super) trait Neo4j<T> {
    /// `doing` is a fragment that fits after "failed to …".
    fn during(self, doing: &str) -> Result<T>;
}

impl<T> Neo4j<T> for Result<T, Failure> {
    fn during(self, doing: &str) -> Result<T> {
        self.map_err(|failure| explain(failure, doing))
    }
}

/// What the server says when its disk is full comes with many codes.
const FULL: [&str; 3] = ["no space left", "disk full", "not enough space"];

pub(super) fn explain(failure: Failure, doing: &str) -> Error {
    let (kind, advice) = classify(&failure);
    let message = match &failure {
        // The server's words are for who administers it.
        Failure::Server(server) => format!("{doing}: {advice} ({}: {})", server.code, server.message),
        Failure::Unreachable { .. } | Failure::NotBolt(_) | Failure::Tls { .. } => {
            format!("{doing}: {failure}: {advice}")
        }
        _ => format!("{doing}: {advice}"),
    };
    Error::new(kind, message.trim_end_matches(": ").to_owned()).with_source(failure)
}

fn classify(failure: &Failure) -> (ErrorKind, &'static str) {
    match failure {
        Failure::Unreachable { .. } => (
            ErrorKind::Unavailable,
            "see whether it runs and listens for Bolt there",
        ),
        Failure::NotBolt(_) => (ErrorKind::InvalidArgument, ""),
        Failure::Tls { .. } => (
            ErrorKind::PermissionDenied,
            "see whether it speaks TLS; name an authority of your own in SSL_CERT_FILE, or use +ssc for a certificate that \
             the server signed itself",
        ),
        Failure::Lost(_) => (
            ErrorKind::Unavailable,
            "the connection to the server was lost: see whether it runs, then run it again",
        ),
        Failure::Silent(_) => (
            ErrorKind::Unavailable,
            "the server gives no sign of life: see whether it is overloaded, then run it again",
        ),
        Failure::Busy { .. } => (
            ErrorKind::Unavailable,
            "all connections to the server are in use: try again later",
        ),
        Failure::Protocol(_) => (
            ErrorKind::Unsupported,
            "the server sent what this version does not understand",
        ),
        Failure::Server(server) => refused(&server.code, &server.message),
    }
}

fn refused(code: &str, message: &str) -> (ErrorKind, &'static str) {
    let lower = message.to_lowercase();
    if FULL.iter().any(|words| lower.contains(words)) {
        return (
            ErrorKind::Unavailable,
            "the server's disk is full: free some space there and run it again, nothing that was written before is lost",
        );
    }
    match code.rsplit('.').next().unwrap_or(code) {
        "Unauthorized" | "CredentialsExpired" | "TokenExpired" => (
            ErrorKind::Unauthenticated,
            "the server does not accept the user or the password: set NEO4J_USER and NEO4J_PASSWORD",
        ),
        "AuthenticationRateLimit" => (
            ErrorKind::Unauthenticated,
            "the server has seen too many wrong passwords: correct NEO4J_PASSWORD and wait some seconds",
        ),
        "Forbidden" | "AuthorizationExpired" => (
            ErrorKind::PermissionDenied,
            "the user may not do that on the server: it needs to read and write data, and to make indexes and constraints",
        ),
        "DatabaseNotFound" => (
            ErrorKind::NotFound,
            "the server has no such database: create it, or name another one",
        ),
        "ForbiddenOnReadOnlyDatabase"
        | "WriteOnReadOnlyAccessDatabase"
        | "NotALeader"
        | "AccessMode"
        | "ReadOnly" => (
            ErrorKind::PermissionDenied,
            "the database is read-only: name one that may be written to",
        ),
        "MemoryPoolOutOfMemoryError" | "TransactionOutOfMemoryError" | "OutOfMemoryError" => (
            ErrorKind::TooLarge,
            "the server has too little memory for it: raise dbms.memory.transaction.total.max, or ask for less at a time",
        ),
        "TransactionTimedOut" | "TransactionTimedOutClientConfiguration" | "LockAcquisitionTimeout" => (
            ErrorKind::Timeout,
            "the server did not end it in time: see whether it is overloaded, then run it again",
        ),
        "DatabaseUnavailable" | "ServiceUnavailable" => (
            ErrorKind::Unavailable,
            "the database is not available: see whether it is starting, or in trouble, then run it again",
        ),
        "TransactionCommitFailed" | "TransactionLogError" | "TransactionStartFailed" => (
            ErrorKind::Unavailable,
            "the server cannot commit: see whether its disk is full or faulty, then run it again",
        ),
        "NoWriter" => (
            ErrorKind::Unavailable,
            "the cluster has no leader at the moment: try again later",
        ),
        "ConstraintValidationFailed" => (
            ErrorKind::Conflict,
            "somebody else has written the same node into the graph: run it again",
        ),
        _ if code.starts_with("Neo.TransientError.") => (ErrorKind::Unavailable, "try again later"),
        _ => (ErrorKind::Internal, "the server refused"),
    }
}
