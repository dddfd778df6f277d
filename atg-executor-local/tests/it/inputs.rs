//! Files that go into jobs, where this executor has ways of its own.

use std::{fs, path::Path, time::Duration};

use atg_executor_local::{LocalExecutor, LocalOptions};
use atg_sdk::{
    ErrorKind, EventKind, Executor as _, ExecutorExt as _, Input, InputContent, JobRequest, Operation, Owner,
    model::operations::rehearsal::{Parameters, Step},
};

use crate::support::{files_below, open, read, until};

fn copy_of(input: &Input, steps: Vec<Step>) -> JobRequest {
    JobRequest::new(Operation::Rehearsal(Parameters {
        input: Some(input.sha256.clone()),
        steps,
        ..Parameters::default()
    }))
}

async fn put_file(executor: &LocalExecutor, path: &Path) -> Input {
    let content = InputContent::File(path.to_owned());
    executor.put_input(&Owner::default(), content).await.unwrap()
}

#[tokio::test]
async fn a_file_is_read_where_it_lies() {
    let place = tempfile::tempdir().unwrap();
    let executor = open(&place.path().join("data"));
    let path = place.path().join("export.jsonl");
    fs::write(&path, "{}\n").unwrap();
    let input = put_file(&executor, &path).await;
    assert_eq!(
        files_below(&place.path().join("data/inputs")),
        0,
        "nothing was copied"
    );
    let job = executor.run(copy_of(&input, vec![])).await.unwrap();
    assert_eq!(read(&executor, job.id, "input").await, b"{}\n");
}

#[tokio::test]
async fn a_job_fails_when_its_input_changes_between_two_attempts() {
    let place = tempfile::tempdir().unwrap();
    let options = LocalOptions::new(place.path().join("data")).with_retry_delay(Duration::from_secs(30));
    let executor = LocalExecutor::open(options).unwrap();
    let path = place.path().join("export.jsonl");
    fs::write(&path, "{}\n").unwrap();
    let input = put_file(&executor, &path).await;
    let again = Step::FailUntil {
        attempt: 2,
        kind: "Unavailable".to_owned(),
    };
    let request = copy_of(&input, vec![again]);
    executor.submit_job(request.clone()).await.unwrap();
    until(&executor, request.id, |kind| {
        matches!(kind, EventKind::AttemptFailed { .. })
    })
    .await;
    fs::write(&path, "[]\n").unwrap();
    tokio::time::pause();
    let error = executor
        .wait(request.id)
        .await
        .unwrap()
        .into_result()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(
        error.message().contains("changed") && error.message().contains("export.jsonl"),
        "{error}"
    );
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_pipe_is_copied() {
    let place = tempfile::tempdir().unwrap();
    let executor = open(&place.path().join("data"));
    let (receiver, mut sender) = std::io::pipe().unwrap();
    std::thread::spawn(move || std::io::Write::write_all(&mut sender, &b"{}\n".repeat(100_000)).unwrap());
    let path = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&receiver));
    let input = put_file(&executor, Path::new(&path)).await;
    assert_eq!(input.size_bytes, 300_000);
    let job = executor.run(copy_of(&input, vec![])).await.unwrap();
    assert_eq!(read(&executor, job.id, "input").await.len(), 300_000);
}

#[tokio::test]
async fn an_input_that_was_deleted_is_not_found() {
    let place = tempfile::tempdir().unwrap();
    let executor = open(&place.path().join("data"));
    let path = place.path().join("export.jsonl");
    fs::write(&path, "{}\n").unwrap();
    let input = put_file(&executor, &path).await;
    fs::remove_file(&path).unwrap();
    let error = executor.run(copy_of(&input, vec![])).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}
