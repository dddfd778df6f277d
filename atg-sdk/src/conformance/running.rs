//! Several jobs at once, and jobs that nobody looks at.

use std::sync::Arc;

use futures::{StreamExt, future};

use super::{
    Fixture,
    support::{
        checked_log, ended, file, hang, job, ok, progress, quick, read, run_to_end, script, stop, submit,
        submit_started, until, warn,
    },
};
use crate::{EventKind, ExecutorExt, HealthState, JobStatus, model::operations::rehearsal::Step};

/// Each has its own events, files and output.
pub async fn jobs_at_the_same_time_do_not_mix(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(4).await;
    let requests: Vec<_> = (0..24)
        .map(|n| {
            let text = format!("job {n};");
            script([
                warn(text.clone()),
                file("out", &text, 5_000),
                progress(0.5),
                file("second", &text, 1),
            ])
        })
        .collect();
    let jobs = requests.iter().map(|request| {
        let (executor, request) = (Arc::clone(&executor), request.clone());
        tokio::spawn(async move { executor.run(request).await })
    });
    for job in future::join_all(jobs).await {
        let Ok(job) = job else { panic!("a job panicked") };
        assert_eq!(ok(job, "run a job").status, JobStatus::Completed);
    }
    for (n, request) in requests.iter().enumerate() {
        let text = format!("job {n};");
        let log = checked_log(&executor, request.id).await;
        let said = log
            .iter()
            .any(|event| matches!(&event.kind, EventKind::Warning { message, .. } if *message == text));
        assert!(said, "the warning of job {n} is missing: {log:?}");
        assert!(
            read(&executor, request.id, "out").await == text.repeat(5_000).as_bytes(),
            "job {n}"
        );
        assert_eq!(read(&executor, request.id, "second").await, text.as_bytes());
    }
}

/// As many as allowed, not fewer, not more, and the next when one ends.
pub async fn no_more_jobs_run_than_were_allowed(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(2).await;
    let (first, second, third) = (hang(), hang(), hang());
    submit_started(&executor, &first).await;
    submit_started(&executor, &second).await;
    submit(&executor, &third).await;
    assert_eq!(job(&executor, third.id).await.status, JobStatus::Pending);
    stop(&executor, first.id).await;
    until(&executor, third.id, |kind| {
        matches!(kind, EventKind::Started { .. })
    })
    .await;
    assert_eq!(job(&executor, second.id).await.status, JobStatus::Running);
    stop(&executor, second.id).await;
    stop(&executor, third.id).await;
}

/// A closed laptop stops nothing: a job that was queued when everybody left is carried out.
pub async fn a_dropped_handle_does_not_stop_a_queued_job(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(1).await;
    let blocker = hang();
    submit_started(&executor, &blocker).await;
    let request = script([warn("nobody listens"), file("out", "done", 1)]);
    let poller = ok(executor.begin(request.clone()).await, "begin a job");
    let mut watch = poller.events();
    assert!(watch.next().await.is_some());
    let waiting = tokio::spawn(poller.clone().into_future());
    tokio::task::yield_now().await;
    waiting.abort();
    drop((poller, watch));
    stop(&executor, blocker.id).await;
    let end = ended(&executor, request.id).await;
    assert_eq!(
        (end.status, end.cancel_requested_at),
        (JobStatus::Completed, None)
    );
    assert_eq!(read(&executor, request.id, "out").await, b"done");
}

/// The same for a job that runs when everybody leaves.
pub async fn a_dropped_handle_does_not_stop_a_running_job(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(2).await;
    let request = script([warn("running"), Step::Hang]);
    let poller = ok(executor.begin(request.clone()).await, "begin a job");
    let mut watch = poller.events();
    while let Some(event) = watch.next().await {
        if matches!(ok(event, "watch a job").kind, EventKind::Warning { .. }) {
            break;
        }
    }
    let waiting = tokio::spawn(poller.clone().into_future());
    tokio::task::yield_now().await;
    waiting.abort();
    drop((poller, watch));
    // Other jobs come and go meanwhile, so whatever a drop sets off has had its time.
    for _ in 0..5 {
        run_to_end(&executor, &quick()).await;
    }
    let still = job(&executor, request.id).await;
    assert_eq!(
        (still.status, still.cancel_requested_at),
        (JobStatus::Running, None)
    );
    stop(&executor, request.id).await;
}

/// Whoever asks learns what answers, that it works, and how much it has to do.
pub async fn the_health_names_a_version_and_counts_jobs(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(1).await;
    let (running, queued) = (hang(), hang());
    submit_started(&executor, &running).await;
    submit(&executor, &queued).await;
    let health = ok(executor.health().await, "ask for the health");
    assert_eq!(health.status, HealthState::Healthy, "{health:?}");
    assert!(!health.version.is_empty());
    assert_eq!((health.jobs_running, health.jobs_pending), (1, 1));
    for (name, part) in &health.parts {
        assert!(!part.detail.is_empty(), "`{name}` says nothing");
    }
    stop(&executor, queued.id).await;
    stop(&executor, running.id).await;
    let health = ok(executor.health().await, "ask for the health again");
    assert_eq!((health.jobs_running, health.jobs_pending), (0, 0));
}
