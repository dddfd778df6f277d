//! The suite, and what only this store must do.

use tempfile::TempDir;

use super::{EmbeddedStore, Options};
use crate::graph::{GraphStore, suite::graph_store_suite};

struct Made {
    store: EmbeddedStore,
    _directory: TempDir,
}

impl Made {
    fn store(&self) -> &dyn GraphStore {
        &self.store
    }
}

async fn make() -> Made {
    let directory = TempDir::new().unwrap();
    Made {
        store: EmbeddedStore::open(directory.path().join("graph.db"), Options::default()).unwrap(),
        _directory: directory,
    }
}

graph_store_suite!(make);
