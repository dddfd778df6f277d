//! A scan of the demo tenant finds what the truth says, all of it and nothing else, and no secret.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use atg_demo_tenant::Truth;
use atg_executor_local::{LocalExecutor, LocalOptions, describe::tag_id};
use atg_sdk::{
    Completeness, Executor as _, ExecutorExt as _, InputContent, Job, JobRequest, Operation, Output, Owner,
    model::operations::{export, scan},
};
use serde_json::Value;
use tempfile::TempDir;

/// What is in the graph after a scan, and the artifacts that it left.
struct Scanned {
    truth: Truth,
    job: Job,
    report: Value,
    /// Labels by lower-cased ID.
    nodes: BTreeMap<String, Vec<String>>,
    edges: BTreeSet<(String, String, String)>,
    /// Every byte that the scan and the export left in files, unpacked.
    written: String,
}

/// Scans the shipped file into an empty graph.
async fn scanned() -> Scanned {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let truth: Truth = serde_json::from_str(&crate::shipped("truth.json")).expect("truth.json is a truth");
    let directory = TempDir::new().expect("a temporary directory can be made");
    let executor = LocalExecutor::open(LocalOptions::new(directory.path().join("data"))).expect("it opens");
    let input = InputContent::File(here.join("demo.jsonl"));
    let input = executor
        .put_input(&Owner::default(), input)
        .await
        .expect("the file can be read");
    let parameters = scan::Parameters {
        tenant_id: Some(truth.tenant_id.parse().expect("the tenant's id is a GUID")),
        input: Some(input.sha256),
        ..scan::Parameters::default()
    };
    let job = executor
        .run(JobRequest::new(Operation::Scan(parameters)))
        .await
        .expect("the scan ends well");
    let left = directory.path().join("scan");
    executor
        .download_artifacts(job.id, &left)
        .await
        .expect("artifacts can be read");
    let report = fs::read_to_string(left.join("report.json")).expect("a scan leaves a report");
    let export = Operation::Export(export::Parameters::default());
    let exported = executor
        .run(JobRequest::new(export))
        .await
        .expect("the export ends well");
    executor
        .download_artifacts(exported.id, &left)
        .await
        .expect("artifacts can be read");
    let graph = fs::read(left.join("graph.jsonl.zst")).expect("an export leaves a file");
    let graph = zstd::decode_all(graph.as_slice()).expect("the export is zstd");
    let graph = String::from_utf8(graph).expect("the export is UTF-8");

    let mut written = graph.clone();
    for name in ["report.json", "manifest.json", "changes.jsonl"] {
        written.push_str(&fs::read_to_string(left.join(name)).expect("a scan leaves this artifact"));
    }
    let (mut nodes, mut edges) = (BTreeMap::new(), BTreeSet::new());
    for line in graph.lines() {
        let line: Value = serde_json::from_str(line).expect("each line of an export is JSON");
        if let Some(node) = line.get("node") {
            let labels = serde_json::from_value(node["labels"].clone()).expect("a node has labels");
            nodes.insert(id_of(&node["key"]), labels);
        } else if let Some(edge) = line.get("edge")
            && edge.get("spare").is_none()
        {
            let kind = edge["type"].as_str().unwrap_or_default().to_owned();
            edges.insert((id_of(&edge["from"]), kind, id_of(&edge["to"])));
        }
    }
    Scanned {
        truth,
        job,
        report: serde_json::from_str(&report).expect("the report is JSON"),
        nodes,
        edges,
        written,
    }
}

/// The lower-cased ID in a key.
fn id_of(key: &Value) -> String {
    let key = key.as_str().unwrap_or_default();
    key.split_once('|').map_or(key, |(_, id)| id).to_owned()
}

impl Scanned {
    /// An end of an edge as the graph spells it.
    fn end(&self, id: &str) -> String {
        if id == self.truth.tenant_id {
            return format!("/tenants/{id}");
        }
        if let Some(region) = id.strip_prefix("region/") {
            return format!("region:{region}");
        }
        if let Some((name, value)) = id.strip_prefix("tag/").and_then(|tag| tag.split_once('=')) {
            return tag_id(name, value);
        }
        id.to_lowercase()
    }

    fn expected(&self, edges: &BTreeSet<(String, String, String)>) -> BTreeSet<(String, String, String)> {
        edges
            .iter()
            .map(|(from, kind, to)| (self.end(from), kind.clone(), self.end(to)))
            .collect()
    }

    fn with_label(&self, label: &str) -> BTreeSet<&str> {
        let with = self
            .nodes
            .iter()
            .filter(|(_, labels)| labels.iter().any(|own| own == label));
        with.map(|(id, _)| id.as_str()).collect()
    }
}

#[tokio::test]
async fn a_scan_finds_every_edge_and_no_other() {
    let scanned = scanned().await;
    let expected = scanned.expected(&scanned.truth.edges);
    let named: BTreeSet<_> = scanned
        .edges
        .iter()
        .filter(|edge| edge.1 != "REFERENCES")
        .cloned()
        .collect();
    let missing: Vec<_> = expected.difference(&named).collect();
    let surplus: Vec<_> = named.difference(&expected).collect();
    assert!(
        missing.is_empty() && surplus.is_empty(),
        "missing {missing:#?}\nsurplus {surplus:#?}"
    );

    let expected = scanned.expected(&scanned.truth.references);
    let generic: BTreeSet<_> = scanned
        .edges
        .iter()
        .filter(|edge| edge.1 == "REFERENCES")
        .cloned()
        .collect();
    let missing: Vec<_> = expected.difference(&generic).collect();
    let surplus: Vec<_> = generic.difference(&expected).collect();
    assert!(
        missing.is_empty() && surplus.is_empty(),
        "missing {missing:#?}\nsurplus {surplus:#?}"
    );
}

#[tokio::test]
async fn a_scan_finds_every_node_and_says_what_is_outside() {
    let scanned = scanned().await;
    let Some(Output::Scan(output)) = &scanned.job.output else {
        panic!("{:?}", scanned.job.output)
    };
    assert_eq!(scanned.job.completeness, Some(Completeness::Complete));
    assert_eq!(output.subscriptions, 3);
    for (label, count) in &scanned.truth.labels {
        // Children within their parent's body are resources too.
        let inline = if label == "Resource" {
            scanned.truth.inline.len()
        } else {
            0
        };
        assert_eq!(scanned.with_label(label).len(), count + inline, "{label}");
    }
    let external: Vec<_> = scanned.with_label("External").into_iter().collect();
    let expected: Vec<_> = scanned.truth.externals.keys().map(String::as_str).collect();
    assert_eq!(external, expected);
}

#[tokio::test]
async fn no_planted_secret_leaves_the_file() {
    let scanned = scanned().await;
    assert!(scanned.written.contains("vm-fleet-01"), "the artifacts were read");
    for secret in &scanned.truth.secrets {
        assert!(
            !scanned.written.contains(&secret.canary),
            "{} of {}",
            secret.path,
            secret.id
        );
    }
    let listed = scanned.report.to_string();
    for secret in &scanned.truth.secrets {
        assert!(
            listed.contains(&secret.path),
            "the report does not list {} of {}",
            secret.path,
            secret.id
        );
    }
}
