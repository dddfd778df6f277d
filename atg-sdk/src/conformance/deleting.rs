//! Removing jobs.

use std::sync::Arc;

use futures::StreamExt;

use super::{
    Fixture,
    support::{
        ended, file, hang, job, list, ok, quick, read, refused, run_to_end, script, stop, submit,
        submit_started,
    },
};
use crate::{ErrorKind, JobFilter, JobId, JobStatus};

/// Nothing of it is left, and other jobs keep what they have.
pub async fn an_ended_job_goes_with_its_files(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(1).await;
    let (gone, kept) = (script([file("a.txt", "a", 3)]), script([file("a.txt", "b", 3)]));
    run_to_end(&executor, &gone).await;
    run_to_end(&executor, &kept).await;
    ok(executor.delete_job(gone.id).await, "delete an ended job");
    let not_found = [ErrorKind::NotFound];
    refused(
        executor.get_job(gone.id).await,
        &not_found,
        "getting a deleted job",
    );
    refused(
        executor.cancel_job(gone.id).await,
        &not_found,
        "cancelling a deleted job",
    );
    refused(
        executor.read_artifact(gone.id, "a.txt", None).await,
        &not_found,
        "reading a deleted artifact",
    );
    match executor.watch_job(gone.id, None).next().await {
        Some(answer) => refused(answer, &not_found, "watching a deleted job"),
        None => panic!("the watch on a deleted job ended without a word"),
    };
    let left = list(&executor, JobFilter::default()).await;
    assert_eq!(left.iter().map(|job| job.id).collect::<Vec<_>>(), [kept.id]);
    assert_eq!(read(&executor, kept.id, "a.txt").await, b"bbb");
}

/// Who wants it gone has to cancel it first.
pub async fn a_job_that_has_not_ended_stays(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(1).await;
    let (running, queued) = (hang(), quick());
    submit_started(&executor, &running).await;
    submit(&executor, &queued).await;
    for request in [&running, &queued] {
        refused(
            executor.delete_job(request.id).await,
            &[ErrorKind::Conflict],
            "deleting a job that has not ended",
        );
    }
    let still = job(&executor, running.id).await;
    assert_eq!(
        (still.status, still.cancel_requested_at),
        (JobStatus::Running, None)
    );
    stop(&executor, running.id).await;
    assert_eq!(ended(&executor, queued.id).await.status, JobStatus::Completed);
    ok(executor.delete_job(running.id).await, "delete a cancelled job");
}

/// Deleting is idempotent.
pub async fn a_job_that_is_not_there_is_fine(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(1).await;
    ok(
        executor.delete_job(JobId::new()).await,
        "delete a job that never was",
    );
    let request = quick();
    run_to_end(&executor, &request).await;
    for _ in 0..2 {
        ok(executor.delete_job(request.id).await, "delete a job twice");
    }
}

/// A late repetition of the submission must not do the work again.
pub async fn a_deleted_id_is_gone_for_submissions(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(1).await;
    let request = quick();
    run_to_end(&executor, &request).await;
    ok(executor.delete_job(request.id).await, "delete an ended job");
    refused(
        executor.submit_job(request.clone()).await,
        &[ErrorKind::Gone],
        "submitting a deleted job",
    );
    refused(
        executor.get_job(request.id).await,
        &[ErrorKind::NotFound],
        "getting a deleted job",
    );
}
