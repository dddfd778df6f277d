//! A data directory on a disk without room.

use std::{env, fs, path::Path, process::Command};

use atg_sdk::{
    ErrorKind, EventKind, Executor as _, ExecutorExt as _, InputContent, JobStatus, Owner,
    model::operations::rehearsal::Step,
};

use crate::support::{artifact, open, read, rehearse, until};

/// Where the small file system is mounted, for the process that sees it.
const MOUNTED: &str = "ATG_TEST_SMALL_DISK";
const MEGABYTES: u64 = 4;

/// Starts itself again in a mount namespace of its own, where it may mount something.
#[test]
#[ignore = "needs unshare and the right to mount"]
fn a_full_disk_fails_the_job_and_says_what_to_do() {
    if let Some(disk) = env::var_os(MOUNTED) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        return runtime.block_on(on_a_small_disk(Path::new(&disk)));
    }
    let place = tempfile::tempdir().unwrap();
    let status = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c"])
        .arg(format!(
            r#"mount -t tmpfs -o size={MEGABYTES}m tmpfs "${MOUNTED}" && exec "$0" "$@""#
        ))
        .arg(env::current_exe().unwrap())
        .args([
            "--exact",
            "full_disk::a_full_disk_fails_the_job_and_says_what_to_do",
            "--ignored",
        ])
        .env(MOUNTED, place.path())
        .status()
        .unwrap();
    assert!(status.success(), "see above");
}

async fn on_a_small_disk(disk: &Path) {
    let executor = open(disk);
    let before = executor.run(rehearse(vec![artifact("a", "kept")])).await.unwrap();

    // Artifacts: the job fails, its log can still be written, and it is tried again in vain.
    let large = rehearse(vec![Step::Artifact {
        name: "large".to_owned(),
        text: "0123456789abcdef".to_owned(),
        repeat: MEGABYTES * 1024 * 1024 / 16,
    }]);
    executor.submit_job(large.clone()).await.unwrap();
    let job = executor.wait(large.id).await.unwrap();
    assert_eq!((job.status, job.artifacts.len()), (JobStatus::Failed, 0));
    full(&job.error.unwrap());

    // Inputs: nothing half-written stays.
    let bytes = vec![0; usize::try_from(MEGABYTES).unwrap() * 1024 * 1024].into();
    full(
        &executor
            .put_input(&Owner::default(), InputContent::Bytes(bytes))
            .await
            .unwrap_err(),
    );
    assert_eq!(fs::read_dir(disk.join("inputs")).unwrap().count(), 0);

    // The log itself: who submits, and who waits, is told.
    let hanging = rehearse(vec![Step::Hang]);
    executor.submit_job(hanging.clone()).await.unwrap();
    until(&executor, hanging.id, |kind| {
        matches!(kind, EventKind::Started { .. })
    })
    .await;
    let filler = disk.join("filler");
    let _ = fs::write(
        &filler,
        vec![0; usize::try_from(MEGABYTES).unwrap() * 1024 * 1024],
    );
    let mut refusal = None;
    for _ in 0..1000 {
        if let Err(error) = executor.submit_job(rehearse(vec![])).await {
            refusal = Some(error);
            break;
        }
    }
    full(&refusal.expect("a full disk takes no more jobs"));

    // Room again: what was there is there, and work goes on.
    fs::remove_file(&filler).unwrap();
    assert_eq!(read(&executor, before.id, "a").await, b"kept");
    executor.cancel_job(hanging.id).await.unwrap();
    assert_eq!(
        executor.wait(hanging.id).await.unwrap().status,
        JobStatus::Cancelled
    );
    executor.run(rehearse(vec![])).await.unwrap();
}

fn full(error: &atg_sdk::Error) {
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
    assert!(
        error.message().contains("is full") && error.message().contains("ATG_DATA_DIR"),
        "{error:?}"
    );
}
