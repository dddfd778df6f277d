//! The same graph on a real Neo4j: where the tests find the server, and how an export gets into it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value as Json, json};

use super::bolt::Bolt;

/// The server has one database, and tests of one process run at the same time.
static TURN: Mutex<()> = Mutex::new(());

/// A graph that is in the server for as long as this lives.
pub(crate) struct Loaded {
    _turn: MutexGuard<'static, ()>,
}

impl Loaded {
    /// Waits for whoever has the server, and replaces what is there by the records of an export.
    pub(crate) fn new(records: &[Json]) -> Self {
        // A test that failed leaves nothing behind that the next one does not replace.
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        load(&mut connect(), records);
        Self { _turn: turn }
    }

    /// Waits for whoever has the server, and empties it.
    pub(crate) fn empty() -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        connect()
            .run("MATCH (n) DETACH DELETE n", &json!({}))
            .map_err(|refused| refused.0)
            .unwrap();
        Self { _turn: turn }
    }

    /// Another connection to it.
    pub(crate) fn connect(&self) -> Bolt {
        connect()
    }
}

/// The server that `.ci/neo4j.sh start` names.
fn connect() -> Bolt {
    Bolt::connect(&uri())
}

/// Where it is.
pub(crate) fn uri() -> String {
    std::env::var("ATG_TEST_NEO4J_URI")
        .expect("ATG_TEST_NEO4J_URI names no server: run eval \"$(.ci/neo4j.sh start)\"")
}

fn load(bolt: &mut Bolt, records: &[Json]) {
    let mut run =
        |query: &str, parameters: Json| bolt.run(query, &parameters).map_err(|refused| refused.0).unwrap();
    run("MATCH (n) DETACH DELETE n", json!({}));
    run(
        "CREATE CONSTRAINT IF NOT EXISTS FOR (n:_Node) REQUIRE n.key IS UNIQUE",
        json!({}),
    );
    let nodes: Vec<&Json> = records.iter().filter_map(|record| record.get("node")).collect();
    for batch in nodes.chunks(2000) {
        let mut by_labels: std::collections::BTreeMap<String, Vec<Json>> = std::collections::BTreeMap::new();
        for node in batch {
            let labels: Vec<String> = node["labels"]
                .as_array()
                .unwrap()
                .iter()
                .map(|label| format!(":`{}`", label.as_str().unwrap()))
                .collect();
            by_labels
                .entry(labels.concat())
                .or_default()
                .push(Json::Object(properties(node)));
        }
        for (labels, rows) in by_labels {
            // The helper label carries the constraint by which edges find their ends.
            run(
                &format!("UNWIND $rows AS row CREATE (n:_Node{labels}) SET n = row"),
                json!({ "rows": rows }),
            );
        }
    }
    let edges: Vec<&Json> = records
        .iter()
        .filter_map(|record| record.get("edge"))
        .filter(|edge| edge.get("spare").is_none())
        .collect();
    for batch in edges.chunks(5000) {
        let mut by_type: std::collections::BTreeMap<&str, Vec<Json>> = std::collections::BTreeMap::new();
        for edge in batch {
            let mut properties = edge
                .get("properties")
                .and_then(Json::as_object)
                .cloned()
                .unwrap_or_default();
            for name in ["path", "scan_id"] {
                properties.insert(name.to_owned(), edge[name].clone());
            }
            let row = json!({ "from": edge["from"], "to": edge["to"], "properties": properties });
            by_type
                .entry(edge["type"].as_str().unwrap())
                .or_default()
                .push(row);
        }
        for (kind, rows) in by_type {
            let query = format!(
                "UNWIND $rows AS row MATCH (a:_Node {{key: row.from}}) MATCH (b:_Node {{key: row.to}})
                 CREATE (a)-[r:`{kind}`]->(b) SET r = row.properties"
            );
            run(&query, json!({ "rows": rows }));
        }
    }
    run("MATCH (n:_Node) REMOVE n:_Node", json!({}));
}

/// A node's properties as `graph.md` has them: columns, then members, then scalars.
fn properties(node: &Json) -> Map<String, Json> {
    let mut properties = Map::new();
    for part in ["scalars", "members"] {
        if let Some(Json::Object(members)) = node.get(part) {
            properties.extend(members.clone());
        }
    }
    for name in [
        "key",
        "id",
        "name",
        "type",
        "source",
        "first_seen_at",
        "changed_at",
        "scan_id",
    ] {
        properties.remove(name);
        if let Some(value) = node.get(name).filter(|value| !value.is_null()) {
            properties.insert(name.to_owned(), value.clone());
        }
    }
    let key = node["key"].as_str().unwrap();
    properties.insert("tenant_id".to_owned(), json!(key.split('|').next().unwrap()));
    if let Some(text) = node.get("properties") {
        // An export writes it as JSON; in the graph it is its text.
        properties.insert("properties".to_owned(), json!(text.to_string()));
    }
    properties
}
