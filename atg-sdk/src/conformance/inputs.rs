//! Files that go into jobs.

use std::sync::Arc;

use bytes::Bytes;
use futures::{StreamExt, stream};
use sha2::{Digest, Sha256};

use super::{
    Fixture,
    support::{Directory, Shared, ended, ok, read, refused, somebody_else, submit},
};
use crate::{
    Error, ErrorKind, Input, InputContent, InputDigest, JobRequest, JobStatus, Operation, Owner,
    model::operations::rehearsal::Parameters,
};

fn digest(content: &[u8]) -> InputDigest {
    InputDigest::from_bytes(Sha256::digest(content).into())
}

fn copy_of(input: &InputDigest) -> JobRequest {
    JobRequest::new(Operation::Rehearsal(Parameters {
        input: Some(input.clone()),
        ..Parameters::default()
    }))
}

async fn put(executor: &Shared, content: InputContent) -> Input {
    ok(
        executor.put_input(&Owner::default(), content).await,
        "put an input",
    )
}

async fn put_bytes(executor: &Shared, content: &[u8]) -> Input {
    put(executor, InputContent::Bytes(Bytes::copy_from_slice(content))).await
}

async fn content_as_a_job_sees_it(executor: &Shared, input: &Input) -> Vec<u8> {
    let request = copy_of(&input.sha256);
    submit(executor, &request).await;
    let job = ended(executor, request.id).await;
    assert_eq!(job.status, JobStatus::Completed, "{job:?}");
    read(executor, request.id, "input").await
}

/// Bytes are known by their SHA-256 and reach the operation unchanged, also many of them.
pub async fn bytes_become_an_input_named_by_their_digest(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(1).await;
    let large: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
    for content in [&b"{\"id\":\"/subscriptions/\xc3\xa9\"}\n"[..], &large] {
        let input = put_bytes(&executor, content).await;
        assert_eq!(input.sha256, digest(content));
        assert_eq!(input.size_bytes, content.len() as u64);
        assert!(
            content_as_a_job_sees_it(&executor, &input).await == content,
            "the content changed"
        );
    }
}

/// A file of the caller's machine is an input like any other.
pub async fn a_file_becomes_an_input(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(1).await;
    let directory = Directory::new();
    let path = directory.write("my export (1) é.jsonl", b"one\ntwo\n");
    let input = put(&executor, InputContent::File(path)).await;
    assert_eq!(
        (input.sha256.clone(), input.size_bytes),
        (digest(b"one\ntwo\n"), 8)
    );
    assert_eq!(content_as_a_job_sees_it(&executor, &input).await, b"one\ntwo\n");
}

/// Putting is idempotent, and it does not matter whether content came as a file or as bytes.
pub async fn the_same_content_twice_is_one_input(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(1).await;
    let directory = Directory::new();
    let first = put_bytes(&executor, b"same").await;
    assert_eq!(put_bytes(&executor, b"same").await, first);
    let path = directory.write("same", b"same");
    assert_eq!(put(&executor, InputContent::File(path)).await, first);
    assert_eq!(content_as_a_job_sees_it(&executor, &first).await, b"same");
}

/// Bytes may come as they arrive. What ends with an error was never there.
pub async fn a_stream_becomes_an_input_when_it_ends_well(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(1).await;
    let chunks = || (0..50_u8).map(|n| Ok(Bytes::from(vec![n; 40_000])));
    let content: Vec<u8> = (0..50_u8).flat_map(|n| vec![n; 40_000]).collect();
    let cut = chunks().chain([Err(Error::new(ErrorKind::Timeout, "read from the client"))]);
    let answer = executor
        .put_input(&Owner::default(), InputContent::Stream(stream::iter(cut).boxed()))
        .await;
    refused(answer, &[ErrorKind::Timeout], "putting a stream that broke off");
    let known = InputContent::Known(digest(&content));
    refused(
        executor.put_input(&Owner::default(), known).await,
        &[ErrorKind::NotFound],
        "asking for a stream that broke off",
    );
    let input = put(&executor, InputContent::Stream(stream::iter(chunks()).boxed())).await;
    assert_eq!(
        (input.sha256.clone(), input.size_bytes),
        (digest(&content), 2_000_000)
    );
    assert!(
        content_as_a_job_sees_it(&executor, &input).await == content,
        "the content changed"
    );
}

/// Asking whether an input is there saves sending it, and tells nobody about somebody else's.
pub async fn a_known_input_is_confirmed_and_an_unknown_one_is_not(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(1).await;
    let other = fixture.on_behalf_of(&executor, &somebody_else());
    let asked = || InputContent::Known(digest(b"known"));
    let answer = executor.put_input(&Owner::default(), asked()).await;
    refused(answer, &[ErrorKind::NotFound], "asking for an unknown input");
    let input = put_bytes(&executor, b"known").await;
    assert_eq!(put(&executor, asked()).await, input);
    let answer = other.put_input(&somebody_else(), asked()).await;
    refused(answer, &[ErrorKind::NotFound], "asking for somebody else's input");
}

/// Nothing is content, too.
pub async fn an_empty_input_is_an_input(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(1).await;
    let input = put_bytes(&executor, b"").await;
    assert_eq!((input.sha256.clone(), input.size_bytes), (digest(b""), 0));
    assert_eq!(content_as_a_job_sees_it(&executor, &input).await, b"");
}

/// A job that could never run is not accepted, and leaves no trace.
pub async fn an_unknown_input_is_refused_at_submission(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(1).await;
    let request = copy_of(&digest(b"nobody put this"));
    let answer = executor.submit_job(request.clone()).await;
    refused(answer, &[ErrorKind::NotFound], "a job with an unknown input");
    refused(
        executor.get_job(request.id).await,
        &[ErrorKind::NotFound],
        "getting the refused job",
    );
}

/// The caller learns at once that there is no such file.
pub async fn a_missing_file_is_not_found(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(1).await;
    let directory = Directory::new();
    let missing = InputContent::File(directory.path().join("missing.jsonl"));
    let answer = executor.put_input(&Owner::default(), missing).await;
    refused(answer, &[ErrorKind::NotFound], "putting a missing file");
}

/// What has no bytes of its own is refused in words.
pub async fn a_directory_is_not_an_input(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(1).await;
    let directory = Directory::new();
    let answer = executor
        .put_input(&Owner::default(), InputContent::File(directory.path().to_owned()))
        .await;
    refused(answer, &[ErrorKind::InvalidArgument], "putting a directory");
}

/// Knowing a digest gives nobody a right to the content.
pub async fn an_input_of_another_owner_is_unknown(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(1).await;
    let input = put_bytes(&executor, b"mine").await;
    let other = fixture.on_behalf_of(&executor, &somebody_else());
    let request = copy_of(&input.sha256).with_owner(somebody_else());
    let answer = other.submit_job(request).await;
    refused(answer, &[ErrorKind::NotFound], "a job with somebody else's input");
    assert_eq!(content_as_a_job_sees_it(&executor, &input).await, b"mine");
}

/// A digest is a promise: a job reads the bytes that were put, or fails.
pub async fn a_file_that_changed_is_never_read_as_it_is_now(fixture: Arc<dyn Fixture>) {
    let executor = fixture.executor(1).await;
    let directory = Directory::new();
    // Once of the same length, so that looking at the size is not enough.
    for (name, changed) in [
        ("same length", &b"CONTENT"[..]),
        ("longer", b"content and more"),
        ("shorter", b"c"),
    ] {
        let path = directory.write(name, b"content");
        let input = put(&executor, InputContent::File(path)).await;
        directory.write(name, changed);
        let request = copy_of(&input.sha256);
        if !fixture.copies_inputs() {
            // An executor may notice when it accepts the job, or when the job reads.
            match executor.submit_job(request.clone()).await {
                Err(error) => assert_ne!(error.kind(), ErrorKind::Internal, "{error:?}"),
                Ok(_) => {
                    let job = ended(&executor, request.id).await;
                    assert_eq!(job.status, JobStatus::Failed, "{name}: {job:?}");
                    let kind = job.error.map(|error| error.kind());
                    assert_ne!(
                        kind,
                        Some(ErrorKind::Internal),
                        "{name}: a changed file is not our bug"
                    );
                }
            }
        } else {
            assert_eq!(content_as_a_job_sees_it(&executor, &input).await, b"content");
        }
    }
}
