//! The file, and what is refused.

use std::{fs, path::Path, thread};

use atg_sdk::ErrorKind;
use rusqlite::Connection;
use tempfile::TempDir;

use super::make_with;
use crate::graph::embedded::{EmbeddedStore, Options, file};

fn refused(path: &Path) -> atg_sdk::Error {
    let before = fs::read(path).unwrap();
    let error = EmbeddedStore::open(path, Options::default()).unwrap_err();
    assert_eq!(fs::read(path).unwrap(), before, "it is left as it is");
    let beside = fs::read_dir(path.parent().unwrap()).unwrap().count();
    assert_eq!(beside, 1, "nothing is left beside it");
    error
}

#[test]
fn a_newer_graph_is_refused_untouched() {
    let made = make_with(Options::default());
    let path = made.store.path();
    let db = file::writer(path).unwrap();
    db.pragma_update(None, "user_version", file::SCHEMA_VERSION + 1)
        .unwrap();
    // Once while the change is only in the write-ahead log, once when it is in the file.
    let error = EmbeddedStore::open(path, Options::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    db.pragma_update(None, "journal_mode", "DELETE").unwrap();
    drop(db);
    let error = refused(path);
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.message().contains("newer ATG"), "{error}");
}

#[test]
fn what_is_no_graph_is_refused_untouched() {
    for content in [&b"hello"[..], &[b'x'; 4096][..]] {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("graph.db");
        fs::write(&path, content).unwrap();
        assert_eq!(refused(&path).kind(), ErrorKind::Conflict);
    }
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("graph.db");
    Connection::open(&path)
        .unwrap()
        .execute_batch("CREATE TABLE mine (x)")
        .unwrap();
    assert_eq!(refused(&path).kind(), ErrorKind::Conflict);
}

#[test]
fn absence_is_told_with_the_way_out() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("graph.db");
    let options = Options {
        create: false,
        ..Options::default()
    };
    let error = EmbeddedStore::open(&path, options).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.message().contains("atg scan"), "{error}");
    assert!(!path.exists());
    let error = EmbeddedStore::open(directory.path().join("no/graph.db"), Options::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.message().contains("directory does not exist"), "{error}");
}

#[test]
fn it_is_the_same_graph_when_it_is_opened_again_and_by_many_at_once() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("graph.db");
    let ids: Vec<String> = thread::scope(|scope| {
        let openers: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    EmbeddedStore::open(&path, Options::default())
                        .unwrap()
                        .graph_id()
                        .to_owned()
                })
            })
            .collect();
        openers.into_iter().map(|opener| opener.join().unwrap()).collect()
    });
    assert!(ids.iter().all(|id| *id == ids[0] && !id.is_empty()));
}

#[cfg(unix)]
#[test]
fn only_its_owner_may_read_it() {
    use std::os::unix::fs::PermissionsExt;

    let made = make_with(Options::default());
    let _open = made.store.reader().unwrap();
    for name in ["graph.db", "graph.db-wal", "graph.db-shm"] {
        let mode = fs::metadata(made.directory.path().join(name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn a_reader_changes_nothing() {
    let made = make_with(Options::default());
    let db = made.store.reader().unwrap();
    assert!(db.execute_batch("DELETE FROM meta").is_err());
}

#[test]
fn an_older_graph_is_brought_up_to_this_version() {
    let made = make_with(Options::default());
    let fresh = schema_of(&file::writer(made.store.path()).unwrap());
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("graph.db");
    let db = Connection::open(&path).unwrap();
    db.execute_batch(include_str!("../schema.sql")).unwrap();
    db.execute("INSERT INTO meta VALUES ('graph_id', 'old')", [])
        .unwrap();
    db.pragma_update(None, "application_id", file::APPLICATION_ID)
        .unwrap();
    db.pragma_update(None, "user_version", 1).unwrap();
    db.pragma_update(None, "journal_mode", "WAL").unwrap();
    drop(db);
    let store = EmbeddedStore::open(&path, Options::default()).unwrap();
    assert_eq!(store.graph_id(), "old");
    assert_eq!(schema_of(&file::writer(&path).unwrap()), fresh);
    EmbeddedStore::open(&path, Options::default()).expect("once is enough");
}

/// Everything that a file is made of, and its version.
fn schema_of(db: &Connection) -> (u32, Vec<String>) {
    let version = db
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap();
    let mut statement = db
        .prepare("SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_schema ORDER BY 1")
        .unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    (version, rows.collect::<Result<_, _>>().unwrap())
}
