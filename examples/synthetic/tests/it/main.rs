//! What the generator promises.

use std::collections::{BTreeMap, BTreeSet};

use atg_synthetic::{Options, Parts, Summary, generate, part, tenant_id};
use serde_json::Value;

struct Tenant {
    text: String,
    edges: Vec<(String, String, String)>,
    summary: Summary,
}

fn tenant(rows: u64, changed_per_mille: u64) -> Tenant {
    let options = Options {
        seed: 7,
        rows,
        changed_per_mille,
        ..Options::default()
    };
    let (mut bytes, mut edges) = (Vec::new(), Vec::new());
    let summary = generate(
        &options,
        &mut bytes,
        Some(&mut |from, relationship, to| {
            edges.push((from.to_owned(), relationship.to_owned(), to.to_owned()));
            Ok(())
        }),
    )
    .expect("memory does not fail");
    Tenant {
        text: String::from_utf8(bytes).expect("the text is UTF-8"),
        edges,
        summary,
    }
}

fn rows(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

#[test]
fn as_many_rows_as_asked_whatever_the_number() {
    for rows in [1, 2, 5, 6, 100, 131, 1000, 2500] {
        let tenant = tenant(rows, 0);
        assert_eq!(tenant.summary.rows, rows);
        assert_eq!(tenant.text.lines().count() as u64, rows);
        assert_eq!(tenant.text.len() as u64, tenant.summary.bytes);
    }
}

#[test]
fn same_seed_and_size_same_bytes() {
    let (first, second) = (tenant(3000, 0), tenant(3000, 0));
    assert!(first.text == second.text && first.edges == second.edges);
    let other = Options {
        seed: 8,
        rows: 3000,
        ..Options::default()
    };
    let mut bytes = Vec::new();
    generate(&other, &mut bytes, None).expect("memory does not fail");
    assert_ne!(first.text.as_bytes(), bytes);
}

#[test]
fn ids_are_unique_and_types_many() {
    let tenant = tenant(9000, 0);
    let (mut ids, mut types) = (BTreeSet::new(), BTreeMap::<String, usize>::new());
    for row in rows(&tenant.text) {
        let id = row["id"].as_str().expect("a row has an id").to_lowercase();
        assert!(ids.insert(id.clone()), "{id} stands twice");
        let kind = row["type"]
            .as_str()
            .or(row["@odata.type"].as_str())
            .expect("a row has a type");
        *types.entry(kind.to_owned()).or_default() += 1;
    }
    assert!(types.len() >= 60, "{} types: {types:?}", types.len());
}

#[test]
fn edges_are_told_once_and_end_at_rows_parts_or_values() {
    let tenant = tenant(9000, 0);
    let mut known: BTreeSet<String> = rows(&tenant.text)
        .iter()
        .map(|row| row["id"].as_str().unwrap_or_default().to_owned())
        .collect();
    known.insert(format!("/tenants/{}", tenant_id(7)));
    // Parts of a body that are nodes by their own right hang on a row.
    let parts: Vec<String> = tenant
        .edges
        .iter()
        .filter(|edge| edge.1 == "CONTAINS")
        .map(|edge| edge.2.clone())
        .collect();
    known.extend(parts);
    // Somebody else's, named by its host.
    known.insert("registry.example".to_owned());
    let mut seen = BTreeSet::new();
    for edge in &tenant.edges {
        let value = edge.2.starts_with("region:") || edge.2.starts_with("tag:");
        assert!(
            known.contains(&edge.0) && (value || known.contains(&edge.2)),
            "{edge:?}"
        );
        assert!(seen.insert(edge), "{edge:?} is told twice");
    }
    assert_eq!(tenant.summary.edges, tenant.edges.len() as u64);
    assert!(tenant.edges.len() > 3 * 9000, "{} edges", tenant.edges.len());
}

#[test]
fn every_row_hangs_on_something_once() {
    let tenant = tenant(4000, 0);
    let mut parents = BTreeMap::<&str, usize>::new();
    for (_, relationship, to) in &tenant.edges {
        if relationship == "CONTAINS" {
            *parents.entry(to).or_default() += 1;
        }
    }
    for row in rows(&tenant.text) {
        let id = row["id"].as_str().unwrap_or_default();
        assert!(
            row.get("@odata.type").is_some() || parents.get(id) == Some(&1),
            "{id}: {:?}",
            parents.get(id)
        );
    }
}

#[test]
fn a_modified_tenant_differs_in_as_many_rows_and_in_no_edge() {
    let (before, after) = (tenant(20_000, 0), tenant(20_000, 10));
    let differing = before
        .text
        .lines()
        .zip(after.text.lines())
        .filter(|(old, new)| old != new)
        .count() as u64;
    assert_eq!(differing, after.summary.changed);
    assert!(
        (120..280).contains(&differing),
        "{differing} of 20000 is not about one in a hundred"
    );
    assert_eq!(before.edges, after.edges);
}

#[test]
fn the_parts_one_by_one_are_the_whole_in_any_order() {
    let options = Options {
        seed: 7,
        rows: 3000,
        changed_per_mille: 10,
        groups_per_subscription: 3,
    };
    let mut whole = Vec::new();
    generate(&options, &mut whole, None).expect("memory does not fail");
    let parts: Vec<_> = Parts::new(options).collect();
    let mut texts: Vec<String> = parts.iter().rev().map(|place| part(&options, *place)).collect();
    texts.reverse();
    assert!(
        texts.concat().as_bytes() == whole,
        "the parts differ from the whole"
    );
    assert_eq!(parts.iter().map(|part| part.rows).sum::<u64>(), 3000);
    let subscriptions = texts
        .concat()
        .matches("\"Microsoft.Resources/subscriptions\"")
        .count();
    assert_eq!(subscriptions, parts.len().div_ceil(3));
}
