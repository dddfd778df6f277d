//! Clearing away what was kept long enough.

use atg_sdk::{JobId, Result};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Transaction, params};

use super::{Fault, JobStore, forget, row};

/// Jobs forgotten in one transaction, so that it stays short, unless they have more events than that.
const BATCH: i64 = 50;
const EVENTS: i64 = 10_000;

impl JobStore {
    /// Forgets ended jobs whose time of keeping is over, and with `ended_before` those that ended before that time.
    /// Returns how many; their files are left to the sweep.
    pub(crate) fn prune(&self, ended_before: Option<Timestamp>) -> Result<u64> {
        self.settle_all()?;
        let now = Timestamp::now();
        let ended_before = ended_before.map(Timestamp::as_millisecond);
        let mut pruned = 0;
        loop {
            let batch = self.database.write("delete old jobs", |transaction| {
                forget_some(transaction, now, ended_before)
            })?;
            if batch == 0 {
                break;
            }
            pruned += batch;
        }
        self.forget_the_forgotten(now)?;
        self.locks.sweep();
        self.changes.announce();
        Ok(pruned)
    }

    /// Of these jobs, those that have no files that anybody could ask for: they are not here, or ended without any.
    pub(crate) fn without_artifacts(&self, ids: Vec<JobId>) -> Result<Vec<JobId>> {
        self.database.read("look for left files", |transaction| {
            let mut select = transaction.prepare_cached(
                "SELECT 1 FROM job WHERE id = ? AND (status IN ('pending', 'running')
                     OR json_array_length(snapshot, '$.artifacts') > 0)",
            )?;
            let mut without = Vec::new();
            for id in ids {
                if !select.exists([id.to_string()])? {
                    without.push(id);
                }
            }
            Ok(without)
        })
    }

    /// An id answers "gone" for as long again as its job was kept.
    fn forget_the_forgotten(&self, now: Timestamp) -> Result<()> {
        let before = row::after(now, SignedDuration::ZERO.saturating_sub(self.retention)).as_millisecond();
        self.database.write("delete old jobs", |transaction| {
            transaction.execute("DELETE FROM gone WHERE at < ?", [before])?;
            Ok(())
        })
    }
}

fn forget_some(
    transaction: &Transaction<'_>,
    now: Timestamp,
    ended_before: Option<i64>,
) -> Result<u64, Fault> {
    let found: Vec<(i64, i64)> = {
        let mut select = transaction.prepare_cached(
            "SELECT number, sequence FROM job WHERE expires_at <= ? OR ended_at < ? LIMIT ?",
        )?;
        let rows = select.query_map(params![now.as_millisecond(), ended_before, BATCH], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
        rows.collect::<rusqlite::Result<_>>()?
    };
    let (mut jobs, mut events) = (0, 0);
    for (number, sequence) in found {
        if events > EVENTS {
            break;
        }
        forget(transaction, number, true)?;
        jobs += 1;
        events += sequence;
    }
    Ok(jobs)
}
