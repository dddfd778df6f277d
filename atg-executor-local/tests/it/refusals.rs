//! Directories that will not do.

use std::{fs, path::Path};

use atg_executor_local::{GraphLocation, LocalExecutor, LocalOptions};
use atg_sdk::{ErrorKind, Executor as _, ExecutorExt as _, HealthState};
use rusqlite::Connection;

use crate::support::{open, rehearse};

fn mounted(at: &Path, kind: &str) -> String {
    let at = fs::canonicalize(at).unwrap();
    format!(
        "22 1 254:0 / / rw - ext4 /dev/vda rw\n36 22 0:40 / {} rw - {kind} server:/x rw\n",
        at.display()
    )
}

#[test]
fn a_network_file_system_is_refused_before_anything_is_written() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("share");
    fs::create_dir(&data).unwrap();
    let table = place.path().join("mountinfo");
    for kind in ["nfs", "nfs4", "cifs", "smb3"] {
        fs::write(&table, mounted(&data, kind)).unwrap();
        let error = LocalExecutor::open(LocalOptions::new(&data).with_mount_table(&table)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.message().contains("ATG_DATA_DIR"), "{error}");
        assert_eq!(fs::read_dir(&data).unwrap().count(), 0);
    }
    fs::write(&table, mounted(&data, "xfs")).unwrap();
    LocalExecutor::open(LocalOptions::new(&data).with_mount_table(&table)).unwrap();
}

#[tokio::test]
async fn a_graph_on_a_network_file_system_is_refused() {
    let place = tempfile::tempdir().unwrap();
    let share = place.path().join("share");
    fs::create_dir(&share).unwrap();
    let table = place.path().join("mountinfo");
    fs::write(&table, mounted(&share, "nfs4")).unwrap();
    let options = LocalOptions::new(place.path().join("data"))
        .with_graph(GraphLocation::Sqlite(share.join("graph.db")))
        .with_mount_table(&table);
    let executor = LocalExecutor::open(options).unwrap();
    let error = executor.graph().graph_id().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.message().contains("nfs4"), "{error}");
    assert_eq!(fs::read_dir(&share).unwrap().count(), 0);
}

#[tokio::test]
async fn history_of_a_newer_version_is_refused_and_left_as_it_is() {
    let place = tempfile::tempdir().unwrap();
    let executor = open(place.path());
    executor.run(rehearse(vec![])).await.unwrap();
    drop(executor);
    let path = place.path().join("jobs.db");
    let connection = Connection::open(&path).unwrap();
    connection.pragma_update(None, "user_version", 1_000).unwrap();
    drop(connection);
    let before = fs::read(&path).unwrap();

    let error = LocalExecutor::open(LocalOptions::new(place.path())).unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(
        error.message().contains("newer") && error.message().contains("ATG_DATA_DIR"),
        "{error}"
    );
    assert!(fs::read(&path).unwrap() == before, "the file was changed");
}

#[tokio::test]
async fn history_of_a_newer_version_that_is_still_open_is_refused() {
    let place = tempfile::tempdir().unwrap();
    drop(open(place.path()));
    let path = place.path().join("jobs.db");
    // The other version runs: what it wrote is in the write-ahead log only.
    let newer = Connection::open(&path).unwrap();
    newer.pragma_update(None, "wal_autocheckpoint", 0).unwrap();
    newer.pragma_update(None, "user_version", 1_000).unwrap();
    let before = fs::read(&path).unwrap();
    let error = LocalExecutor::open(LocalOptions::new(place.path())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(fs::read(&path).unwrap() == before, "the file was changed");
}

#[tokio::test]
async fn a_part_that_is_broken_shows_in_the_health() {
    let place = tempfile::tempdir().unwrap();
    let executor = open(place.path());
    fs::remove_dir(place.path().join("artifacts")).unwrap();
    fs::write(place.path().join("artifacts"), "in the way").unwrap();
    let health = executor.health().await.unwrap();
    assert_eq!(health.status, HealthState::Unhealthy);
    assert_eq!(health.parts["artifacts"].state, HealthState::Unhealthy);
    assert_eq!(health.parts["jobs"].state, HealthState::Healthy);
}
