//! How long things are kept.

use std::{fs, time::Duration};

use atg_executor_local::{LocalExecutor, LocalOptions};
use atg_sdk::{
    ErrorKind, Executor as _, ExecutorExt as _, JobFilter, JobStatus, model::operations::rehearsal::Step,
};
use futures::TryStreamExt as _;

use crate::support::{artifact, files_below, open, rehearse};

#[tokio::test]
async fn a_job_whose_time_is_over_is_gone_even_before_it_is_cleared_away() {
    let place = tempfile::tempdir().unwrap();
    let executor =
        LocalExecutor::open(LocalOptions::new(place.path()).with_retention(Duration::ZERO)).unwrap();
    let request = rehearse(vec![artifact("a", "b")]);
    executor.submit_job(request.clone()).await.unwrap();
    // Its end is its expiry, so waiting for it ends with its being gone.
    let error = executor.wait(request.id).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Gone);
    assert_eq!(
        executor.submit_job(request.clone()).await.unwrap_err().kind(),
        ErrorKind::Gone
    );
    let listed: Vec<_> = executor
        .list_jobs(JobFilter::default())
        .try_collect()
        .await
        .unwrap();
    assert_eq!(listed, []);

    executor.prune(None).await.unwrap();

    assert_eq!(
        executor.get_job(request.id).await.unwrap_err().kind(),
        ErrorKind::Gone
    );
    assert_eq!(files_below(&place.path().join("artifacts")), 0);
}

#[tokio::test]
async fn pruning_takes_ended_jobs_older_than_asked_and_nothing_else() {
    let place = tempfile::tempdir().unwrap();
    let executor = open(place.path());
    let ended = executor.run(rehearse(vec![artifact("a", "b")])).await.unwrap();
    let running = rehearse(vec![artifact("a", "b"), Step::Hang]);
    executor.submit_job(running.clone()).await.unwrap();

    assert_eq!(executor.prune(None).await.unwrap().jobs, 0);
    assert_eq!(
        executor
            .prune(Some(Duration::from_secs(3600)))
            .await
            .unwrap()
            .jobs,
        0
    );
    assert_eq!(executor.get_job(ended.id).await.unwrap(), ended);
    assert_eq!(executor.prune(Some(Duration::ZERO)).await.unwrap().jobs, 1);

    assert_eq!(
        executor.get_job(ended.id).await.unwrap_err().kind(),
        ErrorKind::Gone
    );
    assert!(!place.path().join("artifacts").join(ended.id.to_string()).exists());
    assert_eq!(
        executor.cancel_job(running.id).await.unwrap().status,
        JobStatus::Running
    );
    assert_eq!(
        executor.wait(running.id).await.unwrap().status,
        JobStatus::Cancelled
    );
}

#[tokio::test]
async fn files_that_no_job_lists_are_swept() {
    let place = tempfile::tempdir().unwrap();
    let executor = open(place.path());
    let kept = executor.run(rehearse(vec![artifact("a", "b")])).await.unwrap();
    let lost = place
        .path()
        .join("artifacts")
        .join(atg_sdk::JobId::new().to_string())
        .join("1");
    fs::create_dir_all(&lost).unwrap();
    fs::write(lost.join("manifest.json"), "{}").unwrap();
    let foreign = place.path().join("artifacts/notes.txt");
    fs::write(&foreign, "mine").unwrap();
    executor.prune(None).await.unwrap();
    assert!(!lost.exists());
    assert!(foreign.exists(), "what is not ours is left alone");
    assert!(place.path().join("artifacts").join(kept.id.to_string()).exists());
}

#[tokio::test]
async fn old_jobs_are_cleared_away_without_being_asked_for_once_a_day() {
    let place = tempfile::tempdir().unwrap();
    let retention = Duration::from_millis(1);
    let executor = LocalExecutor::open(LocalOptions::new(place.path()).with_retention(retention)).unwrap();
    let old = rehearse(vec![artifact("a", "b")]);
    executor.submit_job(old.clone()).await.unwrap();
    assert_eq!(
        executor
            .wait(old.id)
            .await
            .map(|job| job.status)
            .unwrap_or(JobStatus::Completed),
        JobStatus::Completed
    );
    drop(executor);
    let yesterday = std::time::SystemTime::now() - Duration::from_secs(25 * 60 * 60);
    fs::File::options()
        .write(true)
        .open(place.path().join("pruned"))
        .unwrap()
        .set_modified(yesterday)
        .unwrap();

    let next = open(place.path());
    next.run(rehearse(vec![])).await.unwrap();

    let files = place.path().join("artifacts").join(old.id.to_string());
    while files.exists() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn history_of_version_1_goes_on_where_it_was() {
    let place = tempfile::tempdir().unwrap();
    let made = rusqlite::Connection::open(place.path().join("jobs.db")).unwrap();
    made.pragma_update(None, "journal_mode", "WAL").unwrap();
    made.execute_batch(include_str!("../../src/jobs/golden/v1.sql"))
        .unwrap();
    drop(made);
    let executor = open(place.path());
    let jobs: Vec<_> = executor
        .list_jobs(JobFilter::default())
        .try_collect()
        .await
        .unwrap();
    let known: Vec<_> = jobs
        .iter()
        .map(|job| (job.operation.as_str(), job.status))
        .collect();
    assert_eq!(
        known,
        [("query", JobStatus::Failed), ("scan", JobStatus::Completed)]
    );
    for job in jobs {
        let log: Vec<_> = executor.watch_job(job.id, None).try_collect().await.unwrap();
        let replayed = atg_sdk::JobLog::replay(job.id, &log).unwrap().into_job();
        assert_eq!(
            (replayed.status, replayed.output),
            (job.status, job.output.clone())
        );
        // Asked for once more it is the same job, and deleted it is gone for its owner.
        let operation = atg_sdk::Operation::from_parts(&job.operation, replayed.parameters).unwrap();
        let request = atg_sdk::JobRequest::new(operation).with_id(job.id);
        assert_eq!(
            executor.submit_job(request.clone()).await.unwrap().status,
            job.status
        );
        executor.delete_job(job.id).await.unwrap();
        let gone = executor.submit_job(request).await.unwrap_err();
        let former = atg_sdk::FormerJob::of(&gone).expect("who deletes it is remembered");
        assert_eq!((&former.owner, former.tenant_id), (&job.owner, job.tenant_id));
    }
    // Of what version 1 deleted nobody remembers whose it was.
    let id = "01a207a4-ad47-7762-8355-a5ced3508161".parse().unwrap();
    let gone = executor
        .submit_job(rehearse(Vec::new()).with_id(id))
        .await
        .unwrap_err();
    assert_eq!(
        (gone.kind(), atg_sdk::FormerJob::of(&gone)),
        (ErrorKind::Gone, None)
    );
}
