//! The sample graph in memory.

use std::{collections::HashMap, sync::Arc};

use serde_json::Value as Json;

use crate::cypher::{
    bind::{parameter_value, plan::Plan},
    eval::{self, Fault, Outcome, Row},
    value::{Map, Node, Relationship, Value},
};

pub(super) struct NodeData {
    pub(super) labels: Vec<Arc<str>>,
    pub(super) properties: Map,
}

pub(super) struct EdgeData {
    pub(super) kind: Arc<str>,
    pub(super) relationship: Relationship,
    pub(super) properties: Map,
}

/// Nodes and relationships by their numbers.
pub(super) struct Graph {
    pub(super) nodes: Vec<NodeData>,
    pub(super) edges: Vec<EdgeData>,
}

impl Graph {
    pub(super) fn of(lines: &[String]) -> Self {
        let mut graph = Self {
            nodes: Vec::new(),
            edges: Vec::new(),
        };
        let mut keys: HashMap<String, i64> = HashMap::new();
        for line in lines {
            let line: Json = serde_json::from_str(line).unwrap();
            if let Some(node) = line.get("node") {
                keys.insert(node["key"].as_str().unwrap().to_owned(), graph.nodes.len() as i64);
                graph.nodes.push(NodeData {
                    labels: labels(node),
                    properties: properties(node),
                });
            } else if let Some(edge) = line.get("edge") {
                let mut properties = Map::default();
                for name in ["path", "scan_id"] {
                    properties.set(name.into(), value(&edge[name]));
                }
                for (name, member) in edge
                    .get("properties")
                    .and_then(Json::as_object)
                    .into_iter()
                    .flatten()
                {
                    properties.set(name.as_str().into(), value(member));
                }
                let relationship = Relationship {
                    id: graph.edges.len() as i64,
                    kind: 0,
                    start: keys[edge["from"].as_str().unwrap()],
                    end: keys[edge["to"].as_str().unwrap()],
                };
                let kind = edge["type"].as_str().unwrap().into();
                graph.edges.push(EdgeData {
                    kind,
                    relationship,
                    properties,
                });
            }
        }
        graph
    }

    pub(super) fn node_data(&self, node: &Node) -> &NodeData {
        &self.nodes[usize::try_from(node.id).unwrap()]
    }

    pub(super) fn edge_data(&self, relationship: &Relationship) -> &EdgeData {
        &self.edges[usize::try_from(relationship.id).unwrap()]
    }
}

fn value(json: &Json) -> Value {
    parameter_value(json).unwrap()
}

fn labels(node: &Json) -> Vec<Arc<str>> {
    node["labels"]
        .as_array()
        .unwrap()
        .iter()
        .map(|label| label.as_str().unwrap().into())
        .collect()
}

/// Columns win over members, and members over scalars.
fn properties(node: &Json) -> Map {
    let mut properties = Map::default();
    for part in ["scalars", "members"] {
        for (name, member) in node.get(part).and_then(Json::as_object).into_iter().flatten() {
            properties.set(name.as_str().into(), value(member));
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
        if let Some(member) = node.get(name) {
            properties.set(name.into(), value(member));
        }
    }
    let key = node["key"].as_str().unwrap();
    properties.set("tenant_id".into(), Value::text(key.split('|').next().unwrap()));
    if let Some(text) = node.get("properties") {
        properties.set("properties".into(), Value::text(text.to_string()));
    }
    properties
}

/// For the functions, which both sides share.
impl eval::Graph for Graph {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::UNIX_EPOCH
    }

    fn node_property(&self, node: &Node, name: &str) -> Outcome<Value> {
        Ok(self
            .node_data(node)
            .properties
            .get(name)
            .cloned()
            .unwrap_or(Value::Null))
    }

    fn node_properties(&self, node: &Node) -> Outcome<Map> {
        Ok(self.node_data(node).properties.clone())
    }

    fn node_labels(&self, node: &Node) -> Outcome<Value> {
        Ok(Value::list(
            self.node_data(node)
                .labels
                .iter()
                .cloned()
                .map(Value::Text)
                .collect(),
        ))
    }

    fn has_label(&self, node: &Node, label: &str) -> Outcome<bool> {
        Ok(self.node_data(node).labels.iter().any(|other| **other == *label))
    }

    fn relationship_property(&self, relationship: &Relationship, name: &str) -> Outcome<Value> {
        Ok(self
            .edge_data(relationship)
            .properties
            .get(name)
            .cloned()
            .unwrap_or(Value::Null))
    }

    fn relationship_properties(&self, relationship: &Relationship) -> Outcome<Map> {
        Ok(self.edge_data(relationship).properties.clone())
    }

    fn relationship_type(&self, relationship: &Relationship) -> Outcome<Arc<str>> {
        Ok(self.edge_data(relationship).kind.clone())
    }

    fn node(&self, id: i64) -> Node {
        Node { id, known: None }
    }

    fn subquery(&self, _: &Plan, _: &mut Row, _: &mut dyn FnMut(&mut Row) -> Outcome<bool>) -> Outcome<()> {
        Err(Fault::invalid("a naive evaluator has no plans"))
    }

    fn tick(&self) -> Outcome<()> {
        Ok(())
    }

    fn check_size(&self, _: usize) -> Outcome<()> {
        Ok(())
    }
}
