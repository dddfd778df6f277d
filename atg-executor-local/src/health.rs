//! Looking at each part of the local state: what is there, what is wrong with it, and what to do.

use std::{collections::BTreeMap, io::Write as _, sync::Arc};

use atg_sdk::{Error, Health, HealthState, Result, model::PartHealth};

use crate::{
    data_dir::private_file,
    fault::io_error,
    jobs::{JobStore, blocking},
    local_state::LocalState,
};

/// The parts, in the order in which they build on each other.
pub(crate) const PARTS: [&str; 4] = ["data-dir", "jobs", "graph", "artifacts"];

/// How closely to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// Quickly, however much there is: somebody may ask every few seconds.
    Glance,
    /// Reading what has to be read.
    Close,
}

/// All parts. Nothing here works without any of them, so the whole is as well as its worst part.
pub(crate) async fn of(state: &Arc<LocalState>) -> Health {
    let (jobs_pending, jobs_running) = blocking(&state.jobs, JobStore::count_open)
        .await
        .unwrap_or_default();
    let mut health = Health {
        status: HealthState::Healthy,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        parts: BTreeMap::new(),
        graph_id: None,
        jobs_pending,
        jobs_running,
    };
    for name in PARTS {
        let part = match check(state, name, Look::Glance).await {
            Ok(detail) => PartHealth {
                state: HealthState::Healthy,
                detail,
            },
            Err(error) => PartHealth {
                state: HealthState::Unhealthy,
                detail: format!("failed to {error}"),
            },
        };
        health.status = health.status.max(part.state);
        health.parts.insert(name.to_owned(), part);
    }
    // Whoever watches the service asks for it by its own name.
    if state.on_server
        && let Some(graph) = health.parts.get("graph").cloned()
    {
        health.parts.insert("neo4j".to_owned(), graph);
    }
    // The look above has opened it, or found that it cannot be opened.
    health.graph_id = state.graph.graph_id().await.ok();
    health
}

/// What was found at one part; an error says what to do.
pub(crate) async fn check(state: &Arc<LocalState>, name: &str, look: Look) -> Result<String> {
    match name {
        "data-dir" => blocking(state, data_dir).await,
        "jobs" => blocking(&state.jobs, move |store| jobs(store, look)).await,
        "graph" => graph(state, look).await,
        "artifacts" => blocking(state, artifacts).await,
        _ => Err(Error::not_found(format!(
            "find the part `{}`: there is none",
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
        // What is in it is private either way, but who may write here can put something else in its place.
        if mode & 0o022 != 0 {
            return Err(Error::new(
                atg_sdk::ErrorKind::PermissionDenied,
                format!(
                    "trust {}: others may write to it (mode {mode:o}): run chmod 700 on it",
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

fn jobs(store: &JobStore, look: Look) -> Result<String> {
    let (pending, running) = store.count_open()?;
    if look == Look::Glance {
        return Ok(format!("{pending} pending, {running} running"));
    }
    store.check()?;
    let counts = store.count()?;
    if counts.is_empty() {
        return Ok("no jobs yet".to_owned());
    }
    let counts: Vec<_> = counts
        .iter()
        .map(|(status, count)| format!("{count} {status}"))
        .collect();
    Ok(counts.join(", "))
}

async fn graph(state: &LocalState, look: Look) -> Result<String> {
    if look == Look::Glance {
        return Ok(format!("graph {}", state.graph.graph_id().await?));
    }
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
    let removed = probe.discard();
    written.and(removed)?;
    Ok("files of jobs can be written and deleted".to_owned())
}
