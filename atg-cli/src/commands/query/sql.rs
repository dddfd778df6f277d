//! `atg query --sql`: plain SQL, for whoever owns the graph's file. No operation carries it, so it goes past the executor
//! and no service ever runs it.

use std::time::Duration;

use atg_executor_local::graph::{RowSink, SqlQuery};
use atg_sdk::{Error, Result};
use serde_json::{Map, Value};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{QueryArgs, conclude, text};
use crate::{executor, exit::CommandResult, printer::RowsPrinter, session::Session};

/// More than anybody reads.
const BYTE_LIMIT: u64 = 256 << 20;

/// How many rows may wait for the printer.
const WAITING: usize = 256;

/// What the thread that runs the statement hands to the one that prints.
enum Part {
    Columns(Vec<String>),
    /// A row as the JSON text of an object.
    Row(String),
}

pub(super) async fn run(args: &QueryArgs, session: &Session) -> CommandResult {
    let graph = executor::graph(&session.settings)?;
    let signals = session.signals.attend().await?;
    let cancel = CancellationToken::new();
    let query = SqlQuery {
        text: text(args)?,
        row_limit: args.row_limit,
        byte_limit: BYTE_LIMIT,
        timeout: Duration::from_secs(args.timeout),
        cancel: cancel.clone(),
    };
    let (parts, mut arriving) = mpsc::channel(WAITING);
    let sink = Sink {
        columns: Vec::new(),
        parts,
    };
    let answering = tokio::spawn(async move { graph.sql(query, Box::new(sink)).await });
    let mut rows = None;
    loop {
        let part = tokio::select! {
            part = arriving.recv() => part,
            () = signals.next() => {
                cancel.cancel();
                continue;
            }
        };
        match part {
            Some(Part::Columns(columns)) => rows = Some(RowsPrinter::begin(session.printer, columns)?),
            Some(Part::Row(row)) => {
                if let Some(rows) = &mut rows {
                    rows.row(&row)?;
                }
            }
            None => break,
        }
    }
    let summary = answering
        .await
        .map_err(|error| Error::internal("the SQL ended early").with_source(error))??;
    if let Some(rows) = rows {
        rows.finish(summary.truncated)?;
    }
    if summary.partial {
        session
            .reporter
            .warn("the graph is being scanned, or a scan did not end: the answer may mix two states; ask again later");
    }
    Ok(conclude(
        summary.rows,
        summary.truncated,
        summary.partial,
        args,
        session,
    ))
}

struct Sink {
    columns: Vec<String>,
    parts: mpsc::Sender<Part>,
}

impl Sink {
    fn send(&self, part: Part) -> Result<()> {
        // The printer has stopped listening when stdout is closed, or it failed and says so itself.
        self.parts.blocking_send(part).map_err(|_| Error::cancelled())
    }
}

impl RowSink for Sink {
    fn columns(&mut self, columns: &[String]) -> Result<()> {
        self.columns = columns.to_vec();
        self.send(Part::Columns(columns.to_vec()))
    }

    fn row(&mut self, row: Vec<Value>) -> Result<()> {
        let row: Map<String, Value> = self.columns.iter().cloned().zip(row).collect();
        self.send(Part::Row(Value::Object(row).to_string()))
    }
}
