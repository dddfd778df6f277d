//! `query`.

use std::{
    io::Write as _,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use atg_sdk::{
    Completeness, Error, Output, Result,
    model::operations::query::{self, Parameters},
};
use serde_json::{Map, Value as Json};

use crate::{
    artifacts::ArtifactWriter,
    context::{Context, Ended},
    cypher,
    graph::{Query, RowSink},
};

/// What the output itself shows of the rows; the artifact holds all of them.
const SHOWN_ROWS: usize = 100;
const SHOWN_BYTES: usize = 64 * 1024;

/// More than anybody reads, and little enough to be carried anywhere.
const BYTE_LIMIT: u64 = 256 << 20;

const MAX_TIMEOUT_SECONDS: u64 = 300;

/// The query is read before the job is accepted: most refusals need no graph.
pub(crate) fn validate(parameters: &Parameters) -> Result<()> {
    if !(1..=MAX_TIMEOUT_SECONDS).contains(&parameters.timeout_seconds) {
        let message =
            format!("run the query: the time limit lies between 1 and {MAX_TIMEOUT_SECONDS} seconds");
        return Err(Error::invalid(message).with_field("/timeout_seconds", "is out of range"));
    }
    if parameters.row_limit == 0 {
        let message = "run the query: a limit of 0 rows leaves nothing to answer";
        return Err(Error::invalid(message).with_field("/row_limit", "must be at least 1"));
    }
    cypher::check(&parameters.query, &parameters.parameters)
}

pub(crate) async fn run(parameters: Parameters, context: &Context) -> Result<Ended> {
    validate(&parameters)?;
    let tenants = context.tenants(parameters.tenant_id)?;
    let state = Arc::new(Mutex::new(State::new(
        context.artifact("rows.jsonl", "application/x-ndjson").await?,
    )));
    let query = Query {
        text: parameters.query,
        parameters: parameters.parameters,
        tenants,
        row_limit: parameters.row_limit,
        byte_limit: BYTE_LIMIT,
        timeout: Duration::from_secs(parameters.timeout_seconds),
        cancel: context.cancel().clone(),
    };
    let summary = context
        .graph()
        .query(query, Box::new(Rows(Arc::clone(&state))))
        .await?;

    let (artifact, columns, rows) = {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        (
            state.artifact.take(),
            std::mem::take(&mut state.columns),
            std::mem::take(&mut state.rows),
        )
    };
    if let Some(artifact) = artifact {
        artifact.finish().await?;
    }
    if summary.partial {
        context.warn("the graph is being scanned, or a scan did not end: the answer may mix two states; ask again later");
    }
    let complete = !summary.truncated && !summary.partial;
    let output = query::Output {
        columns,
        rows,
        row_count: summary.rows,
        truncated: summary.truncated,
    };
    Ok(Ended {
        output: Output::Query(output),
        completeness: if complete {
            Completeness::Complete
        } else {
            Completeness::Partial
        },
    })
}

/// The rows go into the artifact one by one; the first of them are kept for the output.
struct State {
    artifact: Option<ArtifactWriter>,
    columns: Vec<String>,
    rows: Vec<Map<String, Json>>,
    shown_bytes: usize,
    full: bool,
    line: Vec<u8>,
}

impl State {
    fn new(artifact: ArtifactWriter) -> Self {
        Self {
            artifact: Some(artifact),
            columns: Vec::new(),
            rows: Vec::new(),
            shown_bytes: 0,
            full: false,
            line: Vec::new(),
        }
    }

    fn add(&mut self, values: Vec<Json>) -> Result<()> {
        let failed = |error| Error::internal("write the rows").with_source(error);
        let row: Map<String, Json> = self.columns.iter().cloned().zip(values).collect();
        self.line.clear();
        serde_json::to_writer(&mut self.line, &row)
            .map_err(|error| Error::internal("write a row as JSON").with_source(error))?;
        self.line.push(b'\n');
        if let Some(artifact) = &mut self.artifact {
            artifact.write_all(&self.line).map_err(failed)?;
        }
        self.full =
            self.full || self.rows.len() >= SHOWN_ROWS || self.shown_bytes + self.line.len() > SHOWN_BYTES;
        if !self.full {
            self.shown_bytes += self.line.len();
            self.rows.push(row);
        }
        Ok(())
    }
}

struct Rows(Arc<Mutex<State>>);

impl RowSink for Rows {
    fn columns(&mut self, columns: &[String]) -> Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).columns = columns.to_vec();
        Ok(())
    }

    fn row(&mut self, row: Vec<Json>) -> Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).add(row)
    }
}
