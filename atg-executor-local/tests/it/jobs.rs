//! Jobs of one process.

use atg_executor_local::{LocalExecutor, LocalOptions};
use atg_sdk::{
    Completeness, ErrorKind, EventKind, Executor as _, ExecutorExt as _, JobRequest, JobStatus, Operation,
    Output,
    model::operations::{rehearsal::Step, self_test},
};
use rusqlite::Connection;

use crate::support::{artifact, files_below, open, progress, read, rehearse, until, warn};

#[tokio::test]
async fn a_job_runs_to_its_end_and_its_artifacts_can_be_read() {
    let place = tempfile::tempdir().unwrap();
    let executor = open(place.path());

    let job = executor
        .run(rehearse(vec![progress(0.5), artifact("a/b.txt", "hello")]))
        .await
        .unwrap();

    assert_eq!(
        (job.status, job.completeness),
        (JobStatus::Completed, Some(Completeness::Complete))
    );
    assert!(job.expires_at > job.completed_at);
    assert_eq!(read(&executor, job.id, "a/b.txt").await, b"hello");
}

#[tokio::test]
async fn a_panic_fails_the_job_and_no_other() {
    let place = tempfile::tempdir().unwrap();
    let executor = open(place.path());
    let hanging = rehearse(vec![Step::Hang]);
    executor.submit_job(hanging.clone()).await.unwrap();

    let error = executor
        .run(rehearse(vec![artifact("a", "b"), Step::Panic]))
        .await
        .unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Internal);
    assert!(
        !error.message().contains("the script says so"),
        "a panic may quote data: {error}"
    );
    assert_eq!(
        executor.run(rehearse(vec![])).await.unwrap().status,
        JobStatus::Completed
    );
    executor.cancel_job(hanging.id).await.unwrap();
    assert_eq!(
        executor.wait(hanging.id).await.unwrap().status,
        JobStatus::Cancelled
    );
}

#[tokio::test]
async fn a_cancelled_job_leaves_no_files() {
    let place = tempfile::tempdir().unwrap();
    let executor = open(place.path());
    let request = rehearse(vec![artifact("a", "b"), warn("written"), Step::Hang]);
    executor.submit_job(request.clone()).await.unwrap();
    until(&executor, request.id, |kind| {
        matches!(kind, EventKind::Warning { .. })
    })
    .await;
    assert_eq!(files_below(&place.path().join("artifacts")), 1);
    executor.cancel_job(request.id).await.unwrap();
    let job = executor.wait(request.id).await.unwrap();
    assert_eq!((job.status, job.artifacts.len()), (JobStatus::Cancelled, 0));
    // The end is recorded first and the files go after it, so they are waited for.
    while files_below(&place.path().join("artifacts")) > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_failed_job_leaves_no_files_behind() {
    let place = tempfile::tempdir().unwrap();
    let executor = open(place.path());
    let request = rehearse(vec![
        artifact("report.json", "{}"),
        Step::Fail {
            kind: "PermissionDenied".to_owned(),
            message: "read a subscription".to_owned(),
        },
    ]);
    executor.submit_job(request.clone()).await.unwrap();
    let job = executor.wait(request.id).await.unwrap();
    assert_eq!((job.status, job.artifacts.len()), (JobStatus::Failed, 0));
    // The end is recorded first and the files go after it, so they are waited for.
    while files_below(&place.path().join("artifacts")) > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_attempt_that_failed_leaves_no_files_to_the_next() {
    let place = tempfile::tempdir().unwrap();
    let options = LocalOptions::new(place.path()).with_retry_delay(std::time::Duration::ZERO);
    let executor = LocalExecutor::open(options).unwrap();
    let again = Step::FailUntil {
        attempt: 2,
        kind: "Unavailable".to_owned(),
    };
    let job = executor
        .run(rehearse(vec![artifact("a", "b"), again]))
        .await
        .unwrap();
    assert_eq!((job.attempt, job.artifacts.len()), (2, 1));
    assert_eq!(read(&executor, job.id, "a").await, b"b");
    while files_below(&place.path().join("artifacts")) > 1 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn who_waits_learns_that_the_end_could_not_be_recorded() {
    let place = tempfile::tempdir().unwrap();
    let executor = open(place.path());
    let request = rehearse(vec![warn("running"), Step::Hang]);
    executor.submit_job(request.clone()).await.unwrap();
    until(&executor, request.id, |kind| {
        matches!(kind, EventKind::Warning { .. })
    })
    .await;
    Connection::open(place.path().join("jobs.db"))
        .unwrap()
        .execute_batch(
            "CREATE TRIGGER broken BEFORE INSERT ON event WHEN NEW.body LIKE '%\"cancelled\"%'
             BEGIN SELECT RAISE(ABORT, 'disk on fire'); END",
        )
        .unwrap();
    executor.cancel_job(request.id).await.unwrap();

    let waiting = executor.wait(request.id).await.unwrap_err();

    assert_eq!(waiting.kind(), ErrorKind::Internal);
    assert!(waiting.message().contains("jobs.db"), "{waiting}");
}

#[tokio::test]
async fn the_self_test_names_what_is_wrong_and_what_to_do() {
    let place = tempfile::tempdir().unwrap();
    let executor = open(place.path());
    std::fs::write(place.path().join("graph.db"), "not a graph").unwrap();
    let request = JobRequest::new(Operation::SelfTest(self_test::Parameters::default()));
    let job = executor.run(request).await.unwrap();
    let Some(Output::SelfTest(output)) = job.output else {
        panic!("{:?}", job.output);
    };
    let names: Vec<_> = output.checks.iter().map(|check| check.name.as_str()).collect();
    assert_eq!(names, ["data-dir", "jobs", "graph", "artifacts", "version"]);
    for check in &output.checks {
        let wrong = check.name == "graph";
        assert_eq!(
            (check.advice.is_some(), check.error_kind.is_some()),
            (wrong, wrong),
            "{check:?}"
        );
    }
    let report: self_test::Output =
        serde_json::from_slice(&read(&executor, job.id, "report.json").await).unwrap();
    assert_eq!(report, output);
}

/// Without a way to sign in nothing is asked of Azure, unless somebody asks for just that.
#[tokio::test]
async fn azure_is_looked_at_where_it_is_asked_for_and_says_what_was_tried() {
    let place = tempfile::tempdir().unwrap();
    let mut options = LocalOptions::new(place.path());
    // Nothing of this machine is to be found: neither its metadata service nor its tools.
    options.azure.credentials.path = Some("/nowhere".into());
    options.azure.credentials.use_managed_identity = false;
    let executor = LocalExecutor::open(options).unwrap();
    let request = JobRequest::new(Operation::SelfTest(self_test::Parameters {
        checks: vec!["azure".to_owned()],
        ..self_test::Parameters::default()
    }));
    let job = executor.run(request).await.unwrap();
    let Some(Output::SelfTest(output)) = job.output else {
        panic!("{:?}", job.output);
    };
    let check = &output.checks[0];
    assert_eq!(check.error_kind.as_deref(), Some("Unauthenticated"), "{check:?}");
    for tried in [
        "secret: AZURE_CLIENT_SECRET is not set",
        "az: the Azure CLI is not installed",
    ] {
        assert!(check.detail.contains(tried), "{check:?}");
    }
}

#[tokio::test]
async fn a_key_that_is_bound_to_tenants_is_not_told_as_whom_a_service_signs_in() {
    let place = tempfile::tempdir().unwrap();
    let executor = open(place.path());
    let mut request = JobRequest::new(Operation::SelfTest(self_test::Parameters {
        checks: vec!["azure".to_owned(), "entra".to_owned()],
        ..self_test::Parameters::default()
    }));
    request.confined_to = Some(vec!["11111111-1111-1111-1111-111111111111".parse().unwrap()]);
    let job = executor.run(request).await.unwrap();
    let Some(Output::SelfTest(output)) = job.output else {
        panic!("{:?}", job.output);
    };
    assert_eq!(output.checks.len(), 2);
    for check in &output.checks {
        assert!(check.detail.contains("not looked at"), "{check:?}");
    }
}

#[tokio::test]
async fn an_unknown_check_is_refused_by_name() {
    let place = tempfile::tempdir().unwrap();
    let executor = open(place.path());
    let request = JobRequest::new(Operation::SelfTest(self_test::Parameters {
        checks: vec!["weather".to_owned()],
        ..self_test::Parameters::default()
    }));
    let error = executor.run(request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(
        error.message().contains("weather") && error.message().contains("artifacts"),
        "{error}"
    );
}
