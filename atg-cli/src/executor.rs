//! The one place that chooses who carries out the jobs.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use atg_executor_local::{LocalExecutor, LocalOptions, graph::GraphStore};
use atg_executor_remote::RemoteExecutor;
use atg_sdk::{Error, ErrorKind, Executor, ExecutorExt as _, JobId, Result};

use crate::{progress::Reporter, settings::Settings};

/// The executor of this command line's jobs, wherever they run. Everything after this knows only the trait.
pub(crate) fn choose(settings: &Settings) -> Result<Arc<dyn Executor>> {
    if settings.service.remote.value {
        Ok(Arc::new(remote(settings)?))
    } else {
        Ok(Arc::new(open(settings)?))
    }
}

/// The executor for new jobs: where the person allowed it, this machine stands in for a service that cannot be reached.
/// Tells whether it is the service.
pub(crate) async fn choose_for_new_jobs(
    settings: &Settings,
    reporter: &Reporter,
) -> Result<(Arc<dyn Executor>, bool)> {
    let service = &settings.service;
    if !(service.remote.value && service.fallback_to_local.value) {
        return Ok((choose(settings)?, service.remote.value));
    }
    let remote = remote(settings)?;
    match remote.health().await {
        Err(error) if matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout) => {
            reporter.warn(&format!("{error}; this runs on this machine instead"));
            Ok((Arc::new(open(settings)?), false))
        }
        // Any other trouble is not for this machine to hide: the first call will say it.
        _ => Ok((Arc::new(remote), true)),
    }
}

/// The graph of this machine, for the commands that look after it.
pub(crate) fn graph(settings: &Settings) -> Result<Arc<dyn GraphStore>> {
    Ok(Arc::clone(local(settings)?.graph()))
}

/// The executor of this machine, for the commands that look after its files.
///
/// # Errors
/// `Unsupported` when a service was asked for: it looks after its own files.
pub(crate) fn local(settings: &Settings) -> Result<LocalExecutor> {
    if settings.service.remote.value {
        return Err(Error::new(
            ErrorKind::Unsupported,
            format!(
                "this command works on the files of this machine only, and --remote is set ({}): pass --remote=false",
                settings.service.remote.origin
            ),
        ));
    }
    open(settings)
}

fn open(settings: &Settings) -> Result<LocalExecutor> {
    LocalExecutor::open(
        LocalOptions::new(&settings.data_dir.value)
            .with_graph(settings.graph.value.to_local())
            .with_neo4j(settings.neo4j.clone())
            .with_azure(settings.azure.options.clone())
            // Nobody can name what came in by a pipe a second time.
            .with_dropped_copies(),
    )
}

/// Copies all files that a job left. Through the trait, but for a service's many files, which come in one archive.
pub(crate) async fn download(settings: &Settings, id: JobId, directory: &Path) -> Result<Vec<PathBuf>> {
    if settings.service.remote.value {
        remote(settings)?.download_all(id, directory).await
    } else {
        open(settings)?.download_artifacts(id, directory).await
    }
}

fn remote(settings: &Settings) -> Result<RemoteExecutor> {
    RemoteExecutor::new(settings.service.to_remote(&settings.data_dir.value)?)
}
