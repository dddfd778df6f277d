//! What `neo4j-admin database import full` reads: files of nodes by labels and of relationships by type, each with a header
//! of its own, and a file with the arguments.
//!
//! A column has one type, so nodes whose property is a number here and a text there are in different files. A header
//! takes no name with brackets that mean something to it, nor one with control characters: such properties are together in
//! [`OTHER`], as JSON.

use std::{collections::BTreeMap, path::Path};

use atg_sdk::Result;

use super::{
    Writer,
    csv::quote,
    shown::{Properties, ShownEdge, ShownNode, list_text},
    write,
};
use crate::{
    comparison::sort::Sorter,
    context::Context,
    graph::{Value, content::write_value},
    json::write_string,
};

/// Between the labels of a node and the items of a list. Nobody types it.
const BETWEEN: char = '\u{1f}';

/// The property that holds what has no column.
const OTHER: &str = "atg_other";

/// The importer's own default for the longest value that it reads.
const BUFFER: usize = 4 << 20;

/// Files that share their columns.
#[derive(Debug, Clone, Default)]
struct Group {
    /// For people, in the file's name.
    title: String,
    columns: BTreeMap<String, &'static str>,
}

/// Everything is sorted by file first, so that two files are open at a time, however many there are.
pub(super) struct Layout {
    context: Context,
    nodes: Part,
    edges: Part,
    longest: usize,
}

struct Part {
    /// The files of the same labels or type.
    groups: BTreeMap<String, Vec<usize>>,
    files: Vec<Group>,
    rows: Sorter<2>,
    count: u64,
}

impl Part {
    fn new(directory: &Path) -> Self {
        Self {
            groups: BTreeMap::new(),
            files: Vec::new(),
            rows: Sorter::new(directory),
            count: 0,
        }
    }

    /// Puts a row into the first file of its labels in which no column has another type.
    fn push(&mut self, title: &str, fixed: &[String], properties: &Properties) -> Result<()> {
        let row = Row::of(properties);
        let candidates = self.groups.entry(title.to_owned()).or_default();
        let fits = |file: &&usize| {
            let columns = &self.files[**file].columns;
            row.cells
                .iter()
                .all(|(name, (kind, _))| columns.get(name).is_none_or(|known| known == kind))
        };
        let file = match candidates.iter().find(fits) {
            Some(file) => *file,
            None => {
                candidates.push(self.files.len());
                self.files.push(Group {
                    title: title.to_owned(),
                    columns: BTreeMap::new(),
                });
                self.files.len() - 1
            }
        };
        let columns = &mut self.files[file].columns;
        let mut text = String::new();
        for cell in fixed {
            write_cell(cell, &mut text);
        }
        for (name, (kind, cell)) in &row.cells {
            columns.insert(name.clone(), kind);
            write_cell(name, &mut text);
            write_cell(cell, &mut text);
        }
        self.count += 1;
        // In the order in which they came.
        let place = [format!("{file:08}"), format!("{:012}", self.count)];
        self.rows.push((place, text))
    }
}

/// The cells of a row by column, each as it stands in the file.
struct Row {
    cells: BTreeMap<String, (&'static str, String)>,
}

impl Row {
    fn of(properties: &Properties) -> Self {
        let mut cells = BTreeMap::new();
        let mut other = String::new();
        for (name, value) in properties {
            if !is_a_header(name) {
                other.push(if other.is_empty() { '{' } else { ',' });
                write_string(name, &mut other);
                other.push(':');
                write_value(value, &mut other);
                continue;
            }
            let mut cell = String::new();
            let kind = match value {
                Value::Bool(value) => {
                    cell.push_str(if *value { "true" } else { "false" });
                    "boolean"
                }
                Value::Int(value) => {
                    cell.push_str(&value.to_string());
                    "long"
                }
                Value::Float(value) => {
                    cell.push_str(&format!("{value:?}"));
                    "double"
                }
                Value::String(text) => {
                    quote(text, &mut cell);
                    "string"
                }
                // The importer knows neither an empty list nor a delimiter within an item.
                Value::Strings(texts)
                    if texts.is_empty()
                        || texts.iter().any(|text| text.is_empty() || text.contains(BETWEEN)) =>
                {
                    quote(&list_text(texts), &mut cell);
                    "string"
                }
                Value::Strings(texts) => {
                    quote(&texts.join(&BETWEEN.to_string()), &mut cell);
                    "string[]"
                }
            };
            cells.insert(name.clone(), (kind, cell));
        }
        if !other.is_empty() {
            other.push('}');
            let mut cell = String::new();
            quote(&other, &mut cell);
            cells.insert(OTHER.to_owned(), ("string", cell));
        }
        Self { cells }
    }
}

/// Whether the importer reads a property's name as it is.
fn is_a_header(name: &str) -> bool {
    !name.is_empty()
        && name != OTHER
        && name.trim() == name
        && !name.contains(|c: char| c.is_control() || matches!(c, '{' | '}' | '(' | ')' | BETWEEN))
}

/// A length and a text, so that rows can be taken apart again.
fn write_cell(cell: &str, out: &mut String) {
    out.push_str(&format!("{} {cell}", cell.len()));
}

fn read_cell<'t>(rest: &mut &'t str) -> Option<&'t str> {
    let (length, after) = rest.split_once(' ')?;
    let (cell, after) = after.split_at_checked(length.parse().ok()?)?;
    *rest = after;
    Some(cell)
}

impl Layout {
    pub(super) fn new(context: Context, directory: &Path) -> Self {
        Self {
            nodes: Part::new(directory),
            edges: Part::new(directory),
            context,
            longest: 0,
        }
    }

    fn measure(&mut self, properties: &Properties) {
        let lengths = properties.values().map(|value| match value {
            Value::String(text) => text.len(),
            Value::Strings(texts) => list_text(texts).len(),
            Value::Bool(_) | Value::Int(_) | Value::Float(_) => 0,
        });
        // What has no column stands together in one.
        self.longest = self.longest.max(lengths.sum());
    }
}

impl Writer for Layout {
    fn node(&mut self, mut node: ShownNode) -> Result<()> {
        self.measure(&node.properties);
        node.properties.remove("key");
        let mut labels = String::new();
        let joined: Vec<String> = node
            .labels
            .iter()
            .map(|label| label.replace(BETWEEN, " "))
            .collect();
        quote(&joined.join(&BETWEEN.to_string()), &mut labels);
        let mut key = String::new();
        quote(&node.key, &mut key);
        self.nodes
            .push(&node.labels.join("-"), &[key, labels], &node.properties)
    }

    fn edge(&mut self, edge: ShownEdge) -> Result<()> {
        self.measure(&edge.properties);
        let mut fixed = Vec::with_capacity(3);
        for text in [&edge.from, &edge.to, &edge.relationship] {
            let mut cell = String::new();
            quote(text, &mut cell);
            fixed.push(cell);
        }
        self.edges.push(&edge.relationship, &fixed, &edge.properties)
    }

    fn finish(self: Box<Self>) -> Result<()> {
        let Self {
            context,
            nodes,
            edges,
            longest,
        } = *self;
        let mut arguments = format!(
            "--array-delimiter=U+{:04X}\n--multiline-fields=true\n--read-buffer-size={}\n",
            u32::from(BETWEEN),
            (longest * 2 + 1024).next_power_of_two().max(BUFFER)
        );
        for (part, option, fixed) in [
            (nodes, "nodes", &["key:ID", ":LABEL"][..]),
            (edges, "relationships", &[":START_ID", ":END_ID", ":TYPE"][..]),
        ] {
            for name in files(part, option, fixed, &context)? {
                arguments.push_str(&format!("--{option}={name}-header.csv,{name}.csv\n"));
            }
        }
        let mut file = context.artifact_blocking("import.args", "text/plain")?;
        write(&mut file, &arguments)?;
        file.finish_blocking()
    }
}

/// Writes the files of one part, and says how they are called.
fn files(part: Part, option: &str, fixed: &[&str], context: &Context) -> Result<Vec<String>> {
    let mut rows = part.rows.sorted()?;
    let mut next = rows.next()?;
    let mut names = Vec::with_capacity(part.files.len());
    for (number, group) in part.files.iter().enumerate() {
        let title: String = group
            .title
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || matches!(c, '_' | '-') {
                    c
                } else {
                    '_'
                }
            })
            .take(80)
            .collect();
        let name = format!("{option}-{:04}-{title}", number + 1);
        let mut header: Vec<String> = fixed.iter().map(|column| (*column).to_owned()).collect();
        for (column, kind) in &group.columns {
            let mut cell = String::new();
            quote(&format!("{column}:{kind}"), &mut cell);
            header.push(cell);
        }
        let mut file = context.artifact_blocking(&format!("{name}-header.csv"), "text/csv")?;
        write(&mut file, &(header.join(",") + "\n"))?;
        file.finish_blocking()?;
        let mut file = context.artifact_blocking(&format!("{name}.csv"), "text/csv")?;
        let place = format!("{number:08}");
        let mut line = String::new();
        let mut lines = 0_u32;
        while let Some(([_, _], row)) = next.take_if(|([file, _], _)| *file == place) {
            write_row(&row, fixed.len(), &group.columns, &mut line);
            write(&mut file, &line)?;
            lines = lines.wrapping_add(1);
            if lines.is_multiple_of(4_096) {
                context.check_cancelled()?;
            }
            next = rows.next()?;
        }
        file.finish_blocking()?;
        names.push(name);
    }
    Ok(names)
}

fn write_row(row: &str, fixed: usize, columns: &BTreeMap<String, &'static str>, line: &mut String) {
    line.clear();
    let mut rest = row;
    for index in 0..fixed {
        if index > 0 {
            line.push(',');
        }
        line.push_str(read_cell(&mut rest).unwrap_or_default());
    }
    let mut ahead = read_cell(&mut rest);
    for column in columns.keys() {
        line.push(',');
        if ahead == Some(column.as_str()) {
            line.push_str(read_cell(&mut rest).unwrap_or_default());
            ahead = read_cell(&mut rest);
        }
    }
    line.push('\n');
}
