//! The shipped files are what the generator writes, and they agree with each other.

mod recipes;
mod scan;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use atg_demo_tenant::{Truth, generate};
use serde_json::Value;

fn shipped(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn rows() -> Vec<Value> {
    let rows = shipped("demo.jsonl");
    rows.lines()
        .map(|line| serde_json::from_str(line).expect("each line is JSON"))
        .collect()
}

fn id_of(row: &Value) -> &str {
    row["id"].as_str().expect("each row has an id")
}

#[test]
fn the_shipped_files_are_what_the_generator_writes() {
    let demo = generate();
    assert!(
        demo.jsonl == shipped("demo.jsonl"),
        "run `cargo run -p atg-demo-tenant` and review the difference"
    );
    let truth: Truth = serde_json::from_str(&shipped("truth.json")).expect("truth.json is a truth");
    assert!(
        demo.truth == truth,
        "run `cargo run -p atg-demo-tenant` and review the difference"
    );
}

#[test]
fn the_tenant_is_as_large_as_promised() {
    let truth = generate().truth;
    assert_eq!(truth.rows, rows().len());
    assert_eq!(truth.labels["Subscription"], 3);
    assert!(truth.labels["Resource"] >= 200, "{:?}", truth.labels);
    assert!(truth.types.len() >= 60, "{} types", truth.types.len());
    assert!(truth.secrets.len() >= 15 && truth.misconfigurations.len() >= 20);
}

#[test]
fn ids_are_unique_without_regard_to_case() {
    let mut seen = BTreeSet::new();
    for row in rows() {
        assert!(seen.insert(id_of(&row).to_lowercase()), "twice: {}", id_of(&row));
    }
}

#[test]
fn each_secret_stands_where_the_truth_says() {
    let rows: BTreeMap<String, Value> = rows()
        .into_iter()
        .map(|row| (id_of(&row).to_owned(), row))
        .collect();
    for secret in generate().truth.secrets {
        let row = &rows[&secret.id];
        let value = at(row, &secret.path).unwrap_or_else(|| panic!("{} has no {}", secret.id, secret.path));
        let text = value
            .as_str()
            .unwrap_or_else(|| panic!("{} of {} is not text", secret.path, secret.id));
        assert!(
            text.contains(&secret.canary),
            "{} of {} holds no canary",
            secret.path,
            secret.id
        );
    }
}

#[test]
fn each_misconfiguration_points_at_something() {
    let rows: BTreeMap<String, Value> = rows()
        .into_iter()
        .map(|row| (id_of(&row).to_owned(), row))
        .collect();
    for fault in generate().truth.misconfigurations {
        let row = rows
            .get(&fault.id)
            .unwrap_or_else(|| panic!("no row {}", fault.id));
        let absence = fault.finding.contains("without") || fault.path.ends_with("enablePurgeProtection");
        assert!(
            absence || at(row, &fault.path).is_some(),
            "{} has no {}",
            fault.id,
            fault.path
        );
    }
}

#[test]
fn edges_end_at_rows_or_at_what_is_external_on_purpose() {
    let truth = generate().truth;
    let mut known: BTreeSet<String> = rows().iter().map(|row| id_of(row).to_lowercase()).collect();
    known.insert(truth.tenant_id.clone());
    known.extend(truth.externals.keys().cloned());
    known.extend(truth.inline.iter().map(|id| id.to_lowercase()));
    for (from, relationship, to) in truth.edges.iter().chain(&truth.references) {
        for end in [from, to] {
            let value = matches!(relationship.as_str(), "LOCATED_IN" | "TAGGED_WITH") && end == to;
            assert!(
                value || known.contains(&end.to_lowercase()),
                "{from} {relationship} {to}: no {end}"
            );
        }
    }
}

#[test]
fn every_object_hangs_in_the_hierarchy_once() {
    let truth = generate().truth;
    let mut parents: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, relationship, to) in &truth.edges {
        if relationship == "CONTAINS" {
            *parents.entry(to).or_default() += 1;
        }
    }
    for row in rows() {
        let entra = row.get("@odata.type").is_some();
        assert!(entra || parents[id_of(&row)] == 1, "{}", id_of(&row));
    }
}

/// The value at a path such as `properties.containers[0].properties.environmentVariables[1].value`.
fn at<'a>(row: &'a Value, path: &str) -> Option<&'a Value> {
    let steps = path.split(['.', '[']).map(|step| step.trim_end_matches(']'));
    steps
        .filter(|step| !step.is_empty())
        .try_fold(row, |value, step| match value {
            Value::Array(items) => items.get(step.parse::<usize>().ok()?),
            other => other.get(step),
        })
}
