//! What a scan writes, and what it leaves alone.

use super::fixture::{Build, Graph};
use crate::graph::GraphStore;

pub(crate) async fn a_first_scan_adds_everything(store: &dyn GraphStore) {
    let graph = Graph::new(store);
    let group = "/subscriptions/s/resourceGroups/g";
    let disk = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Test/things/disk";
    let machine = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Test/things/vm";
    let nodes = || {
        vec![
            graph.group(group),
            graph.region("westeurope"),
            graph
                .resource(machine)
                .to("ATTACHED_TO", &disk.to_uppercase(), "properties.disk.id")
                .to("LOCATED_IN", "westeurope", "location")
                .to("REFERENCES", "/subscriptions/elsewhere", "properties.other"),
            graph.resource(disk).member("location", "westeurope"),
        ]
    };
    let (counts, changes) = graph.scan(nodes()).await;
    assert_eq!((counts.added, counts.changed, counts.removed), (3, 0, 0));
    assert_eq!((counts.edges_added, counts.edges), (3, 3));
    assert_eq!((counts.nodes, counts.external), (5, 1));
    assert_eq!(changes.len(), 3);

    let (again, changes) = graph.scan(nodes()).await;
    assert_eq!(
        (again.added, again.changed, again.removed, again.unchanged),
        (0, 0, 0, 3)
    );
    assert_eq!((again.edges_added, again.edges_removed, again.edges), (0, 0, 3));
    assert_eq!(changes, []);
}
