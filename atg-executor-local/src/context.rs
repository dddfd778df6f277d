//! What an operation gets from the executor: its inputs, its graph, and ways to report.

use std::{fmt, sync::Arc};

use atg_sdk::{
    Completeness, Counters, Error, ErrorKind, JobId, Output, Owner, Result, azure::TenantId,
    model::InputDigest,
};
use tokio_util::sync::CancellationToken;

use crate::{
    artifacts::{ArtifactWriter, AttemptArtifacts},
    graph::GraphStore,
    inputs::{InputFile, OpenInputs},
    local_state::LocalState,
    reports::Reports,
};

/// The way out of an operation, and its ports. Clones are the same.
///
/// A trait would be one more name for one implementation: operations are tested through the executor.
#[derive(Clone)]
pub struct Context {
    work: Arc<Work>,
}

/// One attempt of one job.
struct Work {
    job_id: JobId,
    /// In the job's own log.
    started_as: u32,
    /// What the operation is told: under a worker, the attempt of the outer job.
    attempt: u32,
    requester: Requester,
    state: Arc<LocalState>,
    cancel: CancellationToken,
    reports: Arc<Reports>,
    artifacts: AttemptArtifacts,
    inputs: OpenInputs,
}

/// On whose behalf a job runs.
#[derive(Debug, Clone)]
pub(crate) struct Requester {
    pub(crate) owner: Owner,
    /// The only tenants that exist for it; all where `None`.
    pub(crate) confined_to: Option<Vec<TenantId>>,
    /// The job that a worker carries out by ours.
    pub(crate) outer_job: Option<JobId>,
}

/// How an operation ended well.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// The small typed result.
    pub output: Output,
    /// Whether all that was asked was done.
    pub completeness: Completeness,
}

impl Context {
    pub(crate) fn new(
        (job_id, started_as, attempt): (JobId, u32, u32),
        requester: Requester,
        state: Arc<LocalState>,
        cancel: CancellationToken,
        reports: Arc<Reports>,
    ) -> Self {
        let artifacts = state.artifacts.attempt(job_id, started_as);
        Self {
            work: Arc::new(Work {
                job_id,
                started_as,
                attempt,
                requester,
                state,
                cancel,
                reports,
                artifacts,
                inputs: OpenInputs::default(),
            }),
        }
    }

    /// The job.
    #[must_use]
    pub fn job_id(&self) -> JobId {
        self.work.job_id
    }

    /// The job that stays the same however often the work is begun again: under a worker the outer one.
    #[must_use]
    pub fn outer_job(&self) -> JobId {
        self.work.requester.outer_job.unwrap_or(self.work.job_id)
    }

    /// Which attempt of the job this is; the first is 1.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.work.attempt
    }

    /// The tenants that an operation means which names this one, or none. `None` is all there are.
    ///
    /// # Errors
    /// `PermissionDenied` for a tenant outside of those that the request is confined to.
    pub fn tenants(&self, named: Option<TenantId>) -> Result<Option<Vec<TenantId>>> {
        match (named, &self.work.requester.confined_to) {
            (None, confined) => Ok(confined.clone()),
            (Some(named), Some(confined)) if !confined.contains(&named) => Err(Error::new(
                ErrorKind::PermissionDenied,
                format!("work on tenant {named}: the request may not use it: name one that it may"),
            )),
            (Some(named), _) => Ok(Some(vec![named])),
        }
    }

    /// The graph to work on. It is opened by the first call that needs it.
    #[must_use]
    pub fn graph(&self) -> &Arc<dyn GraphStore> {
        &self.work.state.graph
    }

    /// Cancelled when somebody asked for the job to stop.
    #[must_use]
    pub fn cancel(&self) -> &CancellationToken {
        &self.work.cancel
    }

    /// Ends an operation that was asked to stop: for loops in blocking code.
    ///
    /// # Errors
    /// `Cancelled` once somebody asked for the job to stop.
    pub fn check_cancelled(&self) -> Result<()> {
        if self.work.cancel.is_cancelled() {
            return Err(Error::cancelled());
        }
        Ok(())
    }

    /// Reports progress. Cheap, never blocks, and what comes too fast is thinned out: the last one always arrives.
    pub fn progress(&self, fraction: f64, step: &str, counters: Counters) {
        self.work.reports.progress(fraction, step, counters);
    }

    /// Reports something that is wrong and does not end the job: what, and what to do about it. Past the first thousand
    /// they are only counted.
    pub fn warn(&self, message: impl Into<String>) {
        self.work.reports.warn(message.into());
    }

    /// Finds an input that the request's parameters name.
    ///
    /// # Errors
    /// `NotFound` when it is not there any more, `Conflict` when it changed since it was registered.
    pub async fn input(&self, digest: &InputDigest) -> Result<InputFile> {
        let input = self
            .work
            .state
            .inputs
            .find(&self.work.requester.owner, digest)
            .await?;
        self.work.inputs.remember(input.clone());
        Ok(input)
    }

    /// Begins an artifact.
    ///
    /// # Errors
    /// `InvalidArgument` for a name that could leave the directory, `Unavailable` when the disk is full.
    pub async fn artifact(&self, name: &str, content_type: &str) -> Result<ArtifactWriter> {
        self.artifact_blocking(name, content_type)
    }

    /// [`artifact`](Self::artifact), from blocking code.
    ///
    /// # Errors
    /// As `artifact`.
    pub fn artifact_blocking(&self, name: &str, content_type: &str) -> Result<ArtifactWriter> {
        self.work.artifacts.create(name, content_type)
    }

    /// On whose behalf the job runs.
    pub(crate) fn owner(&self) -> &Owner {
        &self.work.requester.owner
    }

    /// What this executor is made of, for checking it.
    pub(crate) fn state(&self) -> &Arc<LocalState> {
        &self.work.state
    }

    /// The number of this attempt in the job's own log.
    pub(crate) fn started_as(&self) -> u32 {
        self.work.started_as
    }

    /// What was reported and is not written yet.
    pub(crate) fn reports(&self) -> &Reports {
        &self.work.reports
    }

    /// The files of this attempt.
    pub(crate) fn artifacts(&self) -> &AttemptArtifacts {
        &self.work.artifacts
    }

    /// The inputs that were read.
    pub(crate) fn inputs(&self) -> &OpenInputs {
        &self.work.inputs
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("job_id", &self.work.job_id)
            .field("attempt", &self.work.attempt)
            .finish_non_exhaustive()
    }
}
