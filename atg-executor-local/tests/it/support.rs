//! What the tests share.

use std::path::Path;

use atg_executor_local::{LocalExecutor, LocalOptions};
use atg_sdk::{
    Completeness, EventKind, Executor as _, ExecutorExt as _, Job, JobEvent, JobId, JobRequest, Operation,
    Output,
    model::operations::{
        rehearsal::{Parameters, Step},
        scan,
    },
};
use futures::{StreamExt as _, TryStreamExt as _};
use serde_json::{Value, json};

/// An executor on that directory.
pub(crate) fn open(data_dir: &Path) -> LocalExecutor {
    LocalExecutor::open(LocalOptions::new(data_dir)).expect("open the executor")
}

/// The parameters of that script.
pub(crate) fn script(steps: Vec<Step>) -> Parameters {
    Parameters {
        steps,
        ..Parameters::default()
    }
}

/// A request to carry out that script.
pub(crate) fn rehearse(steps: Vec<Step>) -> JobRequest {
    JobRequest::new(Operation::Rehearsal(script(steps)))
}

/// A step that leaves a file.
pub(crate) fn artifact(name: &str, text: &str) -> Step {
    Step::Artifact {
        name: name.to_owned(),
        text: text.to_owned(),
        repeat: 1,
    }
}

/// A step that reports progress.
pub(crate) fn progress(progress: f64) -> Step {
    Step::Progress {
        progress,
        step: "working".to_owned(),
    }
}

/// A step that says something to wait for.
pub(crate) fn warn(message: &str) -> Step {
    Step::Warn {
        message: message.to_owned(),
    }
}

/// Waits for an event of the job.
pub(crate) async fn until(
    executor: &LocalExecutor,
    id: JobId,
    wanted: impl Fn(&EventKind) -> bool,
) -> JobEvent {
    let mut events = executor.watch_job(id, None);
    while let Some(event) = events.next().await {
        let event = event.unwrap();
        if wanted(&event.kind) {
            return event;
        }
    }
    panic!("the job ended without the event that was waited for");
}

/// All events until the job has ended.
pub(crate) async fn events(executor: &LocalExecutor, id: JobId) -> Vec<JobEvent> {
    executor.watch_job(id, None).try_collect().await.unwrap()
}

/// The bytes of an artifact.
pub(crate) async fn read(executor: &LocalExecutor, id: JobId, name: &str) -> Vec<u8> {
    let stream = executor.read_artifact(id, name, None).await.unwrap();
    stream.bytes.try_collect::<Vec<_>>().await.unwrap().concat()
}

/// The files below a directory, however deep.
pub(crate) fn files_below(directory: &Path) -> usize {
    std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            if path.is_dir() { files_below(&path) } else { 1 }
        })
        .sum()
}

/// A scan that ended well.
#[derive(Debug)]
pub(crate) struct Scanned {
    pub(crate) output: scan::Output,
    pub(crate) completeness: Completeness,
    pub(crate) report: Value,
    pub(crate) manifest: Value,
    pub(crate) changes: Vec<Value>,
    pub(crate) warnings: Vec<String>,
}

impl Scanned {
    /// What that job left.
    pub(crate) async fn of(executor: &LocalExecutor, job: &Job) -> Self {
        let Some(Output::Scan(output)) = job.output.clone() else {
            panic!("{:?}", job.output)
        };
        let changes = String::from_utf8(read(executor, job.id, "changes.jsonl").await).unwrap();
        let json = async |name: &str| serde_json::from_slice(&read(executor, job.id, name).await).unwrap();
        let warnings = events(executor, job.id)
            .await
            .into_iter()
            .filter_map(|event| match event.kind {
                EventKind::Warning { message, .. } => Some(message),
                _ => None,
            });
        Self {
            output,
            completeness: job.completeness.unwrap(),
            report: json("report.json").await,
            manifest: json("manifest.json").await,
            changes: changes
                .lines()
                .map(|line| serde_json::from_str(line).unwrap())
                .collect(),
            warnings: warnings.collect(),
        }
    }
}

/// A tenant's export, as text.
pub(crate) async fn export(executor: &LocalExecutor, tenant: &str) -> String {
    let operation = Operation::from_parts("export", json!({ "tenant_id": tenant })).unwrap();
    let job = executor.run(JobRequest::new(operation)).await.unwrap();
    let packed = read(executor, job.id, "graph.jsonl.zst").await;
    String::from_utf8(zstd::decode_all(&packed[..]).unwrap()).unwrap()
}
