//! Job history: logs of events in a database that several processes share.

mod database;

use std::sync::Arc;

pub(crate) use database::{Database, Fault, blocking};

/// The jobs of this data directory.
#[derive(Debug)]
pub(crate) struct JobStore {
    database: Arc<Database>,
}
