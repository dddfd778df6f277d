//! Jobs that were here, so that an old id is not taken for a new one.

use atg_sdk::{Error, FormerJob, Job, JobId, Owner};
use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, Transaction, params};

use super::{super::refusal::gone, database::Fault, row::change};

/// What is remembered of a job.
#[derive(Debug)]
pub(super) struct Former {
    /// Whether its time was over; otherwise somebody deleted it.
    pub(super) expired: bool,
    /// Whose it was; not known of jobs that version 1 forgot.
    job: Option<FormerJob>,
}

/// Removes the job and remembers that it was there.
pub(super) fn forget(
    transaction: &Transaction<'_>,
    number: i64,
    expired: bool,
    now: Timestamp,
) -> Result<(), Fault> {
    change(transaction)?;
    transaction.execute(
        "INSERT OR REPLACE INTO gone (id, expired, at, owner, tenant_id)
         SELECT id, ?, ?, owner, tenant_id FROM job WHERE number = ?",
        params![expired, now.as_millisecond(), number],
    )?;
    transaction.execute("DELETE FROM job WHERE number = ?", [number])?;
    Ok(())
}

/// Whether a job was here once, and what is known of it.
pub(super) fn forgotten(transaction: &Transaction<'_>, id: JobId) -> Result<Option<Former>, Fault> {
    Ok(transaction
        .prepare_cached("SELECT expired, owner, tenant_id FROM gone WHERE id = ?")?
        .query_row([id.to_string()], |row| {
            let owner: Option<String> = row.get(1)?;
            let tenant: Option<String> = row.get(2)?;
            Ok(Former {
                expired: row.get(0)?,
                job: owner.map(|owner| FormerJob {
                    owner: Owner::new(owner),
                    tenant_id: tenant.and_then(|id| id.parse().ok()),
                }),
            })
        })
        .optional()?)
}

impl Former {
    /// The error for who asks for it.
    pub(super) fn gone(self, id: JobId) -> Error {
        gone(id, self.job)
    }
}

/// The error for who asks for a job that is there and whose time is over.
pub(super) fn expired(job: &Job) -> Error {
    let former = FormerJob {
        owner: job.owner.clone(),
        tenant_id: job.tenant_id,
    };
    gone(job.id, Some(former))
}
