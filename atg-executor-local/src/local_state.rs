//! Everything that lies in the data directory, opened.

use std::{
    fs,
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};

use atg_azure::Azure;
use atg_sdk::Result;
use jiff::{SignedDuration, Timestamp};

use crate::{
    artifacts::ArtifactStore,
    data_dir::{DataDir, private_file, refuse_network},
    executor::PruneReport,
    fault::io_error,
    graph::{
        GraphStore,
        embedded::{self, EmbeddedStore},
        neo4j::{self, Address, Neo4jStore},
    },
    inputs::InputRegistry,
    jobs::{Database, JobStore, ProcessLocks},
    lazy_graph::LazyGraph,
    options::{GraphLocation, LocalOptions},
};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The parts of a local executor.
#[derive(Debug)]
pub(crate) struct LocalState {
    pub(crate) dir: DataDir,
    pub(crate) jobs: Arc<JobStore>,
    pub(crate) artifacts: ArtifactStore,
    pub(crate) inputs: InputRegistry,
    pub(crate) graph: Arc<dyn GraphStore>,
    /// Whether the graph is in Neo4j.
    pub(crate) on_server: bool,
    /// Asked only by what is for Azure.
    pub(crate) azure: Azure,
}

impl LocalState {
    pub(crate) fn open(options: &LocalOptions) -> Result<Self> {
        let dir = DataDir::open(&options.data_dir, &options.mount_table)?;
        let database = Arc::new(Database::open(&dir.jobs())?);
        let retention = SignedDuration::try_from(options.retention).unwrap_or(SignedDuration::MAX);
        let jobs = JobStore::new(
            Arc::clone(&database),
            ProcessLocks::new(dir.directory("locks")?),
            retention,
        );
        Ok(Self {
            jobs: Arc::new(jobs),
            artifacts: ArtifactStore::open(&dir.directory("artifacts")?)?,
            inputs: InputRegistry::new(database, dir.directory("inputs")?),
            graph: Arc::new(graph(&dir, options)?),
            on_server: matches!(options.graph, GraphLocation::Neo4j(_)),
            azure: match (&options.transport, &options.quota) {
                (Some(transport), _) => Azure::over(transport.clone()),
                (None, Some(quota)) => Azure::with_ledger(options.azure.clone(), Arc::clone(quota)),
                (None, None) => Azure::new(options.azure.clone()),
            },
            dir,
        })
    }

    /// Clears away what was kept long enough, once a day: nobody should have to think of it.
    pub(crate) fn prune_if_due(&self) -> Result<()> {
        let mark = self.dir.root().join("pruned");
        let done = fs::metadata(&mark)
            .and_then(|metadata| metadata.modified())
            .is_ok_and(|time| time.elapsed().is_ok_and(|age| age < DAY));
        if done {
            return Ok(());
        }
        private_file()
            .write(true)
            .create(true)
            .truncate(true)
            .open(&mark)
            // Truncating what is empty already leaves the time as it was.
            .and_then(|file| file.set_modified(SystemTime::now()))
            .map_err(|error| io_error("note that old jobs were deleted", &mark, error))?;
        let report = self.prune(None)?;
        tracing::debug!(?report, "old jobs were deleted");
        Ok(())
    }

    /// See [`LocalExecutor::prune`](crate::LocalExecutor::prune).
    pub(crate) fn prune(&self, older_than: Option<Duration>) -> Result<PruneReport> {
        let now = Timestamp::now();
        let ended_before = older_than.map(|age| now.checked_sub(age).unwrap_or(Timestamp::MIN));
        let jobs = self.jobs.prune(ended_before)?;
        let inputs = self.inputs.expire(now)?;
        // The directories are listed first: a job's row is there before its directory is made.
        for id in self.jobs.without_artifacts(self.artifacts.jobs()?)? {
            self.artifacts.remove_job(id)?;
        }
        Ok(PruneReport { jobs, inputs })
    }
}

/// The graph, to be opened when it is needed.
fn graph(dir: &DataDir, options: &LocalOptions) -> Result<LazyGraph> {
    Ok(match &options.graph {
        GraphLocation::DataDir => in_file(dir.graph(), options),
        GraphLocation::Sqlite(path) => in_file(path.clone(), options),
        GraphLocation::Neo4j(address) => on_server(address, dir.directory("scratch")?, options),
    })
}

fn in_file(path: PathBuf, options: &LocalOptions) -> LazyGraph {
    let mounts = options.mount_table.clone();
    let writes = options.graph_writes.clone();
    LazyGraph::new(move || {
        // The file may not exist yet, but the directory that it will be in must.
        if let Some(Ok(parent)) = path.parent().map(|parent| {
            let parent = if parent.as_os_str().is_empty() {
                ".".as_ref()
            } else {
                parent
            };
            fs::canonicalize(parent)
        }) {
            refuse_network(&parent, &mounts)?;
        }
        let options = embedded::Options {
            writes: writes.clone(),
            ..embedded::Options::default()
        };
        Ok(Arc::new(EmbeddedStore::open(&path, options)?))
    })
}

/// Scans keep what they work on in `scratch` until they end.
fn on_server(address: &Address, scratch: PathBuf, options: &LocalOptions) -> LazyGraph {
    let mut server = neo4j::Options::new(address.clone(), scratch);
    let login = &options.neo4j;
    server.login = login.password.clone().map(|password| {
        let user = login.user.clone().unwrap_or_else(|| "neo4j".to_owned());
        (user, password)
    });
    server.database.clone_from(&login.database);
    server.writes.clone_from(&options.graph_writes);
    let authorities = options.azure.connections.extra_ca_file.clone();
    LazyGraph::new(move || {
        let mut server = server.clone();
        if let Some(path) = &authorities {
            let pem = fs::read(path)
                .map_err(|error| io_error("read the authorities that SSL_CERT_FILE names", path, error))?;
            server.authorities = Some(pem);
        }
        Ok(Arc::new(Neo4jStore::new(server)?))
    })
}
