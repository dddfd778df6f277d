//! Nodes, relationships and paths.

use super::{Function, function, wrong};
use crate::cypher::{
    bind::types::Type,
    eval::Outcome,
    value::{Map, Value},
};

const NODE: Type = Type::NODE;
const RELATIONSHIP: Type = Type::RELATIONSHIP;
const PATH: Type = Type::PATH;
const ENTITY: Type = NODE.or(RELATIONSHIP);

pub(super) static TABLE: &[Function] = &[
    function("labels", &[NODE], Type::LIST, |args, graph| match &args[0] {
        Value::Node(node) => graph.node_labels(node),
        other => Err(wrong("labels", "a node", other)),
    }),
    function("type", &[RELATIONSHIP], Type::TEXT, |args, graph| {
        match &args[0] {
            Value::Relationship(relationship) => Ok(Value::Text(graph.relationship_type(relationship)?)),
            other => Err(wrong("type", "a relationship", other)),
        }
    }),
    function("keys", &[ENTITY.or(Type::MAP)], Type::LIST, |args, graph| {
        let names = |map: &Map| Value::list(map.iter().map(|(name, _)| Value::Text(name.clone())).collect());
        match &args[0] {
            Value::Node(node) => Ok(names(&graph.node_properties(node)?)),
            Value::Relationship(relationship) => Ok(names(&graph.relationship_properties(relationship)?)),
            Value::Map(map) => Ok(Value::list(hashed(map))),
            other => Err(wrong("keys", "a node, a relationship or a map", other)),
        }
    }),
    function(
        "properties",
        &[ENTITY.or(Type::MAP)],
        Type::MAP,
        |args, graph| match &args[0] {
            Value::Node(node) => Ok(Value::map(graph.node_properties(node)?)),
            Value::Relationship(relationship) => Ok(Value::map(graph.relationship_properties(relationship)?)),
            map @ Value::Map(_) => Ok(map.clone()),
            other => Err(wrong("properties", "a node, a relationship or a map", other)),
        },
    ),
    function("nodes", &[PATH], Type::LIST, |args, _| match &args[0] {
        Value::Path(path) => Ok(Value::list(path.nodes.iter().cloned().map(Value::Node).collect())),
        other => Err(wrong("nodes", "a path", other)),
    }),
    function("relationships", &[PATH], Type::LIST, |args, _| match &args[0] {
        Value::Path(path) => Ok(Value::list(
            path.relationships
                .iter()
                .cloned()
                .map(Value::Relationship)
                .collect(),
        )),
        other => Err(wrong("relationships", "a path", other)),
    }),
    function("length", &[PATH], Type::INT, |args, _| match &args[0] {
        Value::Path(path) => Ok(Value::Int(path.relationships.len() as i64)),
        other => Err(wrong("length", "a path", other)),
    }),
    function("startNode", &[RELATIONSHIP], NODE, |args, graph| match &args[0] {
        Value::Relationship(relationship) => Ok(Value::Node(graph.node(relationship.start))),
        other => Err(wrong("startNode", "a relationship", other)),
    }),
    function("endNode", &[RELATIONSHIP], NODE, |args, graph| match &args[0] {
        Value::Relationship(relationship) => Ok(Value::Node(graph.node(relationship.end))),
        other => Err(wrong("endNode", "a relationship", other)),
    }),
    function("id", &[ENTITY], Type::INT, |args, _| {
        Ok(Value::Int(row("id", &args[0])?))
    }),
    function("elementId", &[ENTITY], Type::TEXT, |args, _| {
        Ok(Value::text(row("elementId", &args[0])?.to_string()))
    }),
];

/// The store's own number of an entity: as in Neo4j, good for telling two apart, and for nothing else.
fn row(function: &str, value: &Value) -> Outcome<i64> {
    match value {
        Value::Node(node) => Ok(node.id),
        Value::Relationship(relationship) => Ok(relationship.id),
        other => Err(wrong(function, "a node or a relationship", other)),
    }
}

/// A map's names in the order in which Neo4j mostly has them, which promises none: that of Java's hash tables, of 16 places
/// and more, three quarters of them taken at the most. Where two names fall on one place, the first that was written comes
/// first; Neo4j does so up to four names.
fn hashed(map: &Map) -> Vec<Value> {
    let places = (map.len() * 4).div_ceil(3).next_power_of_two().max(16) as u32;
    let mut names: Vec<_> = map.iter().map(|(name, _)| name).collect();
    names.sort_by_key(|name| {
        let hash = name.encode_utf16().fold(0_u32, |hash, unit| {
            hash.wrapping_mul(31).wrapping_add(u32::from(unit))
        });
        (hash ^ hash >> 16) & (places - 1)
    });
    names.into_iter().map(|name| Value::Text(name.clone())).collect()
}
