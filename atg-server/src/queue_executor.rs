//! The service's front: accepts jobs into a queue, and shows what workers make of them.

mod listing;
mod options;
mod watching;

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use atg_sdk::{
    ArtifactStream, ByteRange, Error, ErrorKind, Executor, Health, HealthState, Input, InputContent, Job,
    JobEvent, JobFilter, JobId, JobRequest, Owner, PartHealth, Result,
};
use bytes::Bytes;
use futures::{StreamExt as _, stream, stream::BoxStream};
use jiff::SignedDuration;
use tokio::io::AsyncReadExt as _;

pub use options::QueueOptions;

use crate::{
    objects::{Objects, artifact_place, job_place, new_input_place},
    queue::{Backend, Clock, Depth, EmbeddedQueue, Identity, SystemClock},
};

/// How long a job may wait, while none runs, before that says that nobody takes jobs.
const UNTAKEN: SignedDuration = SignedDuration::from_secs(30);
/// Bytes read from a file at a time.
const CHUNK: usize = 256 << 10;

/// An executor that does nothing itself: jobs wait in a queue for a [`Worker`](crate::worker::Worker) of this process or
/// of another.
///
/// Its clones are the same. Its methods must be called within a Tokio runtime.
#[derive(Clone)]
pub struct QueueExecutor {
    parts: Arc<Parts>,
}

struct Parts {
    backend: Arc<dyn Backend>,
    objects: Objects,
    options: QueueOptions,
}

impl QueueExecutor {
    /// Opens the embedded queue (`queue.db`) and the store of objects (`objects/`) in the options' directory, which any
    /// number of processes of one machine may share. Makes what is missing.
    ///
    /// # Errors
    /// `InvalidArgument` naming both, when the directory's queue belongs to another store of objects; `Unsupported` for
    /// state of a newer version; what the disk answers.
    pub async fn open(options: QueueOptions) -> Result<Self> {
        Self::open_with_clock(options, Arc::new(SystemClock)).await
    }

    /// The same with another clock, for tests.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn open_with_clock(options: QueueOptions, clock: Arc<dyn Clock>) -> Result<Self> {
        let setup = options.clone();
        let (queue, objects) = tokio::task::spawn_blocking(move || {
            let objects = directory(&setup)?;
            let queue = EmbeddedQueue::open(&setup.data_dir.join("queue.db"), setup.policy, clock)?;
            Ok::<_, Error>((queue, objects))
        })
        .await
        .map_err(|error| Error::internal("open the queue").with_source(error))??;
        Self::over(Arc::new(queue), objects, options).await
    }

    /// Over a queue that lies elsewhere, with the store of objects in the options' directory.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn with_backend(backend: Arc<dyn Backend>, options: QueueOptions) -> Result<Self> {
        let setup = options.clone();
        let objects = tokio::task::spawn_blocking(move || directory(&setup))
            .await
            .map_err(|error| Error::internal("open the store of artifacts").with_source(error))??;
        Self::over(backend, objects, options).await
    }

    /// Over any queue and any store of objects.
    ///
    /// # Errors
    /// `InvalidArgument` naming both, when the queue belongs to another store.
    pub async fn over(backend: Arc<dyn Backend>, objects: Objects, options: QueueOptions) -> Result<Self> {
        let parts = Identity {
            artifact_store_id: Some(objects.id().await?),
            ..Identity::default()
        };
        backend.identify(parts).await?;
        Ok(Self {
            parts: Arc::new(Parts {
                backend,
                objects,
                options,
            }),
        })
    }

    /// The queue itself, for what is nobody's job: dead letters, for example.
    #[must_use]
    pub fn backend(&self) -> &Arc<dyn Backend> {
        &self.parts.backend
    }

    pub(crate) fn objects(&self) -> &Objects {
        &self.parts.objects
    }

    /// Notes on which graph the workers of this queue work, or refuses a process that brings another.
    ///
    /// # Errors
    /// `InvalidArgument` naming both.
    pub async fn join_graph(&self, graph_id: Option<String>) -> Result<Identity> {
        let parts = Identity {
            graph_id,
            ..Identity::default()
        };
        self.parts.backend.identify(parts).await
    }

    /// Forgets jobs and inputs that were kept long enough, and deletes their files. Workers do this by themselves.
    ///
    /// # Errors
    /// What the queue or the store answers; what is left is taken away by a [`sweep`](Self::sweep).
    pub async fn tidy(&self) -> Result<()> {
        let expired = self.parts.backend.expire().await?;
        for location in expired.inputs {
            self.parts.objects.remove(&location.as_str().into()).await?;
        }
        for job in expired.jobs {
            self.parts.objects.remove_below(&job_place(job)).await?;
        }
        Ok(())
    }

    /// Deletes the files of jobs that are not there: a crash may have kept somebody from it. Looks at every job that has
    /// files, so not too often.
    ///
    /// # Errors
    /// What the queue or the store answers.
    pub async fn sweep(&self) -> Result<()> {
        for job in self.parts.objects.jobs().await? {
            match self.parts.backend.get(job).await {
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Gone) => {
                    self.parts.objects.remove_below(&job_place(job)).await?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Copies an input into the store, so that what workers read is what was sent.
    async fn keep(&self, owner: &Owner, content: InputContent) -> Result<Input> {
        let chunks = match content {
            InputContent::Known(digest) => {
                let (input, _) = self.parts.backend.find_input(owner.clone(), digest).await?;
                return Ok(input);
            }
            InputContent::Bytes(bytes) => stream::iter([Ok(bytes)]).boxed(),
            InputContent::Stream(chunks) => chunks,
            InputContent::File(path) => read_file(path).await?,
        };
        let place = new_input_place();
        let limit = self.parts.options.max_input_bytes;
        let written = self.parts.objects.write(&place, chunks, limit).await?;
        let input = Input {
            sha256: written.sha256,
            size_bytes: written.size_bytes,
        };
        let backend = &self.parts.backend;
        let noted = backend
            .put_input(owner.clone(), input.clone(), place.to_string())
            .await;
        // Sent before, or refused: this copy is nobody's.
        let unneeded = noted.as_ref().map_or(true, |lies| *lies != place.to_string());
        if unneeded && let Err(error) = self.parts.objects.remove(&place).await {
            tracing::warn!(%error, "a copy of an input stays in the store");
        }
        noted.map(|_| input)
    }
}

impl fmt::Debug for QueueExecutor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueueExecutor")
            .field("backend", &self.parts.backend)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Executor for QueueExecutor {
    async fn put_input(&self, owner: &Owner, content: InputContent) -> Result<Input> {
        self.keep(owner, content).await
    }

    async fn submit_job(&self, request: JobRequest) -> Result<Job> {
        if let Some(check) = &self.parts.options.validate {
            check(&request.operation)?;
        }
        let priority = self.parts.options.priority_of(&request.owner);
        self.parts.backend.submit(request, priority).await
    }

    async fn get_job(&self, id: JobId) -> Result<Job> {
        self.parts.backend.get(id).await
    }

    fn list_jobs(&self, filter: JobFilter) -> BoxStream<'static, Result<Job>> {
        listing::list(Arc::clone(&self.parts.backend), filter)
    }

    fn watch_job(&self, id: JobId, after: Option<u64>) -> BoxStream<'static, Result<JobEvent>> {
        watching::watch(Arc::clone(&self.parts.backend), id, after)
    }

    async fn cancel_job(&self, id: JobId) -> Result<Job> {
        self.parts.backend.cancel(id).await
    }

    async fn delete_job(&self, id: JobId) -> Result<()> {
        if self.parts.backend.delete(id).await? {
            self.parts.objects.remove_below(&job_place(id)).await?;
        }
        Ok(())
    }

    async fn read_artifact(&self, id: JobId, name: &str, range: Option<ByteRange>) -> Result<ArtifactStream> {
        let job = self.get_job(id).await?;
        if !job.status.has_ended() {
            return Err(Error::conflict(format!(
                "read `{}` of job {id}: it is {}: wait for its end",
                name.escape_debug(),
                job.status
            )));
        }
        let Some(artifact) = job.artifacts.into_iter().find(|artifact| artifact.name == name) else {
            return Err(Error::not_found(format!(
                "read `{}` of job {id}: the job left no artifact of that name",
                name.escape_debug()
            )));
        };
        let size = artifact.size_bytes;
        let range = match range {
            None => 0..size,
            Some(range) => range.resolve(size)?,
        };
        let place = artifact_place(id, job.attempt, name);
        Ok(ArtifactStream {
            bytes: self.parts.objects.read(&place, size, range.clone()).await?,
            artifact,
            range,
        })
    }

    async fn health(&self) -> Result<Health> {
        let backend = &self.parts.backend;
        let depth = backend.depth().await.unwrap_or_default();
        let identity = backend.identify(Identity::default()).await.unwrap_or_default();
        let mut health = Health {
            status: HealthState::Healthy,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            parts: [
                ("queue".to_owned(), part(backend.health().await)),
                (
                    "artifacts".to_owned(),
                    part(self.look_at_objects(&identity).await),
                ),
                ("workers".to_owned(), self.look_at_workers(&depth)),
            ]
            .into(),
            graph_id: identity.graph_id,
            jobs_pending: depth.pending,
            jobs_running: depth.running,
        };
        // None can be done without; without workers jobs are still accepted, and wait.
        for part in health.parts.values() {
            health.status = health.status.max(part.state);
        }
        Ok(health)
    }
}

impl QueueExecutor {
    /// Whether anybody takes jobs: seen by whether the one that waits longest waits for long while none runs.
    fn look_at_workers(&self, depth: &Depth) -> PartHealth {
        let now = self.parts.backend.now();
        let waits = depth.waiting_since.map(|since| now.duration_since(since));
        match waits {
            Some(waits) if depth.running == 0 && waits > UNTAKEN => PartHealth {
                state: HealthState::Degraded,
                detail: format!(
                    "a job waits for {} s and none runs: start a worker: atg-server --role worker",
                    waits.as_secs()
                ),
            },
            _ => PartHealth {
                state: HealthState::Healthy,
                detail: format!("{} jobs run", depth.running),
            },
        }
    }

    async fn look_at_objects(&self, identity: &Identity) -> Result<PartHealth> {
        let id = self.parts.objects.id().await?;
        if identity
            .artifact_store_id
            .as_ref()
            .is_some_and(|known| *known != id)
        {
            return Err(Error::internal(format!(
                "use the artifact store {id}: another one has taken the place of the one that this queue works with"
            )));
        }
        Ok(PartHealth {
            state: HealthState::Healthy,
            detail: format!("store {id}"),
        })
    }
}

/// The store of objects in a directory.
fn directory(options: &QueueOptions) -> Result<Objects> {
    match &options.objects_dir {
        Some(place) => Objects::directory(place),
        None => Objects::directory(&options.data_dir.join("objects")),
    }
}

fn part(found: Result<PartHealth>) -> PartHealth {
    found.unwrap_or_else(|error| PartHealth {
        state: HealthState::Unhealthy,
        detail: format!("failed to {error}"),
    })
}

/// A file of this machine as it is read.
async fn read_file(path: std::path::PathBuf) -> Result<BoxStream<'static, Result<Bytes>>> {
    let cannot = {
        let shown = path.display().to_string();
        move |error: std::io::Error| {
            let (kind, why) = match error.kind() {
                std::io::ErrorKind::NotFound => (ErrorKind::NotFound, "there is no such file"),
                std::io::ErrorKind::PermissionDenied => (ErrorKind::PermissionDenied, "this user may not"),
                std::io::ErrorKind::IsADirectory => {
                    (ErrorKind::InvalidArgument, "it is a directory: name a file")
                }
                _ => (ErrorKind::Internal, "it cannot be read"),
            };
            Error::new(kind, format!("read the input {shown}: {why}")).with_source(error)
        }
    };
    let file = tokio::fs::File::open(&path).await.map_err(&cannot)?;
    if file.metadata().await.map_err(&cannot)?.is_dir() {
        return Err(cannot(std::io::ErrorKind::IsADirectory.into()));
    }
    let chunks = stream::try_unfold(file, move |mut file| {
        let cannot = cannot.clone();
        async move {
            let mut chunk = bytes::BytesMut::with_capacity(CHUNK);
            let read = file.read_buf(&mut chunk).await.map_err(cannot)?;
            Ok((read > 0).then(|| (chunk.freeze(), file)))
        }
    });
    Ok(chunks.boxed())
}
