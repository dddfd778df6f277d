//! One writer a tenant.

use std::time::Duration;

use atg_sdk::ErrorKind;
use tokio_util::sync::CancellationToken;

use super::fixture::{Changes, Graph, thing};
use crate::graph::{GraphStore, ScanEnd, TenantInfo};

async fn tenant(graph: &Graph<'_>) -> TenantInfo {
    let info = graph.store.info().await.unwrap();
    info.tenants
        .into_iter()
        .find(|tenant| tenant.tenant_id == graph.tenant)
        .unwrap()
}

pub(crate) async fn a_second_scan_is_refused_by_name(store: &dyn GraphStore) {
    let graph = Graph::new(store);
    let mut start = graph.start(&Changes::default());
    start.holder = "process 17 on Ada's laptop".to_owned();
    let writer = store.begin_scan(start).await.unwrap();
    assert_eq!(
        tenant(&graph).await.holder.as_deref(),
        Some("process 17 on Ada's laptop")
    );
    let error = store
        .begin_scan(graph.start(&Changes::default()))
        .await
        .err()
        .unwrap();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.message().contains("process 17 on Ada's laptop"), "{error}");
    Graph::new(store)
        .begin()
        .await
        .finish(Graph::complete())
        .await
        .unwrap();
    writer.finish(Graph::complete()).await.unwrap();
    assert_eq!(tenant(&graph).await.holder, None);
    graph.begin().await.finish(Graph::complete()).await.unwrap();
}

pub(crate) async fn a_waiting_scan_gets_its_turn(store: &dyn GraphStore) {
    let graph = Graph::new(store);
    let mut first = graph.begin().await;
    let mut start = graph.start(&Changes::default());
    start.no_wait = false;
    let second = store.begin_scan(start);
    tokio::pin!(second);
    tokio::select! {
        _ = &mut second => panic!("the tenant is taken"),
        written = first.write(vec![graph.resource(&thing("vm"))]) => written.unwrap(),
    }
    let (finished, second) = tokio::join!(first.finish(Graph::complete()), second);
    finished.unwrap();
    let counts = second.unwrap().finish(Graph::complete()).await.unwrap();
    assert_eq!(counts.nodes, 1);
}

pub(crate) async fn waiting_can_be_cancelled(store: &dyn GraphStore) {
    let graph = Graph::new(store);
    let _first = graph.begin().await;
    let mut start = graph.start(&Changes::default());
    start.no_wait = false;
    start.cancel = CancellationToken::new();
    let cancel = start.cancel.clone();
    let (second, ()) = tokio::join!(store.begin_scan(start), async { cancel.cancel() });
    assert_eq!(second.err().unwrap().kind(), ErrorKind::Cancelled);
}

pub(crate) async fn writing_can_be_cancelled(store: &dyn GraphStore) {
    let graph = Graph::new(store);
    let start = graph.start(&Changes::default());
    let cancel = start.cancel.clone();
    let mut writer = store.begin_scan(start).await.unwrap();
    cancel.cancel();
    let written = writer.write(vec![graph.resource(&thing("vm"))]).await;
    let error = match written {
        Ok(()) => writer.finish(Graph::complete()).await.err().unwrap(),
        Err(error) => error,
    };
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    assert!(graph.records("node", false).await.is_empty());
}

pub(crate) async fn a_dropped_writer_gives_the_tenant_back_incomplete(store: &dyn GraphStore) {
    let graph = Graph::new(store);
    let mut writer = graph.begin().await;
    writer.write(vec![graph.resource(&thing("vm"))]).await.unwrap();
    drop(writer);
    let mut start = graph.start(&Changes::default());
    start.no_wait = false;
    let next = tokio::time::timeout(Duration::from_secs(10), store.begin_scan(start))
        .await
        .expect("it does not wait until the heartbeat is old")
        .unwrap();
    assert!(tenant(&graph).await.partial);
    let end = ScanEnd {
        complete: false,
        ..Graph::complete()
    };
    next.finish(end).await.unwrap();
    assert!(
        tenant(&graph).await.partial,
        "a scan that missed something leaves the mark"
    );
    graph.scan(Vec::new()).await;
    assert!(!tenant(&graph).await.partial);
}

pub(crate) async fn a_scan_that_missed_something_mixes_nothing(store: &dyn GraphStore) {
    let graph = Graph::new(store);
    let unsure = || ScanEnd {
        complete: false,
        ..Graph::complete()
    };
    graph.begin().await.finish(unsure()).await.unwrap();
    assert!(tenant(&graph).await.partial, "the tenant may have more");
    assert!(!graph.mixes().await, "but what is there was told by one scan");

    let mut cut_off = graph.begin().await;
    cut_off.write(vec![graph.resource(&thing("vm"))]).await.unwrap();
    assert!(graph.mixes().await, "a scan is writing");
    drop(cut_off);
    let mut start = graph.start(&Changes::default());
    start.no_wait = false;
    let next = store.begin_scan(start).await.unwrap();
    next.finish(unsure()).await.unwrap();
    assert!(
        graph.mixes().await,
        "what was left in the middle is mended by nothing less than all"
    );
    graph.scan(Vec::new()).await;
    assert!(!graph.mixes().await);
}
