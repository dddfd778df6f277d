//! Which inputs are there, whose they are, and until when.

use atg_sdk::{Input, InputDigest, JobRequest, Owner, Result};
use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, Transaction, params};

use super::{
    super::refusal::{input_quota, no_input},
    Shared,
    database::Fault,
    row::{count, integer},
};

/// A use is noted when the last one that was is so many milliseconds old: every note waits for the disk.
const NOTED: i64 = 60 * 60 * 1000;

impl Shared {
    pub(super) fn put_input(&self, owner: &Owner, input: &Input, location: &str) -> Result<String> {
        let now = self.now().as_millisecond();
        self.database.write("note an input", |transaction| {
            if let Some((_, earlier, _)) = find(transaction, owner, &input.sha256)? {
                touch(transaction, owner, &input.sha256, now)?;
                return Ok(earlier);
            }
            let used: i64 = transaction.query_row(
                "SELECT coalesce(sum(size), 0) FROM input WHERE owner = ?",
                [owner.as_str()],
                |row| row.get(0),
            )?;
            let quota = self.policy.input_quota;
            if count(used).saturating_add(input.size_bytes) > quota {
                return Err(input_quota(input.size_bytes, count(used), quota).into());
            }
            transaction.execute(
                "INSERT INTO input (owner, sha256, size, location, used_at) VALUES (?, ?, ?, ?, ?)",
                params![
                    owner.as_str(),
                    input.sha256.as_str(),
                    integer(input.size_bytes),
                    location,
                    now
                ],
            )?;
            Ok(location.to_owned())
        })
    }

    pub(super) fn find_input(&self, owner: &Owner, digest: InputDigest) -> Result<(Input, String)> {
        let now = self.now().as_millisecond();
        let found = self.database.read("find an input", |transaction| {
            find(transaction, owner, &digest)?.ok_or_else(|| no_input(&digest).into())
        })?;
        let (size_bytes, location, used_at) = found;
        if now - used_at > NOTED {
            let noted = self.database.write("note the use of an input", |transaction| {
                touch(transaction, owner, &digest, now)
            })?;
            // It was forgotten between the two.
            if noted == 0 {
                return Err(no_input(&digest));
            }
        }
        Ok((
            Input {
                sha256: digest,
                size_bytes,
            },
            location,
        ))
    }

    /// Refuses a job whose inputs its owner did not send, and keeps those of one that is accepted.
    pub(super) fn use_inputs(
        &self,
        transaction: &Transaction<'_>,
        request: &JobRequest,
        now: Timestamp,
    ) -> Result<(), Fault> {
        for digest in request.operation.inputs() {
            if touch(transaction, &request.owner, digest, now.as_millisecond())? == 0 {
                return Err(no_input(digest).into());
            }
        }
        Ok(())
    }

    /// Forgets inputs that nobody used for long and no open job refers to. Returns where they lay.
    pub(super) fn expire_inputs(
        &self,
        transaction: &Transaction<'_>,
        now: Timestamp,
    ) -> Result<Vec<String>, Fault> {
        let before = now.as_millisecond() - self.policy.inputs_kept.as_millis() as i64;
        let mut delete = transaction.prepare_cached(
            "DELETE FROM input WHERE used_at < ? AND NOT EXISTS (
                 SELECT 1 FROM job_input JOIN job ON job.number = job_input.job
                 WHERE job_input.sha256 = input.sha256 AND job.owner = input.owner
                   AND job.status IN ('pending', 'running'))
             RETURNING location",
        )?;
        let locations = delete.query_map([before], |row| row.get(0))?;
        Ok(locations.collect::<rusqlite::Result<_>>()?)
    }
}

fn find(
    transaction: &Transaction<'_>,
    owner: &Owner,
    digest: &InputDigest,
) -> Result<Option<(u64, String, i64)>, Fault> {
    Ok(transaction
        .prepare_cached("SELECT size, location, used_at FROM input WHERE owner = ? AND sha256 = ?")?
        .query_row(params![owner.as_str(), digest.as_str()], |row| {
            Ok((count(row.get(0)?), row.get(1)?, row.get(2)?))
        })
        .optional()?)
}

fn touch(
    transaction: &Transaction<'_>,
    owner: &Owner,
    digest: &InputDigest,
    now: i64,
) -> Result<usize, Fault> {
    Ok(transaction
        .prepare_cached("UPDATE input SET used_at = ? WHERE owner = ? AND sha256 = ?")?
        .execute(params![now, owner.as_str(), digest.as_str()])?)
}
