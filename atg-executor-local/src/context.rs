//! What an operation gets from the executor: its inputs, its graph, and ways to report.

use std::{io, path::PathBuf, sync::Arc};

use atg_sdk::{Completeness, Counters, JobId, Output, Result, model::InputDigest};
use tokio_util::sync::CancellationToken;

use crate::graph::GraphStore;

/// The way out of an operation, and its ports.
///
/// A trait would be one more name for one implementation: operations are tested through the executor.
#[derive(Debug, Clone)]
pub struct Context {
    job_id: JobId,
    graph: Arc<dyn GraphStore>,
    cancel: CancellationToken,
}

/// How an operation ended well.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// The small typed result.
    pub output: Output,
    /// Whether all that was asked was done.
    pub completeness: Completeness,
}

/// An input, ready to read.
#[derive(Debug)]
pub struct InputFile {
    /// Where it lies on this machine.
    pub path: PathBuf,
    /// Its length in bytes.
    pub size_bytes: u64,
}

/// A file that will be an artifact once [`finish`](Self::finish) has returned. Written from blocking code.
#[derive(Debug)]
pub struct ArtifactWriter {
    _private: (),
}

impl io::Write for ArtifactWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl ArtifactWriter {
    /// Makes the file an artifact of the job. One that is dropped unfinished leaves nothing.
    pub async fn finish(self) -> Result<()> {
        Ok(())
    }
}

impl Context {
    /// The job.
    #[must_use]
    pub fn job_id(&self) -> JobId {
        self.job_id
    }

    /// The graph to work on.
    #[must_use]
    pub fn graph(&self) -> &Arc<dyn GraphStore> {
        &self.graph
    }

    /// Cancelled when somebody asked for the job to stop.
    #[must_use]
    pub fn cancel(&self) -> &CancellationToken {
        &self.cancel
    }

    /// Reports progress. Cheap, never blocks, and what comes too fast is thinned out.
    pub fn progress(&self, _fraction: f64, _step: &str, _counters: Counters) {}

    /// Reports something that is wrong and does not end the job: what, and what to do about it.
    pub fn warn(&self, _message: impl Into<String>) {}

    /// Opens an input that the request's parameters name; its digest is verified as it is read.
    pub async fn input(&self, _digest: &InputDigest) -> Result<InputFile> {
        Err(atg_sdk::Error::not_found("no such input"))
    }

    /// Begins an artifact.
    pub async fn artifact(&self, _name: &str, _content_type: &str) -> Result<ArtifactWriter> {
        Ok(ArtifactWriter { _private: () })
    }
}
