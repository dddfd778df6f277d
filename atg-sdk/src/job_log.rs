//! The one reducer: what a job is after an event, and which event may come next.
//!
//! Every executor keeps jobs as logs of events and asks this module alone, so that none of them can disagree:
//!
//! | event | may come | and then the job is |
//! |---|---|---|
//! | `Submitted` | first, and only first | pending |
//! | `Started { attempt }` | while pending, without a wish to cancel, with the next attempt's number | running, at 0 % |
//! | `Progress` | while running, between where it is and 1.0 | as it was |
//! | `Warning` | while running | as it was |
//! | `AttemptFailed { attempt }` | while running, without a wish to cancel, with the attempt's number | pending again |
//! | `CancelRequested` | once, before the end | as it was, with the wish |
//! | `Completed` | while running, also after the wish: the work was quicker | completed |
//! | `Failed` | while running, and while pending without the wish: nobody can start it | failed |
//! | `Cancelled` | after the wish | cancelled |
//! | unknown | before the end | as it was |
//!
//! After the wish no attempt begins, so an attempt that fails then ends the job instead of announcing another one.

#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde_json::Value;

use crate::{
    Counters, Error, EventKind, Job, JobEvent, JobId, JobRequest, JobStatus, Operation, Owner, Result,
};

/// A job together with its place in its log.
#[derive(Debug, Clone, PartialEq)]
pub struct JobLog {
    job: Job,
    last_sequence: u64,
}

impl JobLog {
    /// Begins a log: the pending job, and the first event, to be stored.
    #[must_use]
    pub fn submit(request: &JobRequest, graph_id: Option<String>, time: Timestamp) -> (Self, JobEvent) {
        let job = Job {
            owner: request.owner.clone(),
            operation: request.operation.name().to_owned(),
            parameters: request.operation.parameters(),
            tenant_id: request.operation.tenant_id(),
            graph_id,
            confined_to: request.confined_to.clone(),
            trace: request.trace,
            ..pending(request.id, time)
        };
        let event = JobEvent {
            sequence: 1,
            time,
            kind: EventKind::Submitted {
                owner: job.owner.clone(),
                operation: job.operation.clone(),
                parameters: job.parameters.clone(),
                tenant_id: job.tenant_id,
                graph_id: job.graph_id.clone(),
                confined_to: job.confined_to.clone(),
                trace: job.trace,
            },
        };
        (Self::resume(job, 1), event)
    }

    /// Reads the first event of a stored log.
    ///
    /// # Errors
    /// `Internal` for any other event: the log is damaged.
    pub fn open(id: JobId, first: &JobEvent) -> Result<Self> {
        match &first.kind {
            EventKind::Submitted {
                owner,
                operation,
                parameters,
                tenant_id,
                graph_id,
                confined_to,
                trace,
            } if first.sequence == 1 => {
                let job = Job {
                    owner: owner.clone(),
                    operation: operation.clone(),
                    parameters: parameters.clone(),
                    tenant_id: *tenant_id,
                    graph_id: graph_id.clone(),
                    confined_to: confined_to.clone(),
                    trace: *trace,
                    ..pending(id, first.time)
                };
                Ok(Self::resume(job, 1))
            }
            other => Err(Error::internal(format!(
                "read the log of job {id}: it begins with event {}, `{}`",
                first.sequence,
                other.name()
            ))),
        }
    }

    /// Reads a whole stored log.
    ///
    /// # Errors
    /// `Internal` for a log that is empty, has a gap, or holds an event that could not follow: it is damaged.
    pub fn replay<'e>(id: JobId, events: impl IntoIterator<Item = &'e JobEvent>) -> Result<Self> {
        let mut events = events.into_iter();
        let first = events
            .next()
            .ok_or_else(|| Error::internal(format!("read the log of job {id}: it is empty")))?;
        let mut log = Self::open(id, first)?;
        for event in events {
            log.apply(event)?;
        }
        Ok(log)
    }

    /// Takes up a log of which the job as it was after event `last_sequence` was kept.
    #[must_use]
    pub const fn resume(job: Job, last_sequence: u64) -> Self {
        Self { job, last_sequence }
    }

    /// The job as it is now.
    #[must_use]
    pub const fn job(&self) -> &Job {
        &self.job
    }

    /// The job as it is now, without its log.
    #[must_use]
    pub fn into_job(self) -> Job {
        self.job
    }

    /// The sequence of the last event.
    #[must_use]
    pub const fn last_sequence(&self) -> u64 {
        self.last_sequence
    }

    /// Whether this event may come next.
    ///
    /// # Errors
    /// `Conflict`, saying what forbids it. For `Started` it means: somebody else has the job, walk away.
    pub fn admits(&self, kind: &EventKind) -> Result<()> {
        let job = &self.job;
        let wished = job.cancel_requested_at.is_some();
        let running = job.status == JobStatus::Running;
        let refusal: Option<String> = if job.status.has_ended() {
            Some(format!("it has ended ({})", job.status))
        } else {
            match kind {
                EventKind::Submitted { .. } => Some("it was submitted before".to_owned()),
                EventKind::Started { .. } if wished => Some("somebody asked for it to stop".to_owned()),
                EventKind::Started { .. } if running => Some(format!("attempt {} is running", job.attempt)),
                EventKind::Started { attempt } if *attempt != job.attempt + 1 => {
                    Some(format!("its next attempt is {}, not {attempt}", job.attempt + 1))
                }
                EventKind::AttemptFailed { .. } if wished => {
                    Some("somebody asked for it to stop, so there is no further attempt".to_owned())
                }
                EventKind::Progress { .. }
                | EventKind::Warning { .. }
                | EventKind::AttemptFailed { .. }
                | EventKind::Completed { .. }
                    if !running =>
                {
                    Some("nobody has started it".to_owned())
                }
                EventKind::AttemptFailed { attempt, .. } if *attempt != job.attempt => {
                    Some(format!("attempt {} is running, not {attempt}", job.attempt))
                }
                // Written so that NaN is refused too.
                EventKind::Progress { progress, .. } if !(job.progress..=1.0).contains(progress) => Some(
                    format!("progress goes from {} to 1 and not to {progress}", job.progress),
                ),
                EventKind::CancelRequested if wished => {
                    Some("somebody asked for it to stop before".to_owned())
                }
                EventKind::Cancelled if !wished => Some("nobody asked for it to stop".to_owned()),
                EventKind::Failed { .. } if wished && !running => {
                    Some("somebody asked for it to stop before it started".to_owned())
                }
                EventKind::Started { .. }
                | EventKind::Progress { .. }
                | EventKind::Warning { .. }
                | EventKind::AttemptFailed { .. }
                | EventKind::CancelRequested
                | EventKind::Completed { .. }
                | EventKind::Failed { .. }
                | EventKind::Cancelled
                | EventKind::Unknown { .. } => None,
            }
        };
        match refusal {
            None => Ok(()),
            Some(why) => Err(Error::conflict(format!(
                "append `{}` to job {}: {why}",
                kind.name(),
                job.id
            ))),
        }
    }

    /// Makes the next event of this kind and applies it.
    ///
    /// # Errors
    /// `Conflict` as in [`admits`](Self::admits); the job is then as it was.
    pub fn append(&mut self, time: Timestamp, kind: EventKind) -> Result<JobEvent> {
        let event = JobEvent {
            sequence: self.last_sequence + 1,
            time,
            kind,
        };
        self.admits(&event.kind)?;
        self.advance(&event);
        Ok(event)
    }

    /// Records the wish to cancel: the events to store together, in this order.
    ///
    /// Nothing for a job that has ended or knows the wish. A job that nobody has started ends at once, because nobody
    /// may start it any more.
    pub fn cancel(&mut self, time: Timestamp) -> Vec<JobEvent> {
        let mut events = Vec::new();
        // What is refused here is what a cancellation has nothing left to do about.
        if let Ok(event) = self.append(time, EventKind::CancelRequested) {
            events.push(event);
        }
        if self.job.status == JobStatus::Pending
            && let Ok(event) = self.append(time, EventKind::Cancelled)
        {
            events.push(event);
        }
        events
    }

    /// Applies a stored or received event.
    ///
    /// # Errors
    /// `Internal` for a gap or an event that could not follow: the log is damaged. The job is then as it was.
    pub fn apply(&mut self, event: &JobEvent) -> Result<()> {
        let expected = self.last_sequence + 1;
        if event.sequence != expected {
            return Err(Error::internal(format!(
                "read the log of job {}: event {expected} is missing before event {}",
                self.job.id, event.sequence
            )));
        }
        self.admits(&event.kind).map_err(|refusal| {
            Error::internal(format!("read the log of job {}: event {expected}", self.job.id))
                .with_source(refusal)
        })?;
        self.advance(event);
        Ok(())
    }

    /// The state after an event that was admitted.
    fn advance(&mut self, event: &JobEvent) {
        self.last_sequence = event.sequence;
        let job = &mut self.job;
        let end = |job: &mut Job, status| {
            job.status = status;
            job.completed_at = Some(event.time);
        };
        match &event.kind {
            EventKind::Submitted { .. } | EventKind::Warning { .. } | EventKind::Unknown { .. } => {}
            EventKind::Started { attempt } => {
                job.status = JobStatus::Running;
                job.attempt = *attempt;
                job.started_at = Some(event.time);
                job.progress = 0.0;
                job.current_step = None;
                job.counters = Counters::default();
            }
            EventKind::Progress {
                progress,
                step,
                counters,
            } => {
                job.progress = *progress;
                job.current_step.clone_from(step);
                job.counters = *counters;
            }
            EventKind::AttemptFailed { .. } => {
                job.status = JobStatus::Pending;
                job.started_at = None;
                job.progress = 0.0;
                job.current_step = None;
            }
            EventKind::CancelRequested => job.cancel_requested_at = Some(event.time),
            EventKind::Completed {
                output,
                completeness,
                artifacts,
            } => {
                end(job, JobStatus::Completed);
                job.progress = 1.0;
                job.current_step = None;
                job.output = Some(output.as_ref().clone());
                job.completeness = Some(*completeness);
                job.artifacts.clone_from(artifacts);
            }
            EventKind::Failed { error } => {
                end(job, JobStatus::Failed);
                job.error = Some(error.clone());
            }
            EventKind::Cancelled => {
                end(job, JobStatus::Cancelled);
                job.error = Some(Error::cancelled());
            }
        }
    }
}

/// A job that was submitted at that time, and nothing more.
fn pending(id: JobId, time: Timestamp) -> Job {
    Job {
        id,
        owner: Owner::default(),
        operation: String::new(),
        parameters: Value::Null,
        status: JobStatus::Pending,
        progress: 0.0,
        current_step: None,
        counters: Counters::default(),
        tenant_id: None,
        graph_id: None,
        confined_to: None,
        trace: None,
        attempt: 0,
        created_at: time,
        started_at: None,
        completed_at: None,
        cancel_requested_at: None,
        expires_at: None,
        output: None,
        completeness: None,
        error: None,
        artifacts: Vec::new(),
    }
}

impl Job {
    /// Whether this job is what the request asks for: the rule by which submitting is idempotent.
    ///
    /// # Errors
    /// `Conflict` when the id stands for another operation, other parameters or another owner's job.
    pub fn check_same_request(&self, request: &JobRequest) -> Result<()> {
        // Read rather than compared as JSON: an older version did not store the defaults that are new in this one.
        let own = Operation::from_parts(&self.operation, self.parameters.clone());
        if self.id == request.id
            && self.owner == request.owner
            && own.is_ok_and(|own| own == request.operation)
        {
            Ok(())
        } else {
            // Not a word about the other job: it may be somebody else's.
            Err(Error::conflict(format!(
                "submit job {}: this id stands for another request; leave the id out or make a new one",
                request.id
            )))
        }
    }
}
