//! One measurement: a tenant of one size, from the generator's file to answers.

use std::{
    error::Error,
    fs::{self, File},
    io::{BufReader, BufWriter, Write as _},
    path::{Path, PathBuf},
    time::Instant,
};

use atg_executor_local::{LocalExecutor, LocalOptions};
use atg_sdk::{
    Executor as _, ExecutorExt as _, InputContent, Job, JobRequest, Operation, Output, Owner,
    model::operations::{export, scan},
};
use atg_synthetic::{Options, generate, tenant_id};
use serde::{Deserialize, Serialize};

use crate::{Accuracy, Timing, edges, memory::peak_bytes, queries};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// How many of 1,000 rows the third scan finds modified.
const CHANGED_PER_MILLE: u64 = 10;

/// What to measure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Rows of the tenant.
    pub rows: u64,
    /// The generator's seed.
    pub seed: u64,
    /// Where the files and the graph lie. Emptied by whoever made it.
    pub directory: PathBuf,
}

/// What was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Rows of the tenant.
    pub rows: u64,
    /// Bytes of its file.
    pub file_bytes: u64,
    /// Seconds of the first scan, as a job: from its submission to its end.
    pub scan_seconds: f64,
    /// Edges in the graph, of all kinds.
    pub edges: u64,
    /// Seconds of a second scan of the same file.
    pub unchanged_seconds: f64,
    /// Nodes that the second scan touched; 0 is right.
    pub unchanged_touched: u64,
    /// Seconds of a third scan, of a file with 1 % of its rows modified.
    pub changed_seconds: f64,
    /// Nodes that the third scan changed.
    pub changed: u64,
    /// Rows that were modified for it.
    pub changed_expected: u64,
    /// The most memory of the process after the first scan; generator and job included.
    pub scan_peak_bytes: Option<u64>,
    /// The same after all three scans.
    pub peak_bytes: Option<u64>,
    /// Bytes of the graph's file.
    pub graph_bytes: u64,
    /// Whether the edges are right.
    pub accuracy: Accuracy,
    /// How long answers take.
    pub queries: Vec<Timing>,
}

/// Generates, scans three times, exports, compares, asks.
///
/// # Errors
/// Those of the generator, the jobs and the file system.
pub async fn measure(plan: &Plan) -> Result<Report> {
    let options = Options {
        seed: plan.seed,
        rows: plan.rows,
        ..Options::default()
    };
    let modified = Options {
        changed_per_mille: CHANGED_PER_MILLE,
        ..options
    };
    let (before, after) = (
        plan.directory.join("before.jsonl"),
        plan.directory.join("after.jsonl"),
    );
    let file_bytes = write(&options, &before)?.bytes;
    let changed_expected = write(&modified, &after)?.changed;

    let data = plan.directory.join("data");
    let executor = LocalExecutor::open(LocalOptions::new(&data))?;
    let (first, scan_seconds) = scan(&executor, &options, &before).await?;
    let scan_peak_bytes = peak_bytes();
    let (second, unchanged_seconds) = scan(&executor, &options, &before).await?;
    let (third, changed_seconds) = scan(&executor, &options, &after).await?;
    let peak_bytes = peak_bytes();

    let exported = executor
        .run(JobRequest::new(Operation::Export(export::Parameters::default())))
        .await?;
    let lines = plan.directory.join("export");
    executor.download_artifacts(exported.id, &lines).await?;
    let file = File::open(lines.join("graph.jsonl.zst"))?;
    let accuracy = edges::compare(&options, BufReader::new(zstd::Decoder::new(file)?))?;
    let queries = queries::time_all(&executor).await;
    Ok(Report {
        rows: plan.rows,
        file_bytes,
        scan_seconds,
        edges: first.relationships,
        unchanged_seconds,
        unchanged_touched: second.added + second.changed + second.removed,
        changed_seconds,
        changed: third.changed,
        changed_expected,
        scan_peak_bytes,
        peak_bytes,
        graph_bytes: fs::metadata(data.join("graph.db"))?.len(),
        accuracy,
        queries,
    })
}

fn write(options: &Options, path: &Path) -> Result<atg_synthetic::Summary> {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let summary = generate(options, &mut file, None)?;
    file.flush()?;
    Ok(summary)
}

async fn scan(executor: &LocalExecutor, options: &Options, path: &Path) -> Result<(scan::Output, f64)> {
    let started = Instant::now();
    let input = executor
        .put_input(&Owner::default(), InputContent::File(path.to_owned()))
        .await?;
    let parameters = scan::Parameters {
        tenant_id: Some(tenant_id(options.seed).parse()?),
        input: Some(input.sha256),
        ..scan::Parameters::default()
    };
    let job: Job = executor.run(JobRequest::new(Operation::Scan(parameters))).await?;
    let seconds = started.elapsed().as_secs_f64();
    match job.output {
        Some(Output::Scan(output)) if output.success => Ok((output, seconds)),
        other => Err(format!("the scan was not complete: {other:?}").into()),
    }
}
