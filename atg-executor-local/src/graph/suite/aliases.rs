//! Edges whose end is named by an address instead of an ID.

use serde_json::json;

use super::fixture::{Build, Changes, Graph, removal, thing};
use crate::graph::{Described, GraphStore, ScanEnd};

const HOST: &str = "vault.example";

fn site(graph: &Graph<'_>) -> Described {
    graph
        .resource(&thing("site"))
        .to_alias("REFERENCES", HOST, "properties.url")
}

fn vault(graph: &Graph<'_>, name: &str, aliases: &[&str]) -> Described {
    let vault = graph.resource(&thing(name)).properties(&format!("{aliases:?}"));
    if aliases.is_empty() {
        vault
    } else {
        vault.known_as(aliases)
    }
}

pub(crate) async fn an_alias_leads_to_the_one_that_has_it_whatever_the_order(store: &dyn GraphStore) {
    for vault_first in [true, false] {
        let graph = Graph::new(store);
        let mut nodes = vec![
            site(&graph),
            vault(&graph, "vault", &["other.example", "Vault.Example"]),
        ];
        if vault_first {
            nodes.reverse();
        }
        let (counts, _) = graph.scan(nodes.clone()).await;
        assert_eq!(graph.edges().await, ["site -REFERENCES-> vault"]);
        assert_eq!((counts.edges_added, counts.edges, counts.external), (1, 1, 0));
        let edges = graph.records("edge", false).await;
        assert_eq!(edges[0]["properties"], json!({ "alias": HOST }));

        let (counts, _) = graph.scan(nodes).await;
        assert_eq!(
            (counts.edges_added, counts.edges_removed, counts.unchanged),
            (0, 0, 2),
            "the same once more is nothing new"
        );
    }
}

pub(crate) async fn an_alias_that_two_have_leads_to_neither(store: &dyn GraphStore) {
    let graph = Graph::new(store);
    let both = |second: &[&str]| {
        vec![
            vault(&graph, "one", &[HOST]),
            vault(&graph, "two", second),
            site(&graph),
        ]
    };
    let (counts, _) = graph.scan(both(&[HOST])).await;
    assert_eq!(graph.edges().await, [format!("site -REFERENCES-> {HOST}")]);
    assert_eq!((counts.edges, counts.external), (1, 1));
    let stub = graph.get(HOST).await.unwrap();
    assert_eq!(stub["labels"], json!(["External"]));

    graph.scan(both(&["else.example"])).await;
    assert_eq!(graph.edges().await, ["site -REFERENCES-> one"]);
    assert!(graph.get(HOST).await.is_none(), "nobody needs the stub");
    graph.scan(both(&[HOST])).await;
    assert_eq!(graph.edges().await, [format!("site -REFERENCES-> {HOST}")]);
    graph.scan(both(&[])).await;
    assert_eq!(graph.edges().await, ["site -REFERENCES-> one"]);
}

pub(crate) async fn an_edge_follows_its_alias_though_nobody_read_it_again(store: &dyn GraphStore) {
    let graph = Graph::new(store);
    graph.scan(vec![site(&graph)]).await;
    assert_eq!(graph.edges().await, [format!("site -REFERENCES-> {HOST}")]);

    let (counts, _) = graph.scan(vec![vault(&graph, "vault", &[HOST])]).await;
    assert_eq!(graph.edges().await, ["site -REFERENCES-> vault"]);
    assert_eq!((counts.edges_added, counts.edges_removed), (1, 1));
    assert_eq!((counts.nodes, counts.edges, counts.external), (2, 1, 0));

    graph.scan(vec![vault(&graph, "second", &[HOST])]).await;
    assert_eq!(graph.edges().await, [format!("site -REFERENCES-> {HOST}")]);
    graph.scan(vec![vault(&graph, "vault", &[])]).await;
    assert_eq!(graph.edges().await, ["site -REFERENCES-> second"]);

    // Its source is read again, and says what it said.
    let (counts, _) = graph.scan(vec![site(&graph)]).await;
    assert_eq!((counts.edges_added, counts.edges_removed), (0, 0));
    assert_eq!(graph.edges().await, ["site -REFERENCES-> second"]);
}

pub(crate) async fn an_alias_goes_with_who_had_it(store: &dyn GraphStore) {
    let graph = Graph::new(store);
    graph
        .scan(vec![vault(&graph, "vault", &[HOST]), site(&graph)])
        .await;
    let writer = store.begin_scan(graph.start(&Changes::default())).await.unwrap();
    let mut writer = writer;
    writer.write(vec![site(&graph)]).await.unwrap();
    let end = ScanEnd {
        removals: vec![removal("/")],
        ..Graph::complete()
    };
    let counts = writer.finish(end).await.unwrap();
    assert_eq!((counts.removed, counts.nodes, counts.external), (1, 2, 1));
    assert_eq!(graph.edges().await, [format!("site -REFERENCES-> {HOST}")]);
    assert!(
        graph.get(&thing("vault")).await.is_none(),
        "nothing names it by its ID"
    );
}

pub(crate) async fn what_aliases_led_survives_an_export(store: &dyn GraphStore) {
    let graph = Graph::new(store);
    graph
        .scan(vec![vault(&graph, "vault", &[HOST]), site(&graph)])
        .await;
    let before = graph.export(true).await;
    graph.import(before.clone(), true).await.unwrap();
    assert_eq!(graph.export(true).await, before);
    let (counts, _) = graph.scan(vec![site(&graph)]).await;
    assert_eq!((counts.edges_added, counts.edges_removed), (0, 0));

    // What was imported is as good as what was scanned: the edge follows.
    graph.scan(vec![vault(&graph, "second", &[HOST])]).await;
    assert_eq!(graph.edges().await, [format!("site -REFERENCES-> {HOST}")]);
}
