//! An executor that keeps nothing beyond its process and does next to nothing, for runs of any size.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use atg_sdk::{
    ArtifactStream, ByteRange, Completeness, Error, ErrorKind, EventKind, Executor, Health, HealthState,
    Input, InputContent, Job, JobEvent, JobFilter, JobId, JobLog, JobRequest, Operation, Output, Owner,
    Result,
    model::operations::rehearsal::{self, Step},
};
use futures::{StreamExt as _, stream, stream::BoxStream};
use jiff::Timestamp;
use tokio::sync::watch;

/// Jobs as long as somebody may ask for them.
#[derive(Debug, Default)]
pub(crate) struct InMemory {
    jobs: Mutex<HashMap<JobId, Kept>>,
}

#[derive(Debug)]
struct Kept {
    log: JobLog,
    events: Vec<JobEvent>,
    changed: watch::Sender<()>,
}

impl InMemory {
    fn with<T>(&self, id: JobId, act: impl FnOnce(&mut Kept) -> T) -> Result<T> {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = jobs
            .get_mut(&id)
            .ok_or_else(|| Error::not_found("find the job"))?;
        Ok(act(kept))
    }
}

impl Kept {
    fn append(&mut self, kind: EventKind) {
        if let Ok(event) = self.log.append(Timestamp::now(), kind) {
            self.events.push(event);
            self.changed.send_replace(());
        }
    }
}

#[async_trait]
impl Executor for InMemory {
    async fn put_input(&self, _owner: &Owner, _content: InputContent) -> Result<Input> {
        Err(Error::not_found("keep an input"))
    }

    async fn submit_job(&self, request: JobRequest) -> Result<Job> {
        let (log, first) = JobLog::submit(&request, None, Timestamp::now());
        let mut kept = Kept {
            log,
            events: vec![first],
            changed: watch::Sender::new(()),
        };
        let Operation::Rehearsal(script) = &request.operation else {
            return Err(Error::invalid("carry out anything but a script"));
        };
        let attempt = request.context.as_ref().map_or(1, |context| context.attempt);
        kept.append(EventKind::Started { attempt: 1 });
        let mut end = Some(EventKind::Completed {
            output: Box::new(Output::Rehearsal(rehearsal::Output::default())),
            completeness: Completeness::Complete,
            artifacts: Vec::new(),
        });
        for step in &script.steps {
            match step {
                Step::Warn { message } => kept.append(EventKind::Warning {
                    message: message.clone(),
                    suppressed: 0,
                }),
                Step::FailUntil { attempt: good, .. } if attempt < *good => {
                    let error = Error::new(ErrorKind::Unavailable, "do it the first time");
                    end = Some(EventKind::Failed { error });
                }
                Step::Hang => end = None,
                _ => {}
            }
        }
        if let Some(end) = end {
            kept.append(end);
        }
        let job = kept.log.job().clone();
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.insert(request.id, kept);
        Ok(job)
    }

    async fn get_job(&self, id: JobId) -> Result<Job> {
        self.with(id, |kept| kept.log.job().clone())
    }

    fn list_jobs(&self, _filter: JobFilter) -> BoxStream<'static, Result<Job>> {
        stream::empty().boxed()
    }

    fn watch_job(&self, id: JobId, after: Option<u64>) -> BoxStream<'static, Result<JobEvent>> {
        let after = after.unwrap_or_default();
        let found = self.with(id, |kept| {
            let events: Vec<_> = kept
                .events
                .iter()
                .filter(|event| event.sequence > after)
                .cloned()
                .map(Ok)
                .collect();
            (
                events,
                kept.log.job().status.has_ended(),
                kept.changed.subscribe(),
            )
        });
        match found {
            Err(error) => stream::iter([Err(error)]).boxed(),
            Ok((events, true, _)) => stream::iter(events).boxed(),
            // Breaks off with the next change: whoever follows comes again.
            Ok((events, false, mut changed)) => {
                let wait = stream::once(async move {
                    let _ = tokio::time::timeout(Duration::from_secs(5), changed.changed()).await;
                    stream::empty()
                });
                stream::iter(events).chain(wait.flatten()).boxed()
            }
        }
    }

    async fn cancel_job(&self, id: JobId) -> Result<Job> {
        self.with(id, |kept| {
            kept.append(EventKind::CancelRequested);
            kept.append(EventKind::Cancelled);
            kept.log.job().clone()
        })
    }

    async fn delete_job(&self, id: JobId) -> Result<()> {
        self.jobs
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&id);
        Ok(())
    }

    async fn read_artifact(
        &self,
        _id: JobId,
        _name: &str,
        _range: Option<ByteRange>,
    ) -> Result<ArtifactStream> {
        Err(Error::not_found("read an artifact"))
    }

    async fn health(&self) -> Result<Health> {
        Ok(Health {
            status: HealthState::Healthy,
            version: String::new(),
            parts: Default::default(),
            graph_id: None,
            jobs_pending: 0,
            jobs_running: 0,
        })
    }
}
