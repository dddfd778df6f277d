//! Nodes and edges as the server keeps them.
//!
//! What can be asked for are properties with the types that the embedded store gives them. What only the store needs lies
//! beside them in `_atg`, a short JSON text: class, standing, hash, the order of labels, which properties are members and
//! which scalars, and the few values that no property can hold as they are.

use std::collections::BTreeMap;

use atg_bolt::{Packer, Value};
use atg_sdk::{Error, Result, azure::TenantId};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{
    graph::{
        NodeClass, Said, Standing,
        content::{Content, Hash, labels_text, parse_object, write_members, write_value},
        embedded::mirror::{KnownEdge, NodeNow},
        model::Value as Property,
        record::NodeHistory,
    },
    json::Json,
};

/// The label of every node.
pub(super) const NODE_LABEL: &str = "_Node";

/// What the names of the store's own properties begin with.
pub(super) const OWN: &str = "_atg";

/// Properties that are columns in the embedded store. They win over members, and members over scalars.
const COLUMNS: [&str; 10] = [
    "key",
    "id",
    "tenant_id",
    "name",
    "type",
    "source",
    "first_seen_at",
    "changed_at",
    "scan_id",
    "properties",
];

/// What the store itself notes of a node.
#[derive(Debug, Serialize, Deserialize)]
struct Note {
    /// Class, standing, hash.
    n: (u8, u8, String),
    /// The labels, the most general first.
    l: Vec<String>,
    /// Which properties are members.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    m: Vec<String>,
    /// Members that no property holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    x: Option<Box<RawValue>>,
    /// Scalars that no property holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    y: Option<Box<RawValue>>,
    /// Whether there are scalars, where it is not the same as whether there are properties.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    s: Option<bool>,
}

/// The beginning of a node, as its note has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Noted {
    pub(super) class: NodeClass,
    pub(super) standing: Standing,
    pub(super) hash: Hash,
    pub(super) labels: String,
}

/// A node with all that an export tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StoredNode {
    pub(super) key: String,
    pub(super) content: Content,
    pub(super) history: NodeHistory,
}

/// Appends a node: the map of its properties, and before it the list of its labels.
pub(super) fn pack_node(out: &mut Packer, tenant: TenantId, now: &NodeNow) -> Result<()> {
    let content = &now.content;
    let labels: Vec<String> = serde_json::from_str(&content.labels).map_err(|error| {
        Error::internal("the labels of a node are not a list of names").with_source(error)
    })?;
    out.list(labels.len() + 1).text(NODE_LABEL);
    for label in &labels {
        out.text(label);
    }

    let mut properties = Packer::new();
    let mut count = 0;
    let mut column = |name: &str, value: &str| {
        properties.text(name).text(value);
        count += 1;
    };
    column("key", &now.key);
    column("id", &content.id);
    column("tenant_id", &tenant.to_string());
    column("name", &content.name);
    column("source", &content.source);
    column("changed_at", &now.history.changed_at);
    column("scan_id", &now.history.scan_id);
    // Where it is empty it stays what it was.
    if !now.history.first_seen_at.is_empty() {
        column("first_seen_at", &now.history.first_seen_at);
    }
    if let Some(kind) = &content.resource_type {
        column("type", kind);
    }
    if let Some(text) = &content.properties {
        column("properties", text);
    }

    let members = parse_object(&content.members)?;
    let mut shown = Shown::default();
    for (name, value) in &members {
        shown.add(&mut properties, name, value);
    }
    let (member_names, x) = (std::mem::take(&mut shown.names), shown.rest());
    count += member_names.len();
    let mut y = None;
    if let Some(scalars) = &content.scalars {
        for (name, value) in &parse_object(scalars)? {
            if members.contains_key(name) {
                shown.hidden.insert(name.clone(), value.clone());
            } else {
                shown.add(&mut properties, name, value);
            }
        }
        count += shown.names.len();
        y = shown.rest();
    }
    let note = Note {
        n: (
            content.class.number(),
            content.standing.number(),
            write_hash(&now.hash),
        ),
        l: labels,
        m: member_names,
        x,
        y,
        s: (content.scalars.is_some() != content.properties.is_some()).then_some(content.scalars.is_some()),
    };
    let note = serde_json::to_string(&note)
        .map_err(|error| Error::internal("the note of a node cannot be written").with_source(error))?;
    out.map(count + 1).raw(properties.bytes()).text(OWN).text(&note);
    Ok(())
}

/// Values that became properties, and those that could not.
#[derive(Default)]
struct Shown {
    names: Vec<String>,
    hidden: BTreeMap<String, Json>,
}

impl Shown {
    fn add(&mut self, out: &mut Packer, name: &str, value: &Json) {
        if may_be_shown(name) {
            let before = out.len();
            out.text(name);
            if pack_value(out, value) {
                self.names.push(name.to_owned());
                return;
            }
            out.truncate(before);
        }
        self.hidden.insert(name.to_owned(), value.clone());
    }

    fn rest(&mut self) -> Option<Box<RawValue>> {
        let hidden = std::mem::take(&mut self.hidden);
        if hidden.is_empty() {
            return None;
        }
        RawValue::from_string(write_members(&hidden)).ok()
    }
}

/// Whether a property may be called so: the server refuses two kinds of names, and the rest are taken.
fn may_be_shown(name: &str) -> bool {
    !name.is_empty() && !name.contains('\0') && !name.starts_with(OWN) && !COLUMNS.contains(&name)
}

/// Appends a value, if it comes back from the server as it is.
fn pack_value(out: &mut Packer, value: &Json) -> bool {
    match value {
        Json::Bool(value) => {
            out.bool(*value);
        }
        Json::Number(text) => {
            if let Ok(number) = text.parse::<i64>()
                && number.to_string() == **text
            {
                out.int(number);
            } else if let Ok(number) = text.parse::<f64>()
                && format!("{number:?}") == **text
            {
                out.float(number);
            } else {
                return false;
            }
        }
        Json::String(text) => {
            out.text(text);
        }
        Json::Array(items) => {
            out.list(items.len());
            for item in items {
                let Some(text) = item.as_str() else { return false };
                out.text(text);
            }
        }
        Json::Null | Json::Object(_) => return false,
    }
    true
}

/// Reads a node's note.
pub(super) fn read_note(note: &str) -> Result<Noted> {
    noted(&parse_note(note)?)
}

fn parse_note(note: &str) -> Result<Note> {
    serde_json::from_str(note).map_err(|error| damaged().with_source(error))
}

fn noted(note: &Note) -> Result<Noted> {
    let (class, standing, hash) = &note.n;
    Ok(Noted {
        class: NodeClass::from_number(*class).ok_or_else(damaged)?,
        standing: Standing::from_number(*standing).ok_or_else(damaged)?,
        hash: read_hash(hash).ok_or_else(damaged)?,
        labels: labels_text(note.l.iter().map(String::as_str)),
    })
}

/// Reads a node from the map of its properties.
pub(super) fn read_node(properties: Value) -> Result<StoredNode> {
    let mut all: BTreeMap<String, Value> = properties.into_map().ok_or_else(damaged)?.into_iter().collect();
    let note = match all.get(OWN) {
        Some(Value::String(note)) => parse_note(note)?,
        _ => return Err(damaged()),
    };
    all.retain(|name, _| !name.starts_with(OWN));
    all.remove("tenant_id");
    let mut text = |name: &str| all.remove(name).and_then(Value::into_string);
    let key = text("key").ok_or_else(damaged)?;
    let (id, name) = (text("id").ok_or_else(damaged)?, text("name").ok_or_else(damaged)?);
    let (resource_type, properties) = (text("type"), text("properties"));
    let source = text("source").unwrap_or_default();
    let mut time = |name: &str| text(name).unwrap_or_default();
    let history = NodeHistory {
        first_seen_at: time("first_seen_at"),
        changed_at: time("changed_at"),
        scan_id: time("scan_id"),
    };
    let mut members = BTreeMap::new();
    for name in &note.m {
        // A member that is no longer there was taken by somebody else; the next scan puts it back.
        if let Some(value) = all.remove(name) {
            members.insert(name.clone(), read_value(value)?);
        }
    }
    if let Some(hidden) = &note.x {
        members.extend(parse_object(hidden.get())?);
    }
    let scalars = if note.s.unwrap_or(properties.is_some()) {
        let mut scalars = BTreeMap::new();
        for (name, value) in all {
            scalars.insert(name, read_value(value)?);
        }
        if let Some(hidden) = &note.y {
            scalars.extend(parse_object(hidden.get())?);
        }
        Some(write_members(&scalars))
    } else {
        None
    };
    let Noted {
        class,
        standing,
        labels,
        ..
    } = noted(&note)?;
    Ok(StoredNode {
        key,
        content: Content {
            id,
            name,
            class,
            standing,
            labels,
            resource_type,
            members: write_members(&members),
            scalars,
            properties,
            source,
        },
        history,
    })
}

fn read_value(value: Value) -> Result<Json> {
    Ok(match value {
        Value::Bool(value) => Json::Bool(value),
        Value::Int(number) => Json::Number(number.to_string().into()),
        Value::Float(number) => {
            let mut text = String::new();
            write_value(&Property::Float(number), &mut text);
            Json::Number(text.into())
        }
        Value::String(text) => Json::String(text),
        Value::List(items) => Json::Array(items.into_iter().map(read_value).collect::<Result<_>>()?),
        Value::Null | Value::Bytes(_) | Value::Map(_) | Value::Structure(_) => return Err(damaged()),
    })
}

fn damaged() -> Error {
    Error::internal(
        "a node of the graph was changed by something else than ATG: scan the tenant again, or forget it first",
    )
}

/// What the store notes of an edge; nothing where its beginning states it and nothing else is to be said.
pub(super) fn edge_note(
    edge: &KnownEdge,
    owner_key: impl FnOnce() -> Result<String>,
) -> Result<Option<String>> {
    let odd = match &edge.properties {
        None => None,
        Some(text) => parse_object(text)?
            .iter()
            .any(|(name, value)| {
                matches!(name.as_str(), "path" | "scan_id")
                    || !may_be_shown_on_edge(name)
                    || !pack_value(&mut Packer::new(), value)
            })
            .then(|| text.clone()),
    };
    let owner = if edge.owner == edge.src {
        if edge.said == Said::Here && odd.is_none() {
            return Ok(None);
        }
        "<".to_owned()
    } else if edge.owner == edge.dst {
        ">".to_owned()
    } else {
        owner_key()?
    };
    let note = match odd {
        None => serde_json::to_string(&(edge.said.number(), owner)),
        Some(properties) => serde_json::to_string(&(edge.said.number(), owner, properties)),
    };
    note.map(Some)
        .map_err(|error| Error::internal("the note of an edge cannot be written").with_source(error))
}

fn may_be_shown_on_edge(name: &str) -> bool {
    !name.is_empty() && !name.contains('\0') && !name.starts_with(OWN)
}

/// Appends the map of an edge's properties.
pub(super) fn pack_edge(out: &mut Packer, edge: &KnownEdge, note: Option<&str>) -> Result<()> {
    let mut properties = Packer::new();
    let mut count = 2;
    properties
        .text("path")
        .text(&edge.path)
        .text("scan_id")
        .text(&edge.scan_id);
    if let Some(note) = note {
        properties.text(OWN).text(note);
        count += 1;
    }
    if let Some(text) = &edge.properties {
        for (name, value) in &parse_object(text)? {
            if !may_be_shown_on_edge(name) || matches!(name.as_str(), "path" | "scan_id") {
                continue;
            }
            let before = properties.len();
            properties.text(name);
            if pack_value(&mut properties, value) {
                count += 1;
            } else {
                properties.truncate(before);
            }
        }
    }
    out.map(count).raw(properties.bytes());
    Ok(())
}

/// An edge with keys instead of row numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StoredEdge {
    pub(super) owner: String,
    pub(super) said: Said,
    pub(super) path: String,
    pub(super) properties: Option<String>,
    pub(super) scan_id: String,
}

/// Reads an edge from the map of its properties.
pub(super) fn read_edge(from: &str, to: &str, properties: Value) -> Result<StoredEdge> {
    let mut all: BTreeMap<String, Value> = properties.into_map().ok_or_else(damaged)?.into_iter().collect();
    let mut text = |name: &str| all.remove(name).and_then(Value::into_string);
    let (path, scan_id, note) = (
        text("path").unwrap_or_default(),
        text("scan_id").unwrap_or_default(),
        text(OWN),
    );
    let (said, owner, odd) = match note {
        None => (Said::Here, from.to_owned(), None),
        Some(note) => {
            let (said, owner, odd) = read_edge_note(&note)?;
            let owner = match owner.as_str() {
                "<" => from.to_owned(),
                ">" => to.to_owned(),
                _ => owner,
            };
            (said, owner, odd)
        }
    };
    let properties = match odd {
        Some(text) => Some(text),
        None if all.is_empty() => None,
        None => {
            let mut members = BTreeMap::new();
            for (name, value) in all {
                members.insert(name, read_value(value)?);
            }
            Some(write_members(&members))
        }
    };
    Ok(StoredEdge {
        owner,
        said,
        path,
        properties,
        scan_id,
    })
}

fn read_edge_note(note: &str) -> Result<(Said, String, Option<String>)> {
    let parsed = serde_json::from_str::<(u8, String)>(note)
        .map(|(said, owner)| (said, owner, None))
        .or_else(|_| {
            serde_json::from_str::<(u8, String, String)>(note)
                .map(|(said, owner, odd)| (said, owner, Some(odd)))
        });
    let (said, owner, odd) = parsed.map_err(|error| damaged().with_source(error))?;
    Ok((Said::from_number(said).ok_or_else(damaged)?, owner, odd))
}

/// A spare edge, as it waits at its end: type, beginning, owner, way of saying, path, properties, scan.
pub(super) type Spare = (String, String, String, u8, String, Option<String>, String);

/// As the text that lies at its end.
pub(super) fn write_spare(spare: &Spare) -> Result<String> {
    serde_json::to_string(spare)
        .map_err(|error| Error::internal("a spare edge cannot be written").with_source(error))
}

/// The same, read.
pub(super) fn read_spare(text: &str) -> Result<Spare> {
    serde_json::from_str(text).map_err(|error| damaged().with_source(error))
}

/// Sixteen bytes in 22 characters, which the server keeps within the node.
pub(super) fn write_hash(hash: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut out = String::with_capacity(22);
    for chunk in hash.chunks(3) {
        let mut bits = 0_u32;
        for at in 0..3 {
            bits = bits << 8 | u32::from(chunk.get(at).copied().unwrap_or_default());
        }
        for digit in 0..=chunk.len() {
            let at = usize::try_from(bits >> (18 - 6 * digit) & 63).unwrap_or_default();
            out.push(char::from(DIGITS[at]));
        }
    }
    out
}

/// The bytes again.
pub(super) fn read_bytes(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| {
        Some(u32::from(match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => return None,
        }))
    };
    let mut out = Vec::with_capacity(text.len() * 3 / 4);
    for chunk in text.as_bytes().chunks(4) {
        let mut bits = 0;
        for at in 0..4 {
            bits = bits << 6 | chunk.get(at).map_or(Some(0), |byte| digit(*byte))?;
        }
        let bytes = bits.to_be_bytes();
        out.extend_from_slice(bytes.get(1..chunk.len())?);
    }
    Some(out)
}

fn read_hash(text: &str) -> Option<Hash> {
    read_bytes(text)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_come_back() {
        for length in 0..20_u8 {
            let bytes: Vec<u8> = (0..length).map(|byte| byte.wrapping_mul(37)).collect();
            assert_eq!(read_bytes(&write_hash(&bytes)), Some(bytes));
        }
        assert_eq!(write_hash(&[0xff; 16]).len(), 22);
    }
}
