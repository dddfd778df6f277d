//! One attempt of one job, from the claim to the event that ends it.

use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use atg_sdk::{Error, ErrorKind, EventKind, EventThrottle, Job, JobEvent, JobStatus, Result};
use futures::{FutureExt as _, StreamExt as _, stream::BoxStream};
use tokio::time::{sleep, sleep_until, timeout};
use tracing::Instrument as _;

use super::{
    Shared,
    heart::Signals,
    inner::{inner_id, request},
};
use crate::queue::{Claim, LEASE_LOST, Lease, News, Topic};

/// Reports that are written in one step.
const BATCH: usize = 200;
/// How long an inner job may take to stop when nobody waits for its result any more.
const STOP: Duration = Duration::from_secs(30);
/// How often the end of an attempt is tried to be written, a second apart: a disk that was full may have room again.
const END_ATTEMPTS: u32 = 10;
/// How often the inner job's events may break off without anything new before that is an error.
const BREAKS: u32 = 5;

/// How an attempt ended, as far as the queue is concerned.
enum End {
    /// With these events, of which the last ends the job.
    Events(Vec<EventKind>),
    /// With an error: the queue decides whether another attempt follows.
    Error(Error),
    /// Because this worker stops.
    GivenBack,
    /// Somebody else has the job.
    Lost,
}

/// Carries out one attempt. Whatever happens, the queue hears of it, or the lease runs out.
pub(super) async fn carry_out(shared: Arc<Shared>, mut claim: Claim) {
    let span = tracing::info_span!(
        "attempt",
        otel.name = format_args!("{} attempt", claim.operation.name()),
        otel.kind = "consumer",
        job = %claim.lease.job,
        attempt = claim.lease.attempt,
        operation = claim.operation.name(),
        owner = %claim.owner,
        trace = tracing::field::Empty,
    );
    claim.trace = crate::trace::follow(&span, claim.trace);
    carry_out_traced(shared, claim).instrument(span).await;
}

async fn carry_out_traced(shared: Arc<Shared>, claim: Claim) {
    tracing::info!("started");
    let hold = shared.heart.hold(claim.lease);
    let lease = claim.lease;
    let attempt = Attempt {
        throttle: EventThrottle::resume(claim.progress_events, claim.warnings),
        signals: hold.signals.clone(),
        news: shared.queue.backend().news(Topic::Wish(lease.job)),
        unwritten: Vec::new(),
        copied: Arc::default(),
        shared: Arc::clone(&shared),
        claim,
    };
    let copied = Arc::clone(&attempt.copied);
    shared.clear_earlier(lease).await;
    // A panic of the inner executor's own methods; one of an operation is its executor's to catch.
    let end = AssertUnwindSafe(attempt.run()).catch_unwind().await.unwrap_or_else(|_| {
        let message = "carry out the operation: the worker panicked, which is a defect of atg: please report what its log says";
        End::Error(Error::internal(message).with_code("Panicked"))
    });
    match shared.write_end(lease, end).await {
        Ok(Some(job)) => {
            let code = job.error.as_ref().map(Error::code);
            tracing::info!(status = job.status.name(), error = code, "ended");
            if copied.load(Ordering::Relaxed) && job.artifacts.is_empty() {
                shared.clear_copies(lease).await;
            }
            if job.status.has_ended()
                && let Some(ended) = &shared.options.ended
            {
                ended(&job);
            }
        }
        Ok(None) => {
            tracing::warn!("somebody else has the job");
            if copied.load(Ordering::Relaxed) {
                shared.clear_unlisted(lease).await;
            }
        }
        Err(error) => {
            tracing::error!(%error, job = %lease.job, "the end of an attempt could not be written");
            if copied.load(Ordering::Relaxed) {
                shared.clear_unlisted(lease).await;
            }
        }
    }
    shared.clear_inner(inner_id(lease.job, lease.attempt)).await;
    drop(hold);
}

impl Shared {
    /// Writes how an attempt ended. Nothing where somebody else has the job.
    async fn write_end(&self, lease: Lease, end: End) -> Result<Option<Job>> {
        let backend = self.queue.backend();
        let mut attempts = 0;
        loop {
            let written = match &end {
                End::Events(kinds) => backend.append(lease, kinds.clone()).await,
                End::Error(error) => backend.fail(lease, error.clone()).await,
                End::GivenBack => backend.hand_back(lease).await,
                End::Lost => return Ok(None),
            };
            attempts += 1;
            match written {
                Ok(job) => return Ok(Some(job)),
                Err(error) if is_lost(&error) => return Ok(None),
                Err(error) if error.is_retryable() && attempts < END_ATTEMPTS => {
                    sleep(Duration::from_secs(1)).await;
                }
                Err(error) => return Err(error),
            }
        }
    }
}

struct Attempt {
    shared: Arc<Shared>,
    claim: Claim,
    signals: Signals,
    /// Of the outer job, so that a wish is heard of before the next heartbeat.
    news: News,
    throttle: EventThrottle,
    unwritten: Vec<EventKind>,
    /// Whether there may be files of this attempt.
    copied: Arc<AtomicBool>,
}

impl Attempt {
    async fn run(mut self) -> End {
        match self.drive().await {
            Ok(end) => end,
            Err(error) if is_lost(&error) => End::Lost,
            Err(error) => End::Error(error),
        }
    }

    async fn drive(&mut self) -> Result<End> {
        if let Some(admit) = &self.shared.options.admit {
            self.claim.confined_to = admit(&self.claim)?;
        }
        self.shared.hand_over_scans(&mut self.claim).await?;
        self.shared.hand_over_inputs(&self.claim).await?;
        let request = request(&self.claim);
        let id = request.id;
        self.throttle.begin_attempt();
        // The wish may be older than our listening.
        if self.news.has_changed() {
            self.look_for_wish().await;
        }
        self.shared.inner.submit_job(request).await?;
        let followed = self.follow(id).await;
        if self.signals.lost.is_cancelled() || matches!(&followed, Err(error) if is_lost(error)) {
            self.abandon(id).await;
            return Ok(End::Lost);
        }
        if let Err(error) = followed {
            // Nobody reads on, so nobody needs the inner job.
            self.abandon(id).await;
            return Err(error);
        }
        let job = self.shared.inner_end(id).await?;
        self.conclude(job).await
    }

    /// Reads what the inner job reports until it has ended, and writes it down.
    async fn follow(&mut self, id: atg_sdk::JobId) -> Result<()> {
        let mut last = None;
        let mut breaks = 0;
        let mut stopping = false;
        let mut events = self.events(id, last);
        loop {
            let due = self.throttle.due();
            tokio::select! {
                // Reports first: what was said before somebody asked to stop belongs into the log.
                biased;
                batch = events.next() => {
                    let Some(batch) = batch else {
                        if self.shared.inner.get_job(id).await?.status.has_ended() {
                            return self.write().await;
                        }
                        breaks += 1;
                        if breaks > BREAKS {
                            return Err(Error::new(
                                ErrorKind::Unavailable,
                                "follow the operation: its events stopped before it ended",
                            ));
                        }
                        sleep(Duration::from_millis(100)).await;
                        events = self.events(id, last);
                        continue;
                    };
                    for event in batch {
                        match event {
                            Ok(event) => {
                                breaks = 0;
                                last = Some(event.sequence);
                                self.report(event);
                            }
                            Err(error) if error.is_retryable() => tracing::debug!(%error, "events broke off"),
                            Err(error) => return Err(error),
                        }
                    }
                    self.write().await?;
                }
                () = sleep_until(due.unwrap_or_else(Instant::now).into()), if due.is_some() => {
                    self.unwritten.extend(self.throttle.flush(Instant::now()));
                    self.write().await?;
                }
                () = self.signals.lost.cancelled() => return Ok(()),
                () = self.signals.wish.cancelled(), if !stopping => {
                    stopping = true;
                    self.shared.stop_inner(id).await;
                }
                () = self.shared.give_back.cancelled(), if !stopping => {
                    stopping = true;
                    self.shared.stop_inner(id).await;
                }
                () = self.news.changed(), if !self.signals.wish.is_cancelled() => self.look_for_wish().await,
            }
        }
    }

    fn events(&self, id: atg_sdk::JobId, after: Option<u64>) -> BoxStream<'static, Vec<Result<JobEvent>>> {
        self.shared.inner.watch_job(id, after).ready_chunks(BATCH).boxed()
    }

    /// Takes up what belongs into the outer log.
    fn report(&mut self, event: JobEvent) {
        let kind = match event.kind {
            EventKind::Progress {
                progress,
                step,
                counters,
            } => self.throttle.progress(Instant::now(), progress, step, counters),
            // A number of warnings, not one of them.
            EventKind::Warning {
                suppressed: 0,
                message,
            } => self.throttle.warning(message),
            kind @ (EventKind::Warning { .. } | EventKind::Unknown { .. }) => Some(kind),
            // The outer log has these of its own.
            EventKind::Submitted { .. }
            | EventKind::Started { .. }
            | EventKind::AttemptFailed { .. }
            | EventKind::CancelRequested
            | EventKind::Completed { .. }
            | EventKind::Failed { .. }
            | EventKind::Cancelled => None,
        };
        self.unwritten.extend(kind);
    }

    /// Writes what was reported. What cannot be written now is kept for the next time; only a lost lease ends the attempt.
    async fn write(&mut self) -> Result<()> {
        if self.unwritten.is_empty() {
            return Ok(());
        }
        let kinds = self.unwritten.clone();
        match self.shared.queue.backend().append(self.claim.lease, kinds).await {
            Ok(_) => {
                self.unwritten.clear();
                Ok(())
            }
            Err(error) if is_lost(&error) => Err(error),
            Err(error) if error.is_retryable() => {
                tracing::warn!(%error, job = %self.claim.lease.job, "reports wait to be written");
                Ok(())
            }
            Err(error) => {
                // A report that the log refuses must not cost the job.
                tracing::warn!(%error, job = %self.claim.lease.job, "reports were left out");
                self.unwritten.clear();
                Ok(())
            }
        }
    }

    /// From how the inner job ended to how the attempt did.
    async fn conclude(&mut self, inner: Job) -> Result<End> {
        let mut kinds = std::mem::take(&mut self.unwritten);
        kinds.extend(self.throttle.finish());
        match inner.status {
            JobStatus::Completed => {
                self.copied.store(!inner.artifacts.is_empty(), Ordering::Relaxed);
                let artifacts = self.shared.copy_artifacts(self.claim.lease, &inner).await?;
                let (Some(output), Some(completeness)) = (inner.output, inner.completeness) else {
                    return Err(Error::internal("finish the job: it completed without an output"));
                };
                kinds.push(EventKind::Completed {
                    output: Box::new(output),
                    completeness,
                    artifacts,
                });
                Ok(End::Events(kinds))
            }
            JobStatus::Failed => {
                self.unwritten = kinds;
                self.write().await?;
                let error = inner.error.clone().unwrap_or_else(|| {
                    Error::internal("carry out the operation: it failed and does not say why")
                });
                Ok(End::Error(error))
            }
            JobStatus::Cancelled => {
                // The wish may have come with the end, unheard of until now.
                self.look_for_wish().await;
                if self.signals.wish.is_cancelled() {
                    kinds.push(EventKind::Cancelled);
                    return Ok(End::Events(kinds));
                }
                self.unwritten = kinds;
                self.write().await?;
                if self.shared.give_back.is_cancelled() {
                    return Ok(End::GivenBack);
                }
                Ok(End::Error(Error::cancelled()))
            }
            JobStatus::Pending | JobStatus::Running => Err(Error::internal(
                "finish the job: its executor says that it has ended, and that it runs",
            )),
        }
    }

    /// Hears whether somebody asked for the outer job to stop, or has taken it.
    async fn look_for_wish(&mut self) {
        self.news.mark_seen();
        let lease = self.claim.lease;
        match self.shared.queue.backend().get(lease.job).await {
            Ok(job) if job.attempt != lease.attempt || job.status != JobStatus::Running => {
                self.signals.lost.cancel();
            }
            Ok(job) if job.cancel_requested_at.is_some() => self.signals.wish.cancel(),
            Ok(_) => {}
            // The heartbeat tells too.
            Err(error) => tracing::debug!(%error, "wishes to cancel cannot be seen"),
        }
    }

    /// Stops an inner job whose result nobody waits for.
    async fn abandon(&self, id: atg_sdk::JobId) {
        self.shared.stop_inner(id).await;
        if timeout(STOP, self.shared.inner_end(id)).await.is_err() {
            tracing::warn!(job = %id, "an operation does not stop although nobody waits for it");
        }
    }
}

/// Whether an error means that somebody else has the job, or that it is gone.
fn is_lost(error: &Error) -> bool {
    error.code() == LEASE_LOST
}
