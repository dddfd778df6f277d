//! Accepting jobs: at once, and once.

use std::sync::Arc;

use futures::future;

use super::{
    Fixture,
    support::{
        checked_log, comparable, ended, events, fail, hang, job, list, names, ok, quick, refused, run_to_end,
        script, somebody_else, stop, submit, submit_started, tenant, warn,
    },
};
use crate::{
    ErrorKind, ExecutorExt, JobFilter, JobId, JobRequest, JobStatus, Operation,
    model::operations::rehearsal::Parameters,
};

/// The answer shows the job, and so does everybody else from then on.
pub async fn a_submitted_job_is_known_at_once(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(1).await;
    let blocker = hang();
    submit_started(&executor, &blocker).await;
    let request = JobRequest::new(Operation::Rehearsal(Parameters {
        tenant_id: Some(tenant(7)),
        ..Parameters::default()
    }));
    let answer = submit(&executor, &request).await;
    assert_eq!((answer.id, answer.operation.as_str()), (request.id, "rehearsal"));
    assert_eq!(
        (answer.status, answer.attempt, answer.progress),
        (JobStatus::Pending, 0, 0.0)
    );
    assert_eq!(answer.tenant_id, Some(tenant(7)));
    assert_eq!((answer.started_at, answer.completed_at), (None, None));
    assert_eq!(
        (&answer.output, &answer.error, answer.completeness),
        (&None, &None, None)
    );
    assert_eq!(comparable(job(&executor, request.id).await), comparable(answer));
    stop(&executor, blocker.id).await;
    assert_eq!(ended(&executor, request.id).await.status, JobStatus::Completed);
}

/// A caller that lost the answer asks again, however long ago that was.
pub async fn a_finished_job_submitted_again_is_not_run_again(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(1).await;
    for steps in [vec![warn("once")], vec![fail(ErrorKind::NotFound, "find it")]] {
        let request = script(steps);
        let first = run_to_end(&executor, &request).await;
        let log = checked_log(&executor, request.id).await;
        let again = submit(&executor, &request).await;
        assert_eq!(comparable(again), comparable(first));
        assert_eq!(
            events(&executor, request.id, None).await,
            log,
            "the second submission left a trace"
        );
    }
}

/// A second submission of a queued job may push it again, and must not run it twice.
pub async fn a_queued_job_submitted_again_runs_once(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(1).await;
    let blocker = hang();
    submit_started(&executor, &blocker).await;
    let request = script([warn("once")]);
    for _ in 0..5 {
        assert_eq!(submit(&executor, &request).await.status, JobStatus::Pending);
    }
    stop(&executor, blocker.id).await;
    assert_eq!(ended(&executor, request.id).await.status, JobStatus::Completed);
    let log = checked_log(&executor, request.id).await;
    assert_eq!(names(&log), ["submitted", "started", "warning", "completed"]);
}

/// An id stands for one request. The job that has it is not touched.
pub async fn another_request_under_the_same_id_is_a_conflict(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(1).await;
    let request = script([warn("first")]);
    let first = run_to_end(&executor, &request).await;
    let other = script([warn("second")]).with_id(request.id);
    refused(
        executor.submit_job(other).await,
        &[ErrorKind::Conflict],
        "another request under the same id",
    );
    assert_eq!(job(&executor, request.id).await, first);
    assert_eq!(list(&executor, JobFilter::default()).await.len(), 1);
}

/// Nobody gets at a job by submitting it, and nobody's job is replaced.
pub async fn an_id_of_another_owner_is_a_conflict(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(1).await;
    let request = quick();
    let first = run_to_end(&executor, &request).await;
    let other = fixture.on_behalf_of(&executor, &somebody_else());
    let answer = other
        .submit_job(request.clone().with_owner(somebody_else()))
        .await;
    refused(answer, &[ErrorKind::Conflict], "an id of another owner");
    assert_eq!(job(&executor, request.id).await, first);
}

/// Many callers with one request get one job.
pub async fn one_request_sent_by_many_at_once_is_one_job(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(4).await;
    for _ in 0..5 {
        let request = script([warn("once")]);
        let answers = future::join_all((0..8).map(|_| {
            let (executor, request) = (Arc::clone(&executor), request.clone());
            tokio::spawn(async move { executor.submit_job(request).await })
        }))
        .await;
        for answer in answers {
            let Ok(answer) = answer else {
                panic!("submitting panicked")
            };
            assert_eq!(ok(answer, "submit the same job at the same time").id, request.id);
        }
        ended(&executor, request.id).await;
        let log = checked_log(&executor, request.id).await;
        assert_eq!(names(&log), ["submitted", "started", "warning", "completed"]);
    }
    assert_eq!(list(&executor, JobFilter::default()).await.len(), 5);
}

/// Every call on a job that does not exist says so.
pub async fn an_unknown_job_is_not_found(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(1).await;
    let id = JobId::new();
    let not_found = [ErrorKind::NotFound];
    refused(executor.get_job(id).await, &not_found, "getting an unknown job");
    refused(
        executor.cancel_job(id).await,
        &not_found,
        "cancelling an unknown job",
    );
    refused(executor.wait(id).await, &not_found, "waiting for an unknown job");
    refused(
        executor.read_artifact(id, "report.json", None).await,
        &not_found,
        "reading its artifact",
    );
}
