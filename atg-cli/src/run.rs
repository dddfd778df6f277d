//! Carries a job out and tells people about it.

use std::{process, sync::Arc};

use atg_sdk::{
    Completeness, Error, ErrorKind, EventKind, Executor, Job, JobId, JobRequest, JobStatus, Operation,
};
use futures::StreamExt as _;

use crate::{exit::End, interrupt::Attention, progress::Reporter};

/// A job that completed.
#[derive(Debug)]
pub(crate) struct Finished {
    /// With output and artifacts.
    pub(crate) job: Job,
}

impl Finished {
    /// How the command ends that asked for the job.
    pub(crate) fn end(&self) -> End {
        match self.job.completeness {
            Some(Completeness::Partial) => End::Incomplete,
            Some(Completeness::Complete) | None => End::Done,
        }
    }
}

/// Submits an operation and follows it to its end.
///
/// # Errors
/// The job's own error when it failed; `Cancelled` when somebody asked it to stop.
pub(crate) async fn run(
    executor: &Arc<dyn Executor>,
    operation: Operation,
    reporter: &Reporter,
    signals: &Attention,
) -> Result<Finished, Error> {
    let job = executor.submit_job(JobRequest::new(operation)).await?;
    let job = follow(executor, job.id, reporter, signals).await?;
    finished(job)
}

/// What an ended job amounts to.
pub(crate) fn finished(job: Job) -> Result<Finished, Error> {
    match job.status {
        JobStatus::Completed => Ok(Finished { job }),
        JobStatus::Cancelled => Err(Error::cancelled()),
        JobStatus::Failed => Err(job
            .error
            .unwrap_or_else(|| Error::internal(format!("job {} failed and does not say why", job.id)))),
        JobStatus::Pending | JobStatus::Running => Err(Error::internal(format!(
            "the events of job {} ended before the job did",
            job.id
        ))),
    }
}

async fn follow(
    executor: &Arc<dyn Executor>,
    id: JobId,
    reporter: &Reporter,
    signals: &Attention,
) -> Result<Job, Error> {
    let mut events = executor.watch_job(id, None);
    let mut has_asked = false;
    loop {
        tokio::select! {
            event = events.next() => match event {
                Some(event) => {
                    let kind = event?.kind;
                    if matches!(kind, EventKind::CancelRequested) && !has_asked {
                        reporter.note("somebody else asked the job to stop");
                    }
                    reporter.event(&kind);
                }
                None => break,
            },
            () = signals.next() => {
                if has_asked {
                    reporter.finish();
                    reporter.note(&format!(
                        "left at once. What was written stays; job {id} ends with this process. Look at it with \
                         `atg job show {id}`, and run the same command again to finish the work"
                    ));
                    process::exit(i32::from(ErrorKind::Cancelled.exit_code()));
                }
                has_asked = true;
                reporter.note("asked the job to stop; press Ctrl-C again to leave at once");
                executor.cancel_job(id).await?;
            }
        }
    }
    reporter.finish();
    executor.get_job(id).await
}

#[cfg(test)]
mod tests;
