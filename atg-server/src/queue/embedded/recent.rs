//! Jobs that were read lately, for those who ask for the same again and again.
//!
//! Any process may change any job, so nothing here is believed without a look. Every write of a job gives its row a number
//! that no write had before, and what is kept is what the row said under such a number: true for ever, and answered only
//! while the row still has that number. SQLite tells a connection whether anybody has committed since its last look
//! (`data_version`); only then the row itself is looked at. Both looks come after the question and see all that was
//! committed before it, by whatever process, so an answer is never older than what anybody was told.

use std::{collections::HashMap, mem, sync::PoisonError, time::Duration};

use atg_sdk::{Job, JobId, Result};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};

use super::{Shared, database::Database, row::Row};

/// Two times as many may be kept: those that are asked for move from the older half to the younger.
const HALF: usize = 2_000;
/// The same of bytes, counted as the database has them.
const HALF_BYTES: usize = 8 << 20;

/// What was read lately, and the connection that sees whether it still holds.
#[derive(Debug)]
pub(super) struct Recent {
    connection: Connection,
    young: HashMap<JobId, Kept>,
    old: HashMap<JobId, Kept>,
    young_bytes: usize,
    pub(super) half: usize,
}

#[derive(Debug)]
struct Kept {
    job: Job,
    bytes: usize,
    expires_at: Option<i64>,
    /// The row, and the number of the write under which it said so.
    number: i64,
    changed: i64,
    /// The last state of the whole database in which that was found to be so.
    seen: Option<i64>,
}

impl Recent {
    /// # Errors
    /// What the disk answers.
    pub(super) fn open(database: &Database) -> Result<Self> {
        let connection = database.connect()?;
        // Whoever asks here does not wait; there is another way for them.
        let patience = connection.busy_timeout(Duration::ZERO);
        patience.map_err(|error| database.error("open the queue", error.into()))?;
        Ok(Self {
            connection,
            young: HashMap::new(),
            old: HashMap::new(),
            young_bytes: 0,
            half: HALF,
        })
    }

    /// The job, if it is kept and nothing has happened to it.
    fn find(&mut self, id: JobId, now: Timestamp) -> rusqlite::Result<Option<Job>> {
        if !self.young.contains_key(&id) {
            match self.old.remove(&id) {
                Some(kept) => self.keep(id, kept),
                None => return Ok(None),
            }
        }
        let Some(kept) = self.young.get_mut(&id) else {
            return Ok(None);
        };
        if kept.expires_at.is_some_and(|at| at <= now.as_millisecond()) {
            self.forget(id);
            return Ok(None);
        }
        let state = self
            .connection
            .prepare_cached("PRAGMA data_version")?
            .query_row([], |row| row.get(0))?;
        if kept.seen != Some(state) {
            let changed: Option<i64> = self
                .connection
                .prepare_cached("SELECT changed FROM job WHERE number = ?")?
                .query_row([kept.number], |row| row.get(0))
                .optional()?;
            if changed != Some(kept.changed) {
                self.forget(id);
                return Ok(None);
            }
            // The row was looked at after the state, so what it says holds in that state or follows it.
            kept.seen = Some(state);
        }
        Ok(Some(kept.job.clone()))
    }

    fn keep(&mut self, id: JobId, kept: Kept) {
        self.young_bytes += kept.bytes;
        if let Some(before) = self.young.insert(id, kept) {
            self.young_bytes -= before.bytes;
        }
        if self.young.len() >= self.half || self.young_bytes >= HALF_BYTES {
            self.old = mem::take(&mut self.young);
            self.young_bytes = 0;
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }

    fn forget(&mut self, id: JobId) {
        if let Some(kept) = self.young.remove(&id) {
            self.young_bytes -= kept.bytes;
        }
    }
}

impl Shared {
    /// The job, where that can be told without waiting for anything.
    pub(super) fn recent(&self, id: JobId) -> Option<Job> {
        let now = self.now();
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        // What cannot be looked at is read in the ordinary way, which says why.
        recent.find(id, now).ok().flatten()
    }

    /// Keeps what was read, and returns it.
    pub(super) fn remember(&self, row: Row) -> Job {
        let (number, changed, bytes, expires_at) = (row.number, row.changed, row.bytes, row.expires_at);
        let job = row.into_job();
        // One that is so large is not worth the room of the others.
        if bytes < HALF_BYTES / 16 {
            let kept = Kept {
                job: job.clone(),
                bytes,
                expires_at,
                number,
                changed,
                seen: None,
            };
            let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
            recent.keep(job.id, kept);
        }
        job
    }
}
