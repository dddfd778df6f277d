//! Everything that lies in the data directory, opened.

use std::sync::Arc;

use crate::{
    artifacts::ArtifactStore, data_dir::DataDir, graph::GraphStore, inputs::InputRegistry, jobs::JobStore,
};

/// The parts of a local executor.
#[derive(Debug)]
pub(crate) struct LocalState {
    pub(crate) dir: DataDir,
    pub(crate) jobs: Arc<JobStore>,
    pub(crate) artifacts: ArtifactStore,
    pub(crate) inputs: InputRegistry,
    pub(crate) graph: Arc<dyn GraphStore>,
}
