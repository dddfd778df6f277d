//! The tenant that was recorded from Azure, and the demo tenant whose truth is known.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use super::*;
use crate::graph::{ALIASES, NodeClass, Said, Standing};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The folder of shared data beside the repository, or where `ATG_SHARED` says it is.
fn recorded() -> Option<Vec<Json>> {
    let shared = std::env::var_os("ATG_SHARED").map_or_else(|| root().join("../shared"), PathBuf::from);
    let file = shared.join("data/tenants/recorded.jsonl");
    if !file.exists() {
        assert!(std::env::var_os("CI").is_none(), "{} is missing", file.display());
        return None;
    }
    Some(read(&file))
}

fn read(file: &Path) -> Vec<Json> {
    let text = std::fs::read(file).unwrap();
    text.split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| Json::parse(line).unwrap())
        .collect()
}

#[test]
fn every_recorded_resource_becomes_one_node_with_its_edges() {
    let Some(objects) = recorded() else { return };
    let describer = describer();
    let mut own = BTreeMap::<String, u64>::new();
    let mut types = BTreeSet::new();
    let (mut edges, mut redacted) = (0, BTreeSet::new());
    let total = objects.len();
    for object in objects {
        let id = object.get("id").and_then(Json::as_str).unwrap().to_owned();
        let description = describer.describe(object).unwrap();
        let node = &description.described.node;
        assert_eq!(node.standing, Standing::Own);
        assert_eq!(description.problems, Vec::<String>::new(), "{id}");
        for label in &node.labels {
            *own.entry(label.to_string()).or_default() += 1;
        }
        types.insert(node.resource_type.clone().unwrap());
        edges += description.described.references.len();
        assert!(
            description
                .described
                .references
                .iter()
                .any(|r| r.relationship == "CONTAINS"),
            "{id}"
        );
        redacted.extend(
            description
                .redacted
                .into_iter()
                .map(|r| format!("{} {}", node.labels[1], r.path)),
        );
    }
    assert_eq!(total, 740);
    assert_eq!(own["ResourceGroup"], 18);
    assert_eq!(own["Resource"], 722);
    // One fewer than Azure's spellings: `serverFarms` and `serverfarms` are one type.
    assert_eq!(types.len(), 134);
    assert_eq!(own["AppServicePlan"], 10);
    assert!(edges > 2 * total, "{edges}");
    let expected = [
        "ApplicationInsights properties.ConnectionString",
        "ApplicationInsights properties.InstrumentationKey",
        "AutomationVariable properties.value",
        "MachineLearningWorkspace properties.sdkTelemetryAppInsightsKey",
    ];
    assert_eq!(redacted.iter().map(String::as_str).collect::<Vec<_>>(), expected);
}

/// The demo tenant's edges, as its truth spells them: lower-cased, `region/…`, `tag/name=value`, the tenant by its GUID.
fn plain(id: &str) -> String {
    let id = id.to_lowercase();
    let id = id.strip_prefix("/tenants/").unwrap_or(&id);
    match id.split_once(':') {
        Some(("tag", rest)) => format!("tag/{}", decoded(rest)),
        Some(("region", rest)) => format!("region/{rest}"),
        _ => id.to_owned(),
    }
}

fn decoded(text: &str) -> String {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let hex = (byte == b'%').then(|| [bytes.next().unwrap(), bytes.next().unwrap()]);
        out.push(hex.map_or(byte, |hex| {
            u8::from_str_radix(std::str::from_utf8(&hex).unwrap(), 16).unwrap()
        }));
    }
    String::from_utf8(out).unwrap().to_lowercase()
}

#[test]
fn the_demo_tenant_gives_the_edges_and_redactions_that_are_known() {
    let folder = root().join("examples/demo-tenant");
    let truth: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.join("truth.json")).unwrap()).unwrap();
    let describer = Describer::new(
        truth["tenant_id"].as_str().unwrap().parse().unwrap(),
        Source::Recorded,
    );
    let mut said = BTreeSet::new();
    let mut assumed = Vec::new();
    let mut redacted = BTreeSet::new();
    let mut nodes = BTreeSet::new();
    let mut holders = BTreeMap::new();
    let mut bodies = String::new();
    for object in read(&folder.join("demo.jsonl")) {
        let description = describer.describe(object).unwrap();
        bodies.push_str(&format!("{description:?}"));
        let row = description.described.node.id.to_lowercase();
        redacted.extend(description.redacted.iter().map(|r| (row.clone(), r.path.clone())));
        for described in std::iter::once(&description.described).chain(&description.implied) {
            nodes.insert(plain(&described.node.id));
            let aliases = described.node.members.iter().filter(|(name, _)| name == ALIASES);
            for (_, aliases) in aliases {
                let Value::Strings(aliases) = aliases else {
                    panic!("{aliases:?}")
                };
                holders.extend(
                    aliases
                        .iter()
                        .map(|alias| (alias.clone(), plain(&described.node.id))),
                );
            }
            let end = |target: &Target| match target {
                Target::Itself => plain(&described.node.id),
                Target::Id(id) | Target::Alias(id) => plain(id),
            };
            for reference in &described.references {
                let edge = (
                    end(&reference.from),
                    reference.relationship.to_string(),
                    end(&reference.to),
                );
                if reference.said == Said::Assumed {
                    assumed.push(edge);
                } else {
                    said.insert(edge);
                }
            }
        }
        assert_ne!(description.described.node.class, NodeClass::External);
    }
    for edge in assumed {
        if !said
            .iter()
            .any(|(_, relationship, to)| *relationship == edge.1 && *to == edge.2)
        {
            said.insert(edge);
        }
    }
    let said: BTreeSet<_> = said
        .into_iter()
        .map(|(from, relationship, to)| {
            let to = holders.get(&to).cloned().unwrap_or(to);
            (from, relationship, to)
        })
        .collect();
    let mut missing = Vec::new();
    for edge in truth["edges"]
        .as_array()
        .unwrap()
        .iter()
        .chain(truth["references"].as_array().unwrap())
    {
        let text = |at: usize| edge[at].as_str().unwrap();
        let wanted = (plain(text(0)), text(1).to_owned(), plain(text(2)));
        // Parts that are no nodes (a delegation) are contained in nothing.
        let is_known_gap = wanted.1 == "CONTAINS" && !nodes.contains(&wanted.2);
        if !said.contains(&wanted) && !is_known_gap {
            missing.push(wanted);
        }
    }
    assert_eq!(missing, []);
    for secret in truth["secrets"].as_array().unwrap() {
        let (id, path) = (
            secret["id"].as_str().unwrap().to_lowercase(),
            secret["path"].as_str().unwrap(),
        );
        let is_listed = redacted
            .iter()
            .any(|(row, own)| *row == id && own.starts_with(path));
        assert!(is_listed, "{id} {path}");
        let canary = secret["canary"].as_str().unwrap();
        assert!(!bodies.contains(canary), "{id} {path}");
    }
}
