//! Ending jobs whose process died: any process that looks does it.

use atg_sdk::{Error, ErrorKind, EventKind, JobId, JobLog, Result};
use jiff::Timestamp;
use rusqlite::OptionalExtension as _;

use super::{JobStore, row::Row};

/// Jobs ended in one transaction, so that it stays short.
const BATCH: usize = 50;

impl JobStore {
    /// Ends this job if it is open and its process is gone.
    pub(crate) fn settle(&self, id: JobId) -> Result<()> {
        let process: Option<String> = self.database.read("read a job", |transaction| {
            Ok(transaction
                .prepare_cached("SELECT process FROM job WHERE id = ? AND status IN ('pending', 'running')")?
                .query_row([id.to_string()], |row| row.get(0))
                .optional()?)
        })?;
        match process {
            Some(process) if self.locks.is_free(&process)? => self.end_crashed(&process),
            _ => Ok(()),
        }
    }

    /// Ends all open jobs whose process is gone.
    pub(crate) fn settle_all(&self) -> Result<()> {
        let processes: Vec<String> = self.database.read("look for crashed jobs", |transaction| {
            let mut select = transaction
                .prepare_cached("SELECT DISTINCT process FROM job WHERE status IN ('pending', 'running')")?;
            let rows = select.query_map([], |row| row.get(0))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })?;
        for process in processes {
            if self.locks.is_free(&process)? {
                self.end_crashed(&process)?;
            }
        }
        Ok(())
    }

    fn end_crashed(&self, process: &str) -> Result<()> {
        loop {
            let ended = self.database.write("end a crashed job", |transaction| {
                // Asked again under the write lock: somebody else may have ended them in the meantime.
                let ids: Vec<String> = {
                    let mut select = transaction.prepare_cached(
                        "SELECT id FROM job WHERE process = ? AND status IN ('pending', 'running') LIMIT ?",
                    )?;
                    let rows = select.query_map((process, BATCH as i64), |row| row.get(0))?;
                    rows.collect::<rusqlite::Result<_>>()?
                };
                for id in &ids {
                    if let Some(mut row) = Row::find(transaction, id.parse()?)? {
                        let event = row.log.append(Timestamp::now(), end_of(&row.log))?;
                        row.save(transaction, &[event], self.retention)?;
                    }
                }
                Ok(ids.len())
            })?;
            self.changes.announce();
            if ended < BATCH {
                return Ok(());
            }
        }
    }
}

/// What its files were is garbage by now: nothing lists them, and they are swept.
fn end_of(log: &JobLog) -> EventKind {
    if log.job().cancel_requested_at.is_some() {
        return EventKind::Cancelled;
    }
    EventKind::Failed {
        error: Error::new(
            ErrorKind::Unavailable,
            "finish the job: the process that ran it died before it was done: run it again",
        )
        .with_code("ProcessDied"),
    }
}
