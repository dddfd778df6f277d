use std::sync::Mutex;

use async_trait::async_trait;
use atg_sdk::{
    ArtifactStream, ByteRange, Health, Input, InputContent, JobEvent, JobFilter, Operation, Output, Owner,
    Result, model::operations::query,
};
use futures::stream::BoxStream;
use tokio::sync::mpsc;

use super::*;
use crate::args::ColorWhen;

/// An executor whose one job goes as the test says.
#[derive(Debug)]
struct Scripted {
    events: Mutex<Option<mpsc::UnboundedReceiver<JobEvent>>>,
    script: mpsc::UnboundedSender<JobEvent>,
    end: Mutex<Option<Job>>,
    request: Mutex<Option<JobRequest>>,
}

fn event(sequence: u64, kind: EventKind) -> JobEvent {
    JobEvent {
        sequence,
        time: "2026-01-01T00:00:00Z".parse().unwrap(),
        kind,
    }
}

fn job(id: JobId, status: JobStatus) -> Job {
    serde_json::from_value(serde_json::json!({
        "job_id": id, "operation": "query", "status": status, "progress": 0.0, "created_at": "2026-01-01T00:00:00Z",
    }))
    .unwrap()
}

impl Scripted {
    fn new() -> Arc<Self> {
        let (script, events) = mpsc::unbounded_channel();
        Arc::new(Self {
            events: Mutex::new(Some(events)),
            script,
            end: Mutex::default(),
            request: Mutex::default(),
        })
    }

    fn ends_as(&self, status: JobStatus, change: impl FnOnce(&mut Job)) {
        let mut ended = job(JobId::new(), status);
        change(&mut ended);
        *self.end.lock().unwrap() = Some(ended);
    }
}

#[async_trait]
impl Executor for Scripted {
    async fn put_input(&self, _: &Owner, _: InputContent) -> Result<Input> {
        Err(Error::internal("not in this script"))
    }

    async fn submit_job(&self, request: JobRequest) -> Result<Job> {
        let job = job(request.id, JobStatus::Pending);
        *self.request.lock().unwrap() = Some(request);
        Ok(job)
    }

    async fn get_job(&self, _: JobId) -> Result<Job> {
        Ok(self.end.lock().unwrap().clone().unwrap())
    }

    fn list_jobs(&self, _: JobFilter) -> BoxStream<'static, Result<Job>> {
        futures::stream::empty().boxed()
    }

    fn watch_job(&self, _: JobId, _: Option<u64>) -> BoxStream<'static, Result<JobEvent>> {
        let events = self.events.lock().unwrap().take().unwrap();
        futures::stream::unfold((events, false), |(mut events, is_over)| async move {
            if is_over {
                return None;
            }
            let event = events.recv().await?;
            let is_over = event.kind.ends_job();
            Some((Ok(event), (events, is_over)))
        })
        .boxed()
    }

    async fn cancel_job(&self, id: JobId) -> Result<Job> {
        let _ = self.script.send(event(3, EventKind::CancelRequested));
        let _ = self.script.send(event(4, EventKind::Cancelled));
        Ok(job(id, JobStatus::Running))
    }

    async fn delete_job(&self, _: JobId) -> Result<()> {
        Ok(())
    }

    async fn read_artifact(&self, _: JobId, _: &str, _: Option<ByteRange>) -> Result<ArtifactStream> {
        Err(Error::not_found("not in this script"))
    }

    async fn health(&self) -> Result<Health> {
        Err(Error::internal("not in this script"))
    }
}

async fn carry_out(scripted: &Arc<Scripted>, signals: usize) -> Result<Finished> {
    let executor: Arc<dyn Executor> = Arc::clone(scripted) as _;
    let operation = Operation::Query(query::Parameters::default());
    let reporter = Reporter::new(true, ColorWhen::Never);
    run(
        &executor,
        JobRequest::new(operation),
        &reporter,
        &Attention::scripted(signals),
        &Place::Here,
    )
    .await
}

fn completed(completeness: Completeness) -> EventKind {
    EventKind::Completed {
        output: Box::new(Output::Query(query::Output::default())),
        completeness,
        artifacts: Vec::new(),
    }
}

#[tokio::test]
async fn a_partial_job_is_a_success_that_is_incomplete() {
    let scripted = Scripted::new();
    scripted.ends_as(JobStatus::Completed, |job| {
        job.completeness = Some(Completeness::Partial);
    });
    scripted
        .script
        .send(event(1, completed(Completeness::Partial)))
        .unwrap();
    let signals = 0;
    assert_eq!(
        carry_out(&scripted, signals).await.unwrap().end(),
        End::Incomplete
    );
}

#[tokio::test]
async fn a_failed_job_ends_in_its_own_error() {
    let scripted = Scripted::new();
    let error = Error::new(ErrorKind::Throttled, "slow down");
    scripted.ends_as(JobStatus::Failed, |job| job.error = Some(error.clone()));
    let failed = EventKind::Failed { error: error.clone() };
    scripted.script.send(event(1, failed)).unwrap();
    let signals = 0;
    assert_eq!(carry_out(&scripted, signals).await.unwrap_err(), error);
}

#[tokio::test]
async fn the_first_signal_asks_the_job_to_stop_and_waits_for_its_end() {
    let scripted = Scripted::new();
    scripted.ends_as(JobStatus::Cancelled, |_| {});
    let signals = 1;
    let error = carry_out(&scripted, signals).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
}

#[tokio::test]
async fn a_job_that_completes_in_spite_of_the_wish_is_a_success() {
    let scripted = Scripted::new();
    scripted.ends_as(JobStatus::Completed, |job| {
        job.completeness = Some(Completeness::Complete);
    });
    let signals = 1;
    assert_eq!(carry_out(&scripted, signals).await.unwrap().end(), End::Done);
}
