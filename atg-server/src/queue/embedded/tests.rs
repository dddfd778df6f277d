//! The suite over a file, and what only a file can do.

use std::{path::PathBuf, sync::Arc};

use async_trait::async_trait;
use atg_sdk::{ErrorKind, JobId};
use rusqlite::Connection;

use super::{
    super::{Backend, ManualClock, Policy, SystemClock, suite},
    EmbeddedQueue,
};

mod earlier;
mod recent;

struct File {
    place: tempfile::TempDir,
}

impl File {
    fn new() -> Self {
        Self {
            place: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self) -> PathBuf {
        self.place.path().join("queue.db")
    }

    fn execute(&self, sql: &str, id: JobId) {
        let connection = Connection::open(self.path()).unwrap();
        connection.pragma_update(None, "foreign_keys", true).unwrap();
        assert_eq!(connection.execute(sql, [id.to_string()]).unwrap(), 1);
    }
}

#[async_trait]
impl suite::Fixture for File {
    async fn open(&self, policy: Policy, clock: Arc<ManualClock>) -> Arc<dyn Backend> {
        Arc::new(EmbeddedQueue::open(&self.path(), policy, clock).unwrap())
    }

    async fn lose_lease(&self, id: JobId) {
        self.execute(
            "DELETE FROM lease WHERE job = (SELECT number FROM job WHERE id = ?)",
            id,
        );
    }

    async fn make_newer(&self, id: JobId) {
        self.execute("UPDATE job SET version = version + 1 WHERE id = ?", id);
    }
}

mod of_every_backend {
    crate::queue::suite::queue_suite!(super::File::new());
}

fn open(file: &File) -> atg_sdk::Result<EmbeddedQueue> {
    EmbeddedQueue::open(&file.path(), Policy::default(), Arc::new(SystemClock))
}

#[test]
fn a_newer_file_is_refused() {
    let file = File::new();
    drop(open(&file).unwrap());
    let connection = Connection::open(file.path()).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);
    let error = open(&file).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.message().contains("ATG_DATA_DIR"), "{error}");
}

#[test]
fn a_database_of_something_else_is_refused() {
    let file = File::new();
    Connection::open(file.path())
        .unwrap()
        .execute_batch("CREATE TABLE t (x)")
        .unwrap();
    assert_eq!(open(&file).unwrap_err().kind(), ErrorKind::Conflict);
    std::fs::write(file.path(), [b'x'; 40]).unwrap();
    let error = open(&file).unwrap_err();
    assert!(error.message().contains("move it away"), "{error}");
}

#[cfg(unix)]
#[test]
fn only_its_user_may_read_it() {
    use std::os::unix::fs::PermissionsExt as _;

    let file = File::new();
    let _queue = open(&file).unwrap();
    for entry in std::fs::read_dir(file.place.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(
            entry.metadata().unwrap().permissions().mode() & 0o077,
            0,
            "{entry:?}"
        );
    }
}

/// Every commit waits for the disk, and nothing waits for a reader.
#[test]
fn what_is_acknowledged_is_on_the_disk() {
    let file = File::new();
    let queue = open(&file).unwrap();
    let settings = queue
        .shared
        .database
        .write("test", |transaction| {
            let synchronous: i64 = transaction.pragma_query_value(None, "synchronous", |row| row.get(0))?;
            let journal: String = transaction.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
            Ok((synchronous, journal))
        })
        .unwrap();
    assert_eq!(settings, (2, "wal".to_owned()));
}
