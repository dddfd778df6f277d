//! What a scan may remove, and what not.

use super::fixture::{Build, Graph, removal, thing};
use crate::graph::{Change, Described, GraphStore, NodeClass, Removal, Standing};

const GROUP: &str = "/subscriptions/s/resourceGroups/g";

fn two_groups(graph: &Graph<'_>) -> Vec<Described> {
    vec![
        graph.group(GROUP),
        graph.group("/subscriptions/s/resourceGroups/g2"),
        graph.resource(&format!("{GROUP}/providers/Microsoft.Test/things/a")),
        graph.resource(&format!("{GROUP}2/providers/Microsoft.Test/things/b")),
        graph.resource("/providers/Microsoft.Test/things/tenantwide"),
    ]
}

pub(crate) async fn without_a_licence_nothing_is_removed(store: &dyn GraphStore) {
    let graph = Graph::new(store);
    graph.scan(two_groups(&graph)).await;
    let before = graph.export(false).await;
    let (counts, changes) = graph.scan(vec![graph.group(GROUP)]).await;
    assert_eq!((counts.removed, counts.unchanged), (0, 1));
    assert_eq!(changes, []);
    assert_eq!(graph.export(false).await, before);
}

pub(crate) async fn a_licence_ends_at_its_scope(store: &dyn GraphStore) {
    let graph = Graph::new(store);
    graph.scan(two_groups(&graph)).await;
    let (counts, changes) = graph
        .scan_removing(vec![graph.group(GROUP)], vec![removal(&GROUP.to_lowercase())])
        .await;
    assert_eq!((counts.removed, counts.unchanged, counts.nodes), (1, 1, 4));
    assert_eq!(
        changes,
        [Change::Removed {
            id: format!("{GROUP}/providers/Microsoft.Test/things/a"),
            kind: "Microsoft.Test/things".to_owned(),
        }]
    );
    assert!(
        graph
            .get(&format!("{GROUP}2/providers/Microsoft.Test/things/b"))
            .await
            .is_some()
    );

    let (counts, _) = graph
        .scan_removing(Vec::new(), vec![removal(&GROUP.to_lowercase())])
        .await;
    assert_eq!(
        (counts.removed, counts.nodes),
        (1, 3),
        "the scope itself is within it"
    );
}

pub(crate) async fn a_licence_is_for_its_classes(store: &dyn GraphStore) {
    let graph = Graph::new(store);
    graph.scan(two_groups(&graph)).await;
    let licence = |classes: &[NodeClass]| {
        vec![Removal {
            scope: "/".to_owned(),
            classes: classes.to_vec(),
        }]
    };
    let (counts, _) = graph
        .scan_removing(Vec::new(), licence(&[NodeClass::Entra]))
        .await;
    assert_eq!((counts.removed, counts.nodes), (0, 5));
    let (counts, _) = graph
        .scan_removing(Vec::new(), licence(&[NodeClass::Resource]))
        .await;
    assert_eq!((counts.removed, counts.nodes), (3, 2));
    let (counts, _) = graph.scan_removing(Vec::new(), licence(&NodeClass::ALL)).await;
    assert_eq!((counts.removed, counts.nodes), (2, 0));
}

pub(crate) async fn other_tenants_are_out_of_reach(store: &dyn GraphStore) {
    let (graph, other) = (Graph::new(store), Graph::new(store));
    graph.scan(two_groups(&graph)).await;
    other.scan(two_groups(&other)).await;
    let (counts, _) = graph.scan_removing(Vec::new(), vec![removal("/")]).await;
    assert_eq!((counts.removed, counts.nodes), (5, 0));
    assert_eq!(other.records("node", false).await.len(), 5);
}

pub(crate) async fn what_is_still_pointed_at_becomes_a_stub(store: &dyn GraphStore) {
    let graph = Graph::new(store);
    let vm = || {
        graph
            .resource(&thing("vm"))
            .to("ATTACHED_TO", &thing("disk"), "properties.disk")
    };
    let disk = || {
        graph
            .resource(&thing("disk"))
            .to("ENCRYPTED_WITH", &thing("key"), "properties.key")
    };
    let key = || graph.resource(&thing("key"));
    graph.scan(vec![vm(), disk(), key()]).await;
    let (counts, changes) = graph.scan_removing(vec![vm()], vec![removal("/")]).await;
    assert_eq!((counts.removed, counts.external, counts.nodes), (2, 1, 2));
    assert_eq!((counts.edges_removed, counts.edges), (1, 1));
    assert_eq!(changes.len(), 2);
    let stub = graph.get(&thing("disk")).await.unwrap();
    assert_eq!(stub["labels"], serde_json::json!(["External"]));
    assert!(stub.get("properties").is_none());
    assert_eq!(graph.edges().await, ["vm -ATTACHED_TO-> disk"]);

    let (counts, _) = graph
        .scan_removing(vec![vm(), disk(), key()], vec![removal("/")])
        .await;
    assert_eq!((counts.added, counts.removed, counts.external), (2, 0, 0));
    assert_eq!(
        graph.edges().await,
        ["disk -ENCRYPTED_WITH-> key", "vm -ATTACHED_TO-> disk"]
    );
}

pub(crate) async fn what_a_new_edge_needs_is_there_although_it_was_removed(store: &dyn GraphStore) {
    let graph = Graph::new(store);
    graph.scan(vec![graph.resource(&thing("old"))]).await;
    let new = graph
        .resource(&thing("new"))
        .to("DEPENDS_ON", &thing("old"), "properties.old");
    let (counts, _) = graph.scan_removing(vec![new], vec![removal("/")]).await;
    assert_eq!((counts.added, counts.removed, counts.external), (1, 1, 1));
    assert_eq!(graph.edges().await, ["new -DEPENDS_ON-> old"]);
}

pub(crate) async fn what_was_seen_in_any_way_stays(store: &dyn GraphStore) {
    let graph = Graph::new(store);
    graph
        .scan(vec![graph.resource(&thing("vm")), graph.resource(&thing("disk"))])
        .await;
    let implied = graph.resource(&thing("VM")).standing(Standing::Implied).thin();
    let thin = graph.resource(&thing("disk")).thin();
    let (counts, _) = graph.scan_removing(vec![implied, thin], vec![removal("/")]).await;
    assert_eq!((counts.removed, counts.unchanged), (0, 2));
}
