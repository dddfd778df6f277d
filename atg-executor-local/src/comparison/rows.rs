//! The nodes and edges of an export, one after the other, with what a comparison needs of each.

use std::borrow::Cow;

use atg_sdk::{Error, ErrorKind, Result, azure::TenantId};
use serde::Deserialize;

use super::{
    guid::Exchange,
    sort::{Sorted, Sorter},
};
use crate::graph::{Counts, lines::LineReader, record::Record};

/// Nodes first, then edges, each in the order of their keys.
pub(super) trait Rows {
    /// The next node; `None` after the last one.
    fn node(&mut self) -> Result<Option<NodeRow>>;
    /// The next edge; `None` after the last one. Nodes that were not read yet are skipped.
    fn edge(&mut self) -> Result<Option<EdgeRow>>;
}

/// A node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NodeRow {
    pub(super) key: String,
    /// The resource type, or the first label where there is none.
    pub(super) kind: String,
    /// Whether it only stands for something that others name.
    pub(super) is_stub: bool,
    pub(super) line: String,
}

/// An edge that is not a spare one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EdgeRow {
    /// Which edge it is.
    pub(super) key: EdgeKey,
    pub(super) line: String,
}

/// From, relationship, to, path, owner: in this order edges are exported.
pub(super) type EdgeKey = [String; 5];

impl NodeRow {
    /// A thing and the stub that is left of it are two: it was removed, although others still name it.
    pub(super) fn place(&self) -> (&str, bool) {
        (&self.key, self.is_stub)
    }
}

impl EdgeRow {
    pub(super) fn relationship(&self) -> &str {
        &self.key[1]
    }
}

enum Row {
    Tenant(String),
    Node(NodeRow),
    Edge(EdgeRow),
    /// A spare edge, a scan, the header.
    Nothing,
    End(Counts),
}

/// Reads an export, and finds out whether it is whole.
pub(super) struct Stream {
    /// For people: `left` or `right`.
    side: &'static str,
    lines: LineReader,
    /// Only keys that begin like this.
    only: Option<String>,
    tenants: Vec<String>,
    ahead: Option<Row>,
    last_node: String,
    last_edge: Option<EdgeKey>,
    counts: Counts,
    ended: bool,
}

impl Stream {
    /// Reads the header and the tenants.
    ///
    /// # Errors
    /// `InvalidArgument` for what is no export, `Unsupported` for one of a newer version.
    pub(super) fn open(side: &'static str, lines: LineReader) -> Result<Self> {
        let mut stream = Self {
            side,
            lines,
            only: None,
            tenants: Vec::new(),
            ahead: None,
            last_node: String::new(),
            last_edge: None,
            counts: Counts::default(),
            ended: false,
        };
        let header = stream.line()?.unwrap_or_default();
        match Record::parse(&header) {
            Ok(Record::Header { .. }) => {}
            Ok(_) => return Err(stream.wrong("it is not the header of an export of ATG")),
            Err(error) => {
                let what = error.message().to_owned();
                return Err(match error.kind() {
                    ErrorKind::Unsupported => error,
                    _ => stream.wrong(&what),
                });
            }
        }
        loop {
            match stream.row()? {
                Some(Row::Tenant(tenant)) => stream.tenants.push(tenant),
                row => {
                    stream.ahead = row;
                    return Ok(stream);
                }
            }
        }
    }

    /// The tenants of the export.
    pub(super) fn tenants(&self) -> Result<Vec<TenantId>> {
        self.tenants.iter().map(|id| id.parse()).collect()
    }

    /// Takes what is of this tenant alone.
    pub(super) fn keep_only(&mut self, tenant: TenantId) {
        self.only = Some(format!("{tenant}|"));
    }

    /// How many lines were read.
    pub(super) fn lines_read(&self) -> u64 {
        self.lines.number()
    }

    fn line(&mut self) -> Result<Option<String>> {
        self.lines.next().map_err(|error| self.of_this_side(&error))
    }

    fn of_this_side(&self, error: &Error) -> Error {
        Error::new(
            error.kind(),
            format!("the {} side: {}", self.side, error.message()),
        )
    }

    fn wrong(&self, what: &str) -> Error {
        Error::invalid(format!(
            "the {} side: read the export: line {}: {what}",
            self.side,
            self.lines.number().max(1)
        ))
    }

    /// The next line that counts.
    fn row(&mut self) -> Result<Option<Row>> {
        if let Some(row) = self.ahead.take() {
            return Ok(Some(row));
        }
        loop {
            let Some(line) = self.line()? else {
                if self.ended {
                    return Ok(None);
                }
                return Err(self.wrong("it ends too early; copy or export it again"));
            };
            if self.ended {
                return Err(self.wrong("it comes after the end of the export"));
            }
            let row = read(line).map_err(|error| self.wrong(error.message()))?;
            let row = match row {
                Row::Nothing => continue,
                Row::End(promised) => {
                    self.ended = true;
                    if promised == self.counts {
                        continue;
                    }
                    return Err(self.wrong(&format!(
                        "it promises {} nodes and {} edges, {} and {} were there",
                        promised.nodes, promised.edges, self.counts.nodes, self.counts.edges
                    )));
                }
                row => row,
            };
            self.check_order(&row)?;
            let key = match &row {
                Row::Node(node) => &node.key,
                Row::Edge(edge) => &edge.key[0],
                Row::Tenant(_) | Row::Nothing | Row::End(_) => return Ok(Some(row)),
            };
            if self.only.as_ref().is_none_or(|only| key.starts_with(only)) {
                return Ok(Some(row));
            }
        }
    }

    /// What is not in order would be compared with the wrong thing.
    fn check_order(&mut self, row: &Row) -> Result<()> {
        match row {
            Row::Node(node) => {
                if self.last_edge.is_some() {
                    return Err(self.wrong("a node comes after the first edge"));
                }
                if node.key <= self.last_node {
                    return Err(self.wrong("the node is there twice or not in the order of keys"));
                }
                self.last_node.clone_from(&node.key);
                self.counts.nodes += 1;
            }
            Row::Edge(edge) => {
                if self.last_edge.as_ref().is_some_and(|last| *last > edge.key) {
                    return Err(self.wrong("the edge is not in order"));
                }
                self.last_edge = Some(edge.key.clone());
                self.counts.edges += 1;
            }
            Row::Tenant(_) | Row::Nothing | Row::End(_) => {}
        }
        Ok(())
    }
}

impl Rows for Stream {
    fn node(&mut self) -> Result<Option<NodeRow>> {
        match self.row()? {
            Some(Row::Node(node)) => Ok(Some(node)),
            row => {
                self.ahead = row;
                Ok(None)
            }
        }
    }

    fn edge(&mut self) -> Result<Option<EdgeRow>> {
        loop {
            match self.row()? {
                Some(Row::Edge(edge)) => return Ok(Some(edge)),
                Some(_) => {}
                None => return Ok(None),
            }
        }
    }
}

/// An export as it would be if its tenant had the GUIDs of another.
pub(super) struct Turned {
    nodes: Sorted<1>,
    edges: Sorted<5>,
}

impl Turned {
    /// Reads the whole, and puts it in its new order on the disk.
    pub(super) fn new(
        stream: &mut Stream,
        exchange: &Exchange,
        directory: &std::path::Path,
        mut tick: impl FnMut(u64) -> Result<()>,
    ) -> Result<Self> {
        let mut nodes = Sorter::new(directory);
        while let Some(node) = stream.node()? {
            tick(stream.lines_read())?;
            nodes.push(([exchange.apply(&node.key)], exchange.apply(&node.line)))?;
        }
        let mut edges = Sorter::new(directory);
        while let Some(edge) = stream.edge()? {
            tick(stream.lines_read())?;
            let key = edge.key.map(|text| exchange.apply(&text));
            edges.push((key, exchange.apply(&edge.line)))?;
        }
        Ok(Self {
            nodes: nodes.sorted()?,
            edges: edges.sorted()?,
        })
    }
}

impl Rows for Turned {
    fn node(&mut self) -> Result<Option<NodeRow>> {
        let next = self.nodes.next()?;
        next.map(|([key], line)| match read(line)? {
            Row::Node(node) => Ok(NodeRow { key, ..node }),
            _ => Err(Error::internal(
                "compare two tenants: a node became something else",
            )),
        })
        .transpose()
    }

    fn edge(&mut self) -> Result<Option<EdgeRow>> {
        Ok(self.edges.next()?.map(|(key, line)| EdgeRow { key, line }))
    }
}

#[derive(Deserialize)]
struct NodeLine<'a> {
    #[serde(borrow)]
    node: NodeHead<'a>,
}

#[derive(Deserialize)]
struct NodeHead<'a> {
    #[serde(borrow)]
    key: Cow<'a, str>,
    #[serde(borrow)]
    class: Cow<'a, str>,
    #[serde(borrow)]
    labels: Vec<Cow<'a, str>>,
    #[serde(borrow, rename = "type")]
    resource_type: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct EdgeLine<'a> {
    #[serde(borrow)]
    edge: EdgeHead<'a>,
}

#[derive(Deserialize)]
struct EdgeHead<'a> {
    #[serde(borrow)]
    from: Cow<'a, str>,
    #[serde(borrow, rename = "type")]
    relationship: Cow<'a, str>,
    #[serde(borrow)]
    to: Cow<'a, str>,
    #[serde(borrow)]
    path: Cow<'a, str>,
    #[serde(borrow)]
    owner: Option<Cow<'a, str>>,
    spare: Option<bool>,
}

/// Reads as little of a line as possible: most are the same on both sides.
fn read(line: String) -> Result<Row> {
    let unread =
        |error: serde_json::Error| Error::invalid(format!("it is not a line of an export ({error})"));
    if line.starts_with("{\"node\"") {
        let NodeLine { node } = serde_json::from_str(&line).map_err(unread)?;
        if node.class == "scan" {
            return Ok(Row::Nothing);
        }
        let kind = node.resource_type.as_ref().or(node.labels.first());
        let (key, kind) = (
            node.key.to_string(),
            kind.map(ToString::to_string).unwrap_or_default(),
        );
        let is_stub = node.class == "external";
        return Ok(Row::Node(NodeRow {
            key,
            kind,
            is_stub,
            line,
        }));
    }
    if line.starts_with("{\"edge\"") {
        let EdgeLine { edge } = serde_json::from_str(&line).map_err(unread)?;
        if edge.spare == Some(true) {
            return Ok(Row::Nothing);
        }
        let owner = edge.owner.as_ref().unwrap_or(&edge.from).to_string();
        let key = [
            edge.from.to_string(),
            edge.relationship.to_string(),
            edge.to.to_string(),
            edge.path.to_string(),
            owner,
        ];
        return Ok(Row::Edge(EdgeRow { key, line }));
    }
    Ok(match Record::parse(&line)? {
        Record::Tenant(tenant) => Row::Tenant(tenant.id),
        Record::End(counts) => Row::End(counts),
        Record::Header { .. } => return Err(Error::invalid("it is a second header")),
        // Somebody wrote it otherwise than we do.
        record @ (Record::Node(_) | Record::Edge(_)) => return read(record.to_line()),
    })
}
