//! The suite on a real server: `eval "$(.ci/neo4j.sh start)"`, then these tests with `--ignored`.

use tempfile::TempDir;

use super::{Address, Neo4jStore, Options};
use crate::graph::{GraphStore, suite::graph_store_suite};

pub(super) struct Made {
    pub(super) store: Neo4jStore,
    _scratch: TempDir,
}

impl Made {
    pub(super) fn store(&self) -> &dyn GraphStore {
        &self.store
    }
}

pub(super) fn options(scratch: &TempDir) -> Options {
    let uri = std::env::var("ATG_TEST_NEO4J_URI")
        .expect("ATG_TEST_NEO4J_URI names no server: run eval \"$(.ci/neo4j.sh start)\"");
    Options::new(Address::parse(&uri).unwrap(), scratch.path())
}

pub(super) async fn make() -> Made {
    let scratch = TempDir::new().unwrap();
    Made {
        store: Neo4jStore::new(options(&scratch)).unwrap(),
        _scratch: scratch,
    }
}

graph_store_suite!(make, #[ignore = "needs Neo4j"]);
