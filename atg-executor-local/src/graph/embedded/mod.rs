//! The embedded store: one SQLite file, shared by any number of processes of this machine.
//!
//! Write transactions are short (well under 250 ms) and begin with `BEGIN IMMEDIATE`, so that several scans, and readers
//! all the time, can share the file. A scan writes from a thread of its own; everything else runs on the blocking pool.

mod alias_table;
mod cache;
mod edge_table;
mod export;
mod failure;
mod file;
pub(crate) mod follow;
mod forget;
mod import;
mod info;
mod lock;
pub(crate) mod mirror;
mod names;
mod node_table;
mod packed;
pub(crate) mod query;
mod scan;
mod session;
#[cfg(test)]
pub(crate) mod tests;
mod upkeep;
mod writer;

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    time::Duration,
};

use async_trait::async_trait;
use atg_sdk::{Error, Result, azure::TenantId};
use rusqlite::Connection;

pub use self::query::{SqlTable, sql_tables};
use self::{failure::Sql, follow::Follower};
use super::{
    Counts, ExportRequest, GraphInfo, GraphStore, ImportRequest, Query, QuerySummary, RecordSink,
    RecordSource, RowSink, ScanStart, ScanWriter, SqlQuery,
};
use crate::Observer;

/// How an [`EmbeddedStore`] behaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Make the file if there is none; otherwise its absence is `NotFound`.
    pub create: bool,
    /// How often a scan says that it still lives.
    pub heartbeat: Duration,
    /// After how long without a word a scan is given up. One whose process is known to be gone is given up at once.
    pub stale_after: Duration,
    /// How long a transaction collects work before it is committed. What follows (the last row, the commit) has to fit
    /// into the 250 ms that any process may hold the file.
    pub slice: Duration,
    /// Hears how long each write transaction took.
    pub writes: Option<Observer>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            create: true,
            heartbeat: Duration::from_secs(3),
            stale_after: Duration::from_secs(15),
            slice: Duration::from_millis(120),
            writes: None,
        }
    }
}

/// A graph in one SQLite file.
#[derive(Clone)]
pub struct EmbeddedStore {
    path: PathBuf,
    graph_id: String,
    options: Options,
}

impl fmt::Debug for EmbeddedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedStore")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl EmbeddedStore {
    /// Opens the graph, or makes an empty one. Takes a few milliseconds and blocks for them.
    ///
    /// # Errors
    /// `NotFound` when there is none and [`Options::create`] is off, or its directory does not exist; `Conflict` for a
    /// file that is no graph of ATG and `Unsupported` for one of a newer ATG, both left untouched.
    pub fn open(path: impl Into<PathBuf>, options: Options) -> Result<Self> {
        let path = path.into();
        if !options.create && fs::metadata(&path).is_ok_and(|file| file.len() == 0) | !path.exists() {
            return Err(Error::not_found(format!(
                "open the graph: there is none at {} yet, run `atg scan` first",
                path.display()
            )));
        }
        file::prepare(&path)?;
        let graph_id = file::reader(&path)?
            .query_row("SELECT value FROM meta WHERE name = 'graph_id'", [], |row| {
                row.get(0)
            })
            .during("read the graph's id")?;
        Ok(Self {
            path,
            graph_id,
            options,
        })
    }

    /// Where it lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Made when the graph was created.
    #[must_use]
    pub fn graph_id(&self) -> &str {
        &self.graph_id
    }

    /// A scan of which somebody carries every transaction over to elsewhere.
    pub(crate) async fn begin_followed(
        &self,
        start: ScanStart,
        follower: Box<dyn Follower>,
    ) -> Result<Box<dyn ScanWriter>> {
        writer::begin(self, start, Some(follower)).await
    }

    /// An import, checked already, of which somebody carries every transaction over to elsewhere. Blocks.
    pub(crate) fn import_followed(
        &self,
        tenants: Vec<(TenantId, Box<dyn Follower>)>,
        scan_id: &str,
        records: &mut dyn RecordSource,
    ) -> Result<()> {
        import::follow(self, tenants, scan_id, records)
    }

    /// A connection that cannot change anything.
    pub(crate) fn reader(&self) -> Result<Connection> {
        file::reader(&self.path)
    }

    /// Runs blocking work on a store of the same file.
    async fn blocking<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Self) -> Result<T> + Send + 'static,
    {
        let store = self.clone();
        tokio::task::spawn_blocking(move || work(&store))
            .await
            .map_err(|error| Error::internal("the work on the graph ended early").with_source(error))?
    }
}

#[async_trait]
impl GraphStore for EmbeddedStore {
    async fn info(&self) -> Result<GraphInfo> {
        self.blocking(info::read).await
    }

    /// Known since the file was opened: every job asks, and counting a large graph takes seconds.
    async fn graph_id(&self) -> Result<String> {
        Ok(self.graph_id.clone())
    }

    async fn begin_scan(&self, start: ScanStart) -> Result<Box<dyn ScanWriter>> {
        writer::begin(self, start, None).await
    }

    async fn query(&self, query: Query, mut rows: Box<dyn RowSink>) -> Result<QuerySummary> {
        self.blocking(move |store| query::run(store.reader()?, &query, &mut *rows))
            .await
    }

    async fn sql(&self, query: SqlQuery, mut rows: Box<dyn RowSink>) -> Result<QuerySummary> {
        self.blocking(move |store| query::run_sql(store.reader()?, &query, &mut *rows))
            .await
    }

    async fn export(&self, request: ExportRequest, mut records: Box<dyn RecordSink>) -> Result<Counts> {
        self.blocking(move |store| export::run(store, &request, &mut *records))
            .await
    }

    async fn import(&self, request: ImportRequest, mut records: Box<dyn RecordSource>) -> Result<Counts> {
        self.blocking(move |store| import::run(store, &request, &mut *records))
            .await
    }

    async fn forget(&self, tenant: TenantId) -> Result<Counts> {
        self.blocking(move |store| forget::run(store, tenant)).await
    }

    async fn backup(&self, to: &Path) -> Result<()> {
        let to = to.to_owned();
        self.blocking(move |store| upkeep::backup(store, &to)).await
    }

    async fn vacuum(&self) -> Result<()> {
        self.blocking(upkeep::vacuum).await
    }
}
