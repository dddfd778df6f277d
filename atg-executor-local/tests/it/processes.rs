//! Several processes that share a data directory, one of them killed.

use std::time::{Duration, Instant};

use atg_executor_local::LocalExecutor;
use atg_sdk::{
    ErrorKind, EventKind, Executor as _, ExecutorExt as _, JobFilter, JobStatus,
    model::operations::rehearsal::Step,
};
use futures::TryStreamExt as _;

use crate::{
    child::Other,
    support::{artifact, events, files_below, open, progress, read, rehearse, script, until},
};

/// Starts a process whose job has written a file and hangs.
async fn start_hanging(place: &tempfile::TempDir) -> (LocalExecutor, Other) {
    let steps = vec![artifact("report.json", "{}"), progress(0.5), Step::Hang];
    let other = Other::start(place.path(), &script(steps));
    let here = open(place.path());
    until(&here, other.job, |kind| {
        matches!(kind, EventKind::Progress { .. })
    })
    .await;
    (here, other)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_leaves_a_failed_job_and_no_artifacts() {
    let place = tempfile::tempdir().unwrap();
    let (here, mut other) = start_hanging(&place).await;
    let running = here.get_job(other.job).await.unwrap();
    assert_eq!((running.status, running.progress), (JobStatus::Running, 0.5));
    let watching = tokio::spawn({
        let (here, id) = (here.clone(), other.job);
        async move { events(&here, id).await }
    });
    assert_eq!(files_below(&place.path().join("artifacts")), 1);

    other.kill();

    let job = here.get_job(other.job).await.unwrap();
    assert_eq!(job.status, JobStatus::Failed);
    let error = job.error.unwrap();
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::Unavailable, "ProcessDied")
    );
    assert_eq!(job.artifacts, []);
    let read = here.read_artifact(other.job, "report.json", None).await;
    assert_eq!(read.unwrap_err().kind(), ErrorKind::NotFound);
    let seen = watching.await.unwrap();
    assert!(
        matches!(seen.last().unwrap().kind, EventKind::Failed { .. }),
        "{seen:?}"
    );
    here.prune(None).await.unwrap();
    assert_eq!(
        files_below(&place.path().join("artifacts")),
        0,
        "the remains are swept"
    );
    assert_eq!(files_below(&place.path().join("locks")), 0, "so is its lock");
    assert_eq!(
        here.get_job(other.job).await.unwrap().status,
        JobStatus::Failed,
        "the job itself is kept"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_only_watches_sees_the_end_of_a_killed_process_too() {
    let place = tempfile::tempdir().unwrap();
    let (here, mut other) = start_hanging(&place).await;
    let mut watch = here.watch_job(other.job, Some(1));
    other.kill();
    let mut last = None;
    while let Some(event) = watch.try_next().await.unwrap() {
        last = Some(event);
    }
    assert!(matches!(last.unwrap().kind, EventKind::Failed { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_of_another_process_is_cancelled_within_a_second() {
    let place = tempfile::tempdir().unwrap();
    let (here, other) = start_hanging(&place).await;

    let asked = Instant::now();
    let job = here.cancel_job(other.job).await.unwrap();
    assert_eq!(job.status, JobStatus::Running, "only its own process can end it");
    let job = here.wait(other.job).await.unwrap();

    assert_eq!(job.status, JobStatus::Cancelled);
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_job_that_was_to_stop_is_cancelled() {
    let place = tempfile::tempdir().unwrap();
    // Suspended, it cannot notice the wish.
    let (here, mut other) = start_hanging(&place).await;
    other.suspend();
    here.cancel_job(other.job).await.unwrap();
    assert_eq!(
        here.get_job(other.job).await.unwrap().status,
        JobStatus::Running,
        "suspended is not dead"
    );
    other.kill();
    assert_eq!(
        here.get_job(other.job).await.unwrap().status,
        JobStatus::Cancelled
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_job_of_another_process_is_listed_and_not_deleted() {
    let place = tempfile::tempdir().unwrap();
    let (here, other) = start_hanging(&place).await;
    let running = JobFilter {
        status: vec![JobStatus::Running],
        ..JobFilter::default()
    };
    let listed: Vec<_> = here.list_jobs(running).try_collect().await.unwrap();
    assert_eq!(listed.iter().map(|job| job.id).collect::<Vec<_>>(), [other.job]);
    let refusal = here.delete_job(other.job).await.unwrap_err();
    assert_eq!(refusal.kind(), ErrorKind::Conflict);
    // Neither looking nor running something of one's own disturbs it.
    here.run(rehearse(vec![artifact("a", "b")])).await.unwrap();
    here.prune(Some(Duration::ZERO)).await.unwrap();
    assert_eq!(here.get_job(other.job).await.unwrap().status, JobStatus::Running);
}

#[tokio::test(flavor = "multi_thread")]
async fn artifacts_of_a_live_process_can_be_read_and_deleted() {
    let place = tempfile::tempdir().unwrap();
    let other = Other::start(place.path(), &script(vec![artifact("a/b", "hello")]));
    let here = open(place.path());
    assert_eq!(here.wait(other.job).await.unwrap().status, JobStatus::Completed);
    assert_eq!(read(&here, other.job, "a/b").await, b"hello");
    here.delete_job(other.job).await.unwrap();
    assert_eq!(
        here.get_job(other.job).await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
    assert_eq!(files_below(&place.path().join("artifacts")), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queued_job_of_a_dead_process_is_taken_over_by_who_submits_it_again() {
    let place = tempfile::tempdir().unwrap();
    let request = rehearse(vec![artifact("a", "b")]);
    let gone = tokio::runtime::Runtime::new().unwrap();
    let submitted = {
        let (path, request) = (place.path().to_owned(), request.clone());
        gone.spawn(async move {
            let options = atg_executor_local::LocalOptions::new(&path).with_max_concurrent_jobs(1);
            let there = LocalExecutor::open(options).unwrap();
            let blocker = rehearse(vec![Step::Hang]);
            there.submit_job(blocker.clone()).await.unwrap();
            until(&there, blocker.id, |kind| {
                matches!(kind, EventKind::Started { .. })
            })
            .await;
            there.submit_job(request).await.unwrap();
            blocker.id
        })
    };
    let blocker = submitted.await.unwrap();
    // The tasks go with their runtime, and the lock with the tasks.
    tokio::task::spawn_blocking(move || gone.shutdown_timeout(Duration::from_secs(30)))
        .await
        .unwrap();
    let here = open(place.path());

    let job = here.run(request).await.unwrap();

    assert_eq!((job.status, job.attempt), (JobStatus::Completed, 1));
    assert_eq!(
        here.get_job(blocker).await.unwrap().status,
        JobStatus::Failed,
        "what ran is not begun again"
    );
}
