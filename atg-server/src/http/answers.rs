//! Jobs as they were last written out: most of those who ask for a job are told the same as the last time.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use atg_sdk::{Error, Job, JobId, Result};
use bytes::Bytes;
use http::HeaderValue;
use sha2::{Digest as _, Sha256};

/// When there are so many, all are dropped: those that are asked for are there again at once.
const KEPT: usize = 2_000;
/// Larger ones are written out each time.
const LARGEST: usize = 8 << 10;

/// What was written out.
#[derive(Debug, Default)]
pub(crate) struct Answers(Mutex<HashMap<JobId, Arc<Answer>>>);

/// A job, written out.
#[derive(Debug)]
pub(super) struct Answer {
    job: Job,
    pub(super) text: Bytes,
    /// The tag by which it is recognised, with its quotes.
    pub(super) tag: HeaderValue,
}

impl Answers {
    /// The job written out: as before, where it is what it was.
    pub(super) fn of(&self, job: Job) -> Result<Arc<Answer>> {
        let known = self.known(job.id);
        if let Some(known) = known
            && known.job == job
        {
            return Ok(known);
        }
        let answer = Arc::new(Answer::new(job)?);
        if answer.text.len() <= LARGEST {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() >= KEPT {
                kept.clear();
            }
            kept.insert(answer.job.id, Arc::clone(&answer));
        }
        Ok(answer)
    }

    fn known(&self, id: JobId) -> Option<Arc<Answer>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&id).map(Arc::clone)
    }
}

impl Answer {
    fn new(job: Job) -> Result<Self> {
        let failed = "write a job";
        let text = serde_json::to_vec(&job).map_err(|error| Error::internal(failed).with_source(error))?;
        let digest = Sha256::digest(&text);
        let tag = format!("\"{}\"", crate::keys::hex(&digest[..16]));
        let tag = HeaderValue::try_from(tag).map_err(|error| Error::internal(failed).with_source(error))?;
        Ok(Self {
            job,
            text: text.into(),
            tag,
        })
    }
}

#[cfg(test)]
mod tests {
    use atg_sdk::{EventKind, JobLog, JobRequest, Operation, model::operations::self_test};
    use jiff::Timestamp;

    use super::*;

    fn log() -> JobLog {
        let request = JobRequest::new(Operation::SelfTest(self_test::Parameters::default()));
        JobLog::submit(&request, None, Timestamp::UNIX_EPOCH).0
    }

    #[test]
    fn a_job_is_written_once_and_again_when_it_has_changed() {
        let answers = Answers::default();
        let mut log = log();
        let first = answers.of(log.job().clone()).unwrap();
        let again = answers.of(log.job().clone()).unwrap();
        assert!(Arc::ptr_eq(&first, &again));
        log.append(Timestamp::UNIX_EPOCH, EventKind::Started { attempt: 1 })
            .unwrap();
        let changed = answers.of(log.job().clone()).unwrap();
        assert_ne!(changed.tag, first.tag);
        let read: Job = serde_json::from_slice(&changed.text).unwrap();
        assert_eq!(read.status, log.job().status);
    }

    #[test]
    fn there_is_room_for_so_many() {
        let answers = Answers::default();
        for _ in 0..=2 * KEPT {
            answers.of(log().into_job()).unwrap();
        }
        assert!(answers.0.lock().unwrap().len() <= KEPT);
    }
}
