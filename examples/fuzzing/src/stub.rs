//! An executor that has always done everything already, so that a call never waits.

use std::sync::LazyLock;

use async_trait::async_trait;
use atg_sdk::{
    Artifact, ArtifactStream, ByteRange, Completeness, Error, EventKind, Executor, Health, HealthState,
    Input, InputContent, InputDigest, Job, JobEvent, JobFilter, JobId, JobLog, JobRequest, Operation, Output,
    Owner, Result, model::operations::self_test,
};
use bytes::Bytes;
use futures::{StreamExt as _, stream, stream::BoxStream};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

/// Whose everything is.
pub(crate) const OWNER: &str = "fuzz";
/// The only job.
pub(crate) const JOB: &str = "01980000-0000-7000-8000-000000000001";
/// Its artifacts, by length.
pub(crate) const LENGTHS: [usize; 3] = [0, 1, 1000];

/// The bytes of the artifact of that length.
pub(crate) fn content(length: usize) -> Vec<u8> {
    (0..length).map(|at| b"0123456789abcdef"[at % 16]).collect()
}

#[derive(Debug)]
pub(crate) struct Stub;

static FINISHED: LazyLock<Result<(Job, Vec<JobEvent>)>> = LazyLock::new(|| {
    let id = JOB.parse()?;
    let request = JobRequest::new(Operation::SelfTest(self_test::Parameters::default()))
        .with_id(id)
        .with_owner(Owner::new(OWNER));
    finished(&request)
});

/// The job of a request, from its first to its last event.
fn finished(request: &JobRequest) -> Result<(Job, Vec<JobEvent>)> {
    let time = Timestamp::UNIX_EPOCH;
    let (mut log, first) = JobLog::submit(request, None, time);
    let mut events = vec![first];
    events.push(log.append(time, EventKind::Started { attempt: 1 })?);
    events.push(log.append(
        time,
        EventKind::Completed {
            output: Box::new(Output::SelfTest(self_test::Output { checks: Vec::new() })),
            completeness: Completeness::Complete,
            artifacts: LENGTHS.map(artifact).to_vec(),
        },
    )?);
    Ok((log.into_job(), events))
}

fn artifact(length: usize) -> Artifact {
    Artifact {
        name: format!("{length}.txt"),
        content_type: "text/plain".to_owned(),
        size_bytes: length as u64,
        sha256: hex(&content(length)),
    }
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn known(id: JobId) -> Result<&'static (Job, Vec<JobEvent>)> {
    match &*FINISHED {
        Ok(finished) if finished.0.id == id => Ok(finished),
        Ok(_) => Err(Error::not_found(format!("find job {id}"))),
        Err(error) => Err(error.clone()),
    }
}

#[async_trait]
impl Executor for Stub {
    async fn put_input(&self, _: &Owner, content: InputContent) -> Result<Input> {
        let mut bytes = Vec::new();
        match content {
            InputContent::Stream(mut chunks) => {
                while let Some(chunk) = chunks.next().await {
                    bytes.extend_from_slice(&chunk?);
                }
            }
            InputContent::Bytes(all) => bytes.extend_from_slice(&all),
            InputContent::Known(_) | InputContent::File(_) => return Err(Error::not_found("find the input")),
        }
        Ok(Input {
            sha256: hex(&bytes).parse::<InputDigest>()?,
            size_bytes: bytes.len() as u64,
        })
    }

    async fn submit_job(&self, request: JobRequest) -> Result<Job> {
        finished(&request).map(|(job, _)| job)
    }

    async fn get_job(&self, id: JobId) -> Result<Job> {
        known(id).map(|(job, _)| job.clone())
    }

    fn list_jobs(&self, filter: JobFilter) -> BoxStream<'static, Result<Job>> {
        let jobs = FINISHED.iter().map(|(job, _)| job.clone());
        stream::iter(jobs.filter(|job| filter.admits(job)).map(Ok).collect::<Vec<_>>()).boxed()
    }

    fn watch_job(&self, id: JobId, after: Option<u64>) -> BoxStream<'static, Result<JobEvent>> {
        let after = after.unwrap_or_default();
        match known(id) {
            Ok((_, events)) => {
                let events = events.iter().filter(|event| event.sequence > after).cloned();
                stream::iter(events.map(Ok).collect::<Vec<_>>()).boxed()
            }
            Err(error) => stream::iter([Err(error)]).boxed(),
        }
    }

    async fn cancel_job(&self, id: JobId) -> Result<Job> {
        self.get_job(id).await
    }

    async fn delete_job(&self, _: JobId) -> Result<()> {
        Ok(())
    }

    async fn read_artifact(&self, id: JobId, name: &str, range: Option<ByteRange>) -> Result<ArtifactStream> {
        let (job, _) = known(id)?;
        let found = job.artifacts.iter().find(|artifact| artifact.name == name);
        let artifact = found.ok_or_else(|| Error::not_found(format!("find `{}`", name.escape_debug())))?;
        let range = match range {
            Some(range) => range.resolve(artifact.size_bytes)?,
            None => 0..artifact.size_bytes,
        };
        let bytes = content(usize::try_from(range.end).unwrap_or_default());
        let bytes = Bytes::from(bytes).slice(usize::try_from(range.start).unwrap_or_default()..);
        Ok(ArtifactStream {
            artifact: artifact.clone(),
            range,
            bytes: stream::iter([Ok(bytes)]).boxed(),
        })
    }

    async fn health(&self) -> Result<Health> {
        Ok(Health {
            status: HealthState::Healthy,
            version: "0".to_owned(),
            parts: [].into(),
            graph_id: None,
            jobs_pending: 0,
            jobs_running: 0,
        })
    }
}
