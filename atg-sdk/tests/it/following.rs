//! What follows from the trait's methods, over executors that are not at their best.

use std::{fs, path::Path, sync::Arc};

use async_trait::async_trait;
use atg_sdk::{
    ArtifactStream, ByteRange, Error, ErrorKind, Executor, ExecutorExt, Health, Input, InputContent, Job,
    JobEvent, JobFilter, JobId, JobRequest, JobStatus, Operation, Owner, Result,
    model::operations::rehearsal::{Parameters, Step},
};
use bytes::Bytes;
use futures::{FutureExt, StreamExt, stream, stream::BoxStream};

use crate::{
    faulty::{Fault, Faulty},
    reference::Reference,
};

fn script(steps: Vec<Step>) -> JobRequest {
    JobRequest::new(Operation::Rehearsal(Parameters {
        steps,
        ..Parameters::default()
    }))
}

fn file(name: &str, text: &str) -> Step {
    Step::Artifact {
        name: name.to_owned(),
        text: text.to_owned(),
        repeat: 1,
    }
}

/// What arrives when an artifact is read.
#[derive(Debug, Clone, Copy)]
enum Delivery {
    OtherBytes,
    FewerBytes,
    AnErrorInTheMiddle,
    NothingAfterTheFirstChunk,
}

/// An executor behind a bad line. It also says that the first artifact has another name.
#[derive(Debug)]
struct BadLine {
    inner: Arc<Reference>,
    delivery: Delivery,
    rename: Option<&'static str>,
}

#[async_trait]
impl Executor for BadLine {
    async fn put_input(&self, owner: &Owner, content: InputContent) -> Result<Input> {
        self.inner.put_input(owner, content).await
    }

    async fn submit_job(&self, request: JobRequest) -> Result<Job> {
        self.inner.submit_job(request).await
    }

    async fn get_job(&self, id: JobId) -> Result<Job> {
        let mut job = self.inner.get_job(id).await?;
        if let (Some(name), Some(artifact)) = (self.rename, job.artifacts.last_mut()) {
            artifact.name = name.to_owned();
        }
        Ok(job)
    }

    fn list_jobs(&self, filter: JobFilter) -> BoxStream<'static, Result<Job>> {
        self.inner.list_jobs(filter)
    }

    /// Never says a word.
    fn watch_job(&self, _: JobId, _: Option<u64>) -> BoxStream<'static, Result<JobEvent>> {
        stream::empty().boxed()
    }

    async fn cancel_job(&self, id: JobId) -> Result<Job> {
        self.inner.cancel_job(id).await
    }

    async fn delete_job(&self, id: JobId) -> Result<()> {
        self.inner.delete_job(id).await
    }

    async fn read_artifact(&self, id: JobId, name: &str, range: Option<ByteRange>) -> Result<ArtifactStream> {
        let mut opened = self.inner.read_artifact(id, name, range).await?;
        let first = || stream::iter([Ok(Bytes::from_static(b"con"))]);
        opened.bytes = match self.delivery {
            Delivery::OtherBytes => stream::iter([Ok(Bytes::from_static(b"CONTENT"))]).boxed(),
            Delivery::FewerBytes => first().boxed(),
            Delivery::AnErrorInTheMiddle => first()
                .chain(stream::iter([Err(Error::new(ErrorKind::Timeout, "read on"))]))
                .boxed(),
            Delivery::NothingAfterTheFirstChunk => first().chain(stream::pending()).boxed(),
        };
        Ok(opened)
    }

    async fn health(&self) -> Result<Health> {
        self.inner.health().await
    }
}

async fn behind_a_bad_line(delivery: Delivery, rename: Option<&'static str>) -> (BadLine, JobId) {
    let inner = Arc::new(Reference::new(1, 1));
    let job = inner.run(script(vec![file("a", "content")])).await.unwrap();
    (
        BadLine {
            inner,
            delivery,
            rename,
        },
        job.id,
    )
}

fn files(directory: &Path) -> usize {
    fs::read_dir(directory).map_or(0, Iterator::count)
}

#[tokio::test]
async fn bytes_that_do_not_match_the_digest_leave_no_file() {
    let cases = [
        (Delivery::OtherBytes, ErrorKind::Unavailable),
        (Delivery::FewerBytes, ErrorKind::Unavailable),
        (Delivery::AnErrorInTheMiddle, ErrorKind::Timeout),
    ];
    for (delivery, kind) in cases {
        let (executor, id) = behind_a_bad_line(delivery, None).await;
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("a"), "an older download").unwrap();
        let error = executor
            .download_artifacts(id, directory.path())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), kind, "{delivery:?}");
        assert!(error.is_retryable());
        assert_eq!(
            fs::read_to_string(directory.path().join("a")).unwrap(),
            "an older download"
        );
        assert_eq!(files(directory.path()), 1, "{delivery:?} left something behind");
    }
}

#[tokio::test]
async fn a_download_that_is_given_up_leaves_no_file() {
    let (executor, id) = behind_a_bad_line(Delivery::NothingAfterTheFirstChunk, None).await;
    let directory = tempfile::tempdir().unwrap();
    let mut download = executor.download_artifacts(id, directory.path());
    assert!((&mut download).now_or_never().is_none());
    assert_eq!(files(directory.path()), 1, "it had begun");
    drop(download);
    assert_eq!(files(directory.path()), 0);
}

/// An executor on the other side of the network is not trusted with the caller's file system.
#[tokio::test]
async fn a_name_that_leaves_the_directory_is_refused_before_anything_is_written() {
    for name in [
        "../escape",
        "/tmp/escape",
        "a/../../escape",
        "",
        "a//b",
        "..",
        "a\\..\\..\\b",
        "a\n",
    ] {
        let (executor, id) = behind_a_bad_line(Delivery::OtherBytes, Some(name)).await;
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("target");
        let error = executor.download_artifacts(id, &target).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{name:?}");
        assert_eq!(files(directory.path()), 0, "{name:?}");
    }
}

#[tokio::test]
async fn a_directory_that_cannot_be_made_is_named() {
    let inner = Arc::new(Reference::new(1, 1));
    let job = inner.run(script(vec![file("a/b", "content")])).await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("a"), "a file").unwrap();
    let error = inner
        .download_artifacts(job.id, directory.path())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}");
    assert!(error.message().contains("a/b"), "{error}");
}

/// A connection that breaks off is taken up where it broke; one that says nothing is not asked for ever.
#[tokio::test]
async fn waiting_survives_a_watch_that_ends_early() {
    let executor: Arc<dyn Executor> = Arc::new(Faulty {
        inner: Arc::new(Reference::new(1, 1)),
        fault: Fault::EndsWatchesEarly,
    });
    let warnings = (0..9).map(|n| Step::Warn {
        message: n.to_string(),
    });
    let job = executor.run(script(warnings.collect())).await.unwrap();
    assert_eq!(job.status, JobStatus::Completed);

    let (executor, _) = behind_a_bad_line(Delivery::OtherBytes, None).await;
    let hanging = script(vec![Step::Hang]);
    executor.submit_job(hanging.clone()).await.unwrap();
    let error = executor.wait(hanging.id).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(
        !executor.get_job(hanging.id).await.unwrap().status.has_ended(),
        "giving up does not cancel"
    );
}

#[tokio::test]
async fn a_handle_works_on_any_executor() {
    let typed = Arc::new(Reference::new(1, 1));
    let poller = typed.begin(script(vec![])).await.unwrap();
    let same = poller.clone();
    assert_eq!(poller.await.unwrap().status, JobStatus::Completed);
    assert_eq!(same.events().count().await, 3);
    assert_eq!(same.events_after(Some(2)).count().await, 1);
    assert!(format!("{same:?}").contains(&same.id().to_string()));

    let erased: Arc<dyn Executor> = typed;
    let failing = script(vec![Step::Fail {
        kind: "Gone".to_owned(),
        message: "find it".to_owned(),
    }]);
    let poller = erased.begin(failing).await.unwrap();
    assert_eq!(poller.wait().await.unwrap().status, JobStatus::Failed);
    assert_eq!(poller.await.unwrap_err().kind(), ErrorKind::Gone);

    let hanging = erased.begin(script(vec![Step::Hang])).await.unwrap();
    let error = hanging.job().await.unwrap().into_result().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "it has no result yet");
    hanging.cancel().await.unwrap();
    assert_eq!(hanging.await.unwrap_err().kind(), ErrorKind::Cancelled);
}
