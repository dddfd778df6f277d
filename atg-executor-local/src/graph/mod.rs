//! The graph behind one trait: what a store must do, whichever database it is.

pub(crate) mod content;
pub(crate) mod diff;
pub mod embedded;
pub(crate) mod import_check;
pub(crate) mod lines;
mod model;
pub mod neo4j;
pub(crate) mod record;
pub(crate) mod statement;
#[cfg(test)]
pub(crate) mod suite;

use std::{path::Path, time::Duration};

use async_trait::async_trait;
use atg_sdk::{Result, azure::TenantId};
use serde_json::{Map, Value as JsonValue};
use tokio_util::sync::CancellationToken;

pub use model::{
    ALIAS, ALIASES, Change, Described, Labels, Node, NodeClass, PropertyChange, Reference, Said, Source,
    Standing, Target, Value, node_key,
};

/// A graph of any number of tenants.
#[async_trait]
pub trait GraphStore: std::fmt::Debug + Send + Sync + 'static {
    /// What the graph holds.
    async fn info(&self) -> Result<GraphInfo>;

    /// The id that the graph got when it was created: what jobs say they worked on.
    async fn graph_id(&self) -> Result<String> {
        Ok(self.info().await?.graph_id)
    }

    /// Takes the one write lock of a tenant, with a heartbeat, and raises its fence.
    ///
    /// Waits while another holder's heartbeat is fresh.
    ///
    /// # Errors
    /// `Conflict` with `no_wait` while somebody else scans the tenant; `Cancelled` while waiting.
    async fn begin_scan(&self, start: ScanStart) -> Result<Box<dyn ScanWriter>>;

    /// Answers a read-only Cypher query, row by row. Every store passes the text through `cypher::gate` first.
    async fn query(&self, query: Query, rows: Box<dyn RowSink>) -> Result<QuerySummary>;

    /// Answers plain SQL that can read the documented tables and nothing else. For the person at this machine: no
    /// operation passes such a text on, so no service ever does.
    ///
    /// # Errors
    /// `InvalidArgument` for anything but one `SELECT` on the documented tables; `Timeout` and `Cancelled` when it was
    /// stopped; `Unsupported` for a store that is no SQL database.
    async fn sql(&self, query: SqlQuery, rows: Box<dyn RowSink>) -> Result<QuerySummary>;

    /// Hands out every node and edge as records, ordered by key, so that equal graphs give equal records.
    async fn export(&self, request: ExportRequest, records: Box<dyn RecordSink>) -> Result<Counts>;

    /// Reads what `export` handed out.
    async fn import(&self, request: ImportRequest, records: Box<dyn RecordSource>) -> Result<Counts>;

    /// Removes a tenant with all its nodes, edges and scans.
    async fn forget(&self, tenant: TenantId) -> Result<Counts>;

    /// Writes a consistent copy of the whole store to a new file.
    async fn backup(&self, to: &Path) -> Result<()>;

    /// Gives unused space back.
    async fn vacuum(&self) -> Result<()>;
}

/// What a scan needs to begin.
pub struct ScanStart {
    /// The tenant.
    pub tenant: TenantId,
    /// Who scans: process and host, for the person who waits for the lock.
    pub holder: String,
    /// The id that changed nodes and edges carry.
    pub scan_id: String,
    /// Refuse at once instead of waiting for the lock.
    pub no_wait: bool,
    /// Work out all edges anew, also those of unchanged nodes.
    pub rebuild_edges: bool,
    /// Keep checkpoints under that name, and hand out those that an unfinished scan kept under it. All others of the
    /// tenant are dropped: after another scan they are worth nothing. A scan that goes on has the same id as before.
    pub checkpoints: Option<String>,
    /// Ends waiting and writing.
    pub cancel: CancellationToken,
    /// Is told of every change, in the order in which it was made.
    pub changes: Box<dyn ChangeSink>,
}

impl std::fmt::Debug for ScanStart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ScanStart")
            .field("tenant", &self.tenant)
            .field("scan_id", &self.scan_id)
            .finish_non_exhaustive()
    }
}

/// One scan's way into the graph. Dropping it gives the lock back and leaves the tenant marked as incomplete.
#[async_trait]
pub trait ScanWriter: Send {
    /// Writes nodes (a node whose content is unchanged is only remembered as seen) and keeps their references until
    /// [`finish`](Self::finish) resolves them: rules see a whole scan, so order does not matter.
    ///
    /// # Errors
    /// `Conflict` when another scan has taken the tenant over (the fence is old).
    async fn write(&mut self, batch: Vec<Described>) -> Result<()>;

    /// The same, with a checkpoint that covers this batch and all before it: kept in the transaction that writes the last
    /// of it, until [`finish`](Self::finish). Dropped where [`ScanStart::checkpoints`] names nothing.
    ///
    /// # Errors
    /// As `write`.
    async fn write_with_checkpoint(&mut self, batch: Vec<Described>, checkpoint: Vec<u8>) -> Result<()>;

    /// The first checkpoint that was kept behind that number, with its own; `None` behind the last. What they cover has
    /// to be written again, which costs little: it is unchanged, and counts as added where the earlier run added it. Of a scan that finds none, nothing counts so.
    async fn kept(&mut self, after: u64) -> Result<Option<(u64, Vec<u8>)>>;

    /// What the last scan of the tenant left for the next one ([`ScanEnd::remember`]); `None` where a scan was stopped
    /// since, so that nobody knows what the graph holds.
    async fn remembered(&mut self) -> Result<Option<String>>;

    /// Resources of these types (lower-case) that the graph holds with rows of their own, ordered by key, from behind that
    /// key on: so many at most. Empty at the end.
    async fn held(&mut self, types: &[String], after: &str, limit: u64) -> Result<Vec<Held>>;

    /// Which of these IDs, in any spelling, are resources that the graph holds with rows of their own.
    async fn holds(&mut self, ids: &[String]) -> Result<Vec<bool>>;

    /// What such licences would remove now: candidates for a second source to confirm. Removes nothing.
    async fn unseen(&mut self, removals: &[Removal]) -> Result<Vec<Unseen>>;

    /// Removes what complete units did not see, resolves all references into edges, makes and drops `External` stubs,
    /// writes the `Scan` node and releases the lock.
    ///
    /// An edge that names its end by an alias leads to the one node that has it, after every scan: also when its own
    /// source was not read again and only who has the alias changed.
    async fn finish(self: Box<Self>, end: ScanEnd) -> Result<ScanCounts>;
}

/// What a scan knows at its end.
#[derive(Debug, Default)]
pub struct ScanEnd {
    /// What may be removed without being confirmed.
    pub removals: Vec<Removal>,
    /// IDs of single nodes, in any spelling, that are confirmed to be gone. Those that the scan saw nevertheless stay.
    pub gone: Vec<String>,
    /// The `Scan` node, history of its own.
    pub scan: Option<Node>,
    /// Whether the graph now is what the tenant is (no unit missing): clears the mark `partial`.
    pub complete: bool,
    /// What the next scan finds as [`ScanWriter::remembered`].
    pub remember: Remember,
}

/// What a scan leaves for the next one. It belongs to this store and is in no export.
#[derive(Default, PartialEq, Eq)]
pub enum Remember {
    /// Nothing: what the graph holds now is of another origin.
    #[default]
    Nothing,
    /// What was there before.
    AsBefore,
    /// That. It may hold what is nobody's to read.
    This(String),
}

impl std::fmt::Debug for Remember {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Nothing => "Nothing",
            Self::AsBefore => "AsBefore",
            Self::This(_) => "This(..)",
        })
    }
}

/// A resource that the graph holds: as much of it as decides what lies in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Its key.
    pub key: String,
    /// As it is spelled in the graph.
    pub id: String,
    /// Its type.
    pub resource_type: String,
    /// Its kind, where it has one.
    pub kind: Option<String>,
    /// `properties`, whole, as JSON text.
    pub properties: Option<String>,
}

/// A licence to remove: nodes of these classes at or under this scope that the scan did not see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    /// The scope's lower-cased ID; `/` for the whole tenant.
    pub scope: String,
    /// Which nodes.
    pub classes: Vec<NodeClass>,
}

/// A node that a licence covers and the scan did not see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unseen {
    /// As it is spelled in the graph.
    pub id: String,
    /// Of an ARM resource.
    pub resource_type: Option<String>,
    /// What it stands for.
    pub class: NodeClass,
    /// The most general first.
    pub labels: Vec<String>,
    /// How well its source knew it.
    pub standing: Standing,
}

/// What a scan changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ScanCounts {
    /// Nodes new in the graph (hierarchy, resources and Entra objects; not stubs, tags, regions or scans).
    pub added: u64,
    /// Nodes whose content changed.
    pub changed: u64,
    /// Nodes seen again as they were.
    pub unchanged: u64,
    /// Nodes removed.
    pub removed: u64,
    /// Edges new in the graph.
    pub edges_added: u64,
    /// Edges removed.
    pub edges_removed: u64,
    /// All nodes of the tenant after the scan, stubs and values included.
    pub nodes: u64,
    /// All edges of the tenant after the scan.
    pub edges: u64,
    /// `External` stubs after the scan.
    pub external: u64,
}

/// Is told of changes.
pub trait ChangeSink: Send {
    /// One change.
    fn record(&mut self, change: &Change) -> Result<()>;

    /// One `External` stub of the tenant, by its ID as it was first spelled: all of them at the end, ordered by key.
    fn external(&mut self, id: &str) -> Result<()>;
}

/// A read-only query.
#[derive(Debug, Clone)]
pub struct Query {
    /// The Cypher text.
    pub text: String,
    /// Values of `$name`.
    pub parameters: Map<String, JsonValue>,
    /// Only nodes of these tenants exist for this query; all where `None`.
    pub tenants: Option<Vec<TenantId>>,
    /// At most that many rows.
    pub row_limit: u64,
    /// At most that many bytes of rows as JSON.
    pub byte_limit: u64,
    /// How long it may run.
    pub timeout: Duration,
    /// Ends it early.
    pub cancel: CancellationToken,
}

/// One `SELECT` in plain SQL.
#[derive(Debug, Clone)]
pub struct SqlQuery {
    /// The statement.
    pub text: String,
    /// At most that many rows.
    pub row_limit: u64,
    /// At most that many bytes of rows as JSON.
    pub byte_limit: u64,
    /// How long it may run.
    pub timeout: Duration,
    /// Ends it early.
    pub cancel: CancellationToken,
}

/// Receives a query's answer.
pub trait RowSink: Send {
    /// The columns' names, once, before any row.
    fn columns(&mut self, columns: &[String]) -> Result<()>;
    /// One row, in the order of the columns. A node is `{"labels": […], "properties": {…}}`, a relationship
    /// `{"type": …, "properties": {…}}`, a path `{"nodes": […], "relationships": […]}`.
    fn row(&mut self, row: Vec<JsonValue>) -> Result<()>;
}

/// How a query ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QuerySummary {
    /// Rows handed out.
    pub rows: u64,
    /// Whether a limit cut the answer.
    pub truncated: bool,
    /// Whether a tenant in question is being written, or its last scan did not end: the answer may mix two states.
    pub partial: bool,
}

/// What to export.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExportRequest {
    /// Only these tenants; all where `None`.
    pub tenants: Option<Vec<TenantId>>,
    /// With times, scan ids, sources and `Scan` nodes.
    pub with_history: bool,
}

/// How to import.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportRequest {
    /// Only these tenants may occur; a row of another is refused before anything is written.
    pub tenants: Option<Vec<TenantId>>,
    /// Replace tenants that are there already; otherwise they are a conflict.
    pub replace: bool,
}

/// Receives the lines of an export: one JSON text each, without a line end.
pub trait RecordSink: Send {
    /// One line.
    fn record(&mut self, line: &str) -> Result<()>;
}

/// Hands out the lines of an export.
pub trait RecordSource: Send {
    /// The next line; `None` at the end.
    fn next(&mut self) -> Result<Option<String>>;
    /// Begins again at the first line: an import checks everything before it writes anything.
    fn rewind(&mut self) -> Result<()>;
}

/// How much.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Nodes.
    pub nodes: u64,
    /// Edges.
    pub edges: u64,
}

/// What a graph holds.
#[derive(Debug, Clone, PartialEq)]
pub struct GraphInfo {
    /// Made when the graph was created.
    pub graph_id: String,
    /// Which store, for people: `sqlite:/path/graph.db`.
    pub location: String,
    /// The version of its schema.
    pub schema_version: u32,
    /// Bytes on disk, where known.
    pub size_bytes: Option<u64>,
    /// Its tenants.
    pub tenants: Vec<TenantInfo>,
    /// Nodes by label.
    pub labels: Vec<(String, u64)>,
    /// Edges by type.
    pub relationship_types: Vec<(String, u64)>,
    /// All of it.
    pub counts: Counts,
}

/// One tenant of a graph.
#[derive(Debug, Clone, PartialEq)]
pub struct TenantInfo {
    /// Its id.
    pub tenant_id: TenantId,
    /// What it holds.
    pub counts: Counts,
    /// The last scan that ended, and when.
    pub last_scan: Option<(String, jiff::Timestamp)>,
    /// Whether it is being written, or a scan did not end: readers see a mixture.
    pub partial: bool,
    /// Who holds the write lock.
    pub holder: Option<String>,
}
