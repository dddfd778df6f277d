//! The suite on a real server: `eval "$(.ci/neo4j.sh start)"`, then these tests with `--ignored`.

use std::time::Duration;

use atg_sdk::{ErrorKind, Result, azure::TenantId};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::{Address, Neo4jStore, Options};
use crate::graph::{
    GraphStore, Query, RowSink, ScanCounts, ScanEnd,
    embedded::{EmbeddedStore, tests::chain},
    suite::{
        fixture::{Changes, Graph, removal},
        graph_store_suite,
    },
};

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

/// What a tenant's export says, without the tenant.
async fn exported(graph: &Graph<'_>) -> Vec<String> {
    let tenant = graph.tenant.to_string();
    let lines = graph.export(false).await;
    lines.into_iter().map(|line| line.replace(&tenant, "T")).collect()
}

/// A scan of one version of a chain that removes what it does not see.
async fn scan(store: &dyn GraphStore, tenant: TenantId, version: usize) -> Result<ScanCounts> {
    let graph = Graph { store, tenant };
    let mut start = graph.start(&Changes::default());
    start.no_wait = false;
    let mut writer = store.begin_scan(start).await?;
    let mut nodes = chain(&graph, 40, version);
    nodes.truncate(80 - 10 * (version - 1));
    for batch in nodes.chunks(7) {
        writer.write(batch.to_vec()).await?;
    }
    let end = ScanEnd {
        removals: vec![removal("/")],
        ..Graph::complete()
    };
    writer.finish(end).await
}

/// What the embedded store exports after scans of these versions.
async fn expected(versions: &[usize]) -> Vec<String> {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("graph.db");
    let store = EmbeddedStore::open(path, crate::graph::embedded::Options::default()).unwrap();
    let graph = Graph::new(&store);
    for version in versions {
        scan(&store, graph.tenant, *version).await.unwrap();
    }
    exported(&graph).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Neo4j"]
async fn four_tenants_at_once_end_as_one_after_the_other_would() {
    let made = make().await;
    let store = made.store();
    let graphs: Vec<_> = (0..4).map(|_| Graph::new(store)).collect();
    for version in [1, 2, 3] {
        let scans = graphs.iter().map(|graph| scan(store, graph.tenant, version));
        for counts in futures::future::join_all(scans).await {
            counts.unwrap();
        }
    }
    let expected = expected(&[1, 2, 3]).await;
    for graph in &graphs {
        assert_eq!(exported(graph).await, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Neo4j"]
async fn two_scans_of_one_tenant_take_turns() {
    let made = make().await;
    let store = made.store();
    let graph = Graph::new(store);
    let (first, second) = tokio::join!(scan(store, graph.tenant, 1), scan(store, graph.tenant, 1));
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_eq!(first.added + second.added, 43, "what one added the other found");
    assert_eq!(exported(&graph).await, expected(&[1]).await);
}

/// Everything that a process has is gone in the middle of a scan: its connections, its heartbeat, its way to give the tenant
/// back.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Neo4j"]
async fn a_scan_after_one_that_was_killed_gives_the_graph_of_one_that_was_not() {
    let scratch = TempDir::new().unwrap();
    let expected = expected(&[1, 2]).await;
    for batches in [0, 1, 3, 7, 11] {
        let mut quick = options(&scratch);
        quick.heartbeat = Duration::from_millis(200);
        quick.stale_after = Duration::from_secs(1);
        let store = Neo4jStore::new(quick.clone()).unwrap();
        let graph = Graph::new(&store);
        scan(&store, graph.tenant, 1).await.unwrap();

        let tenant = graph.tenant;
        let process = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let victim = process.spawn(async move {
            let store = Neo4jStore::new(quick).unwrap();
            let graph = Graph {
                store: &store,
                tenant,
            };
            let mut start = graph.start(&Changes::default());
            start.no_wait = false;
            let mut writer = store.begin_scan(start).await.unwrap();
            for batch in chain(&graph, 40, 2).chunks(7).take(batches) {
                writer.write(batch.to_vec()).await.unwrap();
            }
            if batches == 11 {
                let end = ScanEnd {
                    removals: vec![removal("/")],
                    ..Graph::complete()
                };
                // Is cut off somewhere in the middle.
                let finish = tokio::time::timeout(Duration::from_millis(60), writer.finish(end));
                let _ = finish.await;
            } else {
                std::mem::forget(writer);
            }
        });
        victim.await.unwrap();
        process.shutdown_background();

        scan(&store, tenant, 2).await.unwrap();
        assert_eq!(exported(&graph).await, expected, "after {batches} batches");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Neo4j"]
async fn what_cannot_be_reached_or_used_is_told_by_what_to_do() {
    let scratch = TempDir::new().unwrap();
    let refused = |change: &dyn Fn(&mut Options)| {
        let mut options = options(&scratch);
        change(&mut options);
        async move {
            let store = Neo4jStore::new(options).unwrap();
            GraphStore::info(&store).await.unwrap_err()
        }
    };
    let nobody = refused(&|options| {
        options.address = Address::parse("bolt://127.0.0.1:1").unwrap();
    })
    .await;
    assert_eq!(nobody.kind(), ErrorKind::Unavailable);
    assert!(nobody.message().contains("127.0.0.1:1"), "{nobody}");
    let no_database = refused(&|options| options.database = Some("absent".to_owned())).await;
    assert_eq!(no_database.kind(), ErrorKind::NotFound, "{no_database}");
    let no_tls = refused(&|options| options.address.encryption = atg_bolt::Encryption::Verified).await;
    assert_eq!(no_tls.kind(), ErrorKind::PermissionDenied, "{no_tls}");
    assert!(no_tls.message().contains("SSL_CERT_FILE"), "{no_tls}");

    // A cluster's address of a server that stands alone leads to itself.
    let mut routed = options(&scratch);
    routed.address.routed = true;
    GraphStore::info(&Neo4jStore::new(routed).unwrap()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Neo4j"]
async fn a_query_ends_on_the_server_when_nobody_waits_for_it_any_more() {
    let made = make().await;
    let marker = uuid::Uuid::new_v4().to_string();
    let endless = |timeout: Duration| Query {
        text: format!("UNWIND range(1, 1000000000) AS a WITH a WHERE a < 0 RETURN a, '{marker}' AS marker"),
        parameters: serde_json::Map::new(),
        tenants: None,
        row_limit: 1,
        byte_limit: 1_000,
        timeout,
        cancel: CancellationToken::new(),
    };
    let query = endless(Duration::from_secs(100));
    let cancel = query.cancel.clone();
    let (answer, ()) = tokio::join!(made.store().query(query, Box::new(Unread)), async {
        while running(&made.store, &marker).await == 0 {
            tokio::task::yield_now().await;
        }
        cancel.cancel();
    });
    assert_eq!(answer.unwrap_err().kind(), ErrorKind::Cancelled);
    assert_eq!(running(&made.store, &marker).await, 0, "it does not go on unseen");
    let answer = made
        .store()
        .query(endless(Duration::from_secs(1)), Box::new(Unread))
        .await;
    assert_eq!(answer.unwrap_err().kind(), ErrorKind::Timeout);
}

/// How many transactions run a query with that text.
async fn running(store: &Neo4jStore, marker: &str) -> usize {
    let mut parameters = atg_bolt::Packer::new();
    parameters.map(1).text("marker").text(marker);
    let text = "SHOW TRANSACTIONS YIELD currentQuery, status
                WHERE currentQuery CONTAINS $marker AND status = 'Running' RETURN 1";
    let answer = store.0.server.read(text, &parameters, "look").await.unwrap();
    answer.rows.len()
}

struct Unread;

impl RowSink for Unread {
    fn columns(&mut self, _: &[String]) -> Result<()> {
        Ok(())
    }

    fn row(&mut self, _: Vec<serde_json::Value>) -> Result<()> {
        Ok(())
    }
}
