//! Every row of the table finds its edge in a body of `bodies.jsonl`, and no body gives an edge that it does not list.
//!
//! A line is an object as Azure answers it, with `edges`: what it says of others, `RELATIONSHIP DIRECTION OTHER`, in the
//! directions of `rules.txt`, `^ ` before those of what it lies in, `@` before an alias. `~/` stands for the providers of a
//! resource group, `SUB/` for a subscription, in keys too.

use std::collections::{BTreeMap, BTreeSet};

use atg_sdk::azure::ResourceId;

use super::super::{
    address, find, find_in_directory_object,
    rules::{Row, Way, rows},
};
use crate::{
    describe::{parent, pattern::Pattern},
    graph::{Reference, Said, Target},
    json::Json,
};

const SUBSCRIPTION: &str = "/subscriptions/00000000-0000-0000-0000-000000000001/";
const GROUP: &str = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-orders/providers/";

/// Names that edges have; a row may use no other.
const RELATIONSHIPS: &[&str] = &[
    "CONTAINS",
    "LOCATED_IN",
    "TAGGED_WITH",
    "MEMBER_OF",
    "OWNS",
    "HAS_ROLE",
    "ASSIGNS",
    "USES_IDENTITY",
    "USES_SUBNET",
    "SECURED_BY",
    "CONNECTED_TO",
    "ROUTES_VIA",
    "RESOLVES_TO",
    "EXPOSES",
    "ATTACHED_TO",
    "RUNS_ON",
    "STORES_IN",
    "LOGS_TO",
    "MONITORS",
    "ENCRYPTED_WITH",
    "PULLS_FROM",
    "BACKED_UP_BY",
    "GOVERNED_BY",
    "LOCKED_BY",
    "DEPENDS_ON",
    "CREATED_BY",
];

struct Case {
    kind: String,
    id: String,
    body: Json,
    edges: BTreeSet<String>,
}

fn cases() -> Vec<Case> {
    include_str!("../bodies.jsonl")
        .lines()
        .map(|line| {
            let full = |text: &str| {
                text.replace("\"~/", &format!("\"{GROUP}"))
                    .replace("\"SUB/", &format!("\"{SUBSCRIPTION}"))
            };
            let body = Json::parse(full(line).as_bytes()).unwrap_or_else(|error| panic!("{error}: {line}"));
            let text = |name: &str| {
                body.get(name)
                    .and_then(Json::as_str)
                    .unwrap_or_default()
                    .to_owned()
            };
            let edges = body
                .get("edges")
                .and_then(Json::as_array)
                .unwrap_or_else(|| panic!("no edges: {line}"));
            let edges = edges
                .iter()
                .filter_map(Json::as_str)
                .map(|edge| {
                    edge.replace(" ~/", &format!(" {GROUP}"))
                        .replace(" SUB/", &format!(" {SUBSCRIPTION}"))
                })
                .collect();
            let kind = if body.get("label").is_some() {
                text("label")
            } else {
                text("type")
            };
            let id = text("id");
            let Json::Object(mut members) = body else {
                panic!("no object: {line}")
            };
            members.retain(|(name, _)| name != "edges" && name != "label");
            Case {
                kind,
                id,
                body: Json::Object(members),
                edges,
            }
        })
        .collect()
}

fn edge_text(case: &Case, reference: &Reference) -> String {
    let own_parent = case
        .id
        .parse()
        .ok()
        .and_then(|id: ResourceId| parent(&id).map(|id| id.as_str().to_owned()));
    let near = |target: &Target| match target {
        Target::Itself => Some(""),
        Target::Id(id) if Some(id.as_str()) == own_parent.as_deref() => Some("^ "),
        Target::Id(_) | Target::Alias(_) => None,
    };
    let far = |target: &Target| match target {
        Target::Itself => panic!("{reference:?} relates to itself"),
        Target::Id(id) => id.clone(),
        Target::Alias(alias) => format!("@{alias}"),
    };
    let sure = reference.said == Said::Here;
    // Of two ends that could be the near one, the node itself is.
    let leads_away = reference.from == Target::Itself
        || (reference.to != Target::Itself && near(&reference.from).is_some());
    let (mark, arrow, other) = if leads_away {
        (
            near(&reference.from),
            if sure { "->" } else { "~>" },
            far(&reference.to),
        )
    } else {
        (
            near(&reference.to),
            if sure { "<-" } else { "<~" },
            far(&reference.from),
        )
    };
    let mark = mark.unwrap_or_else(|| panic!("{reference:?} has no end here"));
    format!("{mark}{} {arrow} {other}", reference.relationship)
}

#[test]
fn bodies_say_their_edges_and_no_others() {
    for case in cases() {
        let members = case.body.as_object().unwrap();
        let references = if case.kind.contains('/') {
            find(&case.id.parse().unwrap(), &case.kind, members).references
        } else {
            find_in_directory_object(&case.kind, members)
        };
        let found: BTreeSet<String> = references
            .iter()
            // What grants access has tests of its own.
            .filter(|reference| reference.relationship != "HAS_ROLE")
            .map(|reference| edge_text(&case, reference))
            .collect();
        let missing: Vec<_> = case.edges.difference(&found).collect();
        let surplus: Vec<_> = found.difference(&case.edges).collect();
        assert!(
            missing.is_empty() && surplus.is_empty(),
            "{}: missing {missing:#?}, surplus {surplus:#?}",
            case.id
        );
    }
}

/// Whether the body has something where the row looks, and lists the edge that follows from it.
fn covers(case: &Case, row: &Row) -> bool {
    let kind = case.kind.to_lowercase();
    let types = row.types.to_lowercase();
    let is_of_type = types == "*"
        || kind == types
        || types
            .strip_prefix('*')
            .is_some_and(|ending| kind.ends_with(ending));
    if !is_of_type {
        return false;
    }
    let path = row.path.trim_matches(['^', '@']);
    let texts = Pattern::new(path).texts(case.body.as_object().unwrap());
    let arrow = match row.way {
        Way::To => "->",
        Way::From => "<-",
        Way::ToAlso => "~>",
        Way::FromAlso => "<~",
    };
    let near = if row.path.starts_with('^') { "^ " } else { "" };
    texts.iter().any(|text| {
        let other = if row.path.ends_with('@') {
            address::of(text).map(|alias| format!("@{alias}"))
        } else if row.path.ends_with('^') {
            let id: ResourceId = text.parse().unwrap();
            parent(&id).map(|id| id.as_str().to_owned())
        } else {
            Some((*text).to_owned())
        };
        other.is_some_and(|other| {
            row.relationships
                .iter()
                .all(|name| case.edges.contains(&format!("{near}{name} {arrow} {other}")))
        })
    })
}

#[test]
fn every_row_has_a_body() {
    let cases = cases();
    let bare: Vec<String> = rows()
        .iter()
        .filter(|row| !cases.iter().any(|case| covers(case, row)))
        .map(|row| format!("{} {}", row.types, row.path))
        .collect();
    assert!(
        bare.is_empty(),
        "write a body with its edges into bodies.jsonl for {bare:#?}"
    );
}

#[test]
fn rows_use_the_names_of_the_graph_and_claim_a_path_once() {
    let mut claimed = BTreeMap::new();
    for row in rows() {
        for name in &row.relationships {
            assert!(
                RELATIONSHIPS.contains(name),
                "{} {}: {name} is no name of the graph",
                row.types,
                row.path
            );
        }
        let place = (row.types.to_lowercase(), row.path.to_lowercase());
        assert_eq!(
            claimed.insert(place, row),
            None,
            "{} {} is claimed twice",
            row.types,
            row.path
        );
        // Who has an alias is known at the end of an edge only.
        assert!(
            !row.path.ends_with('@') || row.way == Way::To,
            "{} {}",
            row.types,
            row.path
        );
    }
}

#[test]
fn the_table_is_as_large_as_promised() {
    let places: BTreeSet<_> = rows()
        .iter()
        .map(|row| {
            (
                row.types.to_lowercase(),
                row.path.trim_matches(['^', '@']).to_lowercase(),
            )
        })
        .collect();
    let triples: BTreeSet<_> = rows()
        .iter()
        .filter(|row| row.types.contains('/') && row.other.contains('/'))
        .flat_map(|row| {
            row.relationships
                .iter()
                .map(move |name| (row.types.to_lowercase(), *name, row.other.to_lowercase()))
        })
        .collect();
    assert!(places.len() >= 460, "{} places", places.len());
    assert!(triples.len() >= 340, "{} triples", triples.len());
}
