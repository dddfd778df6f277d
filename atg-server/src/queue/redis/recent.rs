//! Jobs that were read lately, for those who ask for the same again and again.
//!
//! Every write of a job gives it a revision that it never had before. What is kept is answered only after a look at that
//! number, so an answer is never older than what anybody was told; what is saved is reading the job out of its text.

use std::collections::HashMap;

use atg_sdk::{Job, JobId};
use jiff::Timestamp;

/// Two times as many may be kept: those that are asked for move from the older half to the younger.
const HALF: usize = 2_000;
/// One whose texts are longer is not worth the room of the others.
const LARGEST: usize = 32 << 10;

/// What was read lately.
#[derive(Debug, Default)]
pub(super) struct Recent {
    young: HashMap<JobId, Kept>,
    old: HashMap<JobId, Kept>,
}

#[derive(Debug, Clone)]
struct Kept {
    job: Job,
    revision: u64,
}

impl Recent {
    /// The job and its revision, if it is kept.
    pub(super) fn find(&mut self, id: JobId, now: Timestamp) -> Option<(Job, u64)> {
        if !self.young.contains_key(&id) {
            let kept = self.old.remove(&id)?;
            self.insert(id, kept);
        }
        let Kept { job, revision } = self.young.get(&id)?;
        let over = job.expires_at.is_some_and(|at| at <= now);
        (!over).then(|| (job.clone(), *revision))
    }

    /// Keeps what was read out of so many bytes.
    pub(super) fn keep(&mut self, job: &Job, revision: u64, bytes: usize) {
        if bytes <= LARGEST {
            let job = job.clone();
            self.insert(job.id, Kept { job, revision });
        }
    }

    fn insert(&mut self, id: JobId, kept: Kept) {
        self.young.insert(id, kept);
        if self.young.len() >= HALF {
            self.old = std::mem::take(&mut self.young);
        }
    }
}
