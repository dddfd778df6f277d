//! Copies, and space.

use atg_sdk::ErrorKind;

use super::{chain, make};
use crate::graph::{
    GraphStore,
    embedded::{EmbeddedStore, Options},
    suite::fixture::Graph,
};

#[tokio::test]
async fn a_backup_is_a_graph_of_its_own() {
    let made = make().await;
    let graph = Graph::new(made.store());
    graph.scan(chain(&graph, 5, 1)).await;
    let writer = graph.begin().await;
    let to = made.directory.path().join("copy.db");
    made.store.backup(&to).await.unwrap();
    drop(writer);

    let copy = EmbeddedStore::open(&to, Options::default()).unwrap();
    let other = Graph {
        store: &copy,
        tenant: graph.tenant,
    };
    assert_eq!(other.export(true).await.len(), graph.export(true).await.len());
    assert_eq!(other.export(false).await, graph.export(false).await);
    other.scan(chain(&other, 5, 2)).await;

    let error = made.store.backup(&to).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.message().contains("exists already"), "{error}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(
            std::fs::metadata(&to).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
}

#[tokio::test]
async fn vacuum_gives_space_back_and_waits_for_nobody() {
    let made = make().await;
    let graph = Graph::new(made.store());
    let other = Graph::new(made.store());
    let nodes = |graph: &Graph<'_>| {
        let mut nodes = chain(graph, 50, 1);
        for node in &mut nodes {
            if let Some(properties) = &mut node.node.properties {
                *properties = format!(r#"{{"text":"{}"}}"#, "x".repeat(20_000));
            }
        }
        nodes
    };
    graph.scan(nodes(&graph)).await;
    other.scan(chain(&other, 5, 1)).await;
    let before = other.export(true).await;
    made.store.forget(graph.tenant).await.unwrap();
    made.store.vacuum().await.unwrap();
    let size = made.store.info().await.unwrap().size_bytes.unwrap();
    assert!(size < 400_000, "{size}");
    assert_eq!(other.export(true).await, before);

    let _writer = other.begin().await;
    let error = made.store.vacuum().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.message().contains("the suite"), "{error}");
}
