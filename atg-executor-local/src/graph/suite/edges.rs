//! Edges that two ends say, or nobody.

use serde_json::json;

use super::fixture::{Build, Graph, thing};
use crate::graph::{GraphStore, Said, Standing, Value};

pub(crate) async fn an_edge_said_twice_is_one(store: &dyn GraphStore) {
    let graph = Graph::new(store);
    let vm = graph
        .resource(&thing("vm"))
        .to("USES_SUBNET", &thing("subnet"), "properties.a")
        .to("USES_SUBNET", &thing("SUBNET"), "properties.a")
        .to("USES_SUBNET", &thing("subnet"), "properties.b");
    let (counts, _) = graph.scan(vec![vm]).await;
    assert_eq!(
        (counts.edges_added, counts.edges),
        (2, 2),
        "what differs in path is said in two places"
    );
}

pub(crate) async fn edge_properties_are_kept_and_changed(store: &dyn GraphStore) {
    let graph = Graph::new(store);
    let assignment = |role: &str| {
        let mut node = graph.resource(&thing("assignment"));
        node = node.from("HAS_ROLE", "principal", "properties.principalId", Said::Here);
        node.references[0].properties = vec![("role".to_owned(), Value::from(role))];
        vec![node]
    };
    graph.scan(assignment("Reader")).await;
    let (counts, changes) = graph.scan(assignment("Owner")).await;
    assert_eq!(
        (counts.edges_added, counts.edges_removed, counts.edges),
        (1, 1, 1)
    );
    assert_eq!(
        (counts.changed, changes.len()),
        (0, 0),
        "the node itself is as it was"
    );
    let edges = graph.records("edge", false).await;
    assert_eq!(edges.len(), 1);
    assert_eq!(edges[0]["properties"], json!({ "role": "Owner" }));
    assert!(edges[0]["owner"].as_str().unwrap().ends_with("/assignment"));
}

pub(crate) async fn a_list_decides_about_its_own_edges(store: &dyn GraphStore) {
    let graph = Graph::new(store);
    let group = |members: &[&str], named: bool| {
        let mut node = graph.resource(&thing("group")).thin();
        for member in members {
            node = node.from("MEMBER_OF", &thing(member), "members", Said::Here);
        }
        node.lists.extend(named.then_some("members"));
        vec![node]
    };
    graph.scan(group(&["a", "b"], true)).await;
    let (counts, _) = graph.scan(group(&["b", "c"], true)).await;
    assert_eq!(
        (counts.edges_added, counts.edges_removed, counts.edges),
        (1, 1, 2)
    );
    assert_eq!(
        graph.edges().await,
        ["b -MEMBER_OF-> group", "c -MEMBER_OF-> group"]
    );

    let (counts, _) = graph.scan(group(&[], false)).await;
    assert_eq!(counts.edges, 2, "who does not name the list says nothing of it");
    let (counts, _) = graph.scan(group(&["c", "d"], false)).await;
    assert_eq!(counts.edges, 3, "what is said once more is still one edge");
    let (counts, _) = graph.scan(group(&[], true)).await;
    assert_eq!(
        (counts.edges_removed, counts.edges),
        (3, 0),
        "an empty list is one"
    );
}

pub(crate) async fn what_the_near_end_says_makes_the_far_end_superfluous(store: &dyn GraphStore) {
    for far_first in [true, false] {
        let graph = Graph::new(store);
        let near = |says: bool| {
            let node = graph.resource(&thing("nic")).properties(&says.to_string());
            if says {
                node.to("SECURED_BY", &thing("nsg"), "properties.nsg")
            } else {
                node
            }
        };
        let far = || {
            graph
                .resource(&thing("nsg"))
                .from("SECURED_BY", &thing("nic"), "properties.nics[0]", Said::AtFarEnd)
                .from(
                    "SECURED_BY",
                    &thing("other"),
                    "properties.nics[1]",
                    Said::AtFarEnd,
                )
        };
        let nodes = if far_first {
            vec![far(), near(true)]
        } else {
            vec![near(true), far()]
        };
        let (counts, _) = graph.scan(nodes).await;
        assert_eq!(
            (counts.edges_added, counts.edges_removed, counts.edges),
            (2, 0, 2)
        );
        assert_eq!(
            graph.edges().await,
            ["nic -SECURED_BY-> nsg", "other -SECURED_BY-> nsg"]
        );
        let paths = |edges: Vec<serde_json::Value>| -> Vec<String> {
            edges
                .iter()
                .filter(|edge| edge.get("spare").is_none())
                .map(|edge| edge["path"].as_str().unwrap().to_owned())
                .collect()
        };
        assert_eq!(
            paths(graph.records("edge", false).await),
            ["properties.nsg", "properties.nics[1]"]
        );

        // The near end no longer says it, the far end was not read again: it comes back.
        let (counts, _) = graph.scan(vec![near(false)]).await;
        assert_eq!(
            (counts.edges_added, counts.edges_removed, counts.edges),
            (1, 1, 2)
        );
        assert_eq!(
            paths(graph.records("edge", false).await),
            ["properties.nics[0]", "properties.nics[1]"]
        );
        let (counts, _) = graph.scan(vec![near(true), far()]).await;
        assert_eq!(
            (counts.edges_added, counts.edges_removed, counts.edges),
            (1, 1, 2)
        );
    }
}

pub(crate) async fn what_is_assumed_holds_until_somebody_knows(store: &dyn GraphStore) {
    let graph = Graph::new(store);
    let subscription = || {
        graph
            .group("/subscriptions/s")
            .from("CONTAINS", "/", "", Said::Assumed)
            .standing(Standing::Implied)
    };
    let (counts, _) = graph.scan(vec![subscription()]).await;
    assert_eq!(counts.edges, 1);
    let group = graph.resource("/providers/Microsoft.Management/managementGroups/mg");
    let knowing = group
        .clone()
        .properties("1")
        .to("CONTAINS", "/subscriptions/s", "properties.children[0]");
    let (counts, _) = graph.scan(vec![subscription(), knowing]).await;
    assert_eq!(
        (counts.edges_added, counts.edges_removed, counts.edges),
        (1, 1, 1)
    );
    assert_eq!(graph.edges().await, ["mg -CONTAINS-> s"]);
    let (counts, _) = graph.scan(vec![subscription(), group.properties("2")]).await;
    assert_eq!(
        (counts.edges_added, counts.edges_removed, counts.edges),
        (1, 1, 1)
    );
    assert_eq!(graph.edges().await, [" -CONTAINS-> s"], "from the tenant again");
}

pub(crate) async fn edges_can_be_worked_out_anew(store: &dyn GraphStore) {
    let graph = Graph::new(store);
    let vm = || {
        vec![
            graph
                .resource(&thing("vm"))
                .to("USES_SUBNET", &thing("subnet"), "properties.a"),
        ]
    };
    graph.scan(vm()).await;
    let mut start = graph.start(&super::fixture::Changes::default());
    start.rebuild_edges = true;
    let mut writer = store.begin_scan(start).await.unwrap();
    writer.write(vm()).await.unwrap();
    let counts = writer.finish(Graph::complete()).await.unwrap();
    assert_eq!(
        (counts.edges_added, counts.edges_removed, counts.edges),
        (0, 0, 1),
        "an edge that is right stays"
    );
}
