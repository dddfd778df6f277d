//! Two tables, as RFC 4180 has them: `nodes.csv` and `edges.csv`.
//!
//! Texts are quoted, so that an empty one is told from none. What has no column of its own is in `members`, and every
//! resource's own body in `properties`, as JSON.

use atg_sdk::Result;

use super::{
    Writer,
    shown::{Properties, ShownEdge, ShownNode},
    write,
};
use crate::{artifacts::ArtifactWriter, context::Context, graph::Value};

const NODES: &[&str] = &[
    "key",
    "id",
    "tenant_id",
    "name",
    "labels",
    "type",
    "location",
    "subscription_id",
    "resource_group",
    "members",
    "properties",
];

const HISTORY: &[&str] = &["source", "first_seen_at", "changed_at", "scan_id"];

/// Both tables.
pub(super) struct Tables {
    nodes: ArtifactWriter,
    edges: ArtifactWriter,
    history: bool,
    line: String,
}

impl Tables {
    pub(super) fn new(history: bool, context: &Context) -> Result<Self> {
        let mut tables = Self {
            nodes: context.artifact_blocking("nodes.csv", "text/csv; header=present")?,
            edges: context.artifact_blocking("edges.csv", "text/csv; header=present")?,
            history,
            line: String::new(),
        };
        let more = if history { HISTORY } else { &[] };
        write(
            &mut tables.nodes,
            &format!("{}\r\n", [NODES, more].concat().join(",")),
        )?;
        let scan = if history { ",scan_id" } else { "" };
        write(
            &mut tables.edges,
            &format!("from,type,to,path,properties{scan}\r\n"),
        )?;
        Ok(tables)
    }
}

impl Writer for Tables {
    fn node(&mut self, node: ShownNode) -> Result<()> {
        self.line.clear();
        let labels = node.labels.join(";");
        let more = if self.history { HISTORY } else { &[] };
        for (index, column) in NODES.iter().chain(more).enumerate() {
            if index > 0 {
                self.line.push(',');
            }
            match *column {
                "labels" => quote(&labels, &mut self.line),
                "members" => quote(&node.members, &mut self.line),
                column => text(&node.properties, column, &mut self.line),
            }
        }
        self.line.push_str("\r\n");
        write(&mut self.nodes, &self.line)
    }

    fn edge(&mut self, edge: ShownEdge) -> Result<()> {
        self.line.clear();
        for text in [&edge.from, &edge.relationship, &edge.to] {
            quote(text, &mut self.line);
            self.line.push(',');
        }
        text(&edge.properties, "path", &mut self.line);
        self.line.push(',');
        if let Some(further) = &edge.further {
            quote(further, &mut self.line);
        }
        if self.history {
            self.line.push(',');
            text(&edge.properties, "scan_id", &mut self.line);
        }
        self.line.push_str("\r\n");
        write(&mut self.edges, &self.line)
    }

    fn finish(self: Box<Self>) -> Result<()> {
        self.nodes.finish_blocking()?;
        self.edges.finish_blocking()
    }
}

fn text(properties: &Properties, name: &str, out: &mut String) {
    if let Some(Value::String(text)) = properties.get(name) {
        quote(text, out);
    }
}

/// A quote within is doubled.
pub(super) fn quote(text: &str, out: &mut String) {
    out.push('"');
    out.push_str(&text.replace('"', "\"\""));
    out.push('"');
}
