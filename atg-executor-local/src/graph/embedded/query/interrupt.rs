//! Stops SQLite in the middle of a statement when the time is over or somebody asked to stop.

use std::time::{Duration, Instant};

use atg_sdk::Result;
use rusqlite::Connection;
use tokio_util::sync::CancellationToken;

use crate::graph::embedded::failure::Sql;

/// How many instructions of SQLite's machine pass between two looks at the clock: well under a millisecond.
const INSTRUCTIONS: i32 = 10_000;

/// Watches a connection for the rest of its life.
pub(super) fn watch(
    connection: &mut Connection,
    timeout: Duration,
    cancel: &CancellationToken,
) -> Result<()> {
    let cancel = cancel.clone();
    let deadline = Instant::now() + timeout;
    connection
        .progress_handler(
            INSTRUCTIONS,
            Some(move || cancel.is_cancelled() || Instant::now() > deadline),
        )
        .during("watch the query")
}
