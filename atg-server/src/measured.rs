//! An executor whose jobs are measured.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use atg_sdk::{
    ArtifactStream, ByteRange, Executor, ExecutorExt as _, Health, Input, InputContent, Job, JobEvent,
    JobFilter, JobId, JobRequest, JobStatus, Owner, Result,
};
use futures::stream::BoxStream;

use crate::http::Metrics;

/// Hands everything to another executor, and notes how long the jobs that are submitted here take and how they end.
///
/// It stands directly before the executor that carries jobs out: what waits in a queue is not execution.
#[derive(Debug)]
pub struct Measured {
    inner: Arc<dyn Executor>,
    metrics: Arc<Metrics>,
    /// Those that are waited for: a job may be submitted again, and counts once.
    open: Arc<Mutex<HashSet<JobId>>>,
}

impl Measured {
    /// Measures that executor.
    #[must_use]
    pub fn new(inner: Arc<dyn Executor>, metrics: Arc<Metrics>) -> Self {
        Self {
            inner,
            metrics,
            open: Arc::default(),
        }
    }
}

fn lock(open: &Mutex<HashSet<JobId>>) -> MutexGuard<'_, HashSet<JobId>> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

fn note(metrics: &Metrics, job: &Job) {
    let (Some(started), Some(ended)) = (job.started_at, job.completed_at) else {
        return;
    };
    let took = Duration::try_from(ended.duration_since(started)).unwrap_or_default();
    // The kind and not its foreign name: labels are bounded.
    let error = (job.status == JobStatus::Failed)
        .then(|| job.error.as_ref().map_or("Internal", |error| error.kind().name()));
    metrics.job(&job.operation, took, error);
}

#[async_trait]
impl Executor for Measured {
    async fn put_input(&self, owner: &Owner, content: InputContent) -> Result<Input> {
        self.inner.put_input(owner, content).await
    }

    async fn submit_job(&self, request: JobRequest) -> Result<Job> {
        let job = self.inner.submit_job(request).await?;
        if job.status.has_ended() || !lock(&self.open).insert(job.id) {
            return Ok(job);
        }
        let (inner, metrics, open) = (
            Arc::clone(&self.inner),
            Arc::clone(&self.metrics),
            Arc::clone(&self.open),
        );
        let id = job.id;
        tokio::spawn(async move {
            if let Ok(job) = inner.wait(id).await {
                note(&metrics, &job);
            }
            lock(&open).remove(&id);
        });
        Ok(job)
    }

    async fn get_job(&self, id: JobId) -> Result<Job> {
        self.inner.get_job(id).await
    }

    fn list_jobs(&self, filter: JobFilter) -> BoxStream<'static, Result<Job>> {
        self.inner.list_jobs(filter)
    }

    fn watch_job(&self, id: JobId, after: Option<u64>) -> BoxStream<'static, Result<JobEvent>> {
        self.inner.watch_job(id, after)
    }

    async fn cancel_job(&self, id: JobId) -> Result<Job> {
        self.inner.cancel_job(id).await
    }

    async fn delete_job(&self, id: JobId) -> Result<()> {
        self.inner.delete_job(id).await
    }

    async fn read_artifact(&self, id: JobId, name: &str, range: Option<ByteRange>) -> Result<ArtifactStream> {
        self.inner.read_artifact(id, name, range).await
    }

    async fn health(&self) -> Result<Health> {
        self.inner.health().await
    }
}
