//! Executors that break one promise each: the suite must notice.

use std::{future, sync::Arc};

use async_trait::async_trait;
use atg_sdk::{
    ArtifactStream, ByteRange, Error, Executor, Health, HealthState, Input, InputContent, Job, JobEvent,
    JobFilter, JobId, JobRequest, JobStatus, Owner, Result,
};
use futures::{FutureExt, StreamExt, TryStreamExt, stream, stream::BoxStream};

use crate::reference::Reference;

/// Which promise is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    BlocksItsThread,
    CancelsQueuedJobsThatAreNoLongerWatched,
    CancelsRunningJobsThatAreNoLongerWatched,
    DeletesRunningJobs,
    EndsWatchesEarly,
    ForgetsKinds,
    ForgetsTheOwnerOfInputs,
    IgnoresCancellation,
    IgnoresFilters,
    IgnoresRanges,
    IgnoresResume,
    InventsArtifacts,
    ListsOldestFirst,
    LosesAnEvent,
    NeverEndsWatches,
    RunsUnderAnotherId,
    SaysNothingOfItsVersion,
    TakesAnyRequestForTheSame,
}

#[derive(Debug)]
pub(crate) struct Faulty {
    pub(crate) inner: Arc<Reference>,
    pub(crate) fault: Fault,
}

impl Faulty {
    fn has(&self, fault: Fault) -> bool {
        self.fault == fault
    }
}

#[async_trait]
impl Executor for Faulty {
    async fn put_input(&self, owner: &Owner, content: InputContent) -> Result<Input> {
        let owner = if self.has(Fault::ForgetsTheOwnerOfInputs) {
            &Owner::default()
        } else {
            owner
        };
        self.inner.put_input(owner, content).await
    }

    async fn submit_job(&self, request: JobRequest) -> Result<Job> {
        let mut changed = request.clone();
        if self.has(Fault::RunsUnderAnotherId) {
            changed.id = JobId::new();
        }
        if self.has(Fault::ForgetsTheOwnerOfInputs) {
            changed.owner = Owner::default();
        }
        match self.inner.submit_job(changed).await {
            Err(_) if self.has(Fault::TakesAnyRequestForTheSame) => self.inner.get_job(request.id).await,
            other => other,
        }
    }

    async fn get_job(&self, id: JobId) -> Result<Job> {
        if self.has(Fault::BlocksItsThread) {
            std::thread::park();
        }
        let mut job = self.inner.get_job(id).await?;
        if let (true, Some(error)) = (self.has(Fault::ForgetsKinds), &mut job.error) {
            *error = Error::internal(error.message());
        }
        Ok(job)
    }

    fn list_jobs(&self, filter: JobFilter) -> BoxStream<'static, Result<Job>> {
        if self.has(Fault::IgnoresFilters) {
            return self.inner.list_jobs(JobFilter::default());
        }
        let jobs = self.inner.list_jobs(filter);
        if !self.has(Fault::ListsOldestFirst) {
            return jobs;
        }
        let jobs: Result<Vec<Job>> = jobs.try_collect().now_or_never().unwrap();
        stream::iter(jobs.unwrap().into_iter().rev().map(Ok)).boxed()
    }

    fn watch_job(&self, id: JobId, after: Option<u64>) -> BoxStream<'static, Result<JobEvent>> {
        let after = if self.has(Fault::IgnoresResume) {
            None
        } else {
            after
        };
        let events = self.inner.watch_job(id, after);
        match self.fault {
            Fault::LosesAnEvent => events
                .filter(|event| future::ready(!event.as_ref().is_ok_and(|event| event.sequence == 2)))
                .boxed(),
            Fault::EndsWatchesEarly => events.take(2).boxed(),
            Fault::NeverEndsWatches => events.chain(stream::pending()).boxed(),
            Fault::CancelsQueuedJobsThatAreNoLongerWatched => {
                let guard = CancelOnDrop(self.inner.clone(), id, JobStatus::Pending);
                events.inspect(move |_| _ = &guard).boxed()
            }
            Fault::CancelsRunningJobsThatAreNoLongerWatched => {
                let guard = CancelOnDrop(self.inner.clone(), id, JobStatus::Running);
                events.inspect(move |_| _ = &guard).boxed()
            }
            _ => events,
        }
    }

    async fn cancel_job(&self, id: JobId) -> Result<Job> {
        if self.has(Fault::IgnoresCancellation) {
            return self.inner.get_job(id).await;
        }
        self.inner.cancel_job(id).await
    }

    async fn delete_job(&self, id: JobId) -> Result<()> {
        match self.inner.delete_job(id).await {
            Err(_) if self.has(Fault::DeletesRunningJobs) => Ok(()),
            other => other,
        }
    }

    async fn read_artifact(&self, id: JobId, name: &str, range: Option<ByteRange>) -> Result<ArtifactStream> {
        let range = if self.has(Fault::IgnoresRanges) {
            None
        } else {
            range
        };
        match self.inner.read_artifact(id, name, range).await {
            Err(_) if self.has(Fault::InventsArtifacts) => {
                let job = self.inner.get_job(id).await?;
                let first = job.artifacts.first().ok_or_else(Error::cancelled)?;
                self.inner.read_artifact(id, &first.name, range).await
            }
            other => other,
        }
    }

    async fn health(&self) -> Result<Health> {
        let mut health = self.inner.health().await?;
        if self.has(Fault::SaysNothingOfItsVersion) {
            health.version.clear();
        }
        assert_eq!(health.status, HealthState::Healthy);
        Ok(health)
    }
}

struct CancelOnDrop(Arc<Reference>, JobId, JobStatus);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        let job = self.0.get_job(self.1).now_or_never();
        if job.is_some_and(|job| job.is_ok_and(|job| job.status == self.2)) {
            let _ = self.0.cancel_job(self.1).now_or_never();
        }
    }
}
