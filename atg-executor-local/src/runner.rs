//! Carrying jobs out: a task each, in order of submission, as many at once as there are slots.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use atg_sdk::{Error, ErrorKind, EventKind, JobEvent, JobId, JobLog, JobRequest, Operation, Result};
use jiff::Timestamp;
use tokio::{sync::Semaphore, task::JoinError, time::sleep};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::{
    context::{Context, Ended, Requester},
    jobs::{Following, blocking},
    local_state::LocalState,
    operations,
    options::LocalOptions,
    reports::Reports,
};

/// How often the end of a job is tried to be written, a second apart: a disk that was full may have room again.
const END_ATTEMPTS: u32 = 5;

/// Runs jobs of this process.
#[derive(Debug)]
pub(crate) struct Runner {
    state: Arc<LocalState>,
    slots: Arc<Semaphore>,
    /// The tokens of jobs that were submitted here and have not ended.
    open: Mutex<HashMap<JobId, CancellationToken>>,
    options: LocalOptions,
}

impl Runner {
    pub(crate) fn new(state: Arc<LocalState>, options: LocalOptions) -> Self {
        Self {
            state,
            slots: Arc::new(Semaphore::new(options.max_concurrent_jobs.max(1))),
            open: Mutex::default(),
            options,
        }
    }

    /// Begins to carry out an accepted job. The task outlives everything that knows of it but the runtime.
    pub(crate) fn start(self: &Arc<Self>, request: JobRequest) {
        let cancel = CancellationToken::new();
        self.tokens(|open| open.insert(request.id, cancel.clone()));
        let runner = Arc::clone(self);
        let span = span(&request);
        let job = async move {
            let id = request.id;
            let following = Following::begin(&runner.state.jobs);
            if let Err(error) = runner.carry_out(request, cancel).await {
                tracing::error!(%error, job = %id, "the job's end could not be recorded");
                runner.state.jobs.lose(id, error);
            }
            runner.tokens(|open| open.remove(&id));
            drop(following);
        };
        tokio::spawn(job.instrument(span));
    }

    /// Tells a job of ours to stop.
    pub(crate) fn cancel(&self, id: JobId) {
        if let Some(cancel) = self.tokens(|open| open.get(&id).cloned()) {
            cancel.cancel();
        }
    }

    fn tokens<T>(&self, work: impl FnOnce(&mut HashMap<JobId, CancellationToken>) -> T) -> T {
        work(&mut self.open.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// All attempts of a job. An error means that its log could not be written.
    async fn carry_out(&self, request: JobRequest, wish: CancellationToken) -> Result<()> {
        let JobRequest {
            id,
            owner,
            operation,
            confined_to,
            context: work,
            trace: _,
        } = request;
        let requester = Requester {
            owner,
            confined_to,
            outer_job: work.as_ref().map(|work| work.job_id),
        };
        let _slot = tokio::select! {
            // The semaphore is never closed.
            slot = Arc::clone(&self.slots).acquire_owned() => slot,
            // Who passed the wish on has ended the job, which nobody had started.
            () = wish.cancelled() => return Ok(()),
        };
        let reports = Arc::new(Reports::default());
        loop {
            let Some(attempt) = self.claim(id).await? else {
                return Ok(());
            };
            reports.begin_attempt();
            let shown = work.as_ref().map_or(attempt, |work| work.attempt);
            let context = Context::new(
                (id, attempt, shown),
                requester.clone(),
                Arc::clone(&self.state),
                wish.child_token(),
                Arc::clone(&reports),
            );
            let outcome = self.attempt(operation.clone(), &context, &wish).await;
            let outcome = outcome
                .and_then(|ended| context.inputs().check_unchanged().map(|()| ended))
                .map_err(|error| context.artifacts().failure().unwrap_or(error));
            // A worker decides itself whether its outer job is tried again.
            let last = attempt >= self.options.max_attempts
                || work.is_some()
                || matches!(operation, Operation::Query(_));
            let again =
                matches!(&outcome, Err(error) if error.is_retryable()) && !last && !wish.is_cancelled();
            if !again && self.options.drop_copies {
                // Before the end is known: who waits for it may leave at once, and this process with it.
                let inputs = self.state.inputs.clone();
                let dropped = tokio::task::spawn_blocking(move || inputs.drop_copies(id)).await;
                if let Ok(Err(error)) = dropped {
                    tracing::debug!(%error, "copies of inputs are left for the daily sweep");
                }
            }
            let listed = self.end(&context, outcome, again, wish.is_cancelled()).await?;
            if !listed {
                self.discard(&context);
            }
            if !again {
                return Ok(());
            }
            let delay = self.options.retry_delay * 2_u32.saturating_pow(attempt - 1);
            tokio::select! {
                () = sleep(delay) => {}
                () = wish.cancelled() => {}
            }
        }
    }

    /// Appends `Started`. `None` where somebody ended the job before, or has it already.
    async fn claim(&self, id: JobId) -> Result<Option<u32>> {
        let claimed = blocking(&self.state.jobs, move |jobs| {
            let mut claimed = None;
            jobs.change(id, |log| {
                let attempt = log.job().attempt + 1;
                match log.append(Timestamp::now(), EventKind::Started { attempt }) {
                    Ok(event) => {
                        claimed = Some(attempt);
                        Ok(vec![event])
                    }
                    Err(refusal) => {
                        tracing::debug!(%refusal, "walking away");
                        Ok(Vec::new())
                    }
                }
            })?;
            Ok(claimed)
        });
        match claimed.await {
            // Deleted while it waited for its turn: nothing to do, and nobody to tell.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Gone) => Ok(None),
            claimed => claimed,
        }
    }

    /// Runs the operation and meanwhile writes what it reports. When that cannot be written, the operation is told to
    /// stop, and this is how the attempt ended.
    async fn attempt(
        &self,
        operation: Operation,
        context: &Context,
        wish: &CancellationToken,
    ) -> Result<Ended> {
        let reports = context.reports();
        let mut task = tokio::spawn({
            let context = context.clone();
            async move { operations::run(operation, &context).await }.in_current_span()
        });
        let mut changes = self.state.jobs.changes().subscribe();
        // Another process may have recorded its wish before we listened.
        changes.mark_changed();
        let mut unwritten: Option<Error> = None;
        loop {
            tokio::select! {
                outcome = &mut task => {
                    let outcome = outcome.unwrap_or_else(|error| Err(crashed(error)));
                    return unwritten.map_or(outcome, Err);
                }
                () = reports.due(), if unwritten.is_none() => {
                    if let Err(error) = self.write(context.job_id(), reports.take()).await {
                        context.cancel().cancel();
                        unwritten = Some(error);
                    }
                }
                _ = changes.changed(), if !wish.is_cancelled() => self.look_for_wish(context.job_id(), wish).await,
            }
        }
    }

    /// Passes on the wish to cancel that another process recorded.
    async fn look_for_wish(&self, id: JobId, wish: &CancellationToken) {
        match blocking(&self.state.jobs, move |jobs| jobs.is_cancelling(id)).await {
            Ok(true) => wish.cancel(),
            Ok(false) => {}
            Err(error) => tracing::debug!(%error, "wishes to cancel cannot be seen"),
        }
    }

    async fn write(&self, id: JobId, kinds: Vec<EventKind>) -> Result<()> {
        if kinds.is_empty() {
            return Ok(());
        }
        blocking(&self.state.jobs, move |jobs| {
            jobs.change(id, |log| append_all(log, kinds)).map(drop)
        })
        .await
    }

    /// Appends the last reports and the end of the attempt. Returns whether that lists artifacts of the attempt.
    async fn end(
        &self,
        context: &Context,
        outcome: Result<Ended>,
        again: bool,
        wished: bool,
    ) -> Result<bool> {
        let artifacts = context.artifacts().finished();
        let (listed, end) = match outcome {
            Ok(ended) => (
                !artifacts.is_empty(),
                EventKind::Completed {
                    output: Box::new(ended.output),
                    completeness: ended.completeness,
                    artifacts,
                },
            ),
            Err(error) if again => (
                false,
                EventKind::AttemptFailed {
                    attempt: context.started_as(),
                    error,
                },
            ),
            Err(error) if wished && error.code() != PANICKED => {
                if error.kind() != ErrorKind::Cancelled {
                    tracing::debug!(%error, "what the operation said when it was told to stop");
                }
                (false, EventKind::Cancelled)
            }
            Err(error) => (false, EventKind::Failed { error }),
        };
        let mut kinds = context.reports().finish();
        kinds.push(end);
        let mut attempts = 1;
        loop {
            match self.write(context.job_id(), kinds.clone()).await {
                Ok(()) => return Ok(listed),
                Err(error) if error.is_retryable() && attempts < END_ATTEMPTS => {
                    attempts += 1;
                    sleep(Duration::from_secs(1)).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Removes files that no event lists.
    fn discard(&self, context: &Context) {
        if let Err(error) = context.artifacts().discard() {
            tracing::debug!(%error, "left for the next sweep");
        }
    }
}

/// What logs are written in: under a worker the names of the outer job, which are the ones that people know.
fn span(request: &JobRequest) -> tracing::Span {
    let shown = request.context.as_ref().map_or(request.id, |work| work.job_id);
    tracing::info_span!(
        "job",
        id = %shown,
        attempt = request.context.as_ref().map(|work| work.attempt),
        operation = request.operation.name(),
        trace = request.trace.map(|trace| tracing::field::display(trace.trace_id())),
    )
}

/// Appends events in order. A wish that came in between turns an announcement of another attempt into the end.
fn append_all(log: &mut JobLog, kinds: Vec<EventKind>) -> Result<Vec<JobEvent>> {
    let now = Timestamp::now();
    kinds
        .into_iter()
        .map(|kind| {
            let wished = log.job().cancel_requested_at.is_some();
            let kind = match kind {
                EventKind::AttemptFailed { .. } if wished => EventKind::Cancelled,
                kind => kind,
            };
            log.append(now, kind)
        })
        .collect()
}

const PANICKED: &str = "Panicked";

/// The words of a panic are on stderr already; they may quote data, so they do not go into the job.
fn crashed(error: JoinError) -> Error {
    Error::internal(
        "carry out the operation: it panicked, which is a defect of atg: please report what stderr says",
    )
    .with_code(PANICKED)
    .with_source(error)
}
