//! What a scan writes, and what it leaves alone.

use serde_json::json;

use super::fixture::{Build, Graph, thing};
use crate::graph::{Change, Described, GraphStore, PropertyChange, Said, Standing, Value};

/// A group with a machine, a disk and something outside.
fn small(graph: &Graph<'_>) -> Vec<Described> {
    vec![
        graph.group("/subscriptions/s/resourceGroups/g"),
        graph.region("westeurope"),
        graph
            .resource(&thing("vm"))
            .properties(r#"{"size":"A1"}"#)
            .member("location", "westeurope")
            .to("ATTACHED_TO", &thing("DISK").to_uppercase(), "properties.disk.id")
            .to("LOCATED_IN", "westeurope", "location")
            .to("REFERENCES", "/subscriptions/elsewhere", "properties.other"),
        graph.resource(&thing("disk")),
    ]
}

pub(crate) async fn a_first_scan_adds_everything(store: &dyn GraphStore) {
    let graph = Graph::new(store);
    let (counts, changes) = graph.scan(small(&graph)).await;
    assert_eq!(
        (counts.added, counts.changed, counts.removed, counts.unchanged),
        (3, 0, 0, 0)
    );
    assert_eq!(
        (counts.edges_added, counts.edges_removed, counts.edges),
        (3, 0, 3)
    );
    assert_eq!((counts.nodes, counts.external), (5, 1));
    let added = |id: &str, kind: &str| Change::Added {
        id: id.to_owned(),
        kind: kind.to_owned(),
    };
    assert_eq!(
        changes,
        [
            added("/subscriptions/s/resourceGroups/g", "ResourceGroup"),
            added(&thing("vm"), "Microsoft.Test/things"),
            added(&thing("disk"), "Microsoft.Test/things"),
        ]
    );
    assert_eq!(
        graph.edges().await,
        [
            "vm -ATTACHED_TO-> disk",
            "vm -LOCATED_IN-> westeurope",
            "vm -REFERENCES-> elsewhere"
        ]
    );
    let stub = graph.get("/subscriptions/elsewhere").await.unwrap();
    assert_eq!(stub["labels"], json!(["External"]));
    assert_eq!(
        (&stub["class"], &stub["name"]),
        (&json!("external"), &json!("elsewhere"))
    );
}

pub(crate) async fn an_unchanged_scan_writes_nothing(store: &dyn GraphStore) {
    let graph = Graph::new(store);
    graph.scan(small(&graph)).await;
    let content = |lines: Vec<String>| -> Vec<String> {
        lines
            .into_iter()
            .filter(|line| !line.starts_with(r#"{"tenant""#))
            .collect()
    };
    let before = content(graph.export(true).await);
    let (counts, changes) = graph.scan(small(&graph)).await;
    assert_eq!(
        (counts.added, counts.changed, counts.removed, counts.unchanged),
        (0, 0, 0, 3)
    );
    assert_eq!(
        (counts.edges_added, counts.edges_removed, counts.edges),
        (0, 0, 3)
    );
    assert_eq!(changes, []);
    assert_eq!(
        content(graph.export(true).await),
        before,
        "not even a time or a scan id differs"
    );
}

pub(crate) async fn a_change_is_told_with_its_path_and_both_values(store: &dyn GraphStore) {
    let graph = Graph::new(store);
    let before = r#"{"size":"A1","disks":[{"gb":1},{"gb":2}],"gone":true,"nested":{"a.b":1.0}}"#;
    let after = r#"{"size":"A2","disks":[{"gb":1},{"gb":3},{"gb":4}],"nested":{"a.b":1},"new":null}"#;
    graph
        .scan(vec![
            graph
                .resource(&thing("vm"))
                .properties(before)
                .member("tags", r#"{"env":"a","team":"x"}"#),
        ])
        .await;
    let (counts, changes) = graph
        .scan(vec![
            graph
                .resource(&thing("vm"))
                .properties(after)
                .member("tags", r#"{"env":"b","team":"x"}"#),
        ])
        .await;
    assert_eq!((counts.added, counts.changed, counts.unchanged), (0, 1, 0));
    let change = |path: &str, before: Option<&str>, after: Option<&str>| PropertyChange {
        path: path.to_owned(),
        before: before.map(str::to_owned),
        after: after.map(str::to_owned),
    };
    assert_eq!(
        changes,
        [Change::Changed {
            id: thing("vm"),
            kind: "Microsoft.Test/things".to_owned(),
            changes: vec![
                change("properties.disks[1].gb", Some("2"), Some("3")),
                change("properties.disks[2]", None, Some(r#"{"gb":4}"#)),
                change("properties.gone", Some("true"), None),
                change("properties.nested.a.b", Some("1.0"), Some("1")),
                change("properties.new", None, Some("null")),
                change("properties.size", Some(r#""A1""#), Some(r#""A2""#)),
                change("tags.env", Some(r#""a""#), Some(r#""b""#)),
            ],
        }]
    );
}

pub(crate) async fn the_order_of_json_members_is_no_change(store: &dyn GraphStore) {
    let graph = Graph::new(store);
    let vm = |properties: &str| vec![graph.resource(&thing("vm")).properties(properties)];
    graph.scan(vm(r#"{"a":1,"b":{"c":2,"d":3}}"#)).await;
    let (counts, changes) = graph.scan(vm(r#"{"b":{"d":3,"c":2},"a":1}"#)).await;
    assert_eq!((counts.changed, counts.unchanged), (0, 1));
    assert_eq!(changes, []);
}

pub(crate) async fn numbers_and_odd_names_survive(store: &dyn GraphStore) {
    let graph = Graph::new(store);
    let properties =
        r#"{"big":12345678901234567890,"huge":1e400,"one":1.0,"tiny":-0.0,"`\"'.\n":"\u0000ü\ud83d\ude00"}"#;
    let name = "a`b\"c'd.e\nf";
    let node = graph
        .resource(&thing("odd ü '`\""))
        .properties(properties)
        .member(name, Value::Strings(vec!["x\ny".to_owned(), String::new()]))
        .member("float", Value::Float(0.1))
        .member("whole", Value::Float(2.0))
        .member("int", Value::Int(i64::MIN))
        .to("ODD", &thing("odder ü"), name);
    graph.scan(vec![node]).await;
    let lines = graph.export(false).await;
    assert!(
        lines.iter().any(|line| line.contains(properties)),
        "the text is kept as it was: {lines:#?}"
    );
    let members =
        r#""members":{"a`b\"c'd.e\nf":["x\ny",""],"float":0.1,"int":-9223372036854775808,"whole":2.0}"#;
    assert!(lines.iter().any(|line| line.contains(members)), "{lines:#?}");
    assert!(
        lines
            .iter()
            .any(|line| line.contains(r#""path":"a`b\"c'd.e\nf""#)),
        "{lines:#?}"
    );
    graph.import(lines.clone(), true).await.unwrap();
    assert_eq!(graph.export(false).await, lines);
}

pub(crate) async fn deep_properties_survive(store: &dyn GraphStore) {
    let graph = Graph::new(store);
    let deep = |end: &str| format!("{}{end}{}", r#"{"a":["#.repeat(300), "]}".repeat(300));
    graph
        .scan(vec![graph.resource(&thing("vm")).properties(&deep("1"))])
        .await;
    let (counts, changes) = graph
        .scan(vec![graph.resource(&thing("vm")).properties(&deep("2"))])
        .await;
    assert_eq!(counts.changed, 1);
    assert!(matches!(&changes[..], [Change::Changed { changes, .. }] if changes.len() == 1));
    assert!(
        graph
            .export(false)
            .await
            .iter()
            .any(|line| line.contains(&deep("2")))
    );
}

pub(crate) async fn a_thin_source_clears_nothing(store: &dyn GraphStore) {
    let graph = Graph::new(store);
    let rich = || {
        graph
            .resource(&thing("vm"))
            .properties(r#"{"subnet":"x"}"#)
            .member("identity", "{}")
            .member("tags", r#"{"env":"a"}"#)
            .to("USES_SUBNET", &thing("subnet"), "properties.subnet")
            .to("USES_IDENTITY", &thing("identity"), "identity.id")
            .to("TAGGED_WITH", "env=a", "tags.env")
    };
    graph.scan(vec![rich()]).await;
    let before = graph.export(false).await;
    let thin = |tag: &str| {
        graph
            .resource(&thing("vm"))
            .thin()
            .member("tags", format!(r#"{{"env":"{tag}"}}"#))
            .to("TAGGED_WITH", &format!("env={tag}"), "tags.env")
    };
    let (counts, changes) = graph.scan(vec![thin("a")]).await;
    assert_eq!((counts.changed, counts.unchanged), (0, 1));
    assert_eq!((counts.edges_added, counts.edges_removed), (0, 0));
    assert_eq!(changes, []);
    assert_eq!(
        graph.export(false).await,
        before,
        "the same, less of it, changes nothing"
    );

    let (counts, changes) = graph.scan(vec![thin("b")]).await;
    assert_eq!(
        (counts.changed, counts.edges_added, counts.edges_removed),
        (1, 1, 1)
    );
    assert!(
        matches!(&changes[..], [Change::Changed { changes, .. }] if changes.len() == 1),
        "{changes:?}"
    );
    assert_eq!(
        graph.edges().await,
        [
            "vm -TAGGED_WITH-> env=b",
            "vm -USES_IDENTITY-> identity",
            "vm -USES_SUBNET-> subnet"
        ]
    );
    let node = graph.get(&thing("vm")).await.unwrap();
    assert_eq!(node["properties"], json!({ "subnet": "x" }));
    assert_eq!(
        node["members"],
        json!({ "identity": "{}", "tags": r#"{"env":"b"}"# })
    );

    graph.scan(vec![rich()]).await;
    assert_eq!(
        graph.export(false).await,
        before,
        "the richer source is believed again"
    );
}

pub(crate) async fn a_whole_source_clears_what_it_no_longer_says(store: &dyn GraphStore) {
    let graph = Graph::new(store);
    let rich = graph
        .resource(&thing("vm"))
        .properties(r#"{"a":1,"b":2}"#)
        .member("identity", "{}")
        .to("USES_IDENTITY", &thing("identity"), "identity.id");
    graph.scan(vec![rich]).await;
    let (counts, _) = graph
        .scan(vec![graph.resource(&thing("vm")).properties(r#"{"a":1}"#)])
        .await;
    assert_eq!(
        (
            counts.changed,
            counts.edges_removed,
            counts.edges,
            counts.external
        ),
        (1, 1, 0, 0)
    );
    let node = graph.get(&thing("vm")).await.unwrap();
    assert_eq!(
        (&node["members"], &node["properties"]),
        (&json!({}), &json!({ "a": 1 }))
    );
}

pub(crate) async fn a_stub_becomes_what_is_described_later(store: &dyn GraphStore) {
    let graph = Graph::new(store);
    let vm = || {
        graph
            .resource(&thing("vm"))
            .to("ATTACHED_TO", &thing("disk"), "properties.disk")
    };
    let (counts, _) = graph.scan(vec![vm()]).await;
    assert_eq!((counts.added, counts.external), (1, 1));
    let (counts, changes) = graph.scan(vec![vm(), graph.resource(&thing("disk"))]).await;
    assert_eq!((counts.added, counts.unchanged, counts.external), (1, 1, 0));
    assert_eq!((counts.edges_added, counts.edges_removed), (0, 0));
    assert!(matches!(&changes[..], [Change::Added { .. }]));
    assert_eq!(graph.edges().await, ["vm -ATTACHED_TO-> disk"]);
    assert_eq!(
        graph.get(&thing("disk")).await.unwrap()["labels"],
        json!(["Resource", "Thing"])
    );
}

pub(crate) async fn what_stands_lower_never_overwrites(store: &dyn GraphStore) {
    let graph = Graph::new(store);
    let own = || {
        graph
            .resource(&thing("subnet"))
            .properties(r#"{"prefix":"10.0.0.0/24"}"#)
            .to("SECURED_BY", &thing("nsg"), "properties.nsg")
    };
    let inline = || {
        graph
            .resource(&thing("subnet"))
            .standing(Standing::Inline)
            .properties(r#"{"old":true}"#)
            .to("SECURED_BY", &thing("other"), "properties.nsg")
    };
    let implied = || {
        graph
            .resource(&thing("subnet"))
            .standing(Standing::Implied)
            .thin()
    };
    graph.scan(vec![own()]).await;
    let before = graph.export(false).await;
    let (counts, changes) = graph.scan(vec![implied(), inline()]).await;
    assert_eq!((counts.changed, counts.unchanged), (0, 1));
    assert_eq!(changes, []);
    assert_eq!(graph.export(false).await, before);

    // What stands higher replaces, whichever comes first in the scan.
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let graph = Graph::new(store);
        let nodes: Vec<_> = order
            .into_iter()
            .map(|standing| {
                let node = graph.resource(&thing("subnet"));
                match standing {
                    0 => node.standing(Standing::Implied).thin(),
                    1 => node
                        .standing(Standing::Inline)
                        .to("SECURED_BY", &thing("other"), "properties.nsg"),
                    _ => node
                        .properties(r#"{"own":1}"#)
                        .to("SECURED_BY", &thing("nsg"), "properties.nsg"),
                }
            })
            .collect();
        let (counts, changes) = graph.scan(nodes).await;
        assert_eq!((counts.added, counts.changed), (1, 0), "{order:?}");
        assert_eq!(changes.len(), 1, "{order:?}");
        assert_eq!(graph.edges().await, ["subnet -SECURED_BY-> nsg"], "{order:?}");
        assert_eq!(
            graph.get(&thing("subnet")).await.unwrap()["properties"],
            json!({ "own": 1 }),
            "{order:?}"
        );
    }
}

pub(crate) async fn one_spelling_is_kept_whatever_the_order(store: &dyn GraphStore) {
    let spellings = [
        "/subscriptions/S/resourceGroups/G",
        "/subscriptions/s/resourcegroups/g",
    ];
    for order in [[0, 1], [1, 0]] {
        let graph = Graph::new(store);
        let group = |at: &usize| {
            let name = spellings[*at].rsplit('/').next().unwrap_or_default();
            let group = graph.group(spellings[*at]).member("resource_group", name);
            group.to("LOCATED_IN", "region:r", "location")
        };
        // The ID of a value is written in one way; what it is the ID of was not.
        let region = |at: &usize| graph.region("region:r").member("as_sent", ["R", "r"][*at]);
        let groups = || order.iter().flat_map(|at| [group(at), region(at)]).collect();
        graph.scan(groups()).await;
        let kept = graph.get(spellings[1]).await.unwrap();
        assert_eq!(
            (&kept["id"], &kept["members"]["resource_group"]),
            (&json!(spellings[0]), &json!("G"))
        );
        assert_eq!(graph.get("region:r").await.unwrap()["members"]["as_sent"], "R");
        let (counts, changes) = graph.scan(groups()).await;
        assert_eq!((counts.added, counts.changed, counts.unchanged), (0, 0, 1));
        assert_eq!(changes, []);
    }
}

pub(crate) async fn of_two_descriptions_the_richer_counts(store: &dyn GraphStore) {
    let mut exports = Vec::new();
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [0, 2, 1]] {
        let graph = Graph::new(store);
        let make = |which: usize| match which {
            0 => graph.resource(&thing("VM")).thin().member("location", "x").to(
                "REFERENCES",
                &thing("a"),
                "location",
            ),
            1 => graph.resource(&thing("vm")).properties(r#"{"a":1}"#).to(
                "REFERENCES",
                &thing("b"),
                "properties.a",
            ),
            _ => graph.resource(&thing("Vm")).properties(r#"{"a":1,"b":2}"#).to(
                "REFERENCES",
                &thing("c"),
                "properties.b",
            ),
        };
        for attempt in 0..3 {
            let mut writer = graph.begin().await;
            for which in order {
                writer.write(vec![make(which)]).await.unwrap();
            }
            let counts = writer.finish(Graph::complete()).await.unwrap();
            let expected = if attempt == 0 { (1, 0, 0) } else { (0, 0, 1) };
            assert_eq!(
                (counts.added, counts.changed, counts.unchanged),
                expected,
                "{order:?}, scan {attempt}"
            );
            assert_eq!(counts.edges_removed, 0);
        }
        assert_eq!(graph.edges().await, ["vm -REFERENCES-> c"]);
        let node = graph.get(&thing("vm")).await.unwrap();
        exports.push((
            node["id"].clone(),
            node["properties"].clone(),
            node["members"].clone(),
        ));
    }
    assert!(exports.iter().all(|export| *export == exports[0]), "{exports:?}");
}

pub(crate) async fn neither_order_nor_batches_matter(store: &dyn GraphStore) {
    let graph = Graph::new(store);
    let nodes = |graph: &Graph<'_>| {
        let mut nodes = small(graph);
        for index in 0..20 {
            nodes.push(
                graph
                    .resource(&thing(&format!("n{index}")))
                    .to(
                        "REFERENCES",
                        &thing(&format!("n{}", (index * 7) % 20)),
                        "properties.a",
                    )
                    .to(
                        "REFERENCES",
                        &format!("/Subscriptions/{}", index % 3),
                        "properties.b",
                    )
                    .from("CONTAINS", "/subscriptions/s/resourceGroups/g", "id", Said::Here),
            );
        }
        nodes
    };
    graph.scan(nodes(&graph)).await;
    let whole = graph.export(false).await;
    let tenant = graph.tenant.to_string();
    for step in [5, 7, 11] {
        let other = Graph::new(store);
        let nodes = nodes(&other);
        let mut writer = other.begin().await;
        for index in 0..nodes.len() {
            writer
                .write(vec![nodes[(index * step) % nodes.len()].clone()])
                .await
                .unwrap();
        }
        writer.finish(Graph::complete()).await.unwrap();
        let lines: Vec<_> = other
            .export(false)
            .await
            .into_iter()
            .map(|line| line.replace(&other.tenant.to_string(), &tenant))
            .collect();
        let differs = lines.iter().zip(&whole).find(|(line, other)| line != other);
        assert_eq!(differs, None, "in steps of {step}");
        assert_eq!(lines.len(), whole.len());
    }
}

pub(crate) async fn values_go_with_the_last_that_has_them(store: &dyn GraphStore) {
    let graph = Graph::new(store);
    let vm = |region: &str| {
        vec![
            graph.region(region),
            graph
                .resource(&thing("vm"))
                .member("location", region)
                .to("LOCATED_IN", region, "location"),
        ]
    };
    graph.scan(vm("westeurope")).await;
    let (counts, _) = graph.scan(vm("northeurope")).await;
    assert_eq!((counts.nodes, counts.edges, counts.removed), (2, 1, 0));
    assert!(graph.get("westeurope").await.is_none());
    assert_eq!(graph.edges().await, ["vm -LOCATED_IN-> northeurope"]);
}

pub(crate) async fn a_node_of_another_tenant_is_refused(store: &dyn GraphStore) {
    let (graph, other) = (Graph::new(store), Graph::new(store));
    let mut writer = graph.begin().await;
    let written = writer.write(vec![other.resource(&thing("vm"))]).await;
    let finished = writer.finish(Graph::complete()).await;
    assert!(written.is_err() || finished.is_err());
    assert!(graph.get(&thing("vm")).await.is_none());
}
