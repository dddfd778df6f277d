//! How a local executor is set up.

use std::{path::PathBuf, str::FromStr, sync::Arc, time::Duration};

use atg_azure::{AzureOptions, transport::Transport};
use atg_sdk::{Error, quota::QuotaLedger};
use secrecy::SecretString;

use crate::{Observer, graph::neo4j::Address};

/// How a [`LocalExecutor`](crate::LocalExecutor) is set up. Whoever makes one has read the environment; nothing here
/// does.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct LocalOptions {
    /// Where job history, artifacts, inputs and, unless said otherwise, the graph are kept. Made where it is missing.
    pub data_dir: PathBuf,
    /// The graph to work on.
    pub graph: GraphLocation,
    /// Jobs that run at the same time; further ones wait in the order in which they were submitted.
    pub max_concurrent_jobs: usize,
    /// How long ended jobs and their artifacts are kept.
    pub retention: Duration,
    /// Whether copies of what could be read only once (standard input) are deleted when the job that reads them ends: they
    /// hold what was read as it came, secrets too. Otherwise they are kept for a day, for whoever names them again.
    pub drop_copies: bool,
    /// How often a job is tried whose errors say that another try may help. Queries are tried once.
    pub max_attempts: u32,
    /// How long to wait before the second attempt; twice as long before each further one.
    pub retry_delay: Duration,
    /// Where the system lists what is mounted, in the form of Linux's `/proc/self/mountinfo`: known network file systems
    /// are refused.
    pub mount_table: PathBuf,
    /// Who we are to a graph in Neo4j, and its database where its address names none.
    pub neo4j: Neo4jLogin,
    /// Hears how long each write transaction of the graph took.
    pub graph_writes: Option<Observer>,
    /// How Azure is reached, and as whom, by what is asked to look at it. Nothing else calls it.
    pub azure: AzureOptions,
    /// Who keeps count of calls of Azure, where other processes share the quota.
    pub quota: Option<Arc<dyn QuotaLedger>>,
    /// What calls Azure instead, already made: over a stand-in within this process, for example.
    pub transport: Option<Transport>,
}

impl LocalOptions {
    /// The defaults, with everything in that directory.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            graph: GraphLocation::default(),
            max_concurrent_jobs: 3,
            retention: Duration::from_secs(30 * 24 * 60 * 60),
            drop_copies: false,
            max_attempts: 3,
            retry_delay: Duration::from_secs(1),
            mount_table: PathBuf::from("/proc/self/mountinfo"),
            neo4j: Neo4jLogin::default(),
            graph_writes: None,
            azure: AzureOptions::default(),
            quota: None,
            transport: None,
        }
    }

    /// With that graph.
    #[must_use]
    pub fn with_graph(mut self, graph: GraphLocation) -> Self {
        self.graph = graph;
        self
    }

    /// With that login to a graph in Neo4j.
    #[must_use]
    pub fn with_neo4j(mut self, login: Neo4jLogin) -> Self {
        self.neo4j = login;
        self
    }

    /// With so many jobs at the same time, at least one.
    #[must_use]
    pub fn with_max_concurrent_jobs(mut self, jobs: usize) -> Self {
        self.max_concurrent_jobs = jobs;
        self
    }

    /// With ended jobs kept for so long.
    #[must_use]
    pub fn with_retention(mut self, retention: Duration) -> Self {
        self.retention = retention;
        self
    }

    /// With copies of inputs deleted as soon as their job ends.
    #[must_use]
    pub fn with_dropped_copies(mut self) -> Self {
        self.drop_copies = true;
        self
    }

    /// With that first pause between attempts.
    #[must_use]
    pub fn with_retry_delay(mut self, delay: Duration) -> Self {
        self.retry_delay = delay;
        self
    }

    /// With somebody who hears how long each write transaction of the graph took.
    #[must_use]
    pub fn with_graph_writes(mut self, observer: Observer) -> Self {
        self.graph_writes = Some(observer);
        self
    }

    /// With Azure reached so.
    #[must_use]
    pub fn with_azure(mut self, azure: AzureOptions) -> Self {
        self.azure = azure;
        self
    }

    /// With the calls of Azure counted there, together with those of other processes.
    #[must_use]
    pub fn with_quota(mut self, quota: Arc<dyn QuotaLedger>) -> Self {
        self.quota = Some(quota);
        self
    }

    /// With Azure called by that, whatever the options say of how it is reached.
    #[must_use]
    pub fn with_transport(mut self, transport: Transport) -> Self {
        self.transport = Some(transport);
        self
    }

    /// With another list of what is mounted.
    #[must_use]
    pub fn with_mount_table(mut self, table: impl Into<PathBuf>) -> Self {
        self.mount_table = table.into();
        self
    }
}

/// Who we are to a Neo4j server.
#[derive(Debug, Clone, Default)]
pub struct Neo4jLogin {
    /// The user; `neo4j` where only a password is given.
    pub user: Option<String>,
    /// The password; a server that asks for none is told no user either.
    pub password: Option<SecretString>,
    /// The database; the user's own where neither this nor the address names one.
    pub database: Option<String>,
}

/// Where a graph is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum GraphLocation {
    /// `graph.db` in the data directory.
    #[default]
    DataDir,
    /// A file of the embedded store, written `sqlite:PATH`.
    Sqlite(PathBuf),
    /// A Neo4j server, written `bolt://HOST:PORT`, `neo4j://…`, or encrypted `neo4j+s://…`.
    Neo4j(Address),
}

impl FromStr for GraphLocation {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if let Some(path) = text.strip_prefix("sqlite:").filter(|path| !path.is_empty()) {
            return Ok(Self::Sqlite(PathBuf::from(path)));
        }
        // Only the scheme is repeated: the rest may hold a password.
        match text.split_once("://") {
            Some((scheme, _)) if scheme.starts_with("bolt") || scheme.starts_with("neo4j") => {
                Address::parse(text)
                    .map(Self::Neo4j)
                    .map_err(|what| Error::invalid(format!("read the address of the graph: {what}")))
            }
            _ => Err(Error::invalid(
                "read the location of the graph: it is written sqlite:PATH, or bolt://HOST:PORT for a Neo4j",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use atg_sdk::ErrorKind;

    use super::*;

    #[test]
    fn a_graph_location_is_a_scheme_and_a_path() {
        assert_eq!(
            "sqlite:/a b/graph.db".parse::<GraphLocation>().unwrap(),
            GraphLocation::Sqlite("/a b/graph.db".into())
        );
        let Ok(GraphLocation::Neo4j(address)) = "neo4j+s://host/azure".parse() else {
            panic!("a server is a location")
        };
        assert_eq!(address.to_string(), "neo4j+s://host:7687/azure");
        for text in [
            "sqlite:",
            "/graph.db",
            "neo4j+s://user:canary@host",
            "neo4j+x://canary",
        ] {
            let error = text.parse::<GraphLocation>().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{text}");
            assert!(!error.message().contains("canary"), "{error}");
        }
    }
}
