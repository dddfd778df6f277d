//! The one trait: everything that can carry out a job.

use std::{fmt, ops::Range, path::PathBuf};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use jiff::Timestamp;

use crate::{
    Artifact, Error, Health, Input, Job, JobEvent, JobId, JobStatus, Operation, Owner, Result, TraceParent,
    azure::TenantId, model::InputDigest,
};

/// Carries out jobs: here, in another process, or by handing them to somebody who does.
///
/// Implementations hold no transition rules of their own: a job is what its events make of it. Dropping anything that
/// a method returned never cancels a job.
#[async_trait]
pub trait Executor: fmt::Debug + Send + Sync + 'static {
    /// Makes a file or bytes known, named by their SHA-256, so that parameters can refer to them.
    ///
    /// Idempotent. A local file is registered where it lies; a job that finds it changed fails.
    ///
    /// # Errors
    /// `NotFound` for a file that is not there, `InvalidArgument` for what is not a file, `PermissionDenied` for one
    /// that cannot be read, `TooLarge` past the executor's limit.
    async fn put_input(&self, owner: &Owner, content: InputContent) -> Result<Input>;

    /// Accepts a job and returns at once.
    ///
    /// Idempotent on the request's id: the same request again gives the same job, and pushes a pending one again.
    ///
    /// # Errors
    /// `InvalidArgument` for parameters that no run could satisfy, `NotFound` for an input that is not known,
    /// `Conflict` when the id stands for another request, `Gone` when that job was deleted.
    async fn submit_job(&self, request: JobRequest) -> Result<Job>;

    /// The job as it is now. A failed job is `Ok`: its error is inside.
    ///
    /// # Errors
    /// `NotFound`; `Gone` once its time of keeping is over.
    async fn get_job(&self, id: JobId) -> Result<Job>;

    /// The jobs that the filter admits, newest first, and of equal times by descending id.
    fn list_jobs(&self, filter: JobFilter) -> BoxStream<'static, Result<Job>>;

    /// Replays the events after `after` (all where `None`), follows new ones, and ends after the last.
    ///
    /// Sequences have no gaps. A watch on a queued job has at least `Submitted` to say.
    fn watch_job(&self, id: JobId, after: Option<u64>) -> BoxStream<'static, Result<JobEvent>>;

    /// Records the wish that the job stop, and returns the job. Idempotent; an ended job is returned unchanged.
    ///
    /// A job that nobody started ends at once. After the wish no new attempt starts.
    ///
    /// # Errors
    /// `NotFound`.
    async fn cancel_job(&self, id: JobId) -> Result<Job>;

    /// Deletes an ended job and its artifacts. A job that is not there is fine.
    ///
    /// # Errors
    /// `Conflict` for a job that has not ended.
    async fn delete_job(&self, id: JobId) -> Result<()>;

    /// Opens an artifact of an ended job, or a range of it.
    ///
    /// # Errors
    /// `NotFound` for the job or the name, `Conflict` before the job ended, `InvalidArgument` for a range that
    /// [`ByteRange::resolve`] refuses.
    async fn read_artifact(&self, id: JobId, name: &str, range: Option<ByteRange>) -> Result<ArtifactStream>;

    /// The state of the executor and of the parts it depends on.
    ///
    /// # Errors
    /// Only when the executor cannot be asked at all; a part that is down is part of the answer.
    async fn health(&self) -> Result<Health>;
}

/// What an input consists of.
pub enum InputContent {
    /// A file of the caller's machine.
    File(PathBuf),
    /// Bytes in memory.
    Bytes(Bytes),
    /// Bytes as they arrive; the executor keeps a copy. An error in the stream ends the call with that error and keeps
    /// nothing.
    Stream(BoxStream<'static, Result<Bytes>>),
    /// Nothing new: asks whether the executor holds that input of the owner, and counts as a use of it. `NotFound` if
    /// it does not.
    Known(InputDigest),
}

impl fmt::Debug for InputContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Bytes(bytes) => write!(f, "Bytes({} bytes)", bytes.len()),
            Self::Stream(_) => f.write_str("Stream"),
            Self::Known(digest) => f.debug_tuple("Known").field(digest).finish(),
        }
    }
}

/// What to do, for whom, under which id.
#[derive(Debug, Clone, PartialEq)]
pub struct JobRequest {
    /// The job's id: submitting the same request twice gives one job.
    pub id: JobId,
    /// Whose job it is.
    pub owner: Owner,
    /// The operation with its parameters.
    pub operation: Operation,
    /// The only tenants that exist for this job; all where `None`. Set by services from the caller's key: an operation
    /// that names no tenant then means these.
    pub confined_to: Option<Vec<TenantId>>,
    /// Set by workers only, never over HTTP.
    pub context: Option<WorkContext>,
    /// The trace that it belongs to. No part of what is asked: the request is the same under another.
    pub trace: Option<TraceParent>,
}

impl JobRequest {
    /// A request of the local owner under a fresh id.
    #[must_use]
    pub fn new(operation: Operation) -> Self {
        Self {
            id: JobId::new(),
            owner: Owner::default(),
            operation,
            confined_to: None,
            context: None,
            trace: None,
        }
    }

    /// With that id.
    #[must_use]
    pub fn with_id(mut self, id: JobId) -> Self {
        self.id = id;
        self
    }

    /// With that owner.
    #[must_use]
    pub fn with_owner(mut self, owner: Owner) -> Self {
        self.owner = owner;
        self
    }
}

/// On whose behalf a worker drives an inner job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkContext {
    /// The outer job.
    pub job_id: JobId,
    /// The outer job's attempt.
    pub attempt: u32,
    /// The fencing token: an epoch and a counter.
    pub fence: (u64, u64),
}

/// Which jobs to list. The default admits everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobFilter {
    /// Only this owner's.
    pub owner: Option<Owner>,
    /// Only of these tenants: with `Some` of an empty list there are none.
    pub tenants: Option<Vec<TenantId>>,
    /// Only in these states.
    pub status: Vec<JobStatus>,
    /// Only of these operations, by name.
    pub operations: Vec<String>,
    /// Only what comes after that job in the listing's order (newest first, equal times by descending id): how a listing is
    /// continued.
    pub before: Option<(Timestamp, JobId)>,
}

impl JobFilter {
    /// Whether the filter admits this job. Conditions are joined by "and", the values of one by "or".
    #[must_use]
    pub fn admits(&self, job: &Job) -> bool {
        self.owner.as_ref().is_none_or(|owner| *owner == job.owner)
            && self
                .tenants
                .as_ref()
                .is_none_or(|tenants| job.tenant_id.is_some_and(|id| tenants.contains(&id)))
            && (self.status.is_empty() || self.status.contains(&job.status))
            && (self.operations.is_empty() || self.operations.contains(&job.operation))
            && self.before.is_none_or(|before| (job.created_at, job.id) < before)
    }
}

/// Which bytes of an artifact: from `start`, up to and without `end` (to its end where `None`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByteRange {
    /// The first byte.
    pub start: u64,
    /// One past the last byte.
    pub end: Option<u64>,
}

impl ByteRange {
    /// The positions that this range means in an artifact of that size; an end past the artifact's is cut.
    ///
    /// # Errors
    /// `InvalidArgument` for a range that begins at or past the end, or that is empty.
    pub fn resolve(self, size_bytes: u64) -> Result<Range<u64>> {
        let end = self.end.unwrap_or(size_bytes).min(size_bytes);
        if self.start < end {
            Ok(self.start..end)
        } else {
            Err(Error::invalid(format!(
                "read from byte {}: the artifact has {size_bytes} bytes",
                self.start
            )))
        }
    }
}

/// An open artifact.
pub struct ArtifactStream {
    /// What it is.
    pub artifact: Artifact,
    /// The bytes that follow, as positions in the artifact.
    pub range: Range<u64>,
    /// The bytes.
    pub bytes: BoxStream<'static, Result<Bytes>>,
}

impl fmt::Debug for ArtifactStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ArtifactStream")
            .field("artifact", &self.artifact)
            .field("range", &self.range)
            .finish()
    }
}
