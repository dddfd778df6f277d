//! The one place that chooses who carries out the jobs.

use std::sync::Arc;

use atg_executor_local::{LocalExecutor, LocalOptions, graph::GraphStore};
use atg_sdk::{Executor, Result};

use crate::settings::Settings;

/// The executor of this command line's jobs. Everything after this knows only the trait.
pub(crate) fn choose(settings: &Settings) -> Result<Arc<dyn Executor>> {
    Ok(Arc::new(local(settings)?))
}

/// The graph of this machine, for the commands that look after it.
pub(crate) fn graph(settings: &Settings) -> Result<Arc<dyn GraphStore>> {
    Ok(Arc::clone(local(settings)?.graph()))
}

/// The executor of this machine, for the commands that look after its files.
pub(crate) fn local(settings: &Settings) -> Result<LocalExecutor> {
    LocalExecutor::open(
        LocalOptions::new(&settings.data_dir.value)
            .with_graph(settings.graph.value.to_local())
            // Nobody can name what came in by a pipe a second time.
            .with_dropped_copies(),
    )
}
