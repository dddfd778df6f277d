//! Out of a store, into a store.

use atg_sdk::{ErrorKind, azure::TenantId};
use uuid::Uuid;

use super::fixture::{Build, Graph, Lines, Records, thing};
use crate::graph::{
    Counts, ExportRequest, GraphStore, ImportRequest, NodeClass, Said, ScanEnd, Standing, node_key,
};

async fn fill(graph: &Graph<'_>) {
    let mut writer = graph.begin().await;
    let nodes = vec![
        graph.group("/subscriptions/s/resourceGroups/g"),
        graph.region("westeurope"),
        graph
            .resource(&thing("nic"))
            .properties(r#"{ "a" : 1e400, "b": "\u00fc\/" }"#)
            .member("tags", r#"{"x":"y"}"#)
            .to("SECURED_BY", &thing("nsg"), "properties.nsg")
            .to("LOCATED_IN", "westeurope", "location"),
        graph
            .resource(&thing("nsg"))
            .from("SECURED_BY", &thing("nic"), "properties.nics[0]", Said::AtFarEnd),
        graph.resource(&thing("subnet")).standing(Standing::Inline).thin(),
        graph
            .resource(&thing("assignment"))
            .from("HAS_ROLE", "principal", "properties.principalId", Said::Here)
            .to("ASSIGNS", "role", "properties.role"),
    ];
    writer.write(nodes).await.unwrap();
    let mut scan = graph.resource("scan-1").node;
    scan.class = NodeClass::Scan;
    scan.labels = vec!["Scan".into()];
    let end = ScanEnd {
        scan: Some(scan),
        ..Graph::complete()
    };
    writer.finish(end).await.unwrap();
}

pub(crate) async fn an_export_comes_back_byte_for_byte(store: &dyn GraphStore) {
    for with_history in [false, true] {
        let graph = Graph::new(store);
        fill(&graph).await;
        let before = graph.export(with_history).await;
        let expected = Counts {
            nodes: 8 + u64::from(with_history),
            edges: 4,
        };
        assert_eq!(
            store.forget(graph.tenant).await.unwrap(),
            Counts { nodes: 9, edges: 4 }
        );
        assert_eq!(graph.import(before.clone(), false).await.unwrap(), expected);
        assert_eq!(graph.export(with_history).await, before);
    }
}

pub(crate) async fn without_history_nothing_tells_when_it_was(store: &dyn GraphStore) {
    let (graph, other) = (Graph::new(store), Graph::new(store));
    fill(&graph).await;
    fill(&other).await;
    let lines = graph.export(false).await;
    for word in ["_at\"", "scan_id", "\"source\"", "scan-1"] {
        assert!(
            lines.iter().all(|line| !line.contains(word)),
            "{word}: {lines:#?}"
        );
        assert!(
            graph.export(true).await.iter().any(|line| line.contains(word)),
            "{word}"
        );
    }
    let (own, others) = (graph.tenant.to_string(), other.tenant.to_string());
    let same: Vec<_> = other
        .export(false)
        .await
        .iter()
        .map(|line| line.replace(&others, &own))
        .collect();
    assert_eq!(same, lines);
}

pub(crate) async fn a_scan_after_an_import_finds_everything_as_it_was(store: &dyn GraphStore) {
    let graph = Graph::new(store);
    let nodes = || {
        vec![
            graph.resource(&thing("nic")).properties(r#"{"a":1}"#).to(
                "SECURED_BY",
                &thing("nsg"),
                "properties.nsg",
            ),
            graph.resource(&thing("nsg")).from(
                "SECURED_BY",
                &thing("nic"),
                "properties.nics[0]",
                Said::AtFarEnd,
            ),
            graph.group("/subscriptions/s/resourceGroups/g").from(
                "CONTAINS",
                "/subscriptions/s",
                "id",
                Said::Here,
            ),
        ]
    };
    graph.scan(nodes()).await;
    let lines = graph.export(false).await;
    graph.import(lines.clone(), true).await.unwrap();
    let (counts, changes) = graph.scan(nodes()).await;
    assert_eq!((counts.added, counts.changed, counts.unchanged), (0, 0, 3));
    assert_eq!((counts.edges_added, counts.edges_removed), (0, 0));
    assert_eq!(changes, []);
    assert_eq!(graph.export(false).await, lines);
}

pub(crate) async fn an_import_refuses_what_is_there_and_replaces_when_told(store: &dyn GraphStore) {
    let graph = Graph::new(store);
    fill(&graph).await;
    let lines = graph.export(true).await;
    graph.scan(vec![graph.resource(&thing("later"))]).await;
    let later = graph.export(true).await;
    let error = graph.import(lines.clone(), false).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(graph.export(true).await, later, "untouched");
    graph.import(lines.clone(), true).await.unwrap();
    assert_eq!(graph.export(true).await, lines);
}

pub(crate) async fn a_foreign_tenant_is_refused_before_anything_is_written(store: &dyn GraphStore) {
    let (graph, other) = (Graph::new(store), Graph::new(store));
    fill(&graph).await;
    let lines = graph.export(false).await;
    let request = ImportRequest {
        tenants: Some(vec![other.tenant]),
        replace: true,
    };
    let error = store
        .import(request, Box::new(Records::of(lines.clone())))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert!(error.message().contains(&graph.tenant.to_string()), "{error}");
    assert_eq!(graph.export(false).await, lines);
}

pub(crate) async fn bad_lines_are_named_and_nothing_is_changed(store: &dyn GraphStore) {
    let graph = Graph::new(store);
    fill(&graph).await;
    let lines = graph.export(true).await;
    let edge = lines
        .iter()
        .position(|line| line.starts_with(r#"{"edge""#))
        .unwrap();
    let refused = [
        ("not JSON", 3, "{".to_owned()),
        ("not a record", 3, r#"{"other":1}"#.to_owned()),
        ("a node that is there twice", 4, lines[2].clone()),
        ("an edge that is there twice", edge + 1, lines[edge].clone()),
        (
            "a nested property",
            3,
            lines[2].replace(r#""members":{"#, r#""members":{"a":{},"#),
        ),
        (
            "an unknown class",
            3,
            lines[2].replace(r#""class":""#, r#""class":"new-"#),
        ),
        (
            "an edge to nowhere",
            edge,
            lines[edge].replace(r#""to":""#, r#""to":"x"#),
        ),
        (
            "another tenant's node",
            2,
            lines[2].replace(&graph.tenant.to_string(), "00000000-0000-0000-0000-000000000001"),
        ),
    ];
    for (what, at, line) in refused {
        assert_ne!(line, lines[at], "{what}: the case changes something");
        let mut damaged = lines.clone();
        damaged[at] = line;
        let error = graph.import(damaged, true).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{what}");
        let pointer = format!("/{}", at + 1);
        assert!(
            error.fields().iter().any(|field| field.pointer == pointer),
            "{what}: {error}"
        );
        assert_eq!(graph.export(true).await, lines, "{what}");
    }
}

pub(crate) async fn a_cut_or_newer_export_is_refused(store: &dyn GraphStore) {
    let graph = Graph::new(store);
    fill(&graph).await;
    let lines = graph.export(true).await;
    for end in 0..lines.len() {
        let error = graph.import(lines[..end].to_vec(), true).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "cut after {end} lines");
    }
    let mut newer = lines.clone();
    newer[0] = newer[0].replace(r#""version":1"#, r#""version":2"#);
    let error = graph.import(newer, true).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(graph.export(true).await, lines);
}

pub(crate) async fn forgetting_takes_one_tenant_and_no_other(store: &dyn GraphStore) {
    let (graph, other) = (Graph::new(store), Graph::new(store));
    fill(&graph).await;
    fill(&other).await;
    let before = other.export(true).await;
    assert_eq!(
        store.forget(graph.tenant).await.unwrap(),
        Counts { nodes: 9, edges: 4 }
    );
    assert_eq!(other.export(true).await, before);
    let error = store.forget(graph.tenant).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let request = ExportRequest {
        tenants: Some(vec![graph.tenant]),
        with_history: false,
    };
    let error = store
        .export(request, Box::new(Lines::default()))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

pub(crate) async fn info_counts_what_is_there(store: &dyn GraphStore) {
    let graph = Graph::new(store);
    fill(&graph).await;
    let info = store.info().await.unwrap();
    let tenant = info
        .tenants
        .iter()
        .find(|tenant| tenant.tenant_id == graph.tenant)
        .unwrap();
    assert_eq!(tenant.counts, Counts { nodes: 9, edges: 4 });
    assert!(tenant.last_scan.is_some() && !tenant.partial && tenant.holder.is_none());
    let total =
        |list: &[(String, u64)], name: &str| list.iter().find(|(found, _)| found == name).map(|(_, n)| *n);
    assert!(total(&info.labels, "External").unwrap() >= 2);
    assert!(total(&info.relationship_types, "HAS_ROLE").unwrap() >= 1);
    assert!(info.counts.nodes >= 9 && !info.graph_id.is_empty());
    assert_eq!(store.graph_id().await.unwrap(), info.graph_id);
    assert!(
        info.tenants
            .iter()
            .all(|tenant| tenant.tenant_id != TenantId::new(Uuid::nil()))
    );
    assert!(node_key(graph.tenant, "/A/").ends_with("|/a"));
}
