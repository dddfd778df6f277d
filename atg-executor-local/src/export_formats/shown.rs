//! A node and an edge as a query shows them.

use std::collections::BTreeMap;

use atg_sdk::{Error, Result};

use crate::{
    graph::{
        Value,
        content::{labels_text, parse_object},
        record::{EdgeRecord, NodeRecord},
    },
    json::Json,
};

/// Properties by name.
pub(super) type Properties = BTreeMap<String, Value>;

/// A node.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ShownNode {
    pub(super) key: String,
    pub(super) labels: Vec<String>,
    /// All of them, `key` included.
    pub(super) properties: Properties,
    /// The members as one JSON object: what is not among the columns of a table.
    pub(super) members: String,
}

/// An edge.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ShownEdge {
    pub(super) from: String,
    pub(super) relationship: String,
    pub(super) to: String,
    pub(super) properties: Properties,
    /// Those that are neither the path nor the scan, as one JSON object.
    pub(super) further: Option<String>,
}

impl ShownNode {
    pub(super) fn of(node: NodeRecord) -> Result<Self> {
        let content = node.content;
        let labels: Vec<String> = serde_json::from_str(&content.labels)
            .map_err(|error| Error::invalid("the labels of a node are no list").with_source(error))?;
        let mut properties = Properties::new();
        let tenant = node.key.split('|').next().unwrap_or_default();
        let history = node.history.as_ref();
        for (name, text) in [
            ("key", Some(node.key.as_str())),
            ("id", Some(&content.id)),
            ("tenant_id", Some(tenant)),
            ("name", Some(&content.name)),
            ("type", content.resource_type.as_deref()),
            ("properties", content.properties.as_deref()),
            ("source", history.map(|_| content.source.as_str())),
            (
                "first_seen_at",
                history.map(|history| history.first_seen_at.as_str()),
            ),
            ("changed_at", history.map(|history| history.changed_at.as_str())),
            ("scan_id", history.map(|history| history.scan_id.as_str())),
        ] {
            if let Some(text) = text {
                properties.insert(name.to_owned(), Value::from(text));
            }
        }
        // What has a column wins over members, and members over what is made of the properties.
        for object in [Some(&content.members), content.scalars.as_ref()]
            .into_iter()
            .flatten()
        {
            for (name, json) in parse_object(object)? {
                if let Some(value) = value(&json)
                    && !properties.contains_key(&name)
                {
                    properties.insert(name, value);
                }
            }
        }
        Ok(Self {
            key: node.key,
            labels,
            properties,
            members: content.members,
        })
    }
}

impl ShownEdge {
    pub(super) fn of(edge: EdgeRecord) -> Result<Self> {
        let mut properties = Properties::new();
        properties.insert("path".to_owned(), Value::String(edge.path));
        if let Some(scan) = edge.scan_id {
            properties.insert("scan_id".to_owned(), Value::String(scan));
        }
        for (name, json) in edge
            .properties
            .as_deref()
            .map(parse_object)
            .transpose()?
            .unwrap_or_default()
        {
            if let Some(value) = value(&json)
                && !properties.contains_key(&name)
            {
                properties.insert(name, value);
            }
        }
        Ok(Self {
            from: edge.from,
            relationship: edge.relationship,
            to: edge.to,
            properties,
            further: edge.properties,
        })
    }
}

/// `None` for what no store keeps.
fn value(json: &Json) -> Option<Value> {
    Some(match json {
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(text) => match (text.parse::<i64>(), text.parse::<f64>()) {
            (Ok(number), _) => Value::Int(number),
            (_, Ok(number)) if number.is_finite() => Value::Float(number),
            _ => Value::String(text.to_string()),
        },
        Json::String(text) => Value::String(text.to_string()),
        Json::Array(items) => Value::Strings(
            items
                .iter()
                .filter_map(|item| item.as_str().map(str::to_owned))
                .collect(),
        ),
        Json::Null | Json::Object(_) => return None,
    })
}

/// A list as a text, where a format has no lists.
pub(super) fn list_text(texts: &[String]) -> String {
    labels_text(texts.iter().map(String::as_str))
}
