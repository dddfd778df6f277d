//! What follows from the trait's methods, for every executor alike.

use std::{
    fmt,
    future::IntoFuture,
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use futures::{StreamExt, future::BoxFuture, stream::BoxStream};

use crate::{Error, ErrorKind, Executor, Job, JobEvent, JobId, JobRequest, JobStatus, Result, download};

/// Running to the end, waiting and fetching files, made of [`Executor`]'s methods. Every executor has it.
#[async_trait]
pub trait ExecutorExt: Executor {
    /// Submits a job and returns a handle on it. The job goes on whatever becomes of the handle.
    ///
    /// # Errors
    /// Those of [`submit_job`](Executor::submit_job).
    async fn begin(self: &Arc<Self>, request: JobRequest) -> Result<Poller<Self>> {
        let job = self.submit_job(request).await?;
        Ok(self.poller(job.id))
    }

    /// A handle on a job that exists already, for coming back to it.
    #[must_use]
    fn poller(self: &Arc<Self>, id: JobId) -> Poller<Self> {
        Poller {
            executor: Arc::clone(self),
            id,
        }
    }

    /// Submits a job and carries it to its end.
    ///
    /// A partial result is `Ok`: see [`completeness`](Job::completeness).
    ///
    /// # Errors
    /// Those of [`submit_job`](Executor::submit_job), and the job's own error where it failed or was cancelled.
    async fn run(&self, request: JobRequest) -> Result<Job> {
        let job = self.submit_job(request).await?;
        self.wait(job.id).await?.into_result()
    }

    /// Waits until a job has ended, however it ends. Giving up waiting does not touch the job.
    ///
    /// # Errors
    /// `NotFound`, and whatever keeps the executor from being asked. A failed job is `Ok`: its error is inside.
    async fn wait(&self, id: JobId) -> Result<Job> {
        let mut last = None;
        loop {
            let job = self.get_job(id).await?;
            if job.status.has_ended() {
                return Ok(job);
            }
            let before = last;
            let mut events = self.watch_job(id, last);
            while let Some(event) = events.next().await {
                last = Some(event?.sequence);
            }
            // A watch ends after the last event. One that ends early may be taken up again, but not for ever.
            if last == before && !self.get_job(id).await?.status.has_ended() {
                return Err(Error::new(
                    ErrorKind::Unavailable,
                    format!("follow job {id}: its events stopped before it ended; ask for it again"),
                ));
            }
        }
    }

    /// Writes all artifacts of an ended job into a directory, which is made if need be, and returns the files in the
    /// job's order.
    ///
    /// Each is written to a temporary file beside its place, verified against its SHA-256 and then renamed, so a file
    /// under an artifact's name is always whole; one that is there is replaced. The SDK knows no runtime, so files are
    /// written with blocking calls, one chunk at a time between two awaits: where that matters, call it from a thread
    /// that may block.
    ///
    /// # Errors
    /// Those of [`get_job`](Executor::get_job) and [`read_artifact`](Executor::read_artifact); `InvalidArgument` for a
    /// name that would leave the directory; `Unavailable` for bytes that do not match the digest; and what the file
    /// system answers. Artifacts written before stay.
    async fn download_artifacts(&self, id: JobId, directory: &Path) -> Result<Vec<PathBuf>> {
        let job = self.get_job(id).await?;
        if !job.status.has_ended() {
            return Err(Error::conflict(format!(
                "download the artifacts of job {id}: it is {}; wait for its end",
                job.status
            )));
        }
        // All names first: a job with one bad name leaves nothing behind.
        let places = job
            .artifacts
            .iter()
            .map(|artifact| download::place(directory, &artifact.name))
            .collect::<Result<Vec<_>>>()?;
        for (artifact, place) in job.artifacts.iter().zip(&places) {
            let opened = self.read_artifact(id, &artifact.name, None).await?;
            download::write(artifact, opened, place).await?;
        }
        Ok(places)
    }
}

impl<E: Executor + ?Sized> ExecutorExt for E {}

impl Job {
    /// The ended job as a result: `Ok` for a completed one, also where it is partial.
    ///
    /// # Errors
    /// The job's own error where it failed or was cancelled; `Conflict` for one that has not ended.
    pub fn into_result(self) -> Result<Self> {
        match self.status {
            JobStatus::Completed => Ok(self),
            JobStatus::Failed => Err(self.error.unwrap_or_else(|| {
                Error::internal(format!(
                    "carry out job {}: it failed and does not say why",
                    self.id
                ))
            })),
            JobStatus::Cancelled => Err(self.error.unwrap_or_else(Error::cancelled)),
            JobStatus::Pending | JobStatus::Running => Err(Error::conflict(format!(
                "take the result of job {}: it is {}; wait for its end",
                self.id, self.status
            ))),
        }
    }
}

/// A handle on a job. Awaiting it carries the job to its end, as [`run`](ExecutorExt::run) does; dropping it does not
/// touch the job.
pub struct Poller<E: Executor + ?Sized = dyn Executor> {
    executor: Arc<E>,
    id: JobId,
}

impl<E: Executor + ?Sized> Poller<E> {
    /// The job's id, by which anybody can come back to it.
    #[must_use]
    pub const fn id(&self) -> JobId {
        self.id
    }

    /// The executor that has the job.
    #[must_use]
    pub const fn executor(&self) -> &Arc<E> {
        &self.executor
    }

    /// The job as it is now.
    ///
    /// # Errors
    /// Those of [`get_job`](Executor::get_job).
    pub async fn job(&self) -> Result<Job> {
        self.executor.get_job(self.id).await
    }

    /// All events from the first one on, until the job has ended.
    #[must_use]
    pub fn events(&self) -> BoxStream<'static, Result<JobEvent>> {
        self.events_after(None)
    }

    /// The events after that sequence, until the job has ended.
    #[must_use]
    pub fn events_after(&self, sequence: Option<u64>) -> BoxStream<'static, Result<JobEvent>> {
        self.executor.watch_job(self.id, sequence)
    }

    /// Waits for the end, however the job ends.
    ///
    /// # Errors
    /// Those of [`wait`](ExecutorExt::wait).
    pub async fn wait(&self) -> Result<Job> {
        self.executor.wait(self.id).await
    }

    /// Asks the job to stop.
    ///
    /// # Errors
    /// Those of [`cancel_job`](Executor::cancel_job).
    pub async fn cancel(&self) -> Result<Job> {
        self.executor.cancel_job(self.id).await
    }

    /// Writes the ended job's files into a directory.
    ///
    /// # Errors
    /// Those of [`download_artifacts`](ExecutorExt::download_artifacts).
    pub async fn download_artifacts(&self, directory: &Path) -> Result<Vec<PathBuf>> {
        self.executor.download_artifacts(self.id, directory).await
    }
}

impl<E: Executor + ?Sized> IntoFuture for Poller<E> {
    type Output = Result<Job>;
    type IntoFuture = BoxFuture<'static, Result<Job>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.wait().await?.into_result() })
    }
}

impl<E: Executor + ?Sized> Clone for Poller<E> {
    fn clone(&self) -> Self {
        self.executor.poller(self.id)
    }
}

impl<E: Executor + ?Sized> fmt::Debug for Poller<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Poller")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
