//! What happens to a job. A job changes only by applying one of these.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::{Artifact, Completeness, Counters, Error, Output, Owner, TraceParent, azure::TenantId};

/// One entry of a job's log.
///
/// On the wire one flat object: `sequence`, `time`, `kind` (the name of what happened, in snake_case) and then the
/// members of that kind:
///
/// ```json
/// { "sequence": 2, "time": "2026-01-31T12:00:00Z", "kind": "started", "attempt": 1 }
/// ```
///
/// Reading is tolerant: members that this version does not know are ignored, and an event of a kind that it does not
/// know becomes [`EventKind::Unknown`], which is written again exactly as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct JobEvent {
    /// Its place in the log: 1 for the first, without gaps.
    pub sequence: u64,
    /// When it was appended.
    pub time: Timestamp,
    /// What happened.
    pub kind: EventKind,
}

/// What can happen to a job.
#[derive(Debug, Clone, PartialEq)]
pub enum EventKind {
    /// The first event of every log.
    Submitted {
        /// Whose job it is.
        owner: Owner,
        /// The operation's name.
        operation: String,
        /// Its parameters, after defaults.
        parameters: Value,
        /// The tenant it is about, where it is about one.
        tenant_id: Option<TenantId>,
        /// The graph it works on.
        graph_id: Option<String>,
        /// The only tenants that exist for it; all where `None`.
        confined_to: Option<Vec<TenantId>>,
        /// The trace that it belongs to, where it belongs to one.
        trace: Option<TraceParent>,
    },
    /// Somebody claimed the job. Appending this *is* the claim; who loses the race walks away.
    Started {
        /// 1 for the first attempt.
        attempt: u32,
    },
    /// The work went on.
    Progress {
        /// From 0.0 to 1.0.
        progress: f64,
        /// What it is doing, in words.
        step: Option<String>,
        /// Running totals.
        counters: Counters,
    },
    /// Something is wrong that does not end the job.
    Warning {
        /// What, and what to do about it.
        message: String,
        /// How many like it were left out, where warnings are being counted only.
        suppressed: u64,
    },
    /// An attempt ended in a way that a further attempt may mend.
    AttemptFailed {
        /// Which attempt.
        attempt: u32,
        /// Why.
        error: Error,
    },
    /// Somebody asked for the job to stop.
    CancelRequested,
    /// The job ended with a result.
    Completed {
        /// The small typed result.
        output: Box<Output>,
        /// Whether all that was asked was done.
        completeness: Completeness,
        /// The files it left: they become visible with this event.
        artifacts: Vec<Artifact>,
    },
    /// The job ended with an error, and left no files: half a result is told from a whole one by nobody.
    Failed {
        /// Why.
        error: Error,
    },
    /// The job ended because somebody asked for it.
    Cancelled,
    /// An event of a newer version, kept as it came.
    Unknown {
        /// Its name.
        name: String,
        /// Its members.
        data: Map<String, Value>,
    },
}

impl EventKind {
    /// The name on the wire, for example `attempt_failed`.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Submitted { .. } => "submitted",
            Self::Started { .. } => "started",
            Self::Progress { .. } => "progress",
            Self::Warning { .. } => "warning",
            Self::AttemptFailed { .. } => "attempt_failed",
            Self::CancelRequested => "cancel_requested",
            Self::Completed { .. } => "completed",
            Self::Failed { .. } => "failed",
            Self::Cancelled => "cancelled",
            Self::Unknown { name, .. } => name,
        }
    }

    /// Whether the job has ended with it: nothing follows it in a log.
    #[must_use]
    pub const fn ends_job(&self) -> bool {
        match self {
            Self::Completed { .. } | Self::Failed { .. } | Self::Cancelled => true,
            Self::Submitted { .. }
            | Self::Started { .. }
            | Self::Progress { .. }
            | Self::Warning { .. }
            | Self::AttemptFailed { .. }
            | Self::CancelRequested
            | Self::Unknown { .. } => false,
        }
    }
}
