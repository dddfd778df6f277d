//! Jobs of one process.

use atg_sdk::{Completeness, Executor as _, ExecutorExt as _, JobStatus};
use futures::TryStreamExt as _;

use crate::support::{artifact, open, progress, rehearse};

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
    assert!(job.expires_at.is_some());
    let stream = executor.read_artifact(job.id, "a/b.txt", None).await.unwrap();
    let bytes: Vec<_> = stream.bytes.try_collect().await.unwrap();
    assert_eq!(bytes.concat(), b"hello");
}
