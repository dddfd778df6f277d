//! What a scan leaves for the next one, and what that one finds.

use super::fixture::{Build, Changes, Graph, thing};
use crate::graph::{GraphStore, NodeClass, Remember, Said, ScanEnd, ScanWriter, Standing};

async fn begin(graph: &Graph<'_>) -> Box<dyn ScanWriter> {
    let mut start = graph.start(&Changes::default());
    // A writer that was dropped gives the tenant back in its own time.
    start.no_wait = false;
    graph.store.begin_scan(start).await.unwrap()
}

async fn leave(graph: &Graph<'_>, remember: Remember, complete: bool) -> Option<String> {
    let mut writer = begin(graph).await;
    let found = writer.remembered().await.unwrap();
    writer.write(vec![graph.resource(&thing("a"))]).await.unwrap();
    let end = ScanEnd {
        remember,
        complete,
        ..ScanEnd::default()
    };
    writer.finish(end).await.unwrap();
    found
}

pub(crate) async fn what_a_scan_leaves_is_there_for_the_next_one(store: &dyn GraphStore) {
    let (graph, apart) = (Graph::new(store), Graph::new(store));
    assert_eq!(leave(&graph, Remember::This("one".to_owned()), true).await, None);
    assert_eq!(leave(&apart, Remember::Nothing, true).await, None);
    let one = Some("one".to_owned());
    assert_eq!(leave(&graph, Remember::AsBefore, false).await, one);
    let exported = graph.export(true).await;
    assert!(!format!("{exported:?}").contains("\"one"), "{exported:?}");
    assert_eq!(leave(&graph, Remember::This("two".to_owned()), true).await, one);
    assert_eq!(
        leave(&graph, Remember::Nothing, true).await,
        Some("two".to_owned())
    );
    assert_eq!(leave(&graph, Remember::Nothing, true).await, None);
    assert_eq!(leave(&apart, Remember::Nothing, true).await, None);
}

pub(crate) async fn after_a_stopped_scan_nothing_is_remembered(store: &dyn GraphStore) {
    let graph = Graph::new(store);
    leave(&graph, Remember::This("one".to_owned()), true).await;
    let mut writer = begin(&graph).await;
    writer.write(vec![graph.resource(&thing("b"))]).await.unwrap();
    assert_eq!(writer.remembered().await.unwrap(), Some("one".to_owned()));
    drop(writer);
    assert_eq!(leave(&graph, Remember::AsBefore, true).await, None);
    assert_eq!(leave(&graph, Remember::Nothing, true).await, None);
}

pub(crate) async fn an_import_leaves_nothing(store: &dyn GraphStore) {
    let graph = Graph::new(store);
    leave(&graph, Remember::This("one".to_owned()), true).await;
    let exported = graph.export(true).await;
    graph.import(exported, true).await.unwrap();
    assert_eq!(leave(&graph, Remember::Nothing, true).await, None);
}

pub(crate) async fn what_the_graph_holds_is_told_page_by_page(store: &dyn GraphStore) {
    let graph = Graph::new(store);
    let inline = |name: &str| {
        let mut own = graph.resource(&thing(name));
        own.node.standing = Standing::Inline;
        own
    };
    graph
        .scan(vec![
            graph.resource(&thing("c")),
            graph.resource(&thing("a")).properties(r#"{"x":1}"#),
            graph.resource(&thing("b")),
            inline("d"),
        ])
        .await;
    let kind = graph.resource(&thing("a")).node.resource_type.unwrap();
    let types = [kind.to_lowercase()];
    let mut writer = begin(&graph).await;
    let first = writer.held(&types, "", 2).await.unwrap();
    assert_eq!(
        first.iter().map(|own| own.id.as_str()).collect::<Vec<_>>(),
        [thing("a"), thing("b")]
    );
    assert_eq!(first[0].properties.as_deref(), Some(r#"{"x":1}"#));
    assert_eq!(first[0].resource_type, kind);
    let rest = writer.held(&types, &first[1].key, 2).await.unwrap();
    assert_eq!(
        rest.iter().map(|own| own.id.as_str()).collect::<Vec<_>>(),
        [thing("c")]
    );
    let other = ["other/type".to_owned()];
    assert!(writer.held(&other, "", 2).await.unwrap().is_empty());
    let ids = [thing("A"), thing("d"), thing("e")];
    assert_eq!(writer.holds(&ids).await.unwrap(), [true, false, false]);
    writer.finish(Graph::complete()).await.unwrap();
}

pub(crate) async fn what_is_gone_is_in_no_list_that_was_not_read_again(store: &dyn GraphStore) {
    let graph = Graph::new(store);
    let object = |id: &str| {
        let mut own = graph.resource(id);
        own.node.class = NodeClass::Entra;
        own.node.labels = vec!["User".into()];
        own
    };
    let group = || {
        object("group")
            .from("MEMBER_OF", "user", "members", Said::Here)
            .from("OWNS", "other", "owners", Said::Here)
            .from("MENTIONED", "user", "text", Said::Here)
    };
    graph.scan(vec![group(), object("user"), object("other")]).await;
    assert_eq!(
        graph.edges().await,
        [
            "other -OWNS-> group",
            "user -MEMBER_OF-> group",
            "user -MENTIONED-> group"
        ]
    );
    let gone = || ScanEnd {
        gone: vec!["user".to_owned()],
        ..Graph::complete()
    };
    let writer = begin(&graph).await;
    let counts = writer.finish(gone()).await.unwrap();
    assert_eq!((counts.removed, counts.edges_removed, counts.external), (1, 1, 1));
    assert_eq!(
        graph.edges().await,
        ["other -OWNS-> group", "user -MENTIONED-> group"]
    );
    // It comes back, and its group says of it what it said.
    graph.scan(vec![group(), object("user")]).await;
    assert_eq!(graph.edges().await.len(), 3);
    // A list that is read again is believed.
    let mut writer = begin(&graph).await;
    writer.write(vec![group()]).await.unwrap();
    writer.finish(gone()).await.unwrap();
    assert_eq!(graph.edges().await.len(), 3);
}
