//! Several processes that share a data directory, one of them killed.

use std::time::{Duration, Instant};

use atg_executor_local::LocalExecutor;
use atg_sdk::{
    ErrorKind, EventKind, Executor as _, ExecutorExt as _, JobFilter, JobId, JobStatus, WorkContext,
    model::operations::rehearsal::Step,
};
use futures::TryStreamExt as _;

use crate::{
    child::Other,
    support::{artifact, events, files_below, open, progress, read, rehearse, script, until, warn},
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

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_two_send_at_once_is_carried_out_once() {
    let place = tempfile::tempdir().unwrap();
    let (one, two) = (open(place.path()), open(place.path()));
    for _ in 0..10 {
        let request = rehearse(vec![artifact("a", "b")]);
        let (first, second) = tokio::join!(one.run(request.clone()), two.run(request.clone()));
        assert_eq!(first.unwrap(), second.unwrap());
        let log = events(&one, request.id).await;
        let names: Vec<_> = log.iter().map(|event| event.kind.name()).collect();
        assert_eq!(names, ["submitted", "started", "completed"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_write_at_the_same_time_lose_nothing() {
    let place = tempfile::tempdir().unwrap();
    let talkative: Vec<_> = (0..200).map(|number| warn(&number.to_string())).collect();
    let others: Vec<_> = (0..2)
        .map(|_| Other::start(place.path(), &script(talkative.clone())))
        .collect();
    let here = open(place.path());
    let own = rehearse(talkative);
    here.submit_job(own.clone()).await.unwrap();
    for id in others.iter().map(|other| other.job).chain([own.id]) {
        assert_eq!(here.wait(id).await.unwrap().status, JobStatus::Completed);
        let log = events(&here, id).await;
        assert_eq!(log.len(), 203);
        assert!(
            log.iter()
                .zip(1..)
                .all(|(event, number)| event.sequence == number)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_decides_itself_about_another_attempt() {
    let place = tempfile::tempdir().unwrap();
    let here = open(place.path());
    let until_third = vec![Step::FailUntil {
        attempt: 3,
        kind: "Unavailable".to_owned(),
    }];
    for (attempt, expected) in [(2, JobStatus::Failed), (3, JobStatus::Completed)] {
        let mut request = rehearse(until_third.clone());
        request.context = Some(WorkContext {
            job_id: JobId::new(),
            attempt,
            fence: (1, 1),
        });
        here.submit_job(request.clone()).await.unwrap();
        let job = here.wait(request.id).await.unwrap();
        assert_eq!((job.status, job.attempt), (expected, 1));
    }
}
