//! The executor that runs jobs as tasks of this process.

use std::{
    path::Path,
    sync::{Arc, Once},
    time::Duration,
};

use async_trait::async_trait;
pub use atg_live::estimate::{Estimate, Expected};
use atg_sdk::{
    ArtifactStream, ByteRange, Error, Executor, Health, Input, InputContent, Job, JobEvent, JobFilter, JobId,
    JobRequest, Operation, Owner, Result, model::operations::scan::Parameters,
};
use futures::stream::BoxStream;

use crate::{
    graph::GraphStore,
    health,
    jobs::{self, blocking},
    local_state::LocalState,
    operations,
    options::LocalOptions,
    runner::Runner,
};

/// Runs jobs as tasks of this process, and keeps their history, artifacts and inputs in a directory that any number of
/// processes share.
///
/// Its methods must be called within a Tokio runtime; jobs run in the one in which they were submitted, and die with it.
/// What other processes run in the same directory can be listed, watched, cancelled, read and deleted from here.
#[derive(Debug, Clone)]
pub struct LocalExecutor {
    state: Arc<LocalState>,
    runner: Arc<Runner>,
    tidied: Arc<Once>,
}

/// What [`LocalExecutor::prune`] cleared away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PruneReport {
    /// Jobs deleted, each with its log and artifacts.
    pub jobs: u64,
    /// Inputs forgotten.
    pub inputs: u64,
}

impl LocalExecutor {
    /// Opens the directory of local state, making it where it is missing. Blocks for a few milliseconds. The graph is
    /// opened by the first call that needs it.
    ///
    /// # Errors
    /// `Unsupported` for a directory on a network file system and for state of a newer version, which is not touched;
    /// `PermissionDenied` where this user may not write.
    pub fn open(options: LocalOptions) -> Result<Self> {
        let state = Arc::new(LocalState::open(&options)?);
        let runner = Runner::new(Arc::clone(&state), options);
        Ok(Self {
            state,
            runner: Arc::new(runner),
            tidied: Arc::new(Once::new()),
        })
    }

    /// The graph that jobs work on, for what only its owner may do to it.
    #[must_use]
    pub fn graph(&self) -> &Arc<dyn GraphStore> {
        &self.state.graph
    }

    /// What a scan of Azure with these parameters will cost: calls by quota, and the time that they take at least.
    ///
    /// # Errors
    /// `InvalidArgument` for parameters of another kind of scan; what Azure answers.
    pub async fn estimate(&self, parameters: &Parameters) -> Result<Estimate> {
        if parameters.input.is_some() {
            return Err(Error::invalid(
                "estimate a scan of a file: reading it calls nobody",
            ));
        }
        let transport = operations::scan::live::transport(parameters, &self.state).await?;
        operations::scan::live::estimate(parameters, &transport).await
    }

    /// The canonical path of the directory of local state.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        self.state.dir.root()
    }

    /// Deletes ended jobs that were kept long enough, and with `older_than` also those that ended longer ago than that;
    /// inputs that nobody needs; and what crashed processes left.
    ///
    /// # Errors
    /// What the disk answers.
    pub async fn prune(&self, older_than: Option<Duration>) -> Result<PruneReport> {
        blocking(&self.state, move |state| state.prune(older_than)).await
    }
}

#[async_trait]
impl Executor for LocalExecutor {
    async fn put_input(&self, owner: &Owner, content: InputContent) -> Result<Input> {
        self.state.inputs.put(owner, content).await
    }

    async fn submit_job(&self, mut request: JobRequest) -> Result<Job> {
        operations::validate(&request.operation)?;
        let graph_id = match request.operation {
            Operation::Scan(_)
            | Operation::Query(_)
            | Operation::Diff(_)
            | Operation::Export(_)
            | Operation::Import(_)
            | Operation::GenerateIac(_) => Some(self.state.graph.graph_id().await?),
            // It must be able to say what is wrong with a graph that cannot be opened.
            Operation::SelfTest(_) => None,
            #[cfg(feature = "rehearsal")]
            Operation::Rehearsal(_) => None,
        };
        if let Some(context) = &mut request.context {
            let named = context.job_id;
            context.job_id = blocking(&self.state.jobs, move |jobs| jobs.outermost(named)).await?;
        }
        let asked = request.clone();
        let (job, ours) = blocking(&self.state.jobs, move |jobs| jobs.submit(&asked, graph_id)).await?;
        if ours {
            self.runner.start(request);
            self.tidied.call_once(|| {
                let state = Arc::clone(&self.state);
                tokio::task::spawn_blocking(move || {
                    if let Err(error) = state.prune_if_due() {
                        tracing::warn!(%error, "old jobs could not be deleted");
                    }
                });
            });
        }
        Ok(job)
    }

    async fn get_job(&self, id: JobId) -> Result<Job> {
        blocking(&self.state.jobs, move |jobs| jobs.get(id)).await
    }

    fn list_jobs(&self, filter: JobFilter) -> BoxStream<'static, Result<Job>> {
        jobs::list(Arc::clone(&self.state.jobs), filter)
    }

    fn watch_job(&self, id: JobId, after: Option<u64>) -> BoxStream<'static, Result<JobEvent>> {
        jobs::watch(Arc::clone(&self.state.jobs), id, after)
    }

    async fn cancel_job(&self, id: JobId) -> Result<Job> {
        let job = blocking(&self.state.jobs, move |jobs| jobs.cancel(id)).await?;
        self.runner.cancel(id);
        Ok(job)
    }

    async fn delete_job(&self, id: JobId) -> Result<()> {
        blocking(&self.state, move |state| {
            if state.jobs.delete(id)? {
                state.artifacts.remove_job(id)?;
            }
            Ok(())
        })
        .await
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
        self.state.artifacts.read(id, job.attempt, artifact, range).await
    }

    async fn health(&self) -> Result<Health> {
        Ok(health::of(&self.state).await)
    }
}
