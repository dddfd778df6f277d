//! A tenant that is read from Azure and the same tenant that is read from a file are the same graph.
//!
//! What differs is listed here, each with its reason, and nothing else may.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use atg_azure_sim::{Config, Source};
use atg_sdk::{Executor as _, ExecutorExt as _, InputContent, JobRequest, Operation, Owner};
use serde_json::{Value, json};

use super::Place;
use crate::scan::shared;

/// Nodes by lower-cased ID, and edges, of an export.
#[derive(Debug, Default)]
struct Graph {
    nodes: BTreeMap<String, Value>,
    edges: BTreeSet<String>,
}

impl Graph {
    fn of(export: &str) -> Self {
        let mut graph = Self::default();
        for line in export.lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            if let Some(node) = line.get("node") {
                graph.nodes.insert(id_of(&node["key"]), node.clone());
            } else if let Some(edge) = line.get("edge") {
                graph.edges.insert(edge.to_string());
            }
        }
        graph
    }
}

/// A key without its tenant.
fn id_of(key: &Value) -> String {
    let (_, id) = key.as_str().unwrap().split_once('|').unwrap();
    id.to_owned()
}

/// What both ways of reading one file came to.
struct Both {
    live: Graph,
    file: Graph,
    /// The IDs, lower-cased, of what the simulator made up.
    made_up: BTreeSet<String>,
}

/// Where they differ, as far as nothing was made up.
#[derive(Debug, Default, PartialEq)]
struct Differences {
    /// IDs that only the file has.
    lost: BTreeSet<String>,
    /// IDs that only the live scan has.
    new: BTreeSet<String>,
    /// Members of nodes, with the IDs of those in which they differ.
    members: BTreeMap<String, BTreeSet<String>>,
    /// Edges between nodes that both have, that only the file has.
    lost_edges: BTreeSet<String>,
    /// And that only the live scan has.
    new_edges: BTreeSet<String>,
}

async fn read(file: &Path) -> Both {
    let place = Place::new(Config::new(Source::File(file.to_owned()))).await;
    let scanned = place.scan(json!({})).await;
    assert!(scanned.output.success, "{:?}", scanned.output.incomplete_units);
    // Some rows come from two lists; that is nobody's mistake.
    assert_eq!(scanned.report["duplicates_total"], 0);
    assert_eq!(scanned.report["problems_total"], 0);
    assert_eq!(scanned.warnings, Vec::<String>::new());
    let live = Graph::of(&place.export().await);
    let simulator = &place.simulator;
    let mut made_up: BTreeSet<String> = simulator.default_ids().into_iter().collect();
    made_up.extend(
        simulator
            .made_up()
            .ids
            .values()
            .flatten()
            .map(|id| id.to_lowercase()),
    );

    let place = Place::new(Config::new(Source::File(file.to_owned()))).await;
    let input = InputContent::File(file.to_owned());
    let input = place.executor.put_input(&Owner::default(), input).await.unwrap();
    let parameters = json!({ "input": input.sha256, "tenant_id": place.simulator.tenant_id() });
    let operation = Operation::from_parts("scan", parameters).unwrap();
    place.executor.run(JobRequest::new(operation)).await.unwrap();
    let file = Graph::of(&place.export().await);
    Both { live, file, made_up }
}

impl Both {
    fn differences(&self) -> Differences {
        let mut found = Differences::default();
        let only = |one: &Graph, other: &Graph| -> BTreeSet<String> {
            let own = one.nodes.keys().filter(|id| !other.nodes.contains_key(*id));
            own.filter(|id| !self.made_up.contains(*id)).cloned().collect()
        };
        found.lost = only(&self.file, &self.live);
        found.new = only(&self.live, &self.file);
        for (id, file) in &self.file.nodes {
            let Some(live) = self.live.nodes.get(id).filter(|_| !self.made_up.contains(id)) else {
                continue;
            };
            for name in differing(file, live) {
                found.members.entry(name).or_default().insert(id.clone());
            }
        }
        found.lost_edges = self.edges(&self.file, &self.live);
        found.new_edges = self.edges(&self.live, &self.file);
        found
    }

    /// Edges of one that the other lacks though it has both ends, and that are said by nobody who was made up.
    fn edges(&self, one: &Graph, other: &Graph) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for text in one.edges.difference(&other.edges) {
            let edge: Value = serde_json::from_str(text).unwrap();
            let (from, to) = (id_of(&edge["from"]), id_of(&edge["to"]));
            let owner = edge.get("owner").map_or_else(|| from.clone(), id_of);
            let has = |graph: &Graph, id: &str| graph.nodes.contains_key(id);
            if !self.made_up.contains(&owner) && has(other, &from) && has(other, &to) {
                found.insert(format!(
                    "{from} {} {to} @ {}",
                    edge["type"].as_str().unwrap(),
                    edge["path"].as_str().unwrap()
                ));
            }
        }
        found
    }
}

/// The names in which two nodes differ: `properties`, `members.etag`, `scalars.…`.
fn differing(file: &Value, live: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let names = |node: &Value| node.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    for name in names(file).union(&names(live)) {
        let (file, live) = (&file[name], &live[name]);
        if matches!(&**name, "members" | "scalars") {
            let empty = json!({});
            let or_empty = |value: &Value| {
                if value.is_null() {
                    empty.clone()
                } else {
                    value.clone()
                }
            };
            let (file, live) = (or_empty(file), or_empty(live));
            for member in names(&file).union(&names(&live)) {
                if file[member] != live[member] {
                    found.insert(format!("{name}.{member}"));
                }
            }
        } else if file != live {
            found.insert(name.clone());
        }
    }
    found
}

fn texts<'a>(items: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    items.into_iter().map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_recorded_tenant_is_the_same_graph_through_azure_as_from_its_file() {
    let Some(file) = shared("data/tenants/recorded.jsonl") else {
        return;
    };
    let both = read(&file).await;
    assert!(both.file.nodes.len() > 1_600 && both.file.edges.len() > 2_700);
    let mut found = both.differences();
    let tail = |id: &String| id.rsplit('/').take(2).collect::<Vec<_>>().join(" of ");

    // Everything that only a live scan has was made up by the simulator.
    assert_eq!(found.new, BTreeSet::new());
    assert_eq!(found.new_edges, BTreeSet::new());

    // Resources that a live scan leaves out: tags of a scope as a resource of their own, which the scope itself has, and an
    // assessment that found nothing wrong.
    let (stubs, resources): (Vec<_>, Vec<_>) = found
        .lost
        .iter()
        .partition(|id| both.file.nodes[*id]["labels"] == json!(["External"]));
    assert_eq!(
        resources.into_iter().map(tail).collect::<Vec<_>>(),
        [
            "default of tags",
            "2a548cf9-6de3-491e-b24a-cf277fe36d4d of assessments",
            "default of tags",
        ]
    );
    // Extensions that are named only in `resources` of machines.
    assert!(
        stubs.len() == 6 && stubs.iter().all(|id| id.contains("/extensions/")),
        "{stubs:?}"
    );

    // Members that Resource Graph does not have, and that who recorded the file put in.
    let mut take = |name: &str| found.members.remove(name).unwrap_or_default();
    assert_eq!((take("members.etag").len(), take("members.eTag").len()), (121, 1));
    assert_eq!(take("members.resources").len(), 9);
    let recorders = [
        "resourceGroup",
        "resourcegroup",
        "subscriptionid",
        "c7n:parent-id",
    ];
    assert_eq!(
        recorders.map(|name| take(&format!("members.{name}")).len()),
        [3, 1, 1, 1]
    );
    // The tenant's own node, of which the file knows the id alone.
    found.members.retain(|_, ids| {
        ids.retain(|id| !id.starts_with("/tenants/"));
        !ids.is_empty()
    });
    // Two parts of a parent's body of which the file also has a row of another day.
    let parts: BTreeSet<String> = found.members.values().flatten().map(tail).collect();
    assert_eq!(
        parts,
        texts([
            "frontendendpoint-afdfail of frontendendpoints",
            "c7n-policy-baea42b8-85e7-11eb-b168-00155d1e47af of securityrules",
        ]),
        "{:?}",
        found.members
    );

    let of = |needle: &str| {
        found
            .lost_edges
            .iter()
            .filter(|edge| edge.contains(needle))
            .count()
    };
    // What `resources` of machines says beside their extensions; the recorder's own member; the endpoint of another day.
    let known = [of("@ resources["), of("@ c7n:parent-id"), of("afdfail")];
    assert_eq!(known, [4, 1, 1], "{:#?}", found.lost_edges);
    assert_eq!(found.lost_edges.len(), 6, "{:#?}", found.lost_edges);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_tenant_is_the_same_graph_through_azure_as_from_its_file() {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../examples/demo-tenant/demo.jsonl");
    let both = read(&file).await;
    let mut found = both.differences();
    // The tenant's own node, of which the file knows the id alone.
    found.members.retain(|_, ids| {
        ids.retain(|id| !id.starts_with("/tenants/"));
        !ids.is_empty()
    });
    assert_eq!(
        found.members.into_keys().collect::<BTreeSet<_>>(),
        texts([
            // What Resource Graph does not have.
            "members.eTag",
            "members.etag",
            "members.subscriptionId",
            "members.tenantId",
            // What is not asked for by itself since its parent's body has it.
            "members.inline",
            "standing",
            // Lists that the file does not have, and that are empty.
            "members.appRoleAssignedTo",
            "members.federatedIdentityCredentials",
        ])
    );
    found.members = BTreeMap::new();
    assert_eq!(found, Differences::default(), "{found:#?}");
}
