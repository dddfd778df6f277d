//! `queue.db`: opening it, and transactions that several processes share.

use std::{
    fs::{File, OpenOptions},
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use atg_sdk::{Error, ErrorKind, Result};
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use uuid::Uuid;

/// The version of the schema that this build reads and writes.
const VERSION: u32 = 2;
/// What makes each version of the one before; the first of nothing. None is edited once it is published.
const STEPS: [&str; VERSION as usize] = [include_str!("schema.sql"), include_str!("schema-2.sql")];
/// `ATGq`, so that no other database is mistaken for ours.
const APPLICATION_ID: u32 = 0x4154_4771;
/// How long to wait for another process; none holds the lock for more than a fraction of a second.
const BUSY: Duration = Duration::from_secs(30);
/// Readers do not wait for writers, nor, with some connections, for each other.
const READERS: usize = 4;

/// What a transaction may fail with: the database, or a rule.
#[derive(Debug)]
pub(super) enum Fault {
    Database(rusqlite::Error),
    Rule(Error),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Rule(error)
    }
}

/// The open database. Calls on it block.
#[derive(Debug)]
pub(super) struct Database {
    path: PathBuf,
    writer: Mutex<Connection>,
    readers: Vec<Mutex<Connection>>,
}

impl Database {
    /// Opens the file, making it where it is missing.
    ///
    /// # Errors
    /// `Unsupported` for a file of a newer version, `Conflict` for a database of something else.
    pub(super) fn open(path: &Path) -> Result<Self> {
        create(path)?;
        let readers = (0..READERS).map(|_| connect(path).map(Mutex::new));
        Ok(Self {
            path: path.to_owned(),
            writer: Mutex::new(connect(path)?),
            readers: readers.collect::<Result<_>>()?,
        })
    }

    /// Runs a write transaction. It has the only write lock of all processes, so it must be short.
    pub(super) fn write<T>(
        &self,
        doing: &str,
        work: impl FnOnce(&Transaction<'_>) -> std::result::Result<T, Fault>,
    ) -> Result<T> {
        let mut connection = lock(&self.writer);
        let run = || {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let value = work(&transaction)?;
            transaction.commit()?;
            Ok(value)
        };
        run().map_err(|fault| self.error(doing, fault))
    }

    /// Runs a read transaction, which sees one state throughout.
    pub(super) fn read<T>(
        &self,
        doing: &str,
        work: impl FnOnce(&Transaction<'_>) -> std::result::Result<T, Fault>,
    ) -> Result<T> {
        let mut connection = self.reader();
        let run = || {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Deferred)?;
            work(&transaction)
        };
        run().map_err(|fault| self.error(doing, fault))
    }

    /// A connection of one's own, for looking at what others commit.
    pub(super) fn connect(&self) -> Result<Connection> {
        connect(&self.path)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn error(&self, doing: &str, fault: Fault) -> Error {
        match fault {
            Fault::Database(error) => sqlite_error(doing, &self.path, error),
            Fault::Rule(error) => error,
        }
    }

    /// One that nobody uses, or else the one that this thread would always wait for.
    fn reader(&self) -> MutexGuard<'_, Connection> {
        let free = self.readers.iter().find_map(|reader| reader.try_lock().ok());
        free.unwrap_or_else(|| lock(&self.readers[any_number() % self.readers.len()]))
    }
}

/// Spreads threads over connections.
fn any_number() -> usize {
    use std::hash::{BuildHasher as _, RandomState};
    usize::try_from(RandomState::new().hash_one(0) >> 33).unwrap_or_default()
}

fn lock(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs blocking work off the async threads.
pub(super) async fn blocking<S: Send + Sync + 'static, T: Send + 'static>(
    shared: &Arc<S>,
    work: impl FnOnce(&S) -> Result<T> + Send + 'static,
) -> Result<T> {
    let shared = Arc::clone(shared);
    tokio::task::spawn_blocking(move || work(&shared))
        .await
        .map_err(|error| Error::internal("finish a call on the queue").with_source(error))?
}

/// A file that only its user may read.
fn private_file() -> OpenOptions {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "only Unix has modes"))]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes the tables, or of an older version those of this one. One process at a time: switching a database to a write-ahead log does not wait for others.
fn create(path: &Path) -> Result<()> {
    let lock_path = path.with_extension("setup");
    let open = |path: &Path| -> io::Result<File> {
        private_file().write(true).create(true).truncate(false).open(path)
    };
    let lock = open(&lock_path)
        .and_then(|file| file.lock().map(|()| file))
        .map_err(|error| io_error("set up the queue", &lock_path, error))?;
    open(path).map_err(|error| io_error("set up the queue", path, error))?;
    let made = create_alone(path);
    drop(lock);
    made
}

fn create_alone(path: &Path) -> Result<()> {
    let make = || {
        let mut connection = Connection::open_with_flags(path, flags())?;
        connection.busy_timeout(BUSY)?;
        let version: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if version > 0 {
            check(&connection, path)?;
            if version == VERSION {
                return Ok(());
            }
        }
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let tables: u32 =
            transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        if version == 0 && tables > 0 {
            return Err(Fault::Rule(foreign(path)));
        }
        for step in STEPS.iter().skip(version as usize) {
            transaction.execute_batch(step)?;
        }
        transaction.execute(
            "INSERT OR IGNORE INTO meta VALUES ('queue_id', ?)",
            [Uuid::now_v7().to_string()],
        )?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
        transaction.commit()?;
        Ok(())
    };
    make().map_err(|fault| match fault {
        Fault::Database(error) => sqlite_error("set up the queue", path, error),
        Fault::Rule(error) => error,
    })
}

fn connect(path: &Path) -> Result<Connection> {
    let open = || {
        let connection = Connection::open_with_flags(path, flags())?;
        connection.busy_timeout(BUSY)?;
        check(&connection, path)?;
        // What was acknowledged survives the power as well.
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(connection)
    };
    open().map_err(|fault| match fault {
        Fault::Database(error) => sqlite_error("open the queue", path, error),
        Fault::Rule(error) => error,
    })
}

fn check(connection: &Connection, path: &Path) -> std::result::Result<(), Fault> {
    let version: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let application: u32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if application != APPLICATION_ID {
        return Err(foreign(path).into());
    }
    if version > VERSION {
        return Err(Error::new(
            ErrorKind::Unsupported,
            format!(
                "open the queue {}: a newer atg-server wrote it (version {version}, this one knows {VERSION}): install \
                 that version, or choose another directory with ATG_DATA_DIR",
                path.display()
            ),
        )
        .into());
    }
    Ok(())
}

fn foreign(path: &Path) -> Error {
    Error::conflict(format!(
        "open the queue {}: it is a database of something else: choose another directory with ATG_DATA_DIR",
        path.display()
    ))
}

fn flags() -> OpenFlags {
    // No shared cache, no URIs: the path is taken as it is. Each connection is behind a mutex of ours.
    OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

fn io_error(doing: &str, path: &Path, error: io::Error) -> Error {
    let place = path.display();
    let (kind, advice) = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => (
            ErrorKind::Unavailable,
            "the disk that holds it is full: free some space",
        ),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => (
            ErrorKind::PermissionDenied,
            "this user may not write there: correct its permissions, or choose another with ATG_DATA_DIR",
        ),
        io::ErrorKind::NotFound => (
            ErrorKind::NotFound,
            "its directory is not there: make it, or choose another with ATG_DATA_DIR",
        ),
        _ => (
            ErrorKind::Internal,
            "it cannot be used: choose another directory with ATG_DATA_DIR",
        ),
    };
    Error::new(kind, format!("{doing} {place}: {advice}")).with_source(error)
}

fn sqlite_error(doing: &str, path: &Path, error: rusqlite::Error) -> Error {
    use rusqlite::ErrorCode;

    let (kind, advice) = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => (
            ErrorKind::Unavailable,
            "the disk that holds it is full: free some space",
        ),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => (
            ErrorKind::Unavailable,
            "another process used it for 30 seconds: try again later",
        ),
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => (
            ErrorKind::PermissionDenied,
            "it cannot be opened for writing: correct the permissions of it and of its directory",
        ),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => (
            ErrorKind::Internal,
            "it is damaged or not a database of atg: move it away, and a new one is made",
        ),
        _ => (ErrorKind::Internal, "it did not answer as expected"),
    };
    Error::new(kind, format!("{doing}: {}: {advice}", path.display())).with_source(error)
}
