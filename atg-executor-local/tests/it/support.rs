//! What the tests share.

use std::path::Path;

use atg_executor_local::{LocalExecutor, LocalOptions};
use atg_sdk::{
    JobRequest, Operation,
    model::operations::rehearsal::{Parameters, Step},
};

/// An executor on that directory.
pub(crate) fn open(data_dir: &Path) -> LocalExecutor {
    LocalExecutor::open(LocalOptions::new(data_dir)).expect("open the executor")
}

/// A request to carry out that script.
pub(crate) fn rehearse(steps: Vec<Step>) -> JobRequest {
    JobRequest::new(Operation::Rehearsal(Parameters {
        steps,
        ..Parameters::default()
    }))
}

pub(crate) fn artifact(name: &str, text: &str) -> Step {
    Step::Artifact {
        name: name.to_owned(),
        text: text.to_owned(),
        repeat: 1,
    }
}

pub(crate) fn progress(progress: f64) -> Step {
    Step::Progress {
        progress,
        step: "working".to_owned(),
    }
}
