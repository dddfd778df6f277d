//! What a queue knows of one job, and every change that it may go through: data in, data out, for all backends.

use atg_sdk::{Error, ErrorKind, EventKind, JobEvent, JobLog, JobRequest, Operation, Result};
use jiff::Timestamp;

use super::{Claim, Fence, LEASE_LOST, Lane, Lease, Policy, RECORD_VERSION, WorkerId};

/// A job's log, and its place in the queue.
///
/// Each method answers with the events to append; a backend stores them together with the record as it is afterwards, in
/// one step, or nothing at all.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// What the reducer makes of its events.
    pub log: JobLog,
    /// What only the queue knows.
    pub ticket: Ticket,
}

/// What a queue knows of a job beyond its log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// The version of the record: who knows only older ones leaves it alone.
    pub version: u32,
    /// Where it waits.
    pub lane: Lane,
    /// The higher, the earlier.
    pub priority: i32,
    /// Attempts that failed and count.
    pub failures: u32,
    /// It does not start before.
    pub ready_at: Timestamp,
    /// When its last event was appended: time in a log never goes back, whatever the clock does.
    pub touched_at: Timestamp,
    /// The token of the current attempt; `None` between attempts, when nobody may append.
    pub fence: Option<Fence>,
    /// Who runs it; `None` where nobody does, or where that was lost.
    pub holder: Option<Holder>,
    /// Progress events in its log.
    pub progress_events: u32,
    /// Warnings in its log.
    pub warnings: u64,
    /// Whether it failed although another attempt might have helped.
    pub dead: bool,
}

/// Who runs a job, and until when without being heard of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder {
    /// The worker.
    pub worker: WorkerId,
    /// The end of its lease.
    pub until: Timestamp,
}

impl Record {
    /// A new job, and its first event.
    #[must_use]
    pub fn submit(
        request: &JobRequest,
        graph_id: Option<String>,
        priority: i32,
        now: Timestamp,
    ) -> (Self, JobEvent) {
        let (log, event) = JobLog::submit(request, graph_id, now);
        let ticket = Ticket {
            version: RECORD_VERSION,
            lane: Lane::of(request.operation.name()),
            priority,
            failures: 0,
            ready_at: now,
            touched_at: now,
            fence: None,
            holder: None,
            progress_events: 0,
            warnings: 0,
            dead: false,
        };
        (Self { log, ticket }, event)
    }

    /// Whether this is the job of that request: the rule by which submitting is idempotent.
    ///
    /// # Errors
    /// `Conflict` when it is another's, or asks for something else, or for other tenants.
    pub fn check_same_request(&self, request: &JobRequest) -> Result<()> {
        let job = self.log.job();
        job.check_same_request(request)?;
        if job.confined_to == request.confined_to {
            return Ok(());
        }
        Err(Error::conflict(format!(
            "submit job {}: this id stands for a request that was confined to other tenants; leave the id out or make a \
             new one",
            request.id
        )))
    }

    /// Starts the next attempt. `None` where this build cannot read what is asked for, and leaves it to another.
    ///
    /// # Errors
    /// `Conflict` when somebody else was faster.
    pub fn claim(
        &mut self,
        worker: WorkerId,
        fence: Fence,
        now: Timestamp,
        policy: &Policy,
    ) -> Result<Option<(Claim, Vec<JobEvent>)>> {
        let job = self.log.job();
        let Ok(operation) = Operation::from_parts(&job.operation, job.parameters.clone()) else {
            return Ok(None);
        };
        let attempt = job.attempt + 1;
        let claim = Claim {
            lease: Lease {
                job: job.id,
                attempt,
                fence,
            },
            owner: job.owner.clone(),
            operation,
            confined_to: job.confined_to.clone(),
            failures: self.ticket.failures,
            progress_events: self.ticket.progress_events,
            warnings: self.ticket.warnings,
            trace: job.trace,
        };
        let event = self.add(now, EventKind::Started { attempt })?;
        self.ticket.fence = Some(fence);
        self.ticket.holder = Some(Holder {
            worker,
            until: after(now, policy.lease),
        });
        Ok(Some((claim, vec![event])))
    }

    /// Makes the lease last from now. One whose record was lost is taken up again: the token proves whose it is.
    ///
    /// # Errors
    /// `Conflict` with the code [`LEASE_LOST`].
    pub fn renew(&mut self, worker: WorkerId, lease: Lease, now: Timestamp, policy: &Policy) -> Result<()> {
        self.check(lease)?;
        self.ticket.holder = Some(Holder {
            worker,
            until: after(now, policy.lease),
        });
        Ok(())
    }

    /// Appends what a worker reports.
    ///
    /// # Errors
    /// `Conflict`, with the code [`LEASE_LOST`] for an old token; the record is then of no use any more.
    pub fn append(&mut self, lease: Lease, now: Timestamp, kinds: Vec<EventKind>) -> Result<Vec<JobEvent>> {
        self.check(lease)?;
        kinds.into_iter().map(|kind| self.add(now, kind)).collect()
    }

    /// Ends an attempt that failed.
    ///
    /// # Errors
    /// `Conflict` with the code [`LEASE_LOST`].
    pub fn fail(
        &mut self,
        lease: Lease,
        now: Timestamp,
        error: Error,
        policy: &Policy,
    ) -> Result<Vec<JobEvent>> {
        self.check(lease)?;
        self.end_attempt(now, error, policy)
    }

    /// Gives the job back: the attempt is over and does not count.
    ///
    /// # Errors
    /// `Conflict` with the code [`LEASE_LOST`].
    pub fn hand_back(&mut self, lease: Lease, now: Timestamp) -> Result<Vec<JobEvent>> {
        self.check(lease)?;
        let kind = if self.log.job().cancel_requested_at.is_some() {
            EventKind::Cancelled
        } else {
            EventKind::AttemptFailed {
                attempt: lease.attempt,
                error: Error::new(
                    ErrorKind::Unavailable,
                    "go on with the job: its worker is stopping, another one begins it again",
                )
                .with_code("WorkerStopped"),
            }
        };
        self.ticket.ready_at = now;
        Ok(vec![self.add(now, kind)?])
    }

    /// Ends the attempt of a worker that is not heard of any more. Nothing for a job that is in good hands.
    ///
    /// # Errors
    /// `Conflict` when the log forbids it, which it does not for a running job.
    pub fn reclaim(&mut self, now: Timestamp, policy: &Policy) -> Result<Vec<JobEvent>> {
        let running = self.log.job().status == atg_sdk::JobStatus::Running;
        let held = self.ticket.holder.is_some_and(|holder| holder.until > now);
        if !running || held {
            return Ok(Vec::new());
        }
        let error = Error::new(
            ErrorKind::Unavailable,
            format!(
                "finish attempt {}: its worker died or lost its connection: submit the job again if no attempt is left",
                self.log.job().attempt
            ),
        );
        self.end_attempt(now, error.with_code("WorkerLost"), policy)
    }

    /// Records the wish that the job stop.
    pub fn cancel(&mut self, now: Timestamp) -> Vec<JobEvent> {
        let now = self.time(now);
        let events = self.log.cancel(now);
        if !events.is_empty() {
            self.ticket.touched_at = now;
        }
        events
    }

    fn end_attempt(&mut self, now: Timestamp, error: Error, policy: &Policy) -> Result<Vec<JobEvent>> {
        self.ticket.failures += 1;
        let job = self.log.job();
        let kind = if job.cancel_requested_at.is_some() {
            EventKind::Cancelled
        } else if policy.tries_again(&job.operation, self.ticket.failures, &error) {
            self.ticket.ready_at = after(now, policy.delay(job.id, self.ticket.failures));
            EventKind::AttemptFailed {
                attempt: job.attempt,
                error,
            }
        } else {
            self.ticket.dead = error.is_retryable() && job.operation != "query";
            EventKind::Failed { error }
        };
        Ok(vec![self.add(now, kind)?])
    }

    /// Whether a worker's lease is the current one.
    fn check(&self, lease: Lease) -> Result<()> {
        let job = self.log.job();
        let current = self.ticket.fence == Some(lease.fence)
            && job.attempt == lease.attempt
            && job.status == atg_sdk::JobStatus::Running;
        if current {
            return Ok(());
        }
        Err(Error::conflict(format!(
            "go on with attempt {} of job {}: its lease is over, somebody else has the job",
            lease.attempt, lease.job
        ))
        .with_code(LEASE_LOST))
    }

    fn add(&mut self, now: Timestamp, kind: EventKind) -> Result<JobEvent> {
        let now = self.time(now);
        let event = self.log.append(now, kind)?;
        let ticket = &mut self.ticket;
        ticket.touched_at = now;
        match &event.kind {
            EventKind::Progress { .. } => ticket.progress_events += 1,
            EventKind::Warning { suppressed: 0, .. } => ticket.warnings += 1,
            kind if kind.ends_job() || matches!(kind, EventKind::AttemptFailed { .. }) => {
                ticket.fence = None;
                ticket.holder = None;
            }
            _ => {}
        }
        Ok(event)
    }

    fn time(&self, now: Timestamp) -> Timestamp {
        now.max(self.ticket.touched_at)
    }
}

/// That time and so much later; the end of time where there is none such.
pub(crate) fn after(time: Timestamp, duration: jiff::SignedDuration) -> Timestamp {
    time.checked_add(duration).unwrap_or(Timestamp::MAX)
}
