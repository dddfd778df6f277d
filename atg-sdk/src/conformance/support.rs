//! What the cases share: scripts, and looking at a job from all sides.
//!
//! Everything here panics when an executor does not do what it promised: that is how a case fails.

use std::{fmt::Debug, sync::Arc};

use futures::{StreamExt, TryStreamExt};
use uuid::Uuid;

use crate::{
    ArtifactStream, Error, ErrorKind, EventKind, Executor, ExecutorExt, Job, JobEvent, JobFilter, JobId,
    JobLog, JobRequest, JobStatus, Operation, Owner, Result,
    azure::TenantId,
    model::operations::rehearsal::{Parameters, Step},
};

pub(super) type Shared = Arc<dyn Executor>;

pub(super) fn tenant(number: u128) -> TenantId {
    TenantId::new(Uuid::from_u128(number))
}

pub(super) fn somebody_else() -> Owner {
    Owner::new("somebody else")
}

pub(super) fn script(steps: impl Into<Vec<Step>>) -> JobRequest {
    JobRequest::new(Operation::Rehearsal(Parameters {
        steps: steps.into(),
        ..Parameters::default()
    }))
}

/// A job that does nothing and completes.
pub(super) fn quick() -> JobRequest {
    script([])
}

/// A job that does nothing until it is cancelled.
pub(super) fn hang() -> JobRequest {
    script([Step::Hang])
}

pub(super) fn progress(progress: f64) -> Step {
    Step::Progress {
        progress,
        step: format!("at {progress}"),
    }
}

pub(super) fn warn(message: impl Into<String>) -> Step {
    Step::Warn {
        message: message.into(),
    }
}

pub(super) fn file(name: &str, text: &str, repeat: u64) -> Step {
    Step::Artifact {
        name: name.to_owned(),
        text: text.to_owned(),
        repeat,
    }
}

pub(super) fn fail(kind: ErrorKind, message: &str) -> Step {
    Step::Fail {
        kind: kind.name().to_owned(),
        message: message.to_owned(),
    }
}

/// The value, or a failure of the case that says what was being done.
#[track_caller]
pub(super) fn ok<T>(result: Result<T>, what: &str) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("failed to {what}: {error:?}"),
    }
}

/// The error, which must be of one of these kinds.
#[track_caller]
pub(super) fn refused<T: Debug>(result: Result<T>, kinds: &[ErrorKind], what: &str) -> Error {
    match result {
        Ok(value) => panic!("{what} was allowed: {value:?}"),
        Err(error) => {
            assert!(
                kinds.contains(&error.kind()),
                "{what}: expected one of {kinds:?}, got {error:?}"
            );
            error
        }
    }
}

pub(super) async fn submit(executor: &Shared, request: &JobRequest) -> Job {
    ok(executor.submit_job(request.clone()).await, "submit a job")
}

pub(super) async fn job(executor: &Shared, id: JobId) -> Job {
    ok(executor.get_job(id).await, "get a job")
}

/// Submits and waits for the end, however the job ends.
pub(super) async fn run_to_end(executor: &Shared, request: &JobRequest) -> Job {
    submit(executor, request).await;
    ended(executor, request.id).await
}

pub(super) async fn ended(executor: &Shared, id: JobId) -> Job {
    ok(executor.wait(id).await, "wait for the end of a job")
}

/// Submits a job and waits until somebody has started it.
pub(super) async fn submit_started(executor: &Shared, request: &JobRequest) {
    submit(executor, request).await;
    until(executor, request.id, |kind| {
        matches!(kind, EventKind::Started { .. })
    })
    .await;
}

/// Waits for an event.
pub(super) async fn until(executor: &Shared, id: JobId, wanted: impl Fn(&EventKind) -> bool) -> JobEvent {
    let mut events = executor.watch_job(id, None);
    while let Some(event) = events.next().await {
        let event = ok(event, "watch a job");
        if wanted(&event.kind) {
            return event;
        }
    }
    panic!("the job's events ended without the one that was waited for");
}

/// The events after that one, until the watch ends by itself.
pub(super) async fn events(executor: &Shared, id: JobId, after: Option<u64>) -> Vec<JobEvent> {
    ok(executor.watch_job(id, after).try_collect().await, "watch a job")
}

/// The whole log of an ended job, which must be gapless, obey the reducer, and make the job that the executor shows.
pub(super) async fn checked_log(executor: &Shared, id: JobId) -> Vec<JobEvent> {
    let log = events(executor, id, None).await;
    let made = ok(JobLog::replay(id, &log), "replay the log").into_job();
    let shown = job(executor, id).await;
    assert!(
        shown.status.has_ended(),
        "the watch ended before the job: {shown:?}"
    );
    assert_eq!(
        comparable(made),
        comparable(shown),
        "the log makes another job than the one shown"
    );
    log
}

/// Without what does not travel, and without what no event says.
pub(super) fn comparable(job: Job) -> Job {
    Job {
        owner: Owner::default(),
        parameters: serde_json::Value::Null,
        confined_to: None,
        expires_at: None,
        ..job
    }
}

pub(super) fn names(log: &[JobEvent]) -> Vec<&str> {
    log.iter().map(|event| event.kind.name()).collect()
}

/// An artifact, which must be exactly the range it says it is.
pub(super) async fn bytes(opened: ArtifactStream) -> Vec<u8> {
    let range = opened.range.clone();
    let chunks: Vec<_> = ok(opened.bytes.try_collect().await, "read an artifact");
    let all = chunks.concat();
    assert_eq!(
        all.len() as u64,
        range.end - range.start,
        "the bytes are not the range {range:?}"
    );
    all
}

pub(super) async fn read(executor: &Shared, id: JobId, name: &str) -> Vec<u8> {
    bytes(ok(
        executor.read_artifact(id, name, None).await,
        "open an artifact",
    ))
    .await
}

pub(super) async fn list(executor: &Shared, filter: JobFilter) -> Vec<Job> {
    ok(executor.list_jobs(filter).try_collect().await, "list jobs")
}

/// Cancels a job and waits until it has ended so.
pub(super) async fn stop(executor: &Shared, id: JobId) {
    ok(executor.cancel_job(id).await, "cancel a job");
    assert_eq!(ended(executor, id).await.status, JobStatus::Cancelled);
}

/// A temporary directory, gone with the value.
#[derive(Debug)]
pub(super) struct Directory(std::path::PathBuf);

impl Directory {
    pub(super) fn new() -> Self {
        let path = std::env::temp_dir().join(format!("atg-conformance-{}", Uuid::new_v4().as_simple()));
        if let Err(error) = std::fs::create_dir(&path) {
            panic!("no temporary directory: {error}");
        }
        Self(path)
    }

    pub(super) fn path(&self) -> &std::path::Path {
        &self.0
    }

    pub(super) fn write(&self, name: &str, content: &[u8]) -> std::path::PathBuf {
        let path = self.0.join(name);
        if let Err(error) = std::fs::write(&path, content) {
            panic!("no temporary file: {error}");
        }
        path
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
