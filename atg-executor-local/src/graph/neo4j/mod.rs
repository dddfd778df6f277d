//! The store on a Neo4j server, for graphs that people share.
//!
//! It has no rules of its own about what a scan changes: [`load`] fetches what is known of the tenant into a private file of
//! the embedded store, the embedded store's scan works there, and [`carry`] takes every transaction over to the server,
//! under the tenant's lock and its fence. Exports, imports and the removal of tenants work on the server alone.

mod carry;
mod emit;
mod export;
mod failure;
mod forget;
mod import;
mod info;
mod load;
mod lock;
mod query;
mod schema;
mod server;
mod statements;
mod stored;
#[cfg(test)]
mod tests;
mod values;

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use atg_bolt::{Limits, Pool};
use atg_sdk::{Error, ErrorKind, Result, azure::TenantId};
use tokio::{runtime::Handle, sync::OnceCell};

pub use atg_bolt::Address;

use self::{
    carry::Carrier,
    lock::{Lock, Rhythm},
    server::Server,
};
use super::{
    Counts, ExportRequest, GraphInfo, GraphStore, ImportRequest, Query, QuerySummary, RecordSink,
    RecordSource, RowSink, ScanStart, ScanWriter, SqlQuery, embedded::mirror::Mirror,
};
use crate::Observer;

/// How a [`Neo4jStore`] behaves.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the server is.
    pub address: Address,
    /// User and password; `None` for a server that asks for none.
    pub login: Option<(String, secrecy::SecretString)>,
    /// The database, unless the address names one; the user's own where neither does.
    pub database: Option<String>,
    /// Authorities to trust beside the system's, as PEM.
    pub authorities: Option<Vec<u8>>,
    /// Where scans keep what they work on until they end.
    pub scratch: PathBuf,
    /// At most that many connections at a time.
    pub connections: usize,
    /// How long to wait for one of them.
    pub wait: Duration,
    /// For a connection, TLS and the greeting together.
    pub connect: Duration,
    /// How long a server that works may give no sign of life.
    pub silence: Duration,
    /// How often a scan says that it still lives.
    pub heartbeat: Duration,
    /// After how long without a word a scan is given up.
    pub stale_after: Duration,
    /// Hears how long each write transaction took.
    pub writes: Option<Observer>,
}

impl Options {
    /// The defaults, for that server.
    pub fn new(address: Address, scratch: impl Into<PathBuf>) -> Self {
        Self {
            address,
            login: None,
            database: None,
            authorities: None,
            scratch: scratch.into(),
            connections: 24,
            wait: Duration::from_secs(30),
            connect: Duration::from_secs(15),
            silence: Duration::from_secs(120),
            heartbeat: Duration::from_secs(3),
            stale_after: Duration::from_secs(15),
            writes: None,
        }
    }
}

/// A graph on a Neo4j server.
#[derive(Clone)]
pub struct Neo4jStore(Arc<Shared>);

struct Shared {
    server: Server,
    address: Address,
    scratch: PathBuf,
    rhythm: Rhythm,
    writes: Option<Observer>,
    graph_id: OnceCell<String>,
}

impl fmt::Debug for Neo4jStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Neo4jStore")
            .field("address", &self.0.address)
            .finish_non_exhaustive()
    }
}

impl Neo4jStore {
    /// Does not connect yet: the first call does, and makes what is missing on the server.
    ///
    /// # Errors
    /// `InvalidArgument` for authorities that are none.
    pub fn new(options: Options) -> Result<Self> {
        let mut address = options.address;
        let database = address.database.take().or(options.database);
        let pool = Pool::new(atg_bolt::Options {
            address: address.clone(),
            login: options.login,
            database: database.clone(),
            authorities: options.authorities,
            limits: Limits {
                connect: options.connect,
                silence: options.silence,
            },
            connections: options.connections,
            wait: options.wait,
        })
        .map_err(|what| Error::invalid(format!("open the graph at {address}: {what}")))?;
        address.database = database;
        Ok(Self(Arc::new(Shared {
            server: Server { pool },
            address,
            scratch: options.scratch,
            rhythm: Rhythm {
                heartbeat: options.heartbeat,
                stale_after: options.stale_after,
            },
            writes: options.writes,
            graph_id: OnceCell::new(),
        })))
    }

    /// The server, with everything that the store needs there.
    async fn server(&self) -> Result<&Server> {
        self.prepared().await?;
        Ok(&self.0.server)
    }

    async fn prepared(&self) -> Result<&String> {
        let server = &self.0.server;
        self.0.graph_id.get_or_try_init(|| schema::prepare(server)).await
    }

    /// Runs work that blocks beside the runtime, which it may wait for.
    async fn blocking<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Self, &Handle) -> Result<T> + Send + 'static,
    {
        let store = self.clone();
        let runtime = Handle::current();
        tokio::task::spawn_blocking(move || work(&store, &runtime))
            .await
            .map_err(|error| Error::internal("the work on the graph ended early").with_source(error))?
    }

    /// Fetches what is known of a tenant that was taken, and opens the way back.
    fn carrier(&self, runtime: &Handle, lock: Lock, scan_id: &str) -> Result<(Arc<Mirror>, Carrier)> {
        let (mirror, numbers) = load::known(runtime, &self.0.server, &lock, scan_id, &self.0.scratch)?;
        let mirror = Arc::new(mirror);
        let carrier = Carrier::new(
            runtime.clone(),
            self.0.server.clone(),
            lock,
            Arc::clone(&mirror),
            numbers,
            self.0.writes.clone(),
        );
        Ok((mirror, carrier))
    }
}

#[async_trait]
impl GraphStore for Neo4jStore {
    async fn info(&self) -> Result<GraphInfo> {
        info::read(self).await
    }

    /// Asked of the server each time: what answers here says whether the server does.
    async fn graph_id(&self) -> Result<String> {
        let id = self.prepared().await?.clone();
        self.0
            .server
            .read("RETURN 1", &schema::none(), "reach the graph")
            .await?;
        Ok(id)
    }

    async fn begin_scan(&self, start: ScanStart) -> Result<Box<dyn ScanWriter>> {
        let server = self.server().await?;
        let lock = lock::take(
            server,
            start.tenant,
            &start.holder,
            start.no_wait,
            &start.cancel,
            self.0.rhythm,
        )
        .await?;
        let scan_id = start.scan_id.clone();
        let (mirror, carrier) = self
            .blocking(move |store, runtime| store.carrier(runtime, lock, &scan_id))
            .await?;
        mirror.store.begin_followed(start, Box::new(carrier)).await
    }

    async fn query(&self, query: Query, rows: Box<dyn RowSink>) -> Result<QuerySummary> {
        query::run(self, query, rows).await
    }

    async fn sql(&self, _query: SqlQuery, _rows: Box<dyn RowSink>) -> Result<QuerySummary> {
        Err(Error::new(
            ErrorKind::Unsupported,
            "query with SQL: the graph is in Neo4j, which is asked in Cypher: leave out --sql",
        ))
    }

    async fn export(&self, request: ExportRequest, mut records: Box<dyn RecordSink>) -> Result<Counts> {
        self.server().await?;
        self.blocking(move |store, runtime| export::run(store, runtime, &request, &mut *records))
            .await
    }

    async fn import(&self, request: ImportRequest, mut records: Box<dyn RecordSource>) -> Result<Counts> {
        self.server().await?;
        self.blocking(move |store, runtime| import::run(store, runtime, &request, &mut *records))
            .await
    }

    async fn forget(&self, tenant: TenantId) -> Result<Counts> {
        forget::run(self.server().await?, tenant, self.0.rhythm).await
    }

    async fn backup(&self, _to: &Path) -> Result<()> {
        Err(Error::new(
            ErrorKind::Unsupported,
            "back the graph up: a Neo4j is backed up by its own tools (`neo4j-admin database dump`); `atg export` writes a \
             file that `atg import` reads into any graph",
        ))
    }

    /// The server uses the space of what was deleted again by itself.
    async fn vacuum(&self) -> Result<()> {
        Err(Error::new(
            ErrorKind::Unsupported,
            "give unused space back: Neo4j uses it again by itself, and `neo4j-admin database copy` makes a compact copy",
        ))
    }
}
