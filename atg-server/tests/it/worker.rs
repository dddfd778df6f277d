//! What a worker does that a caller does not see: giving back, walking away, passing on, tidying up.

use std::{
    panic,
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use atg_executor_local::{GraphLocation, LocalExecutor, LocalOptions};
use atg_sdk::{
    ArtifactStream, ByteRange, ErrorKind, EventKind, Executor, ExecutorExt as _, Health, HealthState, Input,
    InputContent, Job, JobEvent, JobFilter, JobId, JobRequest, JobStatus, Operation, Owner, Result,
    azure::TenantId,
    model::operations::rehearsal::{Parameters, Step},
};
use atg_server::{
    QueueExecutor, QueueOptions,
    queue::{ManualClock, Policy},
    worker::{Worker, WorkerOptions},
};
use futures::{StreamExt as _, TryStreamExt as _, stream::BoxStream};
use jiff::SignedDuration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// One process of a service that shares a directory with others.
struct Process {
    queue: QueueExecutor,
    inner: Arc<LocalExecutor>,
    drain: CancellationToken,
    running: JoinHandle<Result<()>>,
}

impl Process {
    async fn start(data_dir: &Path) -> Self {
        Self::with(data_dir, Policy::default(), WorkerOptions::default()).await
    }

    async fn with(data_dir: &Path, policy: Policy, options: WorkerOptions) -> Self {
        let queue = queue_on(data_dir, policy).await;
        let inner = Arc::new(LocalExecutor::open(LocalOptions::new(data_dir)).unwrap());
        let drain = CancellationToken::new();
        let worker = Worker::new(&queue, Arc::<LocalExecutor>::clone(&inner), options);
        Self {
            running: tokio::spawn(worker.run(drain.clone())),
            queue,
            inner,
            drain,
        }
    }
}

async fn queue_on(data_dir: &Path, policy: Policy) -> QueueExecutor {
    let options = QueueOptions::new(data_dir).with_policy(policy);
    QueueExecutor::open(options).await.unwrap()
}

fn quick_retries() -> Policy {
    Policy {
        first_delay: SignedDuration::from_millis(1),
        ..Policy::default()
    }
}

fn script(steps: impl Into<Vec<Step>>) -> JobRequest {
    JobRequest::new(Operation::Rehearsal(Parameters {
        steps: steps.into(),
        ..Parameters::default()
    }))
}

fn file(name: &str) -> Step {
    Step::Artifact {
        name: name.to_owned(),
        text: "text".to_owned(),
        repeat: 1,
    }
}

fn warn(message: &str) -> Step {
    Step::Warn {
        message: message.to_owned(),
    }
}

async fn until(queue: &QueueExecutor, id: JobId, wanted: impl Fn(&EventKind) -> bool) {
    let mut events = queue.watch_job(id, None);
    while let Some(event) = events.next().await {
        if wanted(&event.unwrap().kind) {
            return;
        }
    }
    panic!("the job ended without the event that was waited for");
}

/// Waits until an attempt has said its warning.
async fn until_warned(queue: &QueueExecutor, id: JobId) {
    until(queue, id, |kind| matches!(kind, EventKind::Warning { .. })).await;
}

async fn names(queue: &QueueExecutor, id: JobId) -> Vec<String> {
    let log: Vec<JobEvent> = queue.watch_job(id, None).try_collect().await.unwrap();
    log.iter().map(|event| event.kind.name().to_owned()).collect()
}

fn files_below(place: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(place) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.unwrap();
        if entry.path().is_dir() {
            found.extend(files_below(&entry.path()));
        } else {
            found.push(entry.path().display().to_string());
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_stops_gives_its_jobs_back_and_another_goes_on() {
    let place = tempfile::tempdir().unwrap();
    let options = WorkerOptions::default().with_grace(Duration::from_secs(2));
    let first = Process::with(place.path(), Policy::default(), options).await;
    let request = script([warn("running"), file("half"), Step::Hang]);
    first.queue.submit_job(request.clone()).await.unwrap();
    until_warned(&first.queue, request.id).await;

    let asked = Instant::now();
    first.drain.cancel();
    first.running.await.unwrap().unwrap();

    assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
    let job = first.queue.get_job(request.id).await.unwrap();
    assert_eq!((job.status, job.attempt), (JobStatus::Pending, 1));
    let second = Process::start(place.path()).await;
    until(&second.queue, request.id, |kind| {
        *kind == EventKind::Started { attempt: 2 }
    })
    .await;
    second.queue.cancel_job(request.id).await.unwrap();
    assert_eq!(
        second.queue.wait(request.id).await.unwrap().status,
        JobStatus::Cancelled
    );
    let log: Vec<JobEvent> = second
        .queue
        .watch_job(request.id, None)
        .try_collect()
        .await
        .unwrap();
    let given_back = log.iter().find_map(|event| match &event.kind {
        EventKind::AttemptFailed { error, .. } => Some(error.code().to_owned()),
        _ => None,
    });
    assert_eq!(given_back.as_deref(), Some("WorkerStopped"));
    let ends: Vec<_> = log
        .iter()
        .filter(|event| event.kind == EventKind::Cancelled)
        .collect();
    assert_eq!(ends.len(), 1, "stopping a worker cancels no job");
}

#[tokio::test(flavor = "multi_thread")]
async fn giving_back_costs_no_attempt() {
    let place = tempfile::tempdir().unwrap();
    let request = script([warn("running"), Step::Hang]);
    for attempt in 1..=4 {
        let options = WorkerOptions::default().with_grace(Duration::from_millis(400));
        let process = Process::with(place.path(), Policy::default(), options).await;
        process.queue.submit_job(request.clone()).await.unwrap();
        until(&process.queue, request.id, |kind| {
            *kind == EventKind::Started { attempt }
        })
        .await;
        process.drain.cancel();
        process.running.await.unwrap().unwrap();
        let job = process.queue.get_job(request.id).await.unwrap();
        assert_eq!((job.status, job.attempt), (JobStatus::Pending, attempt));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_of_another_process_is_cancelled_within_two_seconds() {
    let place = tempfile::tempdir().unwrap();
    let worker = Process::start(place.path()).await;
    let front = queue_on(place.path(), Policy::default()).await;
    for _ in 0..5 {
        let request = script([warn("running"), Step::Hang]);
        front.submit_job(request.clone()).await.unwrap();
        until_warned(&front, request.id).await;
        let asked = Instant::now();
        let job = front.cancel_job(request.id).await.unwrap();
        assert_eq!(job.status, JobStatus::Running, "only its worker can end it");
        assert_eq!(front.wait(request.id).await.unwrap().status, JobStatus::Cancelled);
        assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
    }
    drop(worker);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_lost_its_lease_walks_away() {
    let place = tempfile::tempdir().unwrap();
    let short = Policy {
        lease: SignedDuration::from_millis(1_500),
        ..quick_retries()
    };
    // It forgets to renew, and to look after others.
    let mut careless = WorkerOptions::default();
    careless.heartbeat = Duration::from_secs(3600);
    careless.reclaim = Duration::from_secs(3600);
    careless.grace = Duration::from_secs(120);
    let first = Process::with(place.path(), short.clone(), careless).await;
    let request = script([warn("running"), file("a"), Step::Hang]);
    first.queue.submit_job(request.clone()).await.unwrap();
    until_warned(&first.queue, request.id).await;
    // It takes no more, so that it cannot be the one that goes on.
    first.drain.cancel();
    let mut quick = WorkerOptions::default();
    quick.heartbeat = Duration::from_millis(100);
    quick.reclaim = Duration::from_millis(20);
    let second = Process::with(place.path(), short, quick).await;

    until(
        &second.queue,
        request.id,
        |kind| matches!(kind, EventKind::Started { attempt } if *attempt > 1),
    )
    .await;
    second.queue.cancel_job(request.id).await.unwrap();
    assert_eq!(
        second.queue.wait(request.id).await.unwrap().status,
        JobStatus::Cancelled
    );

    // Whoever lost it has stopped its inner job as well, without a word in the outer log.
    let left = async {
        while !first
            .inner
            .list_jobs(JobFilter::default())
            .collect::<Vec<_>>()
            .await
            .is_empty()
        {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), left)
        .await
        .expect("an inner job stayed");
    let log = names(&second.queue, request.id).await;
    assert_eq!(
        log.iter().filter(|name| *name == "cancelled").count(),
        1,
        "{log:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_kept_twice_and_only_the_last_attempt_is_seen() {
    let place = tempfile::tempdir().unwrap();
    let process = Process::with(place.path(), quick_retries(), WorkerOptions::default()).await;
    let stumble = Step::FailUntil {
        attempt: 3,
        kind: "Unavailable".to_owned(),
    };
    let request = script([file("always"), stumble, file("a/last")]);
    let job = process.queue.run(request).await.unwrap();
    assert_eq!(job.attempt, 3);
    let listed: Vec<_> = job
        .artifacts
        .iter()
        .map(|artifact| artifact.name.as_str())
        .collect();
    assert_eq!(listed, ["a/last", "always"]);
    process.drain.cancel();
    process.running.await.unwrap().unwrap();
    assert!(
        process
            .inner
            .list_jobs(JobFilter::default())
            .collect::<Vec<_>>()
            .await
            .is_empty()
    );
    assert_eq!(files_below(&place.path().join("artifacts")), [""; 0]);
    let kept = files_below(&place.path().join("objects/artifacts"));
    assert_eq!(kept.len(), 2, "{kept:?}");
    process.queue.delete_job(job.id).await.unwrap();
    assert_eq!(files_below(&place.path().join("objects/artifacts")), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_jobs_that_are_gone_are_swept_away() {
    let place = tempfile::tempdir().unwrap();
    let process = Process::start(place.path()).await;
    let job = process.queue.run(script([file("kept")])).await.unwrap();
    let stray = place.path().join(format!("objects/artifacts/{}/1", JobId::new()));
    std::fs::create_dir_all(&stray).unwrap();
    std::fs::write(stray.join("stray"), "x").unwrap();
    process.queue.sweep().await.unwrap();
    let kept = files_below(&place.path().join("objects/artifacts"));
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert!(kept[0].contains(&job.id.to_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_on_another_graph_is_refused_by_name() {
    let place = tempfile::tempdir().unwrap();
    let first = Process::start(place.path()).await;
    first.queue.run(script([])).await.unwrap();
    let ours = first.inner.health().await.unwrap().graph_id.unwrap();
    let other =
        LocalOptions::new(place.path()).with_graph(GraphLocation::Sqlite(place.path().join("other.db")));
    let other = Arc::new(LocalExecutor::open(other).unwrap());
    let theirs = other.health().await.unwrap().graph_id.unwrap();
    let worker = Worker::new(&first.queue, other, WorkerOptions::default());
    let error = worker.run(CancellationToken::new()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(
        error.message().contains(&ours) && error.message().contains(&theirs),
        "{error}"
    );
}

/// An executor that notes what it is asked, and panics when it is told to.
#[derive(Debug)]
struct Spy {
    inner: LocalExecutor,
    seen: Mutex<Vec<JobRequest>>,
    panics: bool,
}

#[async_trait]
impl Executor for Spy {
    async fn put_input(&self, owner: &Owner, content: InputContent) -> Result<Input> {
        self.inner.put_input(owner, content).await
    }

    async fn submit_job(&self, request: JobRequest) -> Result<Job> {
        self.seen.lock().unwrap().push(request.clone());
        assert!(!self.panics, "as it was told");
        self.inner.submit_job(request).await
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

/// A queue, and a worker that drives a spy.
async fn spied_on(place: &Path, panics: bool) -> (QueueExecutor, Arc<Spy>) {
    let queue = queue_on(place, quick_retries()).await;
    let spy = Arc::new(Spy {
        inner: LocalExecutor::open(LocalOptions::new(place)).unwrap(),
        seen: Mutex::default(),
        panics,
    });
    let worker = Worker::new(&queue, Arc::<Spy>::clone(&spy), WorkerOptions::default());
    tokio::spawn(worker.run(CancellationToken::new()));
    (queue, spy)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inner_job_is_told_for_whom_it_works() {
    let place = tempfile::tempdir().unwrap();
    let (queue, spy) = spied_on(place.path(), false).await;
    let stumble = Step::FailUntil {
        attempt: 2,
        kind: "Throttled".to_owned(),
    };
    let request = JobRequest {
        confined_to: Some(vec![TenantId::new(uuid::Uuid::from_u128(7))]),
        ..script([stumble]).with_owner(Owner::new("somebody"))
    };
    queue.run(request.clone()).await.unwrap();
    let seen = spy.seen.lock().unwrap().clone();
    assert_eq!(seen.len(), 2);
    assert_ne!(
        seen[0].id, seen[1].id,
        "an old id would give the old failure back"
    );
    let mut last = (0, 0);
    for (inner, attempt) in seen.iter().zip(1..) {
        assert_eq!(
            (&inner.owner, &inner.operation),
            (&request.owner, &request.operation)
        );
        assert_eq!(inner.confined_to, request.confined_to);
        let context = inner.context.as_ref().unwrap();
        assert_eq!((context.job_id, context.attempt), (request.id, attempt));
        assert!(context.fence > last, "{context:?}");
        last = context.fence;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_of_the_executor_is_a_failed_job_and_the_worker_lives() {
    let place = tempfile::tempdir().unwrap();
    let (queue, spy) = spied_on(place.path(), true).await;
    let before = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    for _ in 0..2 {
        let request = script([]);
        queue.submit_job(request.clone()).await.unwrap();
        let job = queue.wait(request.id).await.unwrap();
        assert_eq!((job.status, job.attempt), (JobStatus::Failed, 1));
        let error = job.error.unwrap();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Internal, "Panicked"));
    }
    panic::set_hook(before);
    assert_eq!(spy.seen.lock().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inner_job_that_somebody_else_stopped_has_failed() {
    let place = tempfile::tempdir().unwrap();
    let (queue, spy) = spied_on(place.path(), false).await;
    let request = script([warn("running"), Step::Hang]);
    queue.submit_job(request.clone()).await.unwrap();
    until_warned(&queue, request.id).await;
    let inner = spy.seen.lock().unwrap()[0].id;
    spy.inner.cancel_job(inner).await.unwrap();
    let job = queue.wait(request.id).await.unwrap();
    assert_eq!((job.status, job.cancel_requested_at), (JobStatus::Failed, None));
    assert_eq!(job.error.map(|error| error.kind()), Some(ErrorKind::Cancelled));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_without_workers_says_so() {
    let place = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::new(jiff::Timestamp::now()));
    let options = QueueOptions::new(place.path());
    let queue = QueueExecutor::open_with_clock(options, Arc::<ManualClock>::clone(&clock))
        .await
        .unwrap();
    queue.submit_job(script([])).await.unwrap();
    assert_eq!(queue.health().await.unwrap().status, HealthState::Healthy);
    clock.advance(SignedDuration::from_secs(31));
    let health = queue.health().await.unwrap();
    assert_eq!(health.status, HealthState::Degraded);
    assert!(
        health.parts["workers"].detail.contains("--role worker"),
        "{health:?}"
    );
}
