//! Looking at each part of the local state: what is there, what is wrong with it, and what to do.

use std::{collections::BTreeMap, io::Write as _, sync::Arc};

use atg_sdk::{Error, Health, HealthState, JobStatus, Result, model::PartHealth};

use crate::{
    data_dir::private_file,
    fault::io_error,
    jobs::{JobStore, blocking},
    local_state::LocalState,
};

/// The parts, in the order in which they build on each other.
pub(crate) const PARTS: [&str; 4] = ["data-dir", "jobs", "graph", "artifacts"];

/// All parts. Nothing here works without any of them, so the whole is as well as its worst part.
pub(crate) async fn of(state: &Arc<LocalState>) -> Health {
    let counts = blocking(&state.jobs, JobStore::count).await.unwrap_or_default();
    let count = |status: JobStatus| {
        let of_status = counts.iter().find(|(name, _)| name == status.name());
        of_status.map_or(0, |(_, count)| *count)
    };
    let mut health = Health {
        status: HealthState::Healthy,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        parts: BTreeMap::new(),
        graph_id: None,
        jobs_pending: count(JobStatus::Pending),
        jobs_running: count(JobStatus::Running),
    };
    for name in PARTS {
        let (part_state, detail) = match check(state, name).await {
            Ok(detail) => (HealthState::Healthy, detail),
            Err(error) => (HealthState::Unhealthy, error.to_string()),
        };
        health.status = health.status.max(part_state);
        health.parts.insert(
            name.to_owned(),
            PartHealth {
                state: part_state,
                detail,
            },
        );
    }
    // The check above has opened it, or found that it cannot be opened.
    health.graph_id = state.graph.graph_id().await.ok();
    health
}

/// What was found at one part; an error says what to do.
pub(crate) async fn check(state: &Arc<LocalState>, name: &str) -> Result<String> {
    match name {
        "data-dir" => blocking(state, data_dir).await,
        "jobs" => blocking(state, jobs).await,
        "graph" => graph(state).await,
        "artifacts" => blocking(state, artifacts).await,
        _ => Err(Error::not_found(format!(
            "`{}` is not a part of this executor",
            name.escape_debug()
        ))),
    }
}

fn data_dir(state: &LocalState) -> Result<String> {
    let root = state.dir.root();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;

        let metadata =
            std::fs::metadata(root).map_err(|error| io_error("look at the data directory", root, error))?;
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(Error::new(
                atg_sdk::ErrorKind::PermissionDenied,
                format!(
                    "keep {} private: others may enter it (mode {mode:o}): run chmod 700 on it",
                    root.display()
                ),
            ));
        }
    }
    let probe = root.join(format!(".probe-{}", uuid::Uuid::new_v4()));
    let written = private_file()
        .write(true)
        .create_new(true)
        .open(&probe)
        .and_then(|mut file| file.write_all(b"probe").and_then(|()| file.sync_all()));
    let _ = std::fs::remove_file(&probe);
    written.map_err(|error| io_error("write to the data directory", root, error))?;
    Ok(format!("{} can be written, and by you alone", root.display()))
}

fn jobs(state: &LocalState) -> Result<String> {
    state.jobs.check()?;
    let counts = state.jobs.count()?;
    if counts.is_empty() {
        return Ok("no jobs yet".to_owned());
    }
    let counts: Vec<_> = counts
        .iter()
        .map(|(status, count)| format!("{count} {status}"))
        .collect();
    Ok(format!("jobs: {}", counts.join(", ")))
}

async fn graph(state: &LocalState) -> Result<String> {
    let info = state.graph.info().await?;
    Ok(format!(
        "{}: {} tenants, {} nodes, {} edges",
        info.location,
        info.tenants.len(),
        info.counts.nodes,
        info.counts.edges
    ))
}

/// Leaves a file as an attempt would, and takes it away again.
fn artifacts(state: &LocalState) -> Result<String> {
    let probe = state.artifacts.attempt(atg_sdk::JobId::new(), 1);
    let write = || {
        let mut file = probe.create("probe", "text/plain")?;
        file.write_all(b"probe")
            .map_err(|error| io_error("write an artifact", state.dir.root(), error))?;
        file.finish_blocking()
    };
    let written = write();
    probe.discard()?;
    written?;
    Ok(format!("{} jobs have files", state.artifacts.jobs()?.len()))
}
