//! One writer a tenant: a row that says who, a heartbeat that says that he lives, a fence against those who come back.
//!
//! Three things together, because each alone is wrong now and then. The row can outlive its process, so the holder keeps a
//! file of his own locked, which the operating system frees when he dies. A process can be stopped for an hour with
//! its file locked, so a silent heartbeat gives the tenant away as well. And who was only asleep wakes up and writes on, so
//! every write transaction checks the fence first.

use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
    sync::mpsc::{RecvTimeoutError, Sender, channel},
    thread,
    time::Duration,
};

use atg_sdk::{Error, ErrorKind, Result, azure::TenantId};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};
use uuid::Uuid;

use super::{EmbeddedStore, failure::Sql, file};

/// What the name of the graph's file goes on with in the name of a holder's.
const HOLDER: &str = "-writer-";

/// The lock of a tenant, held.
#[derive(Debug)]
pub(super) struct Lock {
    /// The row number of the tenant.
    pub(super) tenant: i64,
    /// Raised by whoever comes next.
    pub(super) fence: i64,
    /// Whether the tenant was incomplete before.
    /// The mark as it was: see `tenant.partial` in the schema.
    pub(super) was_partial: i64,
    _heart: Heart,
    _file: HolderFile,
}

/// Who has a tenant, as its row says.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) holder: String,
    file: String,
    heartbeat_at: i64,
}

impl Held {
    /// From the columns `holder`, `holder_file` and `heartbeat_at`, the first of which is at `first`.
    pub(super) fn read(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<Self>> {
        let Some(holder) = row.get(first)? else {
            return Ok(None);
        };
        Ok(Some(Self {
            holder,
            file: row.get::<_, Option<String>>(first + 1)?.unwrap_or_default(),
            heartbeat_at: row.get::<_, Option<i64>>(first + 2)?.unwrap_or_default(),
        }))
    }

    /// The holder's file. What stands in the row is not followed anywhere else.
    fn path(&self, store: &EmbeddedStore) -> Option<PathBuf> {
        let id: Uuid = self.file.strip_prefix(HOLDER)?.parse().ok()?;
        Some(store.beside(&format!("{HOLDER}{id}")))
    }

    /// Whether the holder must be waited for.
    pub(super) fn is_alive(&self, store: &EmbeddedStore) -> bool {
        let silent = Timestamp::now()
            .as_millisecond()
            .saturating_sub(self.heartbeat_at);
        let stale = i64::try_from(store.options.stale_after.as_millis()).unwrap_or(i64::MAX);
        silent <= stale && self.path(store).is_some_and(|path| !HolderFile::is_free(&path))
    }
}

/// A file that its maker keeps locked as long as he lives.
#[derive(Debug)]
struct HolderFile {
    path: PathBuf,
    _locked: File,
}

impl HolderFile {
    fn create(path: PathBuf) -> std::io::Result<Self> {
        let file = File::create_new(&path)?;
        file.lock()?;
        Ok(Self { path, _locked: file })
    }

    /// Whether nobody holds it: its process is gone, or was never on this machine.
    fn is_free(path: &Path) -> bool {
        match File::open(path) {
            Ok(file) => match file.try_lock() {
                Ok(()) => true,
                Err(TryLockError::WouldBlock) => false,
                // A file system without locks tells nothing; the heartbeat alone decides then.
                Err(TryLockError::Error(_)) => false,
            },
            Err(error) => error.kind() == std::io::ErrorKind::NotFound,
        }
    }
}

impl Drop for HolderFile {
    fn drop(&mut self) {
        // What cannot be removed is removed by whoever takes the tenant next.
        let _ = fs::remove_file(&self.path);
    }
}

/// A thread that says now and then that the holder lives. The writer's own is no good for it: a single step of it may take
/// longer than others wait.
#[derive(Debug)]
struct Heart {
    _stop: Sender<()>,
}

impl Heart {
    fn start(path: &Path, tenant: i64, fence: i64, rhythm: Duration) -> Result<Self> {
        let db = file::writer(path)?;
        let (stop, stopped) = channel();
        let beat = move || {
            while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(rhythm) {
                let beaten = db.execute(
                    "UPDATE tenant SET heartbeat_at = ?3 WHERE id = ?1 AND fence = ?2",
                    params![tenant, fence, Timestamp::now().as_millisecond()],
                );
                if let Err(error) = beaten {
                    // The next one may succeed; if none does, the fence keeps the graph whole.
                    tracing::warn!(%error, "the heartbeat of the scan did not reach the graph");
                }
            }
        };
        thread::Builder::new()
            .name("atg-graph-heart".to_owned())
            .spawn(beat)
            .map_err(|error| {
                Error::new(
                    ErrorKind::Unavailable,
                    "start the thread that keeps the write lock",
                )
                .with_source(error)
            })?;
        Ok(Self { _stop: stop })
    }
}

impl EmbeddedStore {
    /// The path of a side file.
    fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(suffix);
        name.into()
    }
}

/// Tries to take the lock once. `Err(holder)` inside when somebody who lives has it.
pub(super) fn try_take(
    store: &EmbeddedStore,
    tenant: TenantId,
    holder: &str,
) -> Result<Result<Lock, String>> {
    let doing = "take the write lock of the tenant";
    let mut db = file::writer(store.path())?;
    let suffix = format!("{HOLDER}{}", Uuid::now_v7());
    let transaction = db
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .during(doing)?;
    let row = transaction
        .query_row(
            "SELECT id, fence, partial, holder, holder_file, heartbeat_at FROM tenant WHERE tenant_id = ?1",
            [tenant.to_string()],
            |row| {
                let (id, fence, partial): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
                Ok((id, fence, partial, Held::read(row, 3)?))
            },
        )
        .optional()
        .during(doing)?;
    let (tenant, fence, was_partial, before) = match row {
        Some((.., Some(held))) if held.is_alive(store) => return Ok(Err(held.holder)),
        Some((id, fence, partial, before)) => (id, fence + 1, partial, before),
        None => {
            transaction
                .execute("INSERT INTO tenant (tenant_id) VALUES (?1)", [tenant.to_string()])
                .during(doing)?;
            (transaction.last_insert_rowid(), 1, file::MISSES_SOMETHING, None)
        }
    };
    let file = HolderFile::create(store.beside(&suffix)).map_err(|error| {
        Error::new(
            ErrorKind::PermissionDenied,
            format!(
                "{doing}: no file can be made beside the graph, see whether its directory may be written to"
            ),
        )
        .with_source(error)
    })?;
    transaction
        .execute(
            "UPDATE tenant SET fence = ?2, holder = ?3, holder_file = ?4, heartbeat_at = ?5, partial = 1 WHERE id = ?1",
            params![tenant, fence, holder, suffix, Timestamp::now().as_millisecond()],
        )
        .during(doing)?;
    transaction.commit().during(doing)?;
    if let Some(path) = before.and_then(|before| before.path(store)) {
        let _ = fs::remove_file(path);
    }
    Ok(Ok(Lock {
        tenant,
        fence,
        was_partial,
        _heart: Heart::start(store.path(), tenant, fence, store.options.heartbeat)?,
        _file: file,
    }))
}

impl Lock {
    /// Refuses to go on when somebody else has taken the tenant over. Called first in every write transaction.
    pub(super) fn check(&self, db: &Connection) -> Result<()> {
        let doing = "check the write lock of the tenant";
        let fence: Option<i64> = db
            .prepare_cached("SELECT fence FROM tenant WHERE id = ?1")
            .and_then(|mut statement| statement.query_row([self.tenant], |row| row.get(0)).optional())
            .during(doing)?;
        if fence == Some(self.fence) {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Conflict,
            "write to the graph: another scan has taken the tenant over, because this one gave no sign of life; nothing \
             more was written, run it again when the other one has ended",
        ))
    }

    /// Gives the tenant back as it was, for who took it and then wrote nothing.
    pub(super) fn release_untouched(&self, db: &Connection) -> Result<()> {
        db.execute(
            "UPDATE tenant SET partial = ?3 WHERE id = ?1 AND fence = ?2",
            params![self.tenant, self.fence, self.was_partial],
        )
        .during("release the write lock of the tenant")?;
        self.release(db)
    }

    /// Gives the tenant back. Does nothing when it was taken over.
    pub(super) fn release(&self, db: &Connection) -> Result<()> {
        db.execute(
            "UPDATE tenant SET holder = NULL, holder_file = NULL, heartbeat_at = NULL WHERE id = ?1 AND fence = ?2",
            params![self.tenant, self.fence],
        )
        .during("release the write lock of the tenant")?;
        Ok(())
    }
}
