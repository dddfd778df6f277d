//! The inner job of an attempt: its id, its inputs, its artifacts, and taking it away.

use std::sync::Arc;

use atg_sdk::{
    Artifact, Error, ErrorKind, ExecutorExt as _, InputContent, Job, JobId, JobRequest, Operation, Result,
    WorkContext, model::operations::diff::Side,
};
use futures::{FutureExt as _, StreamExt as _, TryStreamExt as _, stream};
use uuid::Uuid;

use super::Shared;
use crate::{
    objects::{artifact_place, attempt_place},
    queue::{Claim, Lease},
};

/// Files copied at the same time.
const COPIES: usize = 4;

/// The id of the inner job: the same for whoever asks, another for every attempt, so that none gets an old one's end.
pub(super) fn inner_id(job: JobId, attempt: u32) -> JobId {
    JobId::from_uuid(Uuid::new_v5(&job.as_uuid(), attempt.to_string().as_bytes()))
}

/// What the inner executor is asked for.
pub(super) fn request(claim: &Claim) -> JobRequest {
    let Lease { job, attempt, fence } = claim.lease;
    JobRequest {
        id: inner_id(job, attempt),
        owner: claim.owner.clone(),
        operation: claim.operation.clone(),
        confined_to: claim.confined_to.clone(),
        context: Some(WorkContext {
            job_id: job,
            attempt,
            fence: (fence.epoch, fence.counter),
        }),
        trace: claim.trace,
    }
}

impl Shared {
    /// Makes the inputs of a job known to the inner executor.
    pub(super) async fn hand_over_inputs(&self, claim: &Claim) -> Result<()> {
        for digest in claim.operation.inputs() {
            let known = InputContent::Known(digest.clone());
            if self.inner.put_input(&claim.owner, known).await.is_ok() {
                continue;
            }
            let backend = self.queue.backend();
            let (input, location) = backend.find_input(claim.owner.clone(), digest.clone()).await?;
            let place = location.as_str().into();
            let objects = self.queue.objects();
            let content = match objects.file(&place) {
                Some(path) => InputContent::File(path),
                None => {
                    let size = input.size_bytes;
                    InputContent::Stream(objects.read(&place, size, 0..size).await?)
                }
            };
            let put = self.inner.put_input(&claim.owner, content).await?;
            if put != input {
                return Err(Error::internal(format!(
                    "hand over the input {digest}: the store holds other bytes: send the file again"
                )));
            }
        }
        Ok(())
    }

    /// Puts the exports that scans kept in the place of the scans: the inner executor knows none of the outer jobs.
    pub(super) async fn hand_over_scans(&self, claim: &mut Claim) -> Result<()> {
        let Operation::Diff(parameters) = &mut claim.operation else {
            return Ok(());
        };
        for side in parameters.sides_mut() {
            let Side::ScanId(scan) = *side else {
                continue;
            };
            let job = match self.queue.backend().get(scan.job()).await {
                Ok(job) if job.owner == claim.owner => job,
                Ok(_) => return Err(scan.unknown()),
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Gone) => {
                    return Err(scan.unknown());
                }
                Err(error) => return Err(error),
            };
            let export = scan.kept_export(&job)?;
            let place = artifact_place(job.id, job.attempt, &export.name);
            let objects = self.queue.objects();
            let content = match objects.file(&place) {
                Some(path) => InputContent::File(path),
                None => {
                    let size = export.size_bytes;
                    InputContent::Stream(objects.read(&place, size, 0..size).await?)
                }
            };
            let put = self.inner.put_input(&claim.owner, content).await?;
            if put.sha256.as_str() != export.sha256 {
                return Err(Error::internal(format!(
                    "hand over the export of scan {scan}: the store holds other bytes: scan again"
                )));
            }
            // Whether the tenants in it may be compared is for the operation to see, as with any input.
            *side = Side::Input(put.sha256);
        }
        Ok(())
    }

    /// Copies what the inner job left to where the outer job's artifacts are, and checks every byte on the way.
    pub(super) async fn copy_artifacts(&self, lease: Lease, inner: &Job) -> Result<Vec<Artifact>> {
        let copies = inner.artifacts.iter();
        let copies: Vec<_> = copies
            .map(|artifact| self.copy(lease, inner.id, artifact).boxed())
            .collect();
        stream::iter(copies)
            .buffer_unordered(COPIES)
            .try_collect::<()>()
            .await?;
        Ok(inner.artifacts.clone())
    }

    async fn copy(&self, lease: Lease, inner: JobId, artifact: &Artifact) -> Result<()> {
        Artifact::check_name(&artifact.name)?;
        let opened = self.inner.read_artifact(inner, &artifact.name, None).await?;
        let place = artifact_place(lease.job, lease.attempt, &artifact.name);
        let objects = self.queue.objects();
        let written = objects.write(&place, opened.bytes, artifact.size_bytes).await?;
        if written.sha256.as_str() == artifact.sha256 && written.size_bytes == artifact.size_bytes {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Unavailable,
            format!(
                "copy the artifact `{}`: other bytes came than were announced: see the disks of the worker",
                artifact.name
            ),
        ))
    }

    /// Takes away what earlier attempts left, here or in a process that was killed.
    pub(super) async fn clear_earlier(&self, lease: Lease) {
        for attempt in 1..lease.attempt {
            self.clear_inner(inner_id(lease.job, attempt)).await;
            self.clear_copies(Lease { attempt, ..lease }).await;
        }
    }

    /// Takes away the inner job: under a worker nobody looks at it again.
    pub(super) async fn clear_inner(&self, id: JobId) {
        if let Err(error) = self.inner.delete_job(id).await {
            tracing::debug!(%error, job = %id, "an inner job stays until its executor forgets it");
        }
    }

    /// Takes away copies that no event lists.
    pub(super) async fn clear_copies(&self, lease: Lease) {
        let place = attempt_place(lease.job, lease.attempt);
        if let Err(error) = self.queue.objects().remove_below(&place).await {
            tracing::debug!(%error, job = %lease.job, "files of an attempt stay until their job is forgotten");
        }
    }

    /// The same after an attempt of which this worker does not know how it ended. Its last event may be in the log although
    /// the answer was lost, and then the copies are the job's.
    pub(super) async fn clear_unlisted(&self, lease: Lease) {
        let listed = match self.queue.backend().get(lease.job).await {
            Ok(job) => job.attempt == lease.attempt && !job.artifacts.is_empty(),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Gone) => false,
            // Nobody can tell now. What stays without a need goes with the job.
            Err(_) => true,
        };
        if !listed {
            self.clear_copies(lease).await;
        }
    }

    /// Asks the inner job to stop.
    pub(super) async fn stop_inner(&self, id: JobId) {
        if let Err(error) = self.inner.cancel_job(id).await {
            tracing::debug!(%error, job = %id, "an inner job cannot be stopped");
        }
    }

    /// Waits for the end of the inner job.
    pub(super) async fn inner_end(self: &Arc<Self>, id: JobId) -> Result<Job> {
        self.inner.wait(id).await
    }
}
