//! Asking a job to stop: before, while and after it runs.

use std::sync::Arc;

use futures::future;

use super::{
    Fixture,
    support::{
        checked_log, comparable, ended, fail, hang, job, names, ok, quick, run_to_end, script, stop, submit,
        submit_started, warn,
    },
};
use crate::{ErrorKind, ExecutorExt, JobStatus};

/// Nobody has to be waited for, so the answer shows the end already.
pub async fn a_queued_job_ends_at_once(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(1).await;
    let blocker = hang();
    submit_started(&executor, &blocker).await;
    let request = quick();
    submit(&executor, &request).await;
    let answer = ok(executor.cancel_job(request.id).await, "cancel a queued job");
    assert_eq!(answer.status, JobStatus::Cancelled);
    assert_eq!((answer.attempt, answer.started_at), (0, None));
    stop(&executor, blocker.id).await;
    // Something that was queued behind it runs to its end, so it had every opportunity to start.
    run_to_end(&executor, &quick()).await;
    let log = checked_log(&executor, request.id).await;
    assert_eq!(names(&log), ["submitted", "cancel_requested", "cancelled"]);
}

/// The wish reaches the operation, and the job says how it ended.
pub async fn a_running_job_stops(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(1).await;
    let request = hang();
    submit_started(&executor, &request).await;
    let answer = ok(executor.cancel_job(request.id).await, "cancel a running job");
    assert!(answer.cancel_requested_at.is_some());
    let end = ended(&executor, request.id).await;
    assert_eq!(end.status, JobStatus::Cancelled);
    assert_eq!(
        end.error.as_ref().map(crate::Error::kind),
        Some(ErrorKind::Cancelled)
    );
    assert_eq!(end.cancel_requested_at, answer.cancel_requested_at);
    assert_eq!((&end.output, end.completeness), (&None, None));
    let log = checked_log(&executor, request.id).await;
    assert_eq!(
        names(&log),
        ["submitted", "started", "cancel_requested", "cancelled"]
    );
    // Awaited as a whole it is an error, and the job's own.
    let error = executor.poller(request.id).await.map(|job| job.status);
    assert_eq!(error.map_err(|error| error.kind()), Err(ErrorKind::Cancelled));
}

/// However many ask, at the same time or later, the log has one wish.
pub async fn many_wishes_are_recorded_once(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(1).await;
    let request = hang();
    submit_started(&executor, &request).await;
    let wishes = future::join_all((0..8).map(|_| {
        let executor = Arc::clone(&executor);
        tokio::spawn(async move { executor.cancel_job(request.id).await })
    }))
    .await;
    for wish in wishes {
        let Ok(answer) = wish else {
            panic!("cancelling panicked")
        };
        assert!(
            ok(answer, "cancel at the same time")
                .cancel_requested_at
                .is_some()
        );
    }
    ended(&executor, request.id).await;
    ok(executor.cancel_job(request.id).await, "cancel once more");
    let log = checked_log(&executor, request.id).await;
    assert_eq!(
        names(&log),
        ["submitted", "started", "cancel_requested", "cancelled"]
    );
}

/// The work was quicker: nothing is left to stop.
pub async fn an_ended_job_is_returned_unchanged(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(1).await;
    for steps in [vec![warn("done")], vec![fail(ErrorKind::Unsupported, "do it")]] {
        let request = script(steps);
        let end = run_to_end(&executor, &request).await;
        let answer = ok(executor.cancel_job(request.id).await, "cancel an ended job");
        assert_eq!(comparable(answer), comparable(end.clone()));
        assert_eq!(job(&executor, request.id).await, end);
        checked_log(&executor, request.id).await;
    }
}

/// Whoever wins, there is one end and one log.
pub async fn a_race_with_the_end_has_one_winner(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(2).await;
    for round in 0..20 {
        let request = quick();
        submit(&executor, &request).await;
        for _ in 0..round {
            tokio::task::yield_now().await;
        }
        ok(
            executor.cancel_job(request.id).await,
            "cancel a job that may just be ending",
        );
        let end = ended(&executor, request.id).await;
        let fine = match end.status {
            JobStatus::Completed => end.output.is_some() && end.error.is_none(),
            JobStatus::Cancelled => end.output.is_none() && end.error.is_some(),
            JobStatus::Pending | JobStatus::Running | JobStatus::Failed => false,
        };
        assert!(fine, "{end:?}");
        checked_log(&executor, request.id).await;
    }
}

/// A stopped job gives its place to the next that was not stopped.
pub async fn a_cancelled_job_makes_room_for_the_next(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(1).await;
    let (running, stopped, waiting) = (hang(), hang(), quick());
    submit_started(&executor, &running).await;
    submit(&executor, &stopped).await;
    submit(&executor, &waiting).await;
    stop(&executor, stopped.id).await;
    assert_eq!(job(&executor, waiting.id).await.status, JobStatus::Pending);
    stop(&executor, running.id).await;
    assert_eq!(ended(&executor, waiting.id).await.status, JobStatus::Completed);
}
