//! What a comparison finds: numbers in memory, lists on the disk.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufReader, BufWriter, Read, Seek as _, Write},
    path::{Path, PathBuf},
};

use atg_sdk::{
    Result,
    model::operations::diff::{Differences, TypeDifferences},
};

use super::rows::EdgeKey;
use crate::{
    discovery::changes::{write_change, write_property},
    fault::io_error,
    graph::{Change, PropertyChange},
    json::write_string,
};

/// Of types, relationships and property paths, no more are counted one by one: a damaged file could have as many as lines.
const NAMES: usize = 10_000;

/// What is counted together past that.
const OTHERS: &str = "(others)";

/// How many of each kind of difference are shown to people.
pub(super) const SHOWN: usize = 50;

/// One difference.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Difference {
    Added,
    Removed,
    Changed(Vec<PropertyChange>),
}

/// Everything that was found.
pub(super) struct Findings {
    pub(super) nodes: Differences,
    pub(super) edges: Differences,
    pub(super) kinds: BTreeMap<String, TypeDifferences>,
    pub(super) relationships: BTreeMap<String, TypeDifferences>,
    /// How often something under this path of this type differs.
    pub(super) properties: BTreeMap<(String, String), u64>,
    pub(super) node_list: List,
    pub(super) edge_list: List,
    /// The first of each kind.
    pub(super) shown: Shown,
}

/// For people.
#[derive(Debug, Default)]
pub(super) struct Shown {
    pub(super) added: Vec<(String, String)>,
    pub(super) removed: Vec<(String, String)>,
    pub(super) changed: Vec<(String, String, Vec<PropertyChange>)>,
    pub(super) added_edges: Vec<EdgeKey>,
    pub(super) removed_edges: Vec<EdgeKey>,
    pub(super) changed_edges: Vec<(EdgeKey, Vec<PropertyChange>)>,
}

impl Findings {
    /// Lists go into files without names in that directory.
    pub(super) fn new(directory: &Path) -> Result<Self> {
        Ok(Self {
            nodes: Differences::default(),
            edges: Differences::default(),
            kinds: BTreeMap::new(),
            relationships: BTreeMap::new(),
            properties: BTreeMap::new(),
            node_list: List::new(directory)?,
            edge_list: List::new(directory)?,
            shown: Shown::default(),
        })
    }

    pub(super) fn left_node(&mut self, kind: &str) {
        entry(&mut self.kinds, kind).left += 1;
    }

    pub(super) fn right_node(&mut self, kind: &str) {
        entry(&mut self.kinds, kind).right += 1;
    }

    pub(super) fn left_edge(&mut self, relationship: &str) {
        entry(&mut self.relationships, relationship).left += 1;
    }

    pub(super) fn right_edge(&mut self, relationship: &str) {
        entry(&mut self.relationships, relationship).right += 1;
    }

    pub(super) fn same_node(&mut self) {
        self.nodes.unchanged += 1;
    }

    pub(super) fn same_edge(&mut self) {
        self.edges.unchanged += 1;
    }

    pub(super) fn node(&mut self, difference: Difference, kind: &str, id: &str) -> Result<()> {
        let counts = entry(&mut self.kinds, kind);
        let (kind, id) = (kind.to_owned(), id.to_owned());
        let change = match difference {
            Difference::Added => {
                (self.nodes.added, counts.added) = (self.nodes.added + 1, counts.added + 1);
                show(&mut self.shown.added, || (kind.clone(), id.clone()));
                Change::Added { id, kind }
            }
            Difference::Removed => {
                (self.nodes.removed, counts.removed) = (self.nodes.removed + 1, counts.removed + 1);
                show(&mut self.shown.removed, || (kind.clone(), id.clone()));
                Change::Removed { id, kind }
            }
            Difference::Changed(changes) => {
                (self.nodes.changed, counts.changed) = (self.nodes.changed + 1, counts.changed + 1);
                self.count_properties(&kind, &changes);
                show(&mut self.shown.changed, || {
                    (kind.clone(), id.clone(), changes.clone())
                });
                Change::Changed { id, kind, changes }
            }
        };
        self.node_list.push(|line| write_change(&change, line))
    }

    pub(super) fn edge(&mut self, difference: Difference, key: &EdgeKey) -> Result<()> {
        let counts = entry(&mut self.relationships, &key[1]);
        let (name, changes) = match difference {
            Difference::Added => {
                (self.edges.added, counts.added) = (self.edges.added + 1, counts.added + 1);
                show(&mut self.shown.added_edges, || key.clone());
                ("added", Vec::new())
            }
            Difference::Removed => {
                (self.edges.removed, counts.removed) = (self.edges.removed + 1, counts.removed + 1);
                show(&mut self.shown.removed_edges, || key.clone());
                ("removed", Vec::new())
            }
            Difference::Changed(changes) => {
                (self.edges.changed, counts.changed) = (self.edges.changed + 1, counts.changed + 1);
                show(&mut self.shown.changed_edges, || (key.clone(), changes.clone()));
                ("changed", changes)
            }
        };
        self.edge_list.push(|line| write_edge(name, key, &changes, line))
    }

    /// Elements of lists are counted together: the third rule of one group is no other property than its fourth.
    fn count_properties(&mut self, kind: &str, changes: &[PropertyChange]) {
        let mut paths: Vec<String> = changes
            .iter()
            .map(|change| without_indices(&change.path))
            .collect();
        paths.sort_unstable();
        paths.dedup();
        for path in paths {
            let key = (kind.to_owned(), path);
            let key = match self.properties.len() < NAMES || self.properties.contains_key(&key) {
                true => key,
                false => (OTHERS.to_owned(), OTHERS.to_owned()),
            };
            *self.properties.entry(key).or_default() += 1;
        }
    }
}

fn entry<'m>(map: &'m mut BTreeMap<String, TypeDifferences>, kind: &str) -> &'m mut TypeDifferences {
    let kind = match map.len() < NAMES || map.contains_key(kind) {
        true => kind,
        false => OTHERS,
    };
    map.entry(kind.to_owned()).or_insert_with(|| TypeDifferences {
        kind: kind.to_owned(),
        ..TypeDifferences::default()
    })
}

fn show<T>(shown: &mut Vec<T>, one: impl FnOnce() -> T) {
    if shown.len() < SHOWN {
        shown.push(one());
    }
}

/// `a[3].b` as `a[].b`.
fn without_indices(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('[') {
        out.push_str(before);
        out.push('[');
        rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
    }
    out.push_str(rest);
    out
}

fn write_edge(
    name: &str,
    [from, relationship, to, path, owner]: &EdgeKey,
    changes: &[PropertyChange],
    out: &mut String,
) {
    out.push_str("{\"change\":\"");
    out.push_str(name);
    out.push('"');
    for (member, text) in [("from", from), ("type", relationship), ("to", to), ("path", path)] {
        out.push_str(",\"");
        out.push_str(member);
        out.push_str("\":");
        write_string(text, out);
    }
    if owner != from {
        out.push_str(",\"owner\":");
        write_string(owner, out);
    }
    if !changes.is_empty() {
        out.push_str(",\"changes\":[");
        for (index, change) in changes.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            write_property(change, out);
        }
        out.push(']');
    }
    out.push('}');
}

/// Elements of a JSON array, on the disk until it is their turn.
pub(super) struct List {
    directory: PathBuf,
    file: BufWriter<File>,
    line: String,
    empty: bool,
}

impl List {
    fn new(directory: &Path) -> Result<Self> {
        let file = tempfile::tempfile_in(directory)
            .map_err(|error| io_error("make room for the differences", directory, error))?;
        Ok(Self {
            directory: directory.to_owned(),
            file: BufWriter::with_capacity(1 << 16, file),
            line: String::new(),
            empty: true,
        })
    }

    fn push(&mut self, write: impl FnOnce(&mut String)) -> Result<()> {
        self.line.clear();
        self.line.push_str(if self.empty { "\n" } else { ",\n" });
        self.empty = false;
        write(&mut self.line);
        self.file
            .write_all(self.line.as_bytes())
            .map_err(|error| io_error("write the differences", &self.directory, error))
    }

    /// The elements, one a line.
    pub(super) fn into_reader(self) -> Result<impl Read> {
        let failed = |error| io_error("read the differences again", &self.directory, error);
        let mut file = self
            .file
            .into_inner()
            .map_err(std::io::IntoInnerError::into_error)
            .map_err(failed)?;
        file.rewind().map_err(failed)?;
        Ok(BufReader::with_capacity(1 << 16, file))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_of_lists_are_counted_together() {
        assert_eq!(without_indices("a[3].b[12][0].c"), "a[].b[][].c");
        assert_eq!(without_indices("tags.[x]"), "tags.[x]");
        assert_eq!(without_indices("plain"), "plain");
    }

    #[test]
    fn a_file_of_a_million_types_does_not_fill_the_memory() {
        let directory = tempfile::tempdir().unwrap();
        let mut findings = Findings::new(directory.path()).unwrap();
        for number in 0..NAMES + 5 {
            findings.left_node(&format!("type {number}"));
        }
        assert_eq!(findings.kinds.len(), NAMES + 1);
        assert_eq!(findings.kinds[OTHERS].left, 5);
    }
}
