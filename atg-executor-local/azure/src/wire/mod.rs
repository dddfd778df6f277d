//! One exchange: a request out, an answer in. The port that a recording, a simulator in this process or a test fills.

mod connections;
mod thumbprint;
mod transcript;

use std::{fmt, time::Duration};

use async_trait::async_trait;
use atg_sdk::ErrorKind;
use bytes::Bytes;
use http::{Request, Response};
use url::Url;

pub use self::{
    connections::{ConnectionOptions, Connections},
    transcript::{Exchanged, Transcript},
};
use crate::{cloud::origin, error::AzureError};

/// Bounds of one exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From the first byte out to the last byte in.
    pub time: Duration,
    /// The longest answer, unpacked.
    pub bytes: usize,
}

impl Default for Limits {
    /// A minute, and 64 MiB: a page of a thousand resources is seldom above two.
    fn default() -> Self {
        Self {
            time: Duration::from_secs(60),
            bytes: 64 * 1024 * 1024,
        }
    }
}

/// Sends one request and reads the whole answer. Repeats nothing, follows nothing, and knows no token but the one it is given.
#[async_trait]
pub trait Wire: fmt::Debug + Send + Sync {
    /// An answer, whatever its status.
    ///
    /// # Errors
    /// When there is none.
    async fn exchange(&self, request: Request<Bytes>, limits: Limits)
    -> Result<Response<Bytes>, WireFailure>;
}

/// Why there was no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// No connection: nothing was sent.
    Connect,
    /// The other side's certificate is not trusted. Nothing was sent.
    Certificate,
    /// The time was over.
    Time,
    /// The connection was cut.
    Cut,
    /// The answer is longer than allowed.
    TooLong,
    /// The request itself cannot be sent.
    Request,
    /// It is a recording that should answer, and it holds no such exchange (any more).
    NotRecorded,
}

/// No answer, and why.
#[derive(Debug, Clone)]
pub struct WireFailure {
    /// Why.
    pub cause: Cause,
    /// In words, without addresses.
    pub words: String,
}

impl WireFailure {
    /// No answer, for that cause.
    pub fn new(cause: Cause, words: impl Into<String>) -> Self {
        Self {
            cause,
            words: words.into(),
        }
    }

    /// Whether the same exchange may go better a little later.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        match self.cause {
            Cause::Connect | Cause::Time | Cause::Cut => true,
            Cause::Certificate | Cause::TooLong | Cause::Request | Cause::NotRecorded => false,
        }
    }

    /// For whoever called that address.
    pub(crate) fn into_error(self, url: &Url) -> AzureError {
        let place = origin(url);
        let (kind, message) = match self.cause {
            Cause::Connect => (
                ErrorKind::Unavailable,
                format!(
                    "reach {place} ({}): is the network there, and a proxy set if one is needed?",
                    self.words
                ),
            ),
            Cause::Certificate => (
                ErrorKind::Unavailable,
                format!(
                    "trust the certificate of {place} ({}): name the file of its authority in SSL_CERT_FILE",
                    self.words
                ),
            ),
            Cause::Time => (
                ErrorKind::Timeout,
                format!("get an answer of {place} in time ({})", self.words),
            ),
            Cause::Cut => (
                ErrorKind::Unavailable,
                format!(
                    "read an answer of {place}: the connection was cut ({})",
                    self.words
                ),
            ),
            Cause::TooLong => (
                ErrorKind::TooLarge,
                format!("read an answer of {place}: {}", self.words),
            ),
            Cause::Request => (
                ErrorKind::Internal,
                format!("send a request to {place}: {}", self.words),
            ),
            // Never `NotFound`: that something was not asked says nothing about what there is.
            Cause::NotRecorded => (
                ErrorKind::Unavailable,
                format!("find an answer of {place} in the recording: {}", self.words),
            ),
        };
        AzureError::new(kind, message)
    }
}
