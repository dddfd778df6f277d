//! The trait over HTTP.

use std::{
    collections::VecDeque,
    io::{Seek as _, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use atg_sdk::{
    ArtifactStream, ByteRange, Error, ErrorKind, Executor, ExecutorExt as _, Health, HealthState, Input,
    InputContent, Job, JobEvent, JobFilter, JobId, JobRequest, Owner, PartHealth, Result,
    rest::{self, paths},
};
use futures::{StreamExt as _, stream, stream::BoxStream};
use reqwest::{
    Method,
    header::{ACCEPT, CONTENT_TYPE},
};
use serde::Deserialize;

use crate::{
    RemoteOptions,
    archive::{ExtractLimits, extract_archive},
    download,
    events::Watch,
    inputs,
    transport::{Shared, Transport},
};

/// From so many artifacts on, one archive is kinder than so many calls.
const MANY: usize = 20;
/// Jobs on one page of a listing.
const PAGE: usize = 100;

/// Carries jobs out on a service. Cheap to clone; all clones share connections.
///
/// Whose jobs they are follows from the key, so owners that callers name are not sent, and jobs come back with the
/// default owner and without parameters (their first event has both). A service whose key may see the jobs of others
/// (`jobs:all`) lists those too.
#[derive(Debug, Clone)]
pub struct RemoteExecutor {
    transport: Shared,
}

impl RemoteExecutor {
    /// Prepares calls; makes none yet.
    ///
    /// # Errors
    /// `InvalidArgument` for an address that the key may not be sent to, a key that cannot be one, or an unreadable
    /// certificate authority; `Unavailable` where TLS cannot be set up.
    pub fn new(options: RemoteOptions) -> Result<Self> {
        Ok(Self {
            transport: Arc::new(Transport::new(options)?),
        })
    }

    /// Writes all artifacts of an ended job into a directory, as
    /// [`download_artifacts`](atg_sdk::ExecutorExt::download_artifacts) does; many of them come in one archive, since a service
    /// counts calls. Must be called on a Tokio runtime.
    ///
    /// # Errors
    /// Those of [`download_artifacts`](atg_sdk::ExecutorExt::download_artifacts) and of [`extract_archive`].
    pub async fn download_all(&self, id: JobId, directory: &Path) -> Result<Vec<PathBuf>> {
        let job = self.get_job(id).await?;
        if job.artifacts.len() < MANY {
            return self.download_artifacts(id, directory).await;
        }
        let failed = |error| {
            Error::new(
                ErrorKind::Unavailable,
                "keep the archive in a temporary file: is there space?",
            )
            .with_source(error)
        };
        let mut archive = tempfile::tempfile().map_err(failed)?;
        let mut chunks = download::open_archive(Arc::clone(&self.transport), id).await?;
        while let Some(chunk) = chunks.next().await {
            // To memory that the system writes out when it likes: too short to matter to others.
            archive.write_all(&chunk?).map_err(failed)?;
        }
        archive.rewind().map_err(failed)?;
        let limits = ExtractLimits {
            entries: job.artifacts.len(),
            bytes: job.artifacts.iter().map(|artifact| artifact.size_bytes).sum(),
        };
        let directory = directory.to_owned();
        let target = directory.clone();
        let written = inputs::joined(
            tokio::task::spawn_blocking(move || extract_archive(archive, &target, limits)).await,
        )?;
        let places: Vec<_> = job
            .artifacts
            .iter()
            .map(|artifact| directory.join(&artifact.name))
            .collect();
        match places.iter().find(|place| !written.contains(place)) {
            None => Ok(places),
            Some(place) => Err(Error::internal(format!(
                "download the files of job {id}: the archive lacks {}",
                place.display()
            ))),
        }
    }

    /// The service's address.
    #[must_use]
    pub fn service(&self) -> String {
        self.transport.address.to_string()
    }
}

#[async_trait]
impl Executor for RemoteExecutor {
    async fn put_input(&self, _owner: &Owner, content: InputContent) -> Result<Input> {
        inputs::put(&self.transport, content).await
    }

    async fn submit_job(&self, request: JobRequest) -> Result<Job> {
        // A work context stays on this side: for the service this is a job like any other. A confinement cannot be
        // dropped like that.
        if request.confined_to.is_some() {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "confine a job on another service to tenants: its API key has to be confined there",
            ));
        }
        let path = paths::operation(request.operation.name());
        let body = serde_json::to_vec(&request.operation.parameters())
            .map_err(|error| Error::internal("write the parameters").with_source(error))?;
        let body = bytes::Bytes::from(body);
        let job: Job = self
            .transport
            .json("a job", || {
                self.transport
                    .request(Method::POST, &path)
                    .header(CONTENT_TYPE, "application/json")
                    .header(ACCEPT, "application/json")
                    .header(rest::headers::IDEMPOTENCY_KEY, request.id.to_string())
                    .body(body.clone())
            })
            .await?;
        if job.id != request.id {
            return Err(Error::internal(format!(
                "submit job {}: the service at {} answered with job {}",
                request.id, self.transport.address, job.id
            )));
        }
        Ok(job)
    }

    async fn get_job(&self, id: JobId) -> Result<Job> {
        get_job(&self.transport, id).await
    }

    fn list_jobs(&self, filter: JobFilter) -> BoxStream<'static, Result<Job>> {
        let pages = Pages {
            transport: Arc::clone(&self.transport),
            cursor: filter.before.map(|(time, id)| rest::cursor(time, id)),
            filter: JobFilter {
                owner: None,
                ..filter
            },
            jobs: VecDeque::new(),
            is_last: false,
        };
        stream::unfold(Some(pages), |state| async {
            let mut pages = state?;
            match pages.next().await {
                Ok(Some(job)) => Some((Ok(job), Some(pages))),
                Ok(None) => None,
                Err(error) => Some((Err(error), None)),
            }
        })
        .boxed()
    }

    fn watch_job(&self, id: JobId, after: Option<u64>) -> BoxStream<'static, Result<JobEvent>> {
        Watch::new(Arc::clone(&self.transport), id, after).into_stream()
    }

    async fn cancel_job(&self, id: JobId) -> Result<Job> {
        let path = paths::job_cancel(id);
        self.transport
            .json("a job", || self.transport.request(Method::POST, &path))
            .await
    }

    async fn delete_job(&self, id: JobId) -> Result<()> {
        let path = format!("{}?purge=true", paths::job(id));
        self.transport
            .send(|| self.transport.request(Method::DELETE, &path))
            .await?;
        Ok(())
    }

    async fn read_artifact(&self, id: JobId, name: &str, range: Option<ByteRange>) -> Result<ArtifactStream> {
        download::open(Arc::clone(&self.transport), id, name, range).await
    }

    async fn health(&self) -> Result<Health> {
        let status: Result<Status> = self
            .transport
            .json("the service's state", || {
                self.transport.request(Method::GET, paths::STATUS)
            })
            .await;
        let status = match status {
            Ok(status) => status,
            // It answers and cannot say more: what it tells everybody is still something.
            Err(error) if error.kind() == ErrorKind::Unavailable && error.request_id().is_some() => {
                return Ok(down(error.message()));
            }
            Err(error) => return Err(error),
        };
        let mut parts = status.parts;
        let detail = format!(
            "{} answers, version {}",
            self.transport.address, status.versions.server
        );
        let state = HealthState::Healthy;
        parts.insert("service".to_owned(), PartHealth { state, detail });
        if let Some(key) = status.key {
            let detail = key.describe();
            parts.insert("key".to_owned(), PartHealth { state, detail });
        }
        Ok(Health {
            status: status.status,
            version: status.versions.executor,
            parts,
            graph_id: status.graph_id,
            jobs_pending: status.job_queue_depth,
            jobs_running: status.jobs_running,
        })
    }
}

pub(crate) async fn get_job(transport: &Transport, id: JobId) -> Result<Job> {
    let path = paths::job(id);
    transport
        .json("a job", || transport.request(Method::GET, &path))
        .await
}

/// A service that answers, and says that it cannot work.
fn down(words: &str) -> Health {
    let part = PartHealth {
        state: HealthState::Unhealthy,
        detail: words.to_owned(),
    };
    Health {
        status: HealthState::Unhealthy,
        version: String::new(),
        parts: [("service".to_owned(), part)].into(),
        graph_id: None,
        jobs_pending: 0,
        jobs_running: 0,
    }
}

/// `GET /api/v1/status`, as far as it is of interest.
#[derive(Debug, Deserialize)]
struct Status {
    status: HealthState,
    #[serde(default)]
    key: Option<Key>,
    #[serde(default)]
    versions: Versions,
    #[serde(default)]
    parts: std::collections::BTreeMap<String, PartHealth>,
    #[serde(default)]
    graph_id: Option<String>,
    #[serde(default)]
    job_queue_depth: u64,
    #[serde(default)]
    jobs_running: u64,
}

/// What the service knows of the caller.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Key {
    id: String,
    owner: String,
    scopes: Vec<String>,
    /// `*` alone for every one.
    tenants: Vec<String>,
}

impl Key {
    fn describe(&self) -> String {
        let tenants = match self.tenants.as_slice() {
            [] => "no tenant".to_owned(),
            [all] if all == "*" => "every tenant".to_owned(),
            tenants => tenants.join(", "),
        };
        format!(
            "key {} of {}: {}; for {tenants}",
            self.id,
            self.owner,
            self.scopes.join(", ")
        )
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Versions {
    server: String,
    executor: String,
}

/// A listing, page by page.
struct Pages {
    transport: Shared,
    filter: JobFilter,
    cursor: Option<String>,
    jobs: VecDeque<Job>,
    is_last: bool,
}

#[derive(Debug, Deserialize)]
struct Page {
    jobs: VecDeque<Job>,
    #[serde(default)]
    next_cursor: Option<String>,
}

impl Pages {
    async fn next(&mut self) -> Result<Option<Job>> {
        loop {
            while let Some(job) = self.jobs.pop_front() {
                // The service knows one tenant a call; the rest of the condition is ours.
                if self.filter.admits(&job) {
                    return Ok(Some(job));
                }
            }
            let tenants = self.filter.tenants.as_deref();
            if self.is_last || tenants.is_some_and(<[_]>::is_empty) {
                return Ok(None);
            }
            let path = self.path();
            let page: Page = self
                .transport
                .json("a list of jobs", || self.transport.request(Method::GET, &path))
                .await?;
            // A cursor that does not move would be a listing without end.
            self.is_last = page.next_cursor.is_none() || page.next_cursor == self.cursor;
            self.cursor = page.next_cursor;
            self.jobs = page.jobs;
        }
    }

    fn path(&self) -> String {
        let mut path = format!("{}?limit={PAGE}", paths::JOBS);
        let mut add =
            |name: &str, value: &str| path.push_str(&format!("&{name}={}", rest::query_escaped(value)));
        if !self.filter.status.is_empty() {
            let names: Vec<_> = self.filter.status.iter().map(|status| status.name()).collect();
            add("status", &names.join(","));
        }
        if !self.filter.operations.is_empty() {
            add("operation", &self.filter.operations.join(","));
        }
        if let Some([tenant]) = self.filter.tenants.as_deref() {
            add("tenant_id", &tenant.to_string());
        }
        if let Some(cursor) = &self.cursor {
            add("cursor", cursor);
        }
        path
    }
}
