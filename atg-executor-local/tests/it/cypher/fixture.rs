//! The sample graph in a store, and asking it.

use std::{
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use atg_executor_local::graph::{
    ExportRequest, GraphStore, ImportRequest, Query, QuerySummary, RecordSink, RecordSource, RowSink,
    embedded::{EmbeddedStore, Options},
};
use atg_sdk::Result;
use serde_json::{Map, Value as Json};
use tokio_util::sync::CancellationToken;

use super::sample;

pub(crate) struct Lines(pub(crate) Vec<String>, pub(crate) usize);

impl RecordSource for Lines {
    fn next(&mut self) -> Result<Option<String>> {
        self.1 += 1;
        Ok(self.0.get(self.1 - 1).cloned())
    }

    fn rewind(&mut self) -> Result<()> {
        self.1 = 0;
        Ok(())
    }
}

/// The graph in an embedded store below that directory.
pub(crate) async fn store(directory: &Path) -> EmbeddedStore {
    let store = EmbeddedStore::open(directory.join("graph.db"), Options::default()).unwrap();
    store
        .import(ImportRequest::default(), Box::new(Lines(sample::lines(), 0)))
        .await
        .unwrap();
    store
}

/// What a store exports, history included.
pub(crate) async fn export(store: &dyn GraphStore) -> Vec<Json> {
    let lines = export_lines(store).await;
    lines
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The same as text.
pub(crate) async fn export_lines(store: &dyn GraphStore) -> Vec<String> {
    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<String>>>);
    impl RecordSink for Sink {
        fn record(&mut self, line: &str) -> Result<()> {
            self.0.lock().unwrap().push(line.to_owned());
            Ok(())
        }
    }
    let sink = Sink::default();
    store
        .export(
            ExportRequest {
                with_history: true,
                ..Default::default()
            },
            Box::new(sink.clone()),
        )
        .await
        .unwrap();
    std::mem::take(&mut *sink.0.lock().unwrap())
}

/// A whole answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Answer {
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Vec<Json>>,
}

#[derive(Clone, Default)]
pub(crate) struct Rows(pub(crate) Arc<Mutex<Answer>>);

impl RowSink for Rows {
    fn columns(&mut self, columns: &[String]) -> Result<()> {
        self.0.lock().unwrap().columns = columns.to_vec();
        Ok(())
    }

    fn row(&mut self, row: Vec<Json>) -> Result<()> {
        self.0.lock().unwrap().rows.push(row);
        Ok(())
    }
}

/// A query without limits that matter here.
pub(crate) fn query(text: &str, parameters: &Map<String, Json>) -> Query {
    Query {
        text: text.to_owned(),
        parameters: parameters.clone(),
        tenants: None,
        row_limit: 100_000,
        byte_limit: 1 << 30,
        timeout: Duration::from_secs(60),
        cancel: CancellationToken::new(),
    }
}

/// Asks the store.
pub(crate) async fn ask(store: &dyn GraphStore, query: Query) -> Result<(Answer, QuerySummary)> {
    let rows = Rows::default();
    let summary = store.query(query, Box::new(rows.clone())).await?;
    let answer = rows.0.lock().unwrap().clone();
    Ok((answer, summary))
}
