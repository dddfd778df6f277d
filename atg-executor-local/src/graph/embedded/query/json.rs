//! Values as the JSON of an answer.

use serde_json::{Map as JsonMap, Value as Json, json};

use super::Execution;
use crate::cypher::{
    eval::{Graph, Outcome},
    temporal,
    value::{Map, Node, Relationship, Value, float_text},
};

/// The JSON of a value. A float that JSON cannot write is a text: `"NaN"`, `"Infinity"`, `"-Infinity"`.
pub(super) fn value(value: &Value, execution: &Execution<'_>) -> Outcome<Json> {
    let own = match value {
        Value::Text(text) => text.len(),
        _ => 0,
    };
    execution.spend(own + size_of::<Json>())?;
    Ok(match value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Int(value) => Json::from(*value),
        Value::Float(float) => serde_json::Number::from_f64(*float)
            .map_or_else(|| Json::String(float_text(*float)), Json::Number),
        Value::Text(text) => Json::String(text.to_string()),
        Value::List(items) => Json::Array(
            items
                .iter()
                .map(|item| self::value(item, execution))
                .collect::<Outcome<_>>()?,
        ),
        Value::Map(members) => map(members, execution)?,
        Value::Date(date) => Json::String(temporal::date_text(*date)),
        Value::DateTime(time) => Json::String(temporal::time_text(time)),
        Value::Duration(duration) => Json::String(temporal::duration_text(duration)),
        Value::Node(of) => node(of, execution)?,
        Value::Relationship(of) => relationship(of, execution)?,
        Value::Path(path) => {
            let nodes = path
                .nodes
                .iter()
                .map(|of| node(of, execution))
                .collect::<Outcome<Vec<_>>>()?;
            let relationships = path.relationships.iter().map(|of| relationship(of, execution));
            json!({ "nodes": nodes, "relationships": relationships.collect::<Outcome<Vec<_>>>()? })
        }
    })
}

fn map(members: &Map, execution: &Execution<'_>) -> Outcome<Json> {
    let mut object = JsonMap::new();
    for (name, member) in members.iter() {
        execution.spend(name.len() + 2 * size_of::<String>())?;
        object.insert(name.to_string(), value(member, execution)?);
    }
    Ok(Json::Object(object))
}

fn node(node: &Node, execution: &Execution<'_>) -> Outcome<Json> {
    let labels = value(&execution.node_labels(node)?, execution)?;
    Ok(json!({ "labels": labels, "properties": map(&execution.node_properties(node)?, execution)? }))
}

fn relationship(relationship: &Relationship, execution: &Execution<'_>) -> Outcome<Json> {
    let kind = execution.relationship_type(relationship)?;
    Ok(
        json!({ "type": &*kind, "properties": map(&execution.relationship_properties(relationship)?, execution)? }),
    )
}

/// How many bytes a row takes as JSON.
pub(super) fn length(values: &[Json]) -> u64 {
    struct Count(u64);
    impl std::io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len() as u64;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    // Values made of strings, numbers and containers always serialise, and counting does not fail.
    let _ = serde_json::to_writer(&mut count, values);
    count.0
}
