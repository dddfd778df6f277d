//! Carries a job out and tells people about it.

use std::{process, sync::Arc};

use atg_sdk::{Completeness, Error, ErrorKind, EventKind, Executor, Job, JobId, JobRequest, JobStatus};
use futures::{StreamExt as _, future::BoxFuture};

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

/// Where a job runs, which decides what becomes of it when this process ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// In this process.
    Here,
    /// At the service of that address.
    Service(String),
}

impl Place {
    /// How `atg` is called there.
    pub(crate) const fn command(&self) -> &'static str {
        match self {
            Self::Here => "atg",
            Self::Service(_) => "atg --remote",
        }
    }

    /// What to know when nobody watches a job any more.
    fn farewell(&self, id: JobId) -> String {
        match self {
            Self::Here => format!(
                "left at once. What was written stays; job {id} ends with this process. Look at it with \
                 `atg job show {id}`, and run the same command again to finish the work"
            ),
            Self::Service(url) => format!(
                "left at once. Job {id} is still at {url}: `atg --remote job watch {id}` comes back to it"
            ),
        }
    }
}

/// Submits an operation and follows it to its end.
///
/// # Errors
/// The job's own error when it failed; `Cancelled` when somebody asked it to stop.
pub(crate) async fn run(
    executor: &Arc<dyn Executor>,
    request: JobRequest,
    reporter: &Reporter,
    signals: &Attention,
    place: &Place,
) -> Result<Finished, Error> {
    let id = request.id;
    // Here a job is accepted at once. A service may be slow, or away.
    let may_be_left = matches!(place, Place::Service(_));
    tokio::select! {
        biased;
        () = signals.next(), if may_be_left => {
            return Err(Error::new(
                ErrorKind::Cancelled,
                format!("cancelled while job {id} was being sent; should it have arrived, `atg --remote job cancel {id}` \
                         stops it"),
            ));
        }
        accepted = executor.submit_job(request) => accepted?,
    };
    let job = follow(executor, id, reporter, signals, place)
        .await
        .inspect_err(|error| {
            // What cannot be followed any more goes on all the same, unless it is no more.
            let is_there = !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Gone);
            if let (Place::Service(url), true) = (place, is_there) {
                reporter.finish();
                reporter.note(&format!(
                    "job {id} is still at {url}: `atg --remote job watch {id}` comes back to it"
                ));
            }
        })?;
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
    place: &Place,
) -> Result<Job, Error> {
    let mut events = executor.watch_job(id, None);
    // Asking a service takes time, in which a second signal must be heard.
    let mut wish: Option<BoxFuture<'_, Result<Job, Error>>> = None;
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
                    reporter.note(&place.farewell(id));
                    process::exit(i32::from(ErrorKind::Cancelled.exit_code()));
                }
                has_asked = true;
                reporter.note("asked the job to stop; press Ctrl-C again to leave at once");
                wish = Some(executor.cancel_job(id));
            }
            answer = granted(&mut wish) => {
                wish = None;
                answer?;
            }
        }
    }
    reporter.finish();
    executor.get_job(id).await
}

/// The answer to a wish; never, where there is none.
async fn granted(wish: &mut Option<BoxFuture<'_, Result<Job, Error>>>) -> Result<Job, Error> {
    match wish {
        Some(wish) => wish.await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
