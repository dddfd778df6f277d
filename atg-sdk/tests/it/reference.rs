//! The smallest executor that keeps the whole contract, in memory: it shows that the suite can be passed.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    io,
    sync::{Arc, Mutex, MutexGuard},
    time::Instant,
};

use async_trait::async_trait;
use atg_sdk::{
    Artifact, ArtifactStream, ByteRange, Completeness, Counters, Error, ErrorKind, EventKind, EventThrottle,
    Executor, Health, HealthState, Input, InputContent, InputDigest, Job, JobEvent, JobFilter, JobId, JobLog,
    JobRequest, JobStatus, Operation, Output, Owner, Result,
    model::operations::rehearsal::{self, Parameters, Step},
};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream, stream::BoxStream};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use tokio::sync::{Semaphore, watch};

/// Runs rehearsals, retries what is retryable, copies inputs.
#[derive(Debug, Clone)]
pub(crate) struct Reference {
    state: Arc<Mutex<State>>,
    /// Raised with every change, so that nobody polls.
    changes: Arc<watch::Sender<u64>>,
    permits: Arc<Semaphore>,
    max_attempts: u32,
}

#[derive(Debug, Default)]
struct State {
    jobs: BTreeMap<JobId, Entry>,
    deleted: HashSet<JobId>,
    inputs: HashMap<(Owner, InputDigest), Bytes>,
}

#[derive(Debug)]
struct Entry {
    log: JobLog,
    events: Vec<JobEvent>,
    files: HashMap<String, Bytes>,
    throttle: EventThrottle,
}

impl Entry {
    fn append(&mut self, kind: EventKind) -> Result<()> {
        let event = self.log.append(Timestamp::now(), kind)?;
        self.events.push(event);
        Ok(())
    }
}

impl Reference {
    pub(crate) fn new(concurrency: usize, max_attempts: u32) -> Self {
        Self {
            state: Arc::default(),
            changes: Arc::new(watch::Sender::new(0)),
            permits: Arc::new(Semaphore::new(concurrency)),
            max_attempts,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Changes a job, and lets everybody who waits look again.
    fn with<T>(&self, id: JobId, change: impl FnOnce(&mut Entry) -> Result<T>) -> Result<T> {
        let result = match self.lock().jobs.get_mut(&id) {
            Some(entry) => change(entry),
            None => Err(not_found(id)),
        };
        self.changes.send_modify(|version| *version += 1);
        result
    }

    async fn carry_out(self, id: JobId, owner: Owner, parameters: Parameters) {
        let Ok(_permit) = self.permits.clone().acquire_owned().await else {
            return;
        };
        for attempt in 1..=self.max_attempts {
            let begun = self.with(id, |entry| {
                entry.throttle.begin_attempt();
                entry.append(EventKind::Started { attempt })
            });
            // Cancelled or deleted while it was queued.
            if begun.is_err() {
                return;
            }
            let mut files = HashMap::new();
            let outcome = self.play(id, &owner, &parameters, attempt, &mut files).await;
            let artifacts: Vec<_> = files.iter().map(|(name, bytes)| described(name, bytes)).collect();
            let again = self.with(id, |entry| {
                if let Some(left_out) = entry.throttle.finish() {
                    entry.append(left_out)?;
                }
                let wished = entry.log.job().cancel_requested_at.is_some();
                let end = match outcome {
                    Err(_) if wished => EventKind::Cancelled,
                    Err(error) if error.is_retryable() && attempt < self.max_attempts => {
                        EventKind::AttemptFailed { attempt, error }
                    }
                    Err(error) => EventKind::Failed { error },
                    Ok(output) => {
                        let completeness = if output.success {
                            Completeness::Complete
                        } else {
                            Completeness::Partial
                        };
                        EventKind::Completed {
                            output: Box::new(Output::Rehearsal(output)),
                            completeness,
                            artifacts,
                        }
                    }
                };
                if end.ends_job() {
                    entry.files = files;
                }
                let again = !end.ends_job();
                entry.append(end)?;
                Ok(again)
            });
            if !again.unwrap() {
                return;
            }
        }
    }

    async fn play(
        &self,
        id: JobId,
        owner: &Owner,
        parameters: &Parameters,
        attempt: u32,
        files: &mut HashMap<String, Bytes>,
    ) -> Result<rehearsal::Output> {
        if let Some(digest) = &parameters.input {
            let key = (owner.clone(), digest.clone());
            files.insert("input".to_owned(), self.lock().inputs[&key].clone());
        }
        let kind_of = |name: &str| ErrorKind::from_name(name).ok_or_else(|| Error::invalid("no such kind"));
        let mut output = rehearsal::Output {
            steps: 0,
            success: true,
        };
        for step in &parameters.steps {
            match step {
                Step::Progress { progress, step } => self.with(id, |entry| {
                    let event = entry.throttle.progress(
                        Instant::now(),
                        *progress,
                        Some(step.clone()),
                        Counters::default(),
                    );
                    event.map_or(Ok(()), |event| entry.append(event))
                })?,
                Step::Warn { message } => self.with(id, |entry| {
                    let event = entry.throttle.warning(message);
                    event.map_or(Ok(()), |event| entry.append(event))
                })?,
                Step::Artifact { name, text, repeat } => {
                    Artifact::check_name(name)?;
                    files.insert(
                        name.clone(),
                        Bytes::from(text.repeat(usize::try_from(*repeat).unwrap())),
                    );
                }
                Step::Fail { kind, message } => return Err(Error::new(kind_of(kind)?, message)),
                Step::FailUntil { attempt: first, kind } if attempt < *first => {
                    return Err(Error::new(kind_of(kind)?, "get past this attempt"));
                }
                Step::FailUntil { .. } => {}
                Step::Hang => {
                    let mut changes = self.changes.subscribe();
                    while self.get_job(id).await?.cancel_requested_at.is_none() {
                        changes.changed().await.map_err(|_| Error::cancelled())?;
                    }
                    return Err(Error::cancelled());
                }
                Step::Panic => return Err(Error::internal("get past a panic")),
                Step::Partial => output.success = false,
            }
            output.steps += 1;
            tokio::task::yield_now().await;
        }
        Ok(output)
    }
}

fn not_found(id: JobId) -> Error {
    Error::not_found(format!("find job {id}"))
}

fn described(name: &str, bytes: &Bytes) -> Artifact {
    Artifact {
        name: name.to_owned(),
        content_type: "text/plain".to_owned(),
        size_bytes: bytes.len() as u64,
        sha256: InputDigest::from_bytes(Sha256::digest(bytes).into()).to_string(),
    }
}

#[async_trait]
impl Executor for Reference {
    async fn put_input(&self, owner: &Owner, content: InputContent) -> Result<Input> {
        let bytes = match content {
            InputContent::Bytes(bytes) => bytes,
            InputContent::Stream(chunks) => Bytes::from(chunks.try_collect::<Vec<_>>().await?.concat()),
            InputContent::Known(sha256) => {
                let state = self.lock();
                let known = state.inputs.get(&(owner.clone(), sha256.clone()));
                let bytes = known.ok_or_else(|| Error::not_found("find the input"))?;
                let size_bytes = bytes.len() as u64;
                return Ok(Input { sha256, size_bytes });
            }
            InputContent::File(path) => Bytes::from(std::fs::read(path).map_err(|error| {
                let kind = match error.kind() {
                    io::ErrorKind::NotFound => ErrorKind::NotFound,
                    io::ErrorKind::IsADirectory => ErrorKind::InvalidArgument,
                    _ => ErrorKind::PermissionDenied,
                };
                Error::new(kind, "read the input").with_source(error)
            })?),
        };
        let input = Input {
            sha256: InputDigest::from_bytes(Sha256::digest(&bytes).into()),
            size_bytes: bytes.len() as u64,
        };
        self.lock()
            .inputs
            .insert((owner.clone(), input.sha256.clone()), bytes);
        Ok(input)
    }

    async fn submit_job(&self, request: JobRequest) -> Result<Job> {
        let mut state = self.lock();
        if state.deleted.contains(&request.id) {
            return Err(Error::new(ErrorKind::Gone, "submit a job that was deleted"));
        }
        if let Some(entry) = state.jobs.get(&request.id) {
            let job = entry.log.job();
            return job.check_same_request(&request).map(|()| job.clone());
        }
        for input in request.operation.inputs() {
            if !state.inputs.contains_key(&(request.owner.clone(), input.clone())) {
                return Err(Error::not_found(format!("find input {input}: put it first")));
            }
        }
        let (log, first) = JobLog::submit(&request, None, Timestamp::now());
        let job = log.job().clone();
        let entry = Entry {
            log,
            events: vec![first],
            files: HashMap::new(),
            throttle: EventThrottle::new(),
        };
        state.jobs.insert(request.id, entry);
        let Operation::Rehearsal(parameters) = request.operation else {
            return Err(Error::new(ErrorKind::Unsupported, "do anything but rehearse"));
        };
        tokio::spawn(self.clone().carry_out(request.id, request.owner, parameters));
        Ok(job)
    }

    async fn get_job(&self, id: JobId) -> Result<Job> {
        let state = self.lock();
        let entry = state.jobs.get(&id).ok_or_else(|| not_found(id))?;
        Ok(entry.log.job().clone())
    }

    fn list_jobs(&self, filter: JobFilter) -> BoxStream<'static, Result<Job>> {
        let mut jobs: Vec<_> = self
            .lock()
            .jobs
            .values()
            .map(|entry| entry.log.job().clone())
            .filter(|job| filter.admits(job))
            .collect();
        jobs.sort_by_key(|job| std::cmp::Reverse((job.created_at, job.id)));
        stream::iter(jobs.into_iter().map(Ok)).boxed()
    }

    fn watch_job(&self, id: JobId, after: Option<u64>) -> BoxStream<'static, Result<JobEvent>> {
        let changes = self.changes.subscribe();
        let next = after.unwrap_or(0);
        let state = Some((self.clone(), changes, usize::try_from(next).unwrap()));
        stream::unfold(state, move |state| async move {
            let (executor, mut changes, next) = state?;
            loop {
                let found = {
                    let state = executor.lock();
                    match state.jobs.get(&id) {
                        None => return Some((Err(not_found(id)), None)),
                        Some(entry) => (
                            entry.events.get(next).cloned(),
                            entry.log.job().status.has_ended(),
                        ),
                    }
                };
                match found {
                    (Some(event), _) => return Some((Ok(event), Some((executor, changes, next + 1)))),
                    (None, true) => return None,
                    (None, false) => changes.changed().await.ok()?,
                }
            }
        })
        .boxed()
    }

    async fn cancel_job(&self, id: JobId) -> Result<Job> {
        self.with(id, |entry| {
            let events = entry.log.cancel(Timestamp::now());
            entry.events.extend(events);
            Ok(entry.log.job().clone())
        })
    }

    async fn delete_job(&self, id: JobId) -> Result<()> {
        let mut state = self.lock();
        match state.jobs.get(&id).map(|entry| entry.log.job().status) {
            None => Ok(()),
            Some(JobStatus::Pending | JobStatus::Running) => {
                Err(Error::conflict("delete a job that has not ended"))
            }
            Some(_) => {
                state.jobs.remove(&id);
                state.deleted.insert(id);
                Ok(())
            }
        }
    }

    async fn read_artifact(&self, id: JobId, name: &str, range: Option<ByteRange>) -> Result<ArtifactStream> {
        let state = self.lock();
        let entry = state.jobs.get(&id).ok_or_else(|| not_found(id))?;
        let job = entry.log.job();
        if !job.status.has_ended() {
            return Err(Error::conflict("read an artifact of a job that has not ended"));
        }
        let artifact = job.artifacts.iter().find(|artifact| artifact.name == name);
        let artifact = artifact.ok_or_else(|| Error::not_found("find the artifact"))?;
        let range = match range {
            Some(range) => range.resolve(artifact.size_bytes)?,
            None => 0..artifact.size_bytes,
        };
        let (from, to) = (
            usize::try_from(range.start).unwrap(),
            usize::try_from(range.end).unwrap(),
        );
        let bytes = entry.files[name].slice(from..to);
        let chunks: Vec<_> = bytes
            .chunks(64 * 1024)
            .map(|chunk| Ok(bytes.slice_ref(chunk)))
            .collect();
        Ok(ArtifactStream {
            artifact: artifact.clone(),
            range,
            bytes: stream::iter(chunks).boxed(),
        })
    }

    async fn health(&self) -> Result<Health> {
        let state = self.lock();
        let count = |status| {
            state
                .jobs
                .values()
                .filter(|entry| entry.log.job().status == status)
                .count() as u64
        };
        Ok(Health {
            graph_id: None,
            jobs_pending: count(JobStatus::Pending),
            jobs_running: count(JobStatus::Running),
            status: HealthState::Healthy,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            parts: BTreeMap::new(),
        })
    }
}
