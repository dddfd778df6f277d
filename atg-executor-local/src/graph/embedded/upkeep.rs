//! Copies of the file, and its space.

use std::{fs, path::Path, time::Duration};

use atg_sdk::{Error, ErrorKind, Result};
use rusqlite::{Connection, OpenFlags, backup::Backup};

use super::{EmbeddedStore, failure::Sql, file, info};

/// How many pages are copied before writers get a turn.
const PAGES: i32 = 2_000;

/// Writes a consistent copy. What is committed while it runs may or may not be in it, but never half.
pub(super) fn backup(store: &EmbeddedStore, to: &Path) -> Result<()> {
    file::create_private(to).map_err(|error| match error.kind() {
        ErrorKind::Conflict => Error::new(
            ErrorKind::Conflict,
            format!(
                "back the graph up: {} exists already; name a file that does not",
                to.display()
            ),
        ),
        _ => error,
    })?;
    let result = copy(store, to);
    if result.is_err() {
        // Ours, made a moment ago; half a copy must not be taken for one.
        let _ = fs::remove_file(to);
    }
    result
}

fn copy(store: &EmbeddedStore, to: &Path) -> Result<()> {
    let doing = "write the copy";
    // One read transaction from end to end: otherwise every write by another process would begin the copy anew.
    let from = store.reader()?;
    from.execute_batch("BEGIN; SELECT count(*) FROM meta")
        .during(doing)?;
    let mut copy = Connection::open_with_flags(to, OpenFlags::SQLITE_OPEN_READ_WRITE).during(doing)?;
    Backup::new(&from, &mut copy)
        .and_then(|backup| backup.run_to_completion(PAGES, Duration::ZERO, None))
        .during(doing)?;
    let holders =
        "UPDATE tenant SET holder = NULL, holder_file = NULL, heartbeat_at = NULL WHERE holder IS NOT NULL";
    copy.execute_batch(holders).during(doing)?;
    copy.close().map_err(|(_, error)| error).during(doing)
}

/// Gives unused space back. Needs as much free space as the graph takes, and nobody who writes.
pub(super) fn vacuum(store: &EmbeddedStore) -> Result<()> {
    let db = file::writer(store.path())?;
    if let Some(holder) = info::read(store)?
        .tenants
        .into_iter()
        .find_map(|tenant| tenant.holder)
    {
        return Err(Error::new(
            ErrorKind::Conflict,
            format!("give unused space back: {holder} is writing to the graph; wait for it to end"),
        ));
    }
    db.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);")
        .during("give unused space back")
}
