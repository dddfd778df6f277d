use std::{cell::Cell, collections::BTreeMap, io::Write as _};

use proptest::prelude::*;
use serde_json::Value;

use super::*;

const ONE: &str = "11111111-0000-4000-8000-000000000001";
const TWO: &str = "22222222-0000-4000-8000-000000000002";

/// A node's ID and members, and edges between IDs with their properties.
type Graph = (BTreeMap<String, String>, BTreeMap<(String, String), String>);

fn export(tenant: &str, (nodes, edges): &Graph) -> String {
    let quoted = |text: &str| Value::from(text).to_string();
    let key = |id: &str| quoted(&format!("{tenant}|{}", id.to_lowercase()));
    let mut lines = vec![
        r#"{"format":"atg-graph","version":1,"history":false}"#.to_owned(),
        format!(r#"{{"tenant":{{"id":"{tenant}"}}}}"#),
    ];
    let mut rows: Vec<_> = nodes
        .iter()
        .map(|(id, member)| (id.to_lowercase(), id, member))
        .collect();
    rows.sort();
    for (_, id, member) in rows {
        lines.push(format!(
            r#"{{"node":{{"key":{},"id":{},"name":"n","class":"resource","standing":"own","labels":["Resource","X"],"type":"Microsoft.X/y","members":{{"kind":{}}},"scalars":{{}},"properties":{{}}}}}}"#,
            key(id), quoted(id), quoted(member)
        ));
    }
    for ((from, to), member) in edges {
        lines.push(format!(
            r#"{{"edge":{{"from":{},"type":"REFERENCES","to":{},"path":"p","properties":{{"role":{}}}}}}}"#,
            key(from),
            key(to),
            quoted(member)
        ));
    }
    lines.push(format!(
        r#"{{"end":{{"nodes":{},"edges":{}}}}}"#,
        nodes.len(),
        edges.len()
    ));
    lines.join("\n") + "\n"
}

fn spooled(text: &str) -> Export {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    Export::Spooled(file)
}

fn compare(left: &str, right: &str, tenant: Option<&str>) -> Result<(Output, Value, String)> {
    let sides = [spooled(left), spooled(right)];
    let compared = Comparison {
        sides: [&sides[0], &sides[1]],
        tenant: tenant.map(|id| id.parse().unwrap()),
        allowed: None,
        directory: std::env::temp_dir(),
        tick: &|_, _| Ok(()),
    }
    .run()?;
    let (output, markdown) = (compared.output.clone(), compared.markdown());
    let mut json = Vec::new();
    compared.write_json(&Value::Null, &mut json)?;
    Ok((output, serde_json::from_slice(&json).unwrap(), markdown))
}

fn graph(nodes: &[(&str, &str)], edges: &[(&str, &str, &str)]) -> Graph {
    (
        nodes
            .iter()
            .map(|(id, member)| ((*id).to_owned(), (*member).to_owned()))
            .collect(),
        edges
            .iter()
            .map(|(from, to, member)| (((*from).to_owned(), (*to).to_owned()), (*member).to_owned()))
            .collect(),
    )
}

#[test]
fn what_was_added_removed_and_changed_is_told_with_both_values() {
    let left = export(
        ONE,
        &graph(
            &[("/a", "x"), ("/b", "x"), ("/C", "x")],
            &[("/a", "/b", "r"), ("/a", "/c", "r")],
        ),
    );
    let right = export(
        ONE,
        &graph(
            &[("/a", "x"), ("/C", "y"), ("/d", "x")],
            &[("/a", "/c", "s"), ("/a", "/d", "r")],
        ),
    );
    let (output, json, markdown) = compare(&left, &right, None).unwrap();
    assert_eq!(
        (
            output.nodes.added,
            output.nodes.removed,
            output.nodes.changed,
            output.nodes.unchanged
        ),
        (1, 1, 1, 1)
    );
    assert_eq!(
        (
            output.edges.added,
            output.edges.removed,
            output.edges.changed,
            output.edges.unchanged
        ),
        (1, 1, 1, 0)
    );
    assert_eq!(
        (output.left.nodes, output.right.nodes, output.score),
        (3, 3, 0.25)
    );
    assert!(!output.identical);
    insta::assert_json_snapshot!(json);
    insta::assert_snapshot!(markdown);
}

#[test]
fn an_export_does_not_differ_from_itself_nor_from_the_same_with_history() {
    let text = export(
        ONE,
        &graph(&[("/a", "x"), ("/b", "é\n\"`")], &[("/a", "/b", "r")]),
    );
    let (output, json, markdown) = compare(&text, &text, None).unwrap();
    assert!(
        output.identical && output.nodes.unchanged == 2 && output.score == 1.0,
        "{output:?}"
    );
    assert_eq!(json["node_changes"], Value::Array(Vec::new()));
    assert!(markdown.contains("Nothing differs."));
    let history = text
        .replace("\"properties\":{}}}", "\"properties\":{},\"source\":\"arm\",\"first_seen_at\":\"2026-01-01T00:00:00Z\",\"changed_at\":\"2026-01-01T00:00:00Z\",\"scan_id\":\"s\"}}")
        .replace("\"history\":false", "\"history\":true");
    assert!(compare(&text, &history, None).unwrap().0.identical);
}

#[test]
fn a_file_that_is_no_whole_export_is_refused_with_side_and_line() {
    let good = export(ONE, &graph(&[("/a", "x"), ("/b", "x")], &[("/a", "/b", "r")]));
    let lines: Vec<&str> = good.lines().collect();
    let cut = lines[..4].join("\n");
    let mut swapped = lines.clone();
    swapped.swap(2, 3);
    let twice = [&lines[..3], &lines[2..]].concat();
    let after = [&lines[..], &lines[2..3]].concat();
    for (bad, says) in [
        (String::new(), "line 1: "),
        ("[]".to_owned(), "line 1: "),
        (cut, "line 4: it ends too early"),
        (
            swapped.join("\n"),
            "line 4: the node is there twice or not in the order",
        ),
        (twice.join("\n"), "line 4: the node is there twice"),
        (after.join("\n"), "line 7: it comes after the end"),
        (
            good.replace("\"nodes\":2", "\"nodes\":3"),
            "line 6: it promises 3 nodes",
        ),
        (good.replace("\"version\":1", "\"version\":99"), "newer ATG"),
    ] {
        let error = compare(&good, &bad, None).unwrap_err();
        assert!(
            error.message().contains("the right side") || says == "newer ATG",
            "{error}"
        );
        assert!(error.message().contains(says), "{error} does not say {says}");
        assert!(compare(&bad, &good, None).unwrap_err().message().contains(says));
    }
}

#[test]
fn what_tenants_are_compared_is_never_guessed() {
    let state = graph(&[("/a", "x")], &[]);
    let (one, two) = (export(ONE, &state), export(TWO, &state));
    let both = |first: &str, second: &str| {
        let lines = |text: &str, which: &str| {
            text.lines()
                .filter(|line| line.starts_with(which))
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let mut all = lines(first, "{\"format");
        for which in ["{\"tenant", "{\"node"] {
            all.extend(lines(first, which));
            all.extend(lines(second, which));
        }
        all.push(r#"{"end":{"nodes":2,"edges":0}}"#.to_owned());
        all.join("\n")
    };
    let both = both(&one, &two);
    // One of several on both sides: by key.
    let (output, ..) = compare(&both, &one, None).unwrap();
    assert_eq!(
        (output.nodes.removed, output.nodes.unchanged, output.matched_by),
        (1, 1, MatchedBy::Key)
    );
    assert!(compare(&both, &one, Some(ONE)).unwrap().0.identical);
    let error = compare(&both, &one, Some(TWO)).unwrap_err();
    assert!(
        error.message().contains("the right side does not hold it"),
        "{error}"
    );
    let three = export("33333333-0000-4000-8000-000000000003", &state);
    let error = compare(&both, &three, None).unwrap_err();
    assert!(
        error.message().contains("compare 2 tenants with 1 others"),
        "{error}"
    );
    // One with another: by path.
    let (output, ..) = compare(&one, &two, None).unwrap();
    assert_eq!((output.identical, output.matched_by), (true, MatchedBy::Path));
}

#[test]
fn a_tenant_that_may_not_occur_is_refused() {
    let text = export(ONE, &graph(&[("/a", "x")], &[]));
    let sides = [spooled(&text), spooled(&text)];
    let allowed = [TWO.parse().unwrap()];
    let comparison = Comparison {
        sides: [&sides[0], &sides[1]],
        tenant: None,
        allowed: Some(&allowed),
        directory: std::env::temp_dir(),
        tick: &|_, _| Ok(()),
    };
    let error = comparison.run().err().unwrap();
    assert_eq!(error.kind(), atg_sdk::ErrorKind::PermissionDenied, "{error}");
}

#[test]
fn a_long_comparison_asks_whether_to_go_on() {
    let nodes: BTreeMap<_, _> = (0..10_000)
        .map(|n| (format!("/{n:05}"), "x".to_owned()))
        .collect();
    let text = export(ONE, &(nodes, BTreeMap::new()));
    let sides = [spooled(&text), spooled(&text)];
    let asked = Cell::new(0);
    let comparison = Comparison {
        sides: [&sides[0], &sides[1]],
        tenant: None,
        allowed: None,
        directory: std::env::temp_dir(),
        tick: &|_, _| {
            asked.set(asked.get() + 1);
            Err(Error::cancelled())
        },
    };
    assert_eq!(
        comparison.run().err().unwrap().kind(),
        atg_sdk::ErrorKind::Cancelled
    );
    assert_eq!(asked.get(), 1);
}

fn random_graph() -> impl Strategy<Value = Graph> {
    let ids = ["/a", "/a/b", "/B", "/a|b", "/é", "/a\u{1}", "/z\"", "/a-"];
    let members = prop::sample::select(vec!["", "x", "\"", "\n", "null", "{\"k\":1}"]);
    prop::collection::btree_map(prop::sample::select(ids.to_vec()), members.clone(), 0..8).prop_flat_map(
        move |nodes| {
            let nodes: BTreeMap<String, String> = nodes
                .into_iter()
                .map(|(id, member)| (id.to_owned(), member.to_owned()))
                .collect();
            let keys: Vec<String> = nodes.keys().map(|id| id.to_lowercase()).collect();
            let ends = match keys.is_empty() {
                true => Just(Vec::new()).boxed(),
                false => prop::collection::vec(
                    (
                        prop::sample::select(keys.clone()),
                        prop::sample::select(keys),
                        members.clone(),
                    ),
                    0..8,
                )
                .boxed(),
            };
            ends.prop_map(move |edges| {
                let edges = edges
                    .into_iter()
                    .map(|(from, to, member)| ((from, to), member.to_owned()))
                    .collect();
                (nodes.clone(), edges)
            })
        },
    )
}

fn lists<K: Ord + Clone>(left: &BTreeMap<K, String>, right: &BTreeMap<K, String>) -> (u64, u64, u64, u64) {
    let added = right.keys().filter(|key| !left.contains_key(key)).count();
    let removed = left.keys().filter(|key| !right.contains_key(key)).count();
    let same = left
        .iter()
        .filter(|(key, value)| right.get(key) == Some(value))
        .count();
    let changed = left.len() - removed - same;
    (added as u64, removed as u64, changed as u64, same as u64)
}

proptest! {
    #[test]
    fn the_merge_finds_what_sets_find(left in random_graph(), right in random_graph()) {
        for other in [ONE, TWO] {
            let (output, json, _) = compare(&export(ONE, &left), &export(other, &right), None).unwrap();
            let (nodes, edges) = (output.nodes, output.edges);
            prop_assert_eq!(
                (nodes.added, nodes.removed, nodes.changed, nodes.unchanged),
                lists(&left.0, &right.0)
            );
            prop_assert_eq!(
                (edges.added, edges.removed, edges.changed, edges.unchanged),
                lists(&left.1, &right.1)
            );
            let listed = json["node_changes"].as_array().unwrap().len() as u64;
            prop_assert_eq!(listed, nodes.added + nodes.removed + nodes.changed);
            prop_assert_eq!(output.identical, left == right);
        }
    }
}
