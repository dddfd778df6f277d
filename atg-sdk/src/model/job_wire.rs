//! How a job is written and read.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::{Artifact, Completeness, Counters, Error, Job, JobId, JobStatus, Output, Owner, azure::TenantId};

/// The object that the service's contract shows. It has neither `owner` nor `parameters`: a caller only ever sees its
/// own jobs, and parameters may be megabytes. Both are in the job's first event.
#[derive(Serialize, Deserialize)]
struct WireJob {
    job_id: JobId,
    operation: String,
    status: JobStatus,
    #[serde(default)]
    progress: f64,
    #[serde(default)]
    current_step: Option<String>,
    #[serde(default)]
    counters: Counters,
    #[serde(default)]
    tenant_id: Option<TenantId>,
    #[serde(default)]
    graph_id: Option<String>,
    #[serde(default)]
    attempt: u32,
    created_at: Timestamp,
    #[serde(default)]
    started_at: Option<Timestamp>,
    #[serde(default)]
    completed_at: Option<Timestamp>,
    #[serde(default)]
    cancel_requested_at: Option<Timestamp>,
    #[serde(default)]
    expires_at: Option<Timestamp>,
    #[serde(default)]
    output: Option<Value>,
    #[serde(default)]
    completeness: Option<Completeness>,
    #[serde(default)]
    error: Option<Error>,
    #[serde(default)]
    artifacts: Vec<Artifact>,
}

impl Serialize for Job {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        WireJob {
            job_id: self.id,
            operation: self.operation.clone(),
            status: self.status,
            progress: self.progress,
            current_step: self.current_step.clone(),
            counters: self.counters,
            tenant_id: self.tenant_id,
            graph_id: self.graph_id.clone(),
            attempt: self.attempt,
            created_at: self.created_at,
            started_at: self.started_at,
            completed_at: self.completed_at,
            cancel_requested_at: self.cancel_requested_at,
            expires_at: self.expires_at,
            output: self.output.as_ref().map(Output::to_value),
            completeness: self.completeness,
            error: self.error.clone(),
            artifacts: self.artifacts.clone(),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Job {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = WireJob::deserialize(deserializer)?;
        Ok(Self {
            id: wire.job_id,
            owner: Owner::default(),
            output: wire
                .output
                .map(|output| Output::from_parts(&wire.operation, output)),
            operation: wire.operation,
            parameters: Value::Null,
            confined_to: None,
            trace: None,
            status: wire.status,
            progress: wire.progress,
            current_step: wire.current_step,
            counters: wire.counters,
            tenant_id: wire.tenant_id,
            graph_id: wire.graph_id,
            attempt: wire.attempt,
            created_at: wire.created_at,
            started_at: wire.started_at,
            completed_at: wire.completed_at,
            cancel_requested_at: wire.cancel_requested_at,
            expires_at: wire.expires_at,
            completeness: wire.completeness,
            error: wire.error,
            artifacts: wire.artifacts,
        })
    }
}
