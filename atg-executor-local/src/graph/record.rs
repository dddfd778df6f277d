//! The lines of an export.
//!
//! A header with the format's version, the tenants, their nodes ordered by key, their edges ordered by ends, type and path,
//! and a last line that says how many there were, so that a file that was cut is known by it. Each line is an object with
//! one member that says what it is.

use std::borrow::Cow;

use atg_sdk::{Error, ErrorKind, Result};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    Counts, ExportRequest, NodeClass, Said, Standing,
    content::{Content, labels_text, parse_object, write_members},
};
use crate::json::{Json, write_string};

/// The version of the format. A reader refuses a newer one.
pub(crate) const VERSION: u32 = 1;

/// What tells an export from other JSON Lines.
pub(crate) const FORMAT: &str = "atg-graph";

/// One line.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Record {
    Header { history: bool },
    Tenant(TenantRecord),
    Node(Box<NodeRecord>),
    Edge(Box<EdgeRecord>),
    End(Counts),
}

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TenantRecord {
    pub(crate) id: String,
    pub(crate) history: Option<TenantHistory>,
}

impl ExportRequest {
    /// Of a graph's tenants, the ones that are asked for.
    ///
    /// # Errors
    /// `NotFound` for one that the graph does not know.
    pub(crate) fn choose(&self, mut all: Vec<TenantRecord>) -> Result<Vec<TenantRecord>> {
        let Some(wanted) = &self.tenants else {
            return Ok(all);
        };
        let wanted: Vec<String> = wanted.iter().map(ToString::to_string).collect();
        if let Some(absent) = wanted
            .iter()
            .find(|id| all.iter().all(|tenant| tenant.id != **id))
        {
            return Err(Error::not_found(format!(
                "export: the graph knows no tenant {absent}, see `atg graph tenants`"
            )));
        }
        all.retain(|tenant| wanted.contains(&tenant.id));
        Ok(all)
    }
}

/// What differs between two runs about a tenant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TenantHistory {
    pub(crate) partial: bool,
    pub(crate) last_scan_id: Option<String>,
    pub(crate) last_scan_at: Option<String>,
}

/// A node. `content.source` is empty where the export has no history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NodeRecord {
    pub(crate) key: String,
    pub(crate) content: Content,
    pub(crate) history: Option<NodeHistory>,
}

/// What differs between two runs about a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NodeHistory {
    pub(crate) first_seen_at: String,
    pub(crate) changed_at: String,
    pub(crate) scan_id: String,
}

/// An edge. Ordered as an export orders them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct EdgeRecord {
    pub(crate) from: String,
    pub(crate) relationship: String,
    pub(crate) to: String,
    pub(crate) path: String,
    pub(crate) owner: String,
    /// Superfluous as long as a better-said edge is there.
    pub(crate) spare: bool,
    pub(crate) said: Said,
    pub(crate) properties: Option<String>,
    pub(crate) scan_id: Option<String>,
}

impl Record {
    /// The line, without its end.
    pub(crate) fn to_line(&self) -> String {
        let mut out = Object::new();
        match self {
            Self::Header { history } => {
                out.text("format", FORMAT);
                out.raw("version", &VERSION.to_string());
                out.flag("history", *history);
            }
            Self::Tenant(tenant) => out.raw("tenant", &tenant.to_json()),
            Self::Node(node) => out.raw("node", &node.to_json()),
            Self::Edge(edge) => out.raw("edge", &edge.to_json()),
            Self::End(counts) => {
                let mut end = Object::new();
                end.raw("nodes", &counts.nodes.to_string());
                end.raw("edges", &counts.edges.to_string());
                out.raw("end", &end.end());
            }
        }
        out.end()
    }

    /// Reads a line.
    ///
    /// # Errors
    /// `Unsupported` for the header of a newer version; `InvalidArgument`, with a message that fits after the number of
    /// the line, for anything else.
    pub(crate) fn parse(line: &str) -> Result<Self> {
        let parsed: Line<'_> = serde_json::from_str(line)
            .map_err(|error| Error::invalid(format!("it is not a line of an export ({error})")))?;
        match parsed {
            Line {
                format: Some(format),
                version,
                history,
                ..
            } => {
                if format != FORMAT {
                    return Err(Error::invalid("it is not the header of an export of ATG"));
                }
                match version {
                    Some(VERSION) => Ok(Self::Header {
                        history: history.unwrap_or_default(),
                    }),
                    Some(version) if version > VERSION => Err(Error::new(
                        ErrorKind::Unsupported,
                        format!(
                            "the export was written by a newer ATG (format {version}, this one knows {VERSION}): use that version"
                        ),
                    )),
                    _ => Err(Error::invalid("the header names no version of the format")),
                }
            }
            Line {
                tenant: Some(tenant), ..
            } => Ok(Self::Tenant(tenant.read())),
            Line { node: Some(node), .. } => Ok(Self::Node(Box::new(node.read()?))),
            Line { edge: Some(edge), .. } => Ok(Self::Edge(Box::new(edge.read()?))),
            Line { end: Some(end), .. } => Ok(Self::End(Counts {
                nodes: end.nodes,
                edges: end.edges,
            })),
            Line { .. } => Err(Error::invalid(
                "it is neither a tenant nor a node nor an edge nor the end",
            )),
        }
    }
}

impl TenantRecord {
    fn to_json(&self) -> String {
        let mut out = Object::new();
        out.text("id", &self.id);
        if let Some(history) = &self.history {
            out.flag("partial", history.partial);
            out.optional("last_scan_id", history.last_scan_id.as_deref());
            out.optional("last_scan_at", history.last_scan_at.as_deref());
        }
        out.end()
    }
}

impl NodeRecord {
    fn to_json(&self) -> String {
        let content = &self.content;
        let mut out = Object::new();
        out.text("key", &self.key);
        out.text("id", &content.id);
        out.text("name", &content.name);
        out.text("class", content.class.name());
        out.text("standing", content.standing.name());
        out.raw("labels", &content.labels);
        out.optional("type", content.resource_type.as_deref());
        out.raw("members", &content.members);
        if let Some(scalars) = &content.scalars {
            out.raw("scalars", scalars);
        }
        if let Some(properties) = &content.properties {
            out.raw("properties", &on_one_line(properties));
        }
        if let Some(history) = &self.history {
            out.text("source", &content.source);
            out.text("first_seen_at", &history.first_seen_at);
            out.text("changed_at", &history.changed_at);
            out.text("scan_id", &history.scan_id);
        }
        out.end()
    }
}

impl EdgeRecord {
    fn to_json(&self) -> String {
        let mut out = Object::new();
        out.text("from", &self.from);
        out.text("type", &self.relationship);
        out.text("to", &self.to);
        out.text("path", &self.path);
        if self.owner != self.from {
            out.text("owner", &self.owner);
        }
        if self.said != Said::Here {
            out.text("said", self.said.name());
        }
        if self.spare {
            out.flag("spare", true);
        }
        if let Some(properties) = &self.properties {
            out.raw("properties", properties);
        }
        out.optional("scan_id", self.scan_id.as_deref());
        out.end()
    }
}

/// Line ends in a valid JSON text stand between its tokens, where a space does as well.
fn on_one_line(text: &str) -> Cow<'_, str> {
    if text.contains(['\n', '\r']) {
        Cow::Owned(text.replace(['\n', '\r'], " "))
    } else {
        Cow::Borrowed(text)
    }
}

/// A JSON object that is being written.
struct Object(String);

impl Object {
    fn new() -> Self {
        Self("{".to_owned())
    }

    fn raw(&mut self, name: &str, json: &str) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        write_string(name, &mut self.0);
        self.0.push(':');
        self.0.push_str(json);
    }

    fn text(&mut self, name: &str, text: &str) {
        let mut json = String::with_capacity(text.len() + 2);
        write_string(text, &mut json);
        self.raw(name, &json);
    }

    fn optional(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    fn flag(&mut self, name: &str, value: bool) {
        self.raw(name, if value { "true" } else { "false" });
    }

    fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    #[serde(borrow)]
    format: Option<Cow<'a, str>>,
    version: Option<u32>,
    history: Option<bool>,
    #[serde(borrow)]
    tenant: Option<TenantLine<'a>>,
    #[serde(borrow)]
    node: Option<NodeLine<'a>>,
    #[serde(borrow)]
    edge: Option<EdgeLine<'a>>,
    end: Option<EndLine>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TenantLine<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    partial: Option<bool>,
    last_scan_id: Option<String>,
    last_scan_at: Option<String>,
}

impl TenantLine<'_> {
    fn read(self) -> TenantRecord {
        TenantRecord {
            id: self.id.into_owned(),
            history: self.partial.map(|partial| TenantHistory {
                partial,
                last_scan_id: self.last_scan_id,
                last_scan_at: self.last_scan_at,
            }),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NodeLine<'a> {
    key: String,
    id: String,
    name: String,
    #[serde(borrow)]
    class: Cow<'a, str>,
    #[serde(borrow)]
    standing: Cow<'a, str>,
    labels: Vec<String>,
    #[serde(rename = "type")]
    resource_type: Option<String>,
    #[serde(borrow)]
    members: &'a RawValue,
    #[serde(borrow)]
    scalars: Option<&'a RawValue>,
    #[serde(borrow)]
    properties: Option<&'a RawValue>,
    source: Option<String>,
    first_seen_at: Option<String>,
    changed_at: Option<String>,
    scan_id: Option<String>,
}

impl NodeLine<'_> {
    fn read(self) -> Result<NodeRecord> {
        let unknown =
            |what: &str, name: &str| Error::invalid(format!("`{}` is not {what}", name.escape_debug()));
        let history = match (self.first_seen_at, self.changed_at, self.scan_id) {
            (Some(first_seen_at), Some(changed_at), Some(scan_id)) => Some(NodeHistory {
                first_seen_at,
                changed_at,
                scan_id,
            }),
            (None, None, None) => None,
            _ => {
                return Err(Error::invalid(
                    "some of the node's times and its scan are there, some are not",
                ));
            }
        };
        Ok(NodeRecord {
            content: Content {
                class: NodeClass::from_name(&self.class)
                    .ok_or_else(|| unknown("a class of nodes", &self.class))?,
                standing: Standing::from_name(&self.standing)
                    .ok_or_else(|| unknown("a standing of nodes", &self.standing))?,
                labels: labels_text(self.labels.iter().map(String::as_str)),
                resource_type: self.resource_type,
                members: scalars_text(self.members.get())?,
                scalars: self.scalars.map(|text| scalars_text(text.get())).transpose()?,
                properties: self.properties.map(|text| text.get().to_owned()),
                source: self.source.unwrap_or_default(),
                id: self.id,
                name: self.name,
            },
            key: self.key,
            history,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EdgeLine<'a> {
    from: String,
    #[serde(rename = "type")]
    relationship: String,
    to: String,
    path: String,
    owner: Option<String>,
    #[serde(borrow)]
    said: Option<Cow<'a, str>>,
    spare: Option<bool>,
    #[serde(borrow)]
    properties: Option<&'a RawValue>,
    scan_id: Option<String>,
}

impl EdgeLine<'_> {
    fn read(self) -> Result<EdgeRecord> {
        let said = self.said.as_deref().unwrap_or(Said::Here.name());
        Ok(EdgeRecord {
            said: Said::from_name(said).ok_or_else(|| {
                Error::invalid(format!(
                    "`{}` is not a way of saying an edge",
                    said.escape_debug()
                ))
            })?,
            owner: self.owner.unwrap_or_else(|| self.from.clone()),
            spare: self.spare.unwrap_or_default(),
            properties: self.properties.map(|text| scalars_text(text.get())).transpose()?,
            from: self.from,
            relationship: self.relationship,
            to: self.to,
            path: self.path,
            scan_id: self.scan_id,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EndLine {
    nodes: u64,
    edges: u64,
}

/// In canonical spelling, if it holds nothing but what a store can keep as a property.
fn scalars_text(json: &str) -> Result<String> {
    let object = parse_object(json)?;
    for (name, value) in &object {
        let allowed = match value {
            Json::Bool(_) | Json::Number(_) | Json::String(_) => true,
            Json::Array(items) => items.iter().all(|item| item.as_str().is_some()),
            Json::Null | Json::Object(_) => false,
        };
        if !allowed {
            return Err(Error::invalid(format!(
                "the property `{}` is neither a scalar nor a list of texts",
                name.escape_debug()
            )));
        }
    }
    Ok(write_members(&object))
}
