//! Scans that were stopped and go on.

use std::slice;

use super::fixture::{Build, Changes, Graph, removal, thing};
use crate::graph::{Change, GraphStore, NodeClass, ScanEnd, ScanWriter};

async fn kept(writer: &mut Box<dyn ScanWriter>) -> Vec<Vec<u8>> {
    let (mut out, mut after) = (Vec::new(), 0);
    while let Some((number, content)) = writer.kept(after).await.unwrap() {
        assert!(number > after);
        after = number;
        out.push(content);
    }
    out
}

/// Begins under a name for checkpoints, as a scan of that id.
async fn begin(graph: &Graph<'_>, name: Option<&str>, id: &str, changes: &Changes) -> Box<dyn ScanWriter> {
    let mut start = graph.start(changes);
    start.checkpoints = name.map(str::to_owned);
    // A writer that was dropped gives the tenant back in its own time.
    start.no_wait = false;
    id.clone_into(&mut start.scan_id);
    graph.store.begin_scan(start).await.unwrap()
}

pub(crate) async fn a_stopped_scan_finds_its_checkpoints_in_their_order(store: &dyn GraphStore) {
    let graph = Graph::new(store);
    let none = Changes::default();
    let mut writer = begin(&graph, Some("job"), "1", &none).await;
    assert!(kept(&mut writer).await.is_empty());
    for name in ["a", "b", "c"] {
        let batch = vec![graph.resource(&thing(name))];
        writer.write_with_checkpoint(batch, name.into()).await.unwrap();
    }
    writer.write(vec![graph.resource(&thing("d"))]).await.unwrap();
    drop(writer);

    let mut writer = begin(&graph, Some("job"), "1", &none).await;
    assert_eq!(kept(&mut writer).await, [b"a", b"b", b"c"]);
    writer
        .write_with_checkpoint(Vec::new(), b"e".into())
        .await
        .unwrap();
    assert_eq!(kept(&mut writer).await, [b"a", b"b", b"c", b"e"]);
    writer.finish(Graph::complete()).await.unwrap();
    let mut writer = begin(&graph, Some("job"), "1", &none).await;
    assert!(kept(&mut writer).await.is_empty(), "its end drops them");
}

pub(crate) async fn another_scan_drops_checkpoints(store: &dyn GraphStore) {
    for other in [None, Some("other")] {
        let (graph, apart) = (Graph::new(store), Graph::new(store));
        let none = Changes::default();
        for tenant in [&graph, &apart] {
            let mut writer = begin(tenant, Some("job"), "1", &none).await;
            let batch = vec![tenant.resource(&thing("a"))];
            writer.write_with_checkpoint(batch, b"a".into()).await.unwrap();
            assert_eq!(kept(&mut writer).await.len(), 1);
        }
        let mut writer = begin(&graph, other, "2", &none).await;
        writer
            .write_with_checkpoint(Vec::new(), b"b".into())
            .await
            .unwrap();
        assert_eq!(kept(&mut writer).await.len(), usize::from(other.is_some()));
        drop(writer);
        let mut writer = begin(&graph, Some("job"), "1", &none).await;
        assert!(kept(&mut writer).await.is_empty());
        writer.write(vec![graph.resource(&thing("a"))]).await.unwrap();
        let counts = writer.finish(Graph::complete()).await.unwrap();
        assert_eq!((counts.added, counts.unchanged), (0, 1));
        assert_eq!(
            kept(&mut begin(&apart, Some("job"), "1", &none).await)
                .await
                .len(),
            1
        );
    }
}

pub(crate) async fn a_scan_that_goes_on_counts_as_if_nothing_had_happened(store: &dyn GraphStore) {
    let graph = Graph::new(store);
    graph.scan(vec![graph.resource(&thing("old"))]).await;
    let changes = Changes::default();
    let nodes = || {
        vec![
            graph
                .resource(&thing("new"))
                .to("USES", &thing("old"), "properties.old"),
            graph.resource(&thing("old")).properties(r#"{"a":1}"#),
        ]
    };
    let mut writer = begin(&graph, Some("job"), "1", &changes).await;
    writer.write_with_checkpoint(nodes(), b"a".into()).await.unwrap();
    // It waits for what was written.
    kept(&mut writer).await;
    drop(writer);
    changes.taken();

    let mut writer = begin(&graph, Some("job"), "1", &changes).await;
    writer.write(nodes()).await.unwrap();
    let counts = writer.finish(Graph::complete()).await.unwrap();
    assert_eq!((counts.added, counts.changed, counts.unchanged), (1, 1, 0));
    assert_eq!((counts.nodes, counts.edges, counts.edges_added), (2, 1, 1));
    let told = changes.taken();
    assert!(
        matches!(&told[0], Change::Added { id, .. } if *id == thing("new")),
        "{told:?}"
    );
    assert!(
        matches!(&told[1], Change::Changed { changes, .. } if changes.len() == 1),
        "{told:?}"
    );
    assert_eq!(told.len(), 2);
}

pub(crate) async fn unseen_is_what_a_licence_covers_and_removes_nothing(store: &dyn GraphStore) {
    let graph = Graph::new(store);
    let all = || {
        vec![
            graph.resource(&thing("a")),
            graph.resource(&thing("b")),
            graph.region("r"),
        ]
    };
    graph.scan(all()).await;
    let mut writer = graph.begin().await;
    writer.write(vec![graph.resource(&thing("a"))]).await.unwrap();
    let unseen = writer.unseen(&[removal("/subscriptions/s")]).await.unwrap();
    assert_eq!(unseen.len(), 1);
    assert_eq!(
        (unseen[0].id.as_str(), unseen[0].class),
        (thing("b").as_str(), NodeClass::Resource)
    );
    assert_eq!(unseen[0].resource_type.as_deref(), Some("Microsoft.Test/things"));
    assert_eq!(unseen[0].labels, ["Resource", "Thing"]);
    assert!(
        writer
            .unseen(&[removal("/subscriptions/other")])
            .await
            .unwrap()
            .is_empty()
    );
    let counts = writer.finish(Graph::complete()).await.unwrap();
    assert_eq!((counts.removed, counts.unchanged), (0, 1));
    assert!(graph.get(&thing("b")).await.is_some());
}

pub(crate) async fn what_is_confirmed_to_be_gone_goes_unless_it_was_seen(store: &dyn GraphStore) {
    let (graph, other) = (Graph::new(store), Graph::new(store));
    for tenant in [&graph, &other] {
        tenant
            .scan(["a", "b", "c"].map(|name| tenant.resource(&thing(name))).to_vec())
            .await;
    }
    let changes = Changes::default();
    let mut writer = graph.store.begin_scan(graph.start(&changes)).await.unwrap();
    writer.write(vec![graph.resource(&thing("a"))]).await.unwrap();
    let end = ScanEnd {
        gone: vec![thing("a"), thing("B").to_uppercase(), thing("absent")],
        ..Graph::complete()
    };
    let counts = writer.finish(end).await.unwrap();
    assert_eq!((counts.removed, counts.unchanged, counts.nodes), (1, 1, 2));
    let gone = Change::Removed {
        id: thing("b"),
        kind: "Microsoft.Test/things".to_owned(),
    };
    assert_eq!(changes.taken(), slice::from_ref(&gone));
    assert_eq!(other.records("node", false).await.len(), 3);
}
