//! Opening the one file: made if absent, known by its header, refused when it is somebody else's or newer.

use std::{
    fs,
    io::{ErrorKind as IoKind, Read},
    path::Path,
    thread,
    time::Duration,
};

use atg_sdk::{Error, ErrorKind, Result};
use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior, config::DbConfig};
use uuid::Uuid;

use super::failure::Sql;

/// `ATGg`, so that `file` and we know the file from other SQLite databases.
pub(super) const APPLICATION_ID: u32 = 0x4154_4767;

/// The version that [`STEPS`] end at.
pub(super) const SCHEMA_VERSION: u32 = 4;

/// What each version adds to the one before it. A new file takes all of them, an old one those that it lacks, so both are
/// the same.
const STEPS: [&str; 4] = [
    include_str!("schema.sql"),
    include_str!("schema_2.sql"),
    include_str!("schema_3.sql"),
    include_str!("schema_4.sql"),
];

/// The mark of a tenant that is being written, or was left so: an answer may mix two states.
pub(crate) const IN_THE_MIDDLE: i64 = 1;

/// The mark of a tenant whose last scan ended, but could not read everything.
pub(super) const MISSES_SOMETHING: i64 = 2;

/// How often a busy database is asked again. SQLite's own waits grow to 100 ms and then miss the short pauses that a
/// writer leaves between its transactions.
const BUSY_STEP: Duration = Duration::from_millis(1);
/// How many times.
const BUSY_STEPS: i32 = 30_000;

/// Makes the file if there is none, brings an older one up to this version, and refuses a newer one.
pub(super) fn prepare(path: &Path) -> Result<()> {
    match header(path)? {
        Header::Absent => create(path),
        Header::Graph(version) => check_version(path, version),
        Header::Foreign => Err(Error::new(
            ErrorKind::Conflict,
            format!(
                "open the graph: {} is not a graph of ATG and was left as it is: name another file",
                path.display()
            ),
        )),
    }?;
    // While a newer ATG runs, the header's last change may still be in the write-ahead log.
    let mut db = writer(path)?;
    let version = version(&db)?;
    check_version(path, version)?;
    if version < SCHEMA_VERSION {
        migrate(path, &mut db)?;
    }
    Ok(())
}

fn version(db: &Connection) -> Result<u32> {
    db.pragma_query_value(None, "user_version", |row| row.get(0))
        .during("open the graph")
}

/// Takes the missing steps in one transaction. Who comes second finds everything done.
fn migrate(path: &Path, db: &mut Connection) -> Result<()> {
    let doing = "bring the graph up to this version";
    let transaction = db
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .during(doing)?;
    let version = version(&transaction)?;
    check_version(path, version)?;
    for step in STEPS.iter().skip(usize::try_from(version).unwrap_or(usize::MAX)) {
        transaction.execute_batch(step).during(doing)?;
    }
    transaction
        .pragma_update(None, "user_version", SCHEMA_VERSION)
        .during(doing)?;
    transaction.commit().during(doing)
}

/// A connection that may write.
pub(super) fn writer(path: &Path) -> Result<Connection> {
    let db = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    db.execute_batch(
        "PRAGMA synchronous = NORMAL;
         PRAGMA wal_autocheckpoint = 4000;
         PRAGMA journal_size_limit = 67108864;
         PRAGMA cache_size = -65536;
         PRAGMA temp_store = FILE;",
    )
    .during("open the graph")?;
    Ok(db)
}

/// A connection that only reads.
pub(super) fn reader(path: &Path) -> Result<Connection> {
    // The file is opened for writing all the same: the reader that comes first after a crash has to replay the log.
    let db = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    db.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -32768; PRAGMA temp_store = FILE;")
        .during("open the graph")?;
    Ok(db)
}

fn connect(path: &Path, access: OpenFlags) -> Result<Connection> {
    let mut db = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .during("open the graph")?;
    db.busy_handler(Some(|waits| {
        thread::sleep(BUSY_STEP);
        waits < BUSY_STEPS
    }))
    .during("open the graph")?;
    db.set_prepared_statement_cache_capacity(64);
    // Where there are partial indexes, SQLite otherwise plans every statement anew for every value that is bound to it: in
    // case the value allows one of them. That took more time than the work itself.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
        .during("open the graph")?;
    Ok(db)
}

enum Header {
    Absent,
    Graph(u32),
    Foreign,
}

/// Reads the first hundred bytes (<https://sqlite.org/fileformat.html>) without SQLite, which could not look at a file
/// without leaving its side files beside it.
fn header(path: &Path) -> Result<Header> {
    let failed = |error: std::io::Error| {
        Error::new(
            ErrorKind::PermissionDenied,
            format!(
                "open the graph {}: see whether it is a file that you may read",
                path.display()
            ),
        )
        .with_source(error)
    };
    let mut bytes = [0; 100];
    let mut file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == IoKind::NotFound => return Ok(Header::Absent),
        Err(error) => return Err(failed(error)),
    };
    if file.metadata().map_err(failed)?.len() == 0 {
        return Ok(Header::Absent);
    }
    match file.read_exact(&mut bytes) {
        Ok(()) => {}
        Err(error) if error.kind() == IoKind::UnexpectedEof => return Ok(Header::Foreign),
        Err(error) => return Err(failed(error)),
    }
    let number = |at: usize| u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    if bytes.starts_with(b"SQLite format 3\0") && number(68) == APPLICATION_ID {
        Ok(Header::Graph(number(60)))
    } else {
        Ok(Header::Foreign)
    }
}

fn check_version(path: &Path, version: u32) -> Result<()> {
    if (1..=SCHEMA_VERSION).contains(&version) {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Unsupported,
        format!(
            "open the graph: {} was written by a newer ATG (schema {version}, this one knows {SCHEMA_VERSION}) and was \
             left as it is: use that version, or name another file",
            path.display()
        ),
    ))
}

fn create(path: &Path) -> Result<()> {
    match create_private(path) {
        // Somebody else is making it, or left it empty.
        Err(error) if error.kind() == ErrorKind::Conflict => {}
        result => result?,
    }
    let mut db = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let doing = "create the graph";
    // Version and schema go in before the change to WAL, so that the header of the file itself always tells them. Who
    // comes second waits here, and finds everything done.
    let transaction = db
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .during(doing)?;
    let made: Option<String> = transaction
        .query_row("SELECT name FROM sqlite_schema WHERE name = 'meta'", [], |row| {
            row.get(0)
        })
        .optional()
        .during(doing)?;
    if made.is_none() {
        for step in STEPS {
            transaction.execute_batch(step).during(doing)?;
        }
        transaction
            .execute(
                "INSERT INTO meta VALUES ('graph_id', ?1)",
                [Uuid::now_v7().to_string()],
            )
            .during(doing)?;
        transaction
            .pragma_update(None, "application_id", APPLICATION_ID)
            .during(doing)?;
        transaction
            .pragma_update(None, "user_version", SCHEMA_VERSION)
            .during(doing)?;
    }
    transaction.commit().during(doing)?;
    switch_to_wal(&db).during(doing)
}

/// Waits for others, as SQLite itself does everywhere but here. Who comes second finds it done.
fn switch_to_wal(db: &Connection) -> rusqlite::Result<()> {
    let mut waits = 0;
    loop {
        match db.pragma_update(None, "journal_mode", "WAL") {
            Err(error)
                if waits < BUSY_STEPS
                    && error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy) =>
            {
                thread::sleep(BUSY_STEP);
                waits += 1;
            }
            done => return done,
        }
    }
}

/// Makes an empty file that only its owner may read; `Conflict` when it exists. SQLite gives its side files the mode of
/// the main one.
pub(super) fn create_private(path: &Path) -> Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == IoKind::AlreadyExists => Err(Error::new(
            ErrorKind::Conflict,
            format!("create {}: it exists already", path.display()),
        )),
        Err(error) if error.kind() == IoKind::NotFound => Err(Error::not_found(format!(
            "create {}: its directory does not exist, create it first",
            path.display()
        ))
        .with_source(error)),
        Err(error) => Err(Error::new(
            ErrorKind::PermissionDenied,
            format!(
                "create the graph {}: see whether you may write there",
                path.display()
            ),
        )
        .with_source(error)),
    }
}
