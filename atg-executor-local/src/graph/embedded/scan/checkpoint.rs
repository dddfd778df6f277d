//! What a scan keeps, so that another run of it can go on.

use atg_sdk::Result;
use rusqlite::{OptionalExtension, params};

use super::Scan;
use crate::graph::embedded::{failure::Sql, session::Session};

impl Scan {
    /// Adds a checkpoint to the transaction that is open, or to one of its own: never to one before the rows that it covers.
    pub(super) fn keep(&mut self, content: &[u8]) -> Result<()> {
        let Some(name) = &self.kept_under else {
            return Ok(());
        };
        self.session.begin()?;
        let session = &self.session;
        session
            .db
            .prepare_cached(
                "INSERT INTO checkpoint (tenant, sequence, name, content)
                 SELECT ?1, coalesce(max(sequence), 0) + 1, ?2, ?3 FROM checkpoint WHERE tenant = ?1",
            )
            .and_then(|mut insert| insert.execute(params![session.lock.tenant, name, content]))
            .during("keep a checkpoint of the scan")?;
        Ok(())
    }

    /// The next one behind that number.
    pub(in crate::graph::embedded) fn kept(&self, after: u64) -> Result<Option<(u64, Vec<u8>)>> {
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        let found = self
            .session
            .db
            .prepare_cached(
                "SELECT sequence, content FROM checkpoint WHERE tenant = ?1 AND sequence > ?2
                 ORDER BY sequence LIMIT 1",
            )
            .and_then(|mut select| {
                let row = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get(1)?));
                select
                    .query_row((self.session.lock.tenant, after), row)
                    .optional()
            })
            .during("read a checkpoint of the scan")?;
        Ok(found.map(|(sequence, content)| (sequence.unsigned_abs(), content)))
    }
}

/// Drops all checkpoints of the tenant but those that were kept under that name. Tells whether there are any of these.
pub(super) fn drop_others(session: &mut Session, name: Option<&str>) -> Result<bool> {
    session.begin()?;
    session
        .db
        .execute(
            "DELETE FROM checkpoint WHERE tenant = ?1 AND name IS NOT ?2",
            params![session.lock.tenant, name],
        )
        .during("drop old checkpoints")?;
    let left = session
        .db
        .query_row(
            "SELECT EXISTS (SELECT 1 FROM checkpoint WHERE tenant = ?1)",
            [session.lock.tenant],
            |row| row.get(0),
        )
        .during("look for checkpoints")?;
    session.commit()?;
    Ok(left)
}
