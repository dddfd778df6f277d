//! A graph that is opened by the first call that needs it.
//!
//! Listing jobs needs no graph, and `self-test` must be able to say what is wrong with one that cannot be opened.

use std::{fmt, path::Path, sync::Arc};

use async_trait::async_trait;
use atg_sdk::{Result, azure::TenantId};
use tokio::sync::OnceCell;

use crate::graph::{
    Counts, ExportRequest, GraphInfo, GraphStore, ImportRequest, Query, QuerySummary, RecordSink,
    RecordSource, RowSink, ScanStart, ScanWriter, SqlQuery,
};

type Open = Box<dyn Fn() -> Result<Arc<dyn GraphStore>> + Send + Sync>;

/// Opens the graph at most once; an attempt that failed is repeated by the next call.
pub(crate) struct LazyGraph {
    open: Arc<Open>,
    store: OnceCell<Arc<dyn GraphStore>>,
}

impl LazyGraph {
    /// `open` may block.
    pub(crate) fn new(open: impl Fn() -> Result<Arc<dyn GraphStore>> + Send + Sync + 'static) -> Self {
        Self {
            open: Arc::new(Box::new(open)),
            store: OnceCell::new(),
        }
    }

    async fn store(&self) -> Result<&Arc<dyn GraphStore>> {
        self.store
            .get_or_try_init(|| async {
                let open = Arc::clone(&self.open);
                tokio::task::spawn_blocking(move || open())
                    .await
                    .map_err(|error| atg_sdk::Error::internal("open the graph").with_source(error))?
            })
            .await
    }
}

impl fmt::Debug for LazyGraph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LazyGraph")
            .field("store", &self.store.get())
            .finish()
    }
}

#[async_trait]
impl GraphStore for LazyGraph {
    async fn info(&self) -> Result<GraphInfo> {
        self.store().await?.info().await
    }

    async fn graph_id(&self) -> Result<String> {
        self.store().await?.graph_id().await
    }

    async fn begin_scan(&self, start: ScanStart) -> Result<Box<dyn ScanWriter>> {
        self.store().await?.begin_scan(start).await
    }

    async fn query(&self, query: Query, rows: Box<dyn RowSink>) -> Result<QuerySummary> {
        self.store().await?.query(query, rows).await
    }

    async fn sql(&self, query: SqlQuery, rows: Box<dyn RowSink>) -> Result<QuerySummary> {
        self.store().await?.sql(query, rows).await
    }

    async fn export(&self, request: ExportRequest, records: Box<dyn RecordSink>) -> Result<Counts> {
        self.store().await?.export(request, records).await
    }

    async fn import(&self, request: ImportRequest, records: Box<dyn RecordSource>) -> Result<Counts> {
        self.store().await?.import(request, records).await
    }

    async fn forget(&self, tenant: TenantId) -> Result<Counts> {
        self.store().await?.forget(tenant).await
    }

    async fn backup(&self, to: &Path) -> Result<()> {
        self.store().await?.backup(to).await
    }

    async fn vacuum(&self) -> Result<()> {
        self.store().await?.vacuum().await
    }
}
