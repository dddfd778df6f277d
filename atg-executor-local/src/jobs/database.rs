//! `jobs.db`: opening it, and transactions that several processes can share.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use atg_sdk::{Error, ErrorKind, Result};
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior, config::DbConfig};

use crate::{
    data_dir::private_file,
    fault::{io_error, sqlite_error},
};

/// The version of the schema that this build reads and writes.
const VERSION: u32 = 3;
/// What makes each version of the one before; the first of nothing. None is edited once it is published.
const STEPS: [&str; VERSION as usize] = [
    include_str!("schema.sql"),
    include_str!("schema-2.sql"),
    include_str!("schema-3.sql"),
];
/// `ATGj`, so that no other database is mistaken for ours.
const APPLICATION_ID: u32 = 0x4154_476a;
/// How long to wait for another process; it holds the lock for 250 ms at most.
const BUSY: Duration = Duration::from_secs(30);

/// What a transaction may fail with: the database, or a rule.
#[derive(Debug)]
pub(crate) enum Fault {
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
pub(crate) struct Database {
    path: PathBuf,
    writer: Mutex<Connection>,
    /// Readers of a write-ahead log do not wait for writers, so they have a connection of their own.
    reader: OnceLock<Mutex<Connection>>,
}

impl Database {
    /// Opens the file, making it where it is missing.
    ///
    /// # Errors
    /// `Unsupported` for a file of a newer version, which is not touched.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        // The header tells the version before SQLite has had a chance to recover or checkpoint anything.
        if header_version(path)?.is_none_or(|version| version < VERSION) {
            create(path)?;
        }
        let connection = connect(path)?;
        Ok(Self {
            path: path.to_owned(),
            writer: Mutex::new(connection),
            reader: OnceLock::new(),
        })
    }

    /// Runs a write transaction. It has the only write lock of all processes, so it must be short.
    pub(crate) fn write<T>(
        &self,
        doing: &str,
        work: impl FnOnce(&Transaction<'_>) -> std::result::Result<T, Fault>,
    ) -> Result<T> {
        let mut connection = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let run = || {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let value = work(&transaction)?;
            transaction.commit()?;
            Ok(value)
        };
        run().map_err(|fault| self.error(doing, fault))
    }

    /// Runs a read transaction, which sees one state throughout.
    pub(crate) fn read<T>(
        &self,
        doing: &str,
        work: impl FnOnce(&Transaction<'_>) -> std::result::Result<T, Fault>,
    ) -> Result<T> {
        let mut connection = self.reader()?.lock().unwrap_or_else(PoisonError::into_inner);
        let run = || {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Deferred)?;
            work(&transaction)
        };
        run().map_err(|fault| self.error(doing, fault))
    }

    /// A number that differs from the last one when anybody, here or in another process, committed in between.
    pub(crate) fn data_version(&self) -> Result<i64> {
        let connection = self.reader()?.lock().unwrap_or_else(PoisonError::into_inner);
        connection
            .pragma_query_value(None, "data_version", |row| row.get(0))
            .map_err(|error| self.error("look for changes", error.into()))
    }

    fn reader(&self) -> Result<&Mutex<Connection>> {
        if let Some(reader) = self.reader.get() {
            return Ok(reader);
        }
        let connection = connect(&self.path)?;
        Ok(self.reader.get_or_init(|| Mutex::new(connection)))
    }

    fn error(&self, doing: &str, fault: Fault) -> Error {
        match fault {
            Fault::Database(error) => sqlite_error(doing, &self.path, error),
            Fault::Rule(error) => error,
        }
    }
}

/// Runs blocking work on a store off the async threads.
pub(crate) async fn blocking<S: Send + Sync + 'static, T: Send + 'static>(
    store: &Arc<S>,
    work: impl FnOnce(&S) -> Result<T> + Send + 'static,
) -> Result<T> {
    let store = Arc::clone(store);
    tokio::task::spawn_blocking(move || work(&store))
        .await
        .map_err(|error| Error::internal("finish a call on the job history").with_source(error))?
}

/// The version in the file's header; `None` where there is no file, or an empty one.
///
/// <https://www.sqlite.org/fileformat.html#the_database_header>: the user version is a big-endian integer at offset 60.
fn header_version(path: &Path) -> Result<Option<u32>> {
    let read = || -> io::Result<u32> {
        let mut file = File::open(path)?;
        let mut bytes = [0; 4];
        file.seek(SeekFrom::Start(60))?;
        file.read_exact(&mut bytes)?;
        Ok(u32::from_be_bytes(bytes))
    };
    match read() {
        Ok(version) if version > VERSION => Err(too_new(path, version)),
        Ok(version) => Ok(Some(version)),
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::UnexpectedEof
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(io_error("open the job history", path, error)),
    }
}

fn too_new(path: &Path, version: u32) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        format!(
            "open the job history {}: a newer atg wrote it (version {version}, this one knows {VERSION}): install that \
             version, or choose another directory with ATG_DATA_DIR",
            path.display()
        ),
    )
}

/// Makes the tables, or of an older version those of this one. One process at a time: switching a database to a write-ahead log does not wait for others.
fn create(path: &Path) -> Result<()> {
    let lock_path = path.with_extension("setup");
    let lock = private_file()
        .write(true)
        .create(true)
        .truncate(false)
        .open(&lock_path)
        .and_then(|file| file.lock().map(|()| file))
        .map_err(|error| io_error("set up the job history", &lock_path, error))?;
    let made = create_alone(path);
    drop(lock);
    made
}

fn create_alone(path: &Path) -> Result<()> {
    let doing = "set up the job history";
    private_file()
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(|error| io_error(doing, path, error))?;
    let mut connection =
        Connection::open_with_flags(path, flags()).map_err(|error| sqlite_error(doing, path, error))?;
    let mut make = || {
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let version: u32 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if version == 0 {
            let tables: u32 =
                transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
            if tables > 0 {
                return Err(Fault::Rule(foreign(path)));
            }
            transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        } else {
            check(&transaction, path)?;
        }
        for step in STEPS.iter().skip(version as usize) {
            transaction.execute_batch(step)?;
        }
        transaction.pragma_update(None, "user_version", VERSION)?;
        transaction.commit()?;
        // The version belongs in the header of the main file, where the next process looks for it.
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(())
    };
    make().map_err(|fault| match fault {
        Fault::Database(error) => sqlite_error(doing, path, error),
        Fault::Rule(error) => error,
    })
}

fn foreign(path: &Path) -> Error {
    Error::new(
        ErrorKind::Conflict,
        format!(
            "open the job history {}: it is a database of something else: choose another directory with ATG_DATA_DIR",
            path.display()
        ),
    )
}

fn flags() -> OpenFlags {
    // No shared cache, no URIs: the path is taken as it is. Each connection is behind a mutex of ours.
    OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

/// A connection to a database that exists. One of a newer version, of which the header does not know yet, is refused
/// without a checkpoint.
fn connect(path: &Path) -> Result<Connection> {
    let open = || {
        let connection = Connection::open_with_flags(path, flags())?;
        connection.busy_timeout(BUSY)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        check(&connection, path)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(connection)
    };
    open().map_err(|fault| match fault {
        Fault::Database(error) => sqlite_error("open the job history", path, error),
        Fault::Rule(error) => error,
    })
}

/// Refuses what this version must not touch.
fn check(connection: &Connection, path: &Path) -> std::result::Result<(), Fault> {
    let version: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let application: u32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if application != APPLICATION_ID {
        return Err(Fault::Rule(foreign(path)));
    }
    if version > VERSION {
        return Err(Fault::Rule(too_new(path, version)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_newer_database_is_refused_and_not_touched() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("jobs.db");
        drop(Database::open(&path).unwrap());
        let connection = Connection::open(&path).unwrap();
        connection
            .pragma_update(None, "user_version", VERSION + 1)
            .unwrap();
        drop(connection);
        let before = (
            fs::read(&path).unwrap(),
            fs::read_dir(place.path()).unwrap().count(),
        );

        let error = Database::open(&path).unwrap_err();

        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.message().contains("ATG_DATA_DIR"), "{error}");
        assert!(
            (
                fs::read(&path).unwrap(),
                fs::read_dir(place.path()).unwrap().count()
            ) == before
        );
    }

    #[test]
    fn a_database_of_something_else_is_refused() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("jobs.db");
        Connection::open(&path)
            .unwrap()
            .execute_batch("CREATE TABLE t (x)")
            .unwrap();
        assert_eq!(Database::open(&path).unwrap_err().kind(), ErrorKind::Conflict);
    }

    #[test]
    fn a_file_that_is_no_database_is_refused() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("jobs.db");
        fs::write(&path, [b'x'; 40]).unwrap();
        let error = Database::open(&path).unwrap_err();
        assert!(error.message().contains("move it away"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn only_its_user_may_read_it() {
        use std::os::unix::fs::PermissionsExt as _;

        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("jobs.db");
        let database = Database::open(&path).unwrap();
        database
            .write("test", |transaction| {
                Ok(transaction.execute_batch("DELETE FROM job")?)
            })
            .unwrap();
        for entry in fs::read_dir(place.path()).unwrap() {
            let entry = entry.unwrap();
            assert_eq!(
                entry.metadata().unwrap().permissions().mode() & 0o077,
                0,
                "{entry:?}"
            );
        }
    }

    /// The schema of a database, as `sqlite_schema` has it.
    fn schema(path: &Path) -> Vec<String> {
        let connection = Connection::open(path).unwrap();
        let mut select = connection
            .prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
            .unwrap();
        let rows = select.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    }

    /// As version 1 left it, kept as text.
    fn of_version_1(path: &Path) {
        let connection = Connection::open(path).unwrap();
        connection.pragma_update(None, "journal_mode", "WAL").unwrap();
        connection.execute_batch(include_str!("golden/v1.sql")).unwrap();
    }

    #[test]
    fn an_older_database_becomes_what_a_new_one_is() {
        let place = tempfile::tempdir().unwrap();
        let (old, new) = (place.path().join("old.db"), place.path().join("new.db"));
        of_version_1(&old);
        let before = schema(&old);
        drop((Database::open(&old).unwrap(), Database::open(&new).unwrap()));
        assert_eq!(schema(&old), schema(&new));
        assert_ne!(before, schema(&new), "there is something to migrate");
        drop(Database::open(&old).unwrap());
    }
}
