//! Scans of recorded sources, through the executor.

mod bad_input;
mod formats;
mod interrupted;
mod narrowed;
mod recorded_tenant;
mod removal;

use std::path::Path;

use atg_executor_local::LocalExecutor;
use atg_sdk::{Executor as _, ExecutorExt as _, InputContent, Job, JobRequest, Operation, Owner, Result};
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) use crate::support::Scanned;
use crate::support::{export, open};

pub(crate) const TENANT: &str = "00000000-0000-0000-0000-0000000000aa";
pub(crate) const SUBSCRIPTION: &str = "/subscriptions/00000000-0000-0000-0000-000000000001";

/// An executor of its own with an empty graph.
pub(crate) struct Place {
    pub(crate) directory: TempDir,
    pub(crate) executor: LocalExecutor,
}

impl Place {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let executor = open(directory.path());
        Self { directory, executor }
    }

    pub(crate) async fn run(&self, input: InputContent, parameters: Value) -> Result<Job> {
        let operation = self.operation(input, parameters).await?;
        self.executor.run(JobRequest::new(operation)).await
    }

    pub(crate) async fn operation(&self, input: InputContent, mut parameters: Value) -> Result<Operation> {
        let input = self.executor.put_input(&Owner::default(), input).await?;
        parameters["input"] = json!(input.sha256);
        parameters["tenant_id"] = json!(TENANT);
        Operation::from_parts("scan", parameters)
    }

    /// The tenant's export, as text.
    pub(crate) async fn export(&self) -> String {
        export(&self.executor, TENANT).await
    }

    pub(crate) async fn scan_with(&self, input: InputContent, parameters: Value) -> Scanned {
        let job = self.run(input, parameters).await.unwrap();
        let names: Vec<_> = job
            .artifacts
            .iter()
            .map(|artifact| artifact.name.as_str())
            .collect();
        assert_eq!(names, ["changes.jsonl", "manifest.json", "report.json"]);
        Scanned::of(&self.executor, &job).await
    }

    /// Scans a text.
    pub(crate) async fn scan(&self, text: impl Into<Vec<u8>>) -> Scanned {
        self.scan_with(bytes(text), json!({})).await
    }

    /// The error of a scan that did not end well.
    pub(crate) async fn refusal(&self, text: impl Into<Vec<u8>>, parameters: Value) -> atg_sdk::Error {
        self.run(bytes(text), parameters).await.unwrap_err()
    }
}

pub(crate) fn bytes(text: impl Into<Vec<u8>>) -> InputContent {
    InputContent::Bytes(text.into().into())
}

/// A resource with properties, as one line.
pub(crate) fn resource(group: &str, name: &str) -> Value {
    json!({
        "id": format!("{SUBSCRIPTION}/resourceGroups/{group}/providers/Microsoft.Storage/storageAccounts/{name}"),
        "name": name,
        "type": "Microsoft.Storage/storageAccounts",
        "location": "westeurope",
        "tags": { "name": name },
        "properties": { "minimumTlsVersion": "TLS1_2" }
    })
}

pub(crate) fn lines(objects: &[Value]) -> String {
    objects.iter().map(|object| format!("{object}\n")).collect()
}

/// Figures of a scan that tests compare.
pub(crate) fn counts(scanned: &Scanned) -> (u64, u64, u64, u64) {
    let output = &scanned.output;
    (output.added, output.changed, output.removed, output.unchanged)
}

/// A file of the recorded data. `None` where it is absent, which a test that must run everything does not accept.
pub(crate) fn shared(name: &str) -> Option<std::path::PathBuf> {
    let root = std::env::var_os("ATG_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
        Into::into,
    );
    let path = root.join(name);
    if path.exists() {
        return Some(path);
    }
    assert!(
        std::env::var_os("CI").is_none(),
        "{} is not there: set ATG_SHARED to the directory that holds it",
        path.display()
    );
    None
}
