//! GraphML (<http://graphml.graphdrawing.org/primer/graphml-primer.html>): keys with types, then nodes, then edges.
//!
//! Keys stand before what they describe, and are known only after it: the body waits in a file without a name.

use std::{
    collections::HashMap,
    fs::File,
    io::{BufWriter, Seek as _},
    path::PathBuf,
};

use atg_sdk::{Error, Result};

use super::{
    Writer,
    shown::{Properties, ShownEdge, ShownNode, list_text},
    write,
};
use crate::{
    artifacts::ArtifactWriter,
    fault::io_error,
    graph::{Value, content::Hash, statement::key_hash},
};

/// The names under which readers of GraphML look for labels and for the type of an edge.
const LABELS: &str = "labels";
const LABEL: &str = "label";

/// The file that is being made.
pub(super) struct GraphMl {
    file: ArtifactWriter,
    directory: PathBuf,
    body: BufWriter<File>,
    keys: [Keys; 2],
    /// The number of each node.
    numbers: HashMap<Hash, u32>,
    edges: u64,
    line: String,
}

/// The keys of nodes, or of edges: by name and type.
#[derive(Default)]
struct Keys {
    numbers: HashMap<(String, &'static str), usize>,
    order: Vec<(String, &'static str)>,
}

impl Keys {
    fn number(&mut self, name: &str, kind: &'static str) -> usize {
        if let Some(number) = self.numbers.get(&(name.to_owned(), kind)) {
            return *number;
        }
        let number = self.order.len();
        self.order.push((name.to_owned(), kind));
        self.numbers.insert((name.to_owned(), kind), number);
        number
    }
}

const NODE: usize = 0;
const EDGE: usize = 1;

impl GraphMl {
    pub(super) fn new(file: ArtifactWriter, directory: PathBuf) -> Result<Self> {
        let body = tempfile::tempfile_in(&directory)
            .map_err(|error| io_error("put the graph aside", &directory, error))?;
        Ok(Self {
            file,
            directory,
            body: BufWriter::with_capacity(1 << 16, body),
            keys: Default::default(),
            numbers: HashMap::new(),
            edges: 0,
            line: String::new(),
        })
    }

    fn data(&mut self, of: usize, properties: &Properties) {
        for (name, value) in properties {
            let (kind, text) = match value {
                Value::Bool(value) => ("boolean", value.to_string()),
                Value::Int(value) => ("long", value.to_string()),
                Value::Float(value) => ("double", format!("{value:?}")),
                Value::String(text) => ("string", text.clone()),
                Value::Strings(texts) => ("string", list_text(texts)),
            };
            let number = self.keys[of].number(name, kind);
            let letter = ["n", "e"][of];
            self.line.push_str(&format!("<data key=\"{letter}{number}\">"));
            escape(&text, &mut self.line);
            self.line.push_str("</data>");
        }
    }

    fn number(&self, key: &str) -> Result<u32> {
        let number = self.numbers.get(&key_hash(key)).copied();
        number.ok_or_else(|| Error::internal("export: an edge ends at a node that is not there"))
    }
}

impl Writer for GraphMl {
    fn node(&mut self, node: ShownNode) -> Result<()> {
        let number = u32::try_from(self.numbers.len())
            .map_err(|_| Error::invalid("export: GraphML takes four thousand million nodes at most"))?;
        self.numbers.insert(key_hash(&node.key), number);
        self.line.clear();
        self.line
            .push_str(&format!("<node id=\"n{number}\"><data key=\"{LABELS}\">"));
        for label in &node.labels {
            self.line.push(':');
            escape(label, &mut self.line);
        }
        self.line.push_str("</data>");
        self.data(NODE, &node.properties);
        self.line.push_str("</node>\n");
        write(&mut self.body, &self.line)
    }

    fn edge(&mut self, edge: ShownEdge) -> Result<()> {
        let (from, to) = (self.number(&edge.from)?, self.number(&edge.to)?);
        self.line.clear();
        self.line.push_str(&format!(
            "<edge id=\"e{}\" source=\"n{from}\" target=\"n{to}\"><data key=\"{LABEL}\">",
            self.edges
        ));
        self.edges += 1;
        escape(&edge.relationship, &mut self.line);
        self.line.push_str("</data>");
        self.data(EDGE, &edge.properties);
        self.line.push_str("</edge>\n");
        write(&mut self.body, &self.line)
    }

    fn finish(self: Box<Self>) -> Result<()> {
        let Self {
            mut file,
            directory,
            body,
            keys,
            ..
        } = *self;
        let mut head = String::from(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\" \
             xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
             xsi:schemaLocation=\"http://graphml.graphdrawing.org/xmlns http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd\">\n",
        );
        for (of, what, reserved) in [(NODE, "node", LABELS), (EDGE, "edge", LABEL)] {
            head.push_str(&format!(
                "<key id=\"{reserved}\" for=\"{what}\" attr.name=\"{reserved}\" attr.type=\"string\"/>\n"
            ));
            let letter = ["n", "e"][of];
            for (number, (name, kind)) in keys[of].order.iter().enumerate() {
                head.push_str(&format!(
                    "<key id=\"{letter}{number}\" for=\"{what}\" attr.name=\""
                ));
                if name == reserved {
                    // The labels themselves are called so.
                    head.push_str("property.");
                }
                escape(name, &mut head);
                head.push_str(&format!("\" attr.type=\"{kind}\"/>\n"));
            }
        }
        head.push_str("<graph id=\"G\" edgedefault=\"directed\">\n");
        write(&mut file, &head)?;
        let failed = |error| io_error("read the graph again", &directory, error);
        let mut body = body
            .into_inner()
            .map_err(std::io::IntoInnerError::into_error)
            .map_err(failed)?;
        body.rewind().map_err(failed)?;
        std::io::copy(&mut body, &mut file).map_err(failed)?;
        write(&mut file, "</graph>\n</graphml>\n")?;
        file.finish_blocking()
    }
}

/// For text and for attributes alike. Spaces that a reader would change are written as numbers, and characters that XML 1.0
/// has no way to write (<https://www.w3.org/TR/xml/#charsets>) as U+FFFD.
fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' => out.push_str("&#9;"),
            '\n' => out.push_str("&#10;"),
            '\r' => out.push_str("&#13;"),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
}
