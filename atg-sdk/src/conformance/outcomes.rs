//! How jobs end, and what is known then.

use std::sync::Arc;

use super::{
    Fixture,
    support::{checked_log, fail, job, names, ok, progress, run_to_end, script, warn},
};
use crate::{
    Completeness, ErrorKind, EventKind, ExecutorExt, JobStatus, Output,
    model::operations::rehearsal::{self, Step},
};

/// The kind, the words and whether a retry may help come out as the operation said them.
pub async fn every_kind_of_failure_keeps_its_kind_and_words(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(4).await;
    for kind in ErrorKind::ALL {
        let message = format!("do it: \"{kind}\" – ünder a löad of 3 \\ 4\nline two");
        let request = script([fail(kind, &message)]);
        let end = run_to_end(&executor, &request).await;
        assert_eq!(end.status, JobStatus::Failed, "{kind}");
        assert_eq!((&end.output, end.completeness), (&None, None), "{kind}");
        let Some(error) = end.error else {
            panic!("a failed job without an error: {kind}")
        };
        assert_eq!((error.kind(), error.message()), (kind, message.as_str()));
        assert_eq!(error.is_retryable(), kind.is_retryable());
        checked_log(&executor, request.id).await;
        // Run to the end, it is an error: the job's own.
        match executor.run(request).await {
            Ok(job) => panic!("a failed job ran well: {job:?}"),
            Err(own) => assert_eq!(own, error),
        }
    }
}

/// What may be mended by another attempt gets one where the executor makes any, and says why it failed where not.
pub async fn a_retryable_failure_is_tried_again_as_often_as_it_may(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(1).await;
    let attempts = fixture.max_attempts();
    let fails_until = |attempt, kind: ErrorKind| {
        script([
            progress(0.5),
            Step::FailUntil {
                attempt,
                kind: kind.name().to_owned(),
            },
        ])
    };

    let mended = fails_until(attempts, ErrorKind::Unavailable);
    let end = run_to_end(&executor, &mended).await;
    assert_eq!((end.status, end.attempt), (JobStatus::Completed, attempts));
    let log = checked_log(&executor, mended.id).await;
    let failures = log
        .iter()
        .filter(|event| matches!(event.kind, EventKind::AttemptFailed { .. }))
        .count();
    assert_eq!(failures, attempts as usize - 1);

    let hopeless = fails_until(attempts + 1, ErrorKind::Unavailable);
    let end = run_to_end(&executor, &hopeless).await;
    assert_eq!((end.status, end.attempt), (JobStatus::Failed, attempts));
    assert!(end.error.is_some_and(|error| error.is_retryable()));
    checked_log(&executor, hopeless.id).await;

    let final_at_once = fails_until(2, ErrorKind::PermissionDenied);
    let end = run_to_end(&executor, &final_at_once).await;
    assert_eq!((end.status, end.attempt), (JobStatus::Failed, 1));
}

/// Something is missing, and that is a result: completed, and saying so.
pub async fn a_partial_job_is_completed(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(1).await;
    let request = script([Step::Partial, warn("one subscription could not be read")]);
    let end = ok(executor.run(request.clone()).await, "run a partial job");
    assert_eq!(end.status, JobStatus::Completed);
    assert_eq!(end.completeness, Some(Completeness::Partial));
    let output = rehearsal::Output {
        steps: 2,
        success: false,
    };
    assert_eq!(end.output, Some(Output::Rehearsal(output)));
    checked_log(&executor, request.id).await;
}

/// Typed, and the same by every way of asking.
pub async fn the_output_is_what_the_operation_answered(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(1).await;
    let request = script([progress(0.5), warn("one"), progress(1.0)]);
    let poller = ok(executor.begin(request.clone()).await, "begin a job");
    assert_eq!(poller.id(), request.id);
    let end = ok(poller.await, "await a job");
    let output = Output::Rehearsal(rehearsal::Output {
        steps: 3,
        success: true,
    });
    assert_eq!(end.output, Some(output));
    assert_eq!(end.completeness, Some(Completeness::Complete));
    assert_eq!(
        (end.status, end.progress, end.attempt),
        (JobStatus::Completed, 1.0, 1)
    );
    assert_eq!((&end.error, end.cancel_requested_at), (&None, None));
    assert!(end.started_at >= Some(end.created_at) && end.completed_at >= end.started_at);
    assert_eq!(job(&executor, request.id).await, end);
}

/// Nothing that went wrong on the way is lost.
pub async fn warnings_are_in_the_log_in_order(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(1).await;
    let words = ["first", "second: \"quoted\"", "third\nwith a line end", "first"];
    let request = script(words.map(warn));
    run_to_end(&executor, &request).await;
    let log = checked_log(&executor, request.id).await;
    let said: Vec<_> = log
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Warning { message, suppressed } => Some((message.as_str(), *suppressed)),
            _ => None,
        })
        .collect();
    assert_eq!(said, words.map(|word| (word, 0)));
    assert_eq!(
        names(&log).last(),
        Some(&"completed"),
        "a warning does not fail a job"
    );
}
