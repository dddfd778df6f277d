//! A job, as everybody sees it.

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::{Artifact, Error, Output, TraceParent, azure::TenantId};

/// The id of a job: a UUID, version 7 where ATG makes it, so that ids sort by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(Uuid);

impl JobId {
    /// A fresh id.
    #[must_use]
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }

    /// Wraps a UUID, for example a caller's idempotency key.
    #[must_use]
    pub const fn from_uuid(id: Uuid) -> Self {
        Self(id)
    }

    /// The UUID.
    #[must_use]
    pub const fn as_uuid(self) -> Uuid {
        self.0
    }
}

impl Default for JobId {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_hyphenated().fmt(f)
    }
}

impl FromStr for JobId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Uuid::try_parse(text)
            .map(Self)
            .map_err(|_| Error::invalid(format!("`{}` is not a job id: it is a UUID", text.escape_debug())))
    }
}

/// Whose a job is. Local jobs belong to `local`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Owner(String);

impl Owner {
    /// An owner of that name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Owner {
    fn default() -> Self {
        Self("local".to_owned())
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a job is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum JobStatus {
    /// Accepted, not started.
    Pending,
    /// Claimed by somebody.
    Running,
    /// It ended and has an output, which may be partial.
    Completed,
    /// It ended with an error.
    Failed,
    /// It ended because somebody asked for it.
    Cancelled,
}

impl JobStatus {
    /// Every state.
    pub const ALL: [Self; 5] = [
        Self::Pending,
        Self::Running,
        Self::Completed,
        Self::Failed,
        Self::Cancelled,
    ];

    /// Whether nothing can change any more.
    #[must_use]
    pub const fn has_ended(self) -> bool {
        match self {
            Self::Pending | Self::Running => false,
            Self::Completed | Self::Failed | Self::Cancelled => true,
        }
    }

    /// The name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for JobStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Whether a completed job did all of what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Completeness {
    /// All of it.
    Complete,
    /// Some of it: the output and the report say what is missing.
    Partial,
}

/// Running totals.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Counters {
    /// Resources seen so far.
    pub resources: u64,
    /// Relationships found so far.
    pub relationships: u64,
    /// Requests sent to Azure.
    pub requests: u64,
    /// Requests that Azure refused for lack of quota.
    pub throttled: u64,
}

/// A job at one moment: what applying its events one after the other gives.
///
/// On the wire it has neither `owner` nor `parameters` nor `trace`: read back from there, they are the default owner, null
/// and none.
/// Whoever keeps jobs keeps their events.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// Whose it is.
    pub owner: Owner,
    /// The operation's name, also where this version does not know it.
    pub operation: String,
    /// The parameters, after defaults.
    pub parameters: Value,
    /// The only tenants that exist for it; all where `None`.
    pub confined_to: Option<Vec<TenantId>>,
    /// The trace that it belongs to, where it belongs to one.
    pub trace: Option<TraceParent>,
    /// Where it is in its life.
    pub status: JobStatus,
    /// From 0.0 to 1.0; never goes back within an attempt.
    pub progress: f64,
    /// What it is doing, in words.
    pub current_step: Option<String>,
    /// Running totals.
    pub counters: Counters,
    /// The tenant it is about, where it is about one.
    pub tenant_id: Option<TenantId>,
    /// The graph it works on.
    pub graph_id: Option<String>,
    /// How often it was started; 0 before the first.
    pub attempt: u32,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When the current attempt began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
    /// When somebody first asked for it to stop.
    pub cancel_requested_at: Option<Timestamp>,
    /// When it and its artifacts are deleted: no event says so, the executor that keeps it does.
    pub expires_at: Option<Timestamp>,
    /// The small typed result of a completed job.
    pub output: Option<Output>,
    /// Whether a completed job did all that was asked.
    pub completeness: Option<Completeness>,
    /// Why a failed or cancelled job ended.
    pub error: Option<Error>,
    /// The files that a completed job left.
    pub artifacts: Vec<Artifact>,
}
