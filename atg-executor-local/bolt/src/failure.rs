//! What can go wrong between here and a server.

use std::{io, time::Duration};

/// Why a call did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Nothing answers there.
    #[error("no server answers at {authority}")]
    Unreachable {
        /// `host:port`
        authority: String,
        /// What the system said.
        source: io::Error,
    },
    /// What answers there speaks something else.
    #[error("{0}")]
    NotBolt(&'static str),
    /// TLS could not be agreed on, or the certificate is not one to trust.
    #[error("no trusted encrypted connection to {authority}")]
    Tls {
        /// `host:port`
        authority: String,
        /// What was wrong.
        source: io::Error,
    },
    /// The connection ended in the middle: whether the server did what it was asked is not known.
    #[error("the connection to the server was lost")]
    Lost(#[source] io::Error),
    /// The server said nothing for that long.
    #[error("the server gave no sign of life for {} s", .0.as_secs())]
    Silent(Duration),
    /// All connections were in use for that long.
    #[error("all {connections} connections to the server were in use for {} s", .waited.as_secs())]
    Busy {
        /// How many there are.
        connections: usize,
        /// How long was waited.
        waited: Duration,
    },
    /// The server sent what the protocol does not allow.
    #[error("the server sent what the Bolt protocol does not know: {0}")]
    Protocol(String),
    /// The server refused.
    #[error(transparent)]
    Server(#[from] ServerFailure),
}

/// A refusal, in the server's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ServerFailure {
    /// For example `Neo.ClientError.Security.Unauthorized`.
    pub code: String,
    /// For people.
    pub message: String,
}

impl ServerFailure {
    /// Whether the same once more may succeed: a deadlock, a lock that was not given in time, a server that is starting.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        // A transaction that somebody stopped was meant to stop, whatever the code's class says.
        self.code.starts_with("Neo.TransientError.") && !self.is_terminated()
    }

    /// Whether somebody, or a time limit, ended the transaction.
    #[must_use]
    pub fn is_terminated(&self) -> bool {
        self.code.ends_with(".Terminated") || self.code.ends_with(".LockClientStopped")
    }

    /// Whether the transaction took longer than it was allowed to.
    #[must_use]
    pub fn is_timed_out(&self) -> bool {
        self.code.contains("TransactionTimedOut")
    }
}

impl Failure {
    /// Whether it is not known what the server did.
    #[must_use]
    pub const fn is_uncertain(&self) -> bool {
        matches!(self, Self::Lost(_) | Self::Silent(_) | Self::Protocol(_))
    }

    /// The server's code, where it refused.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Server(failure) => Some(&failure.code),
            _ => None,
        }
    }
}
