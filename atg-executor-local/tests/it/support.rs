//! What the tests share.

use std::path::Path;

use atg_executor_local::{LocalExecutor, LocalOptions};
use atg_sdk::{
    EventKind, Executor as _, JobEvent, JobId, JobRequest, Operation,
    model::operations::rehearsal::{Parameters, Step},
};
use futures::{StreamExt as _, TryStreamExt as _};

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
