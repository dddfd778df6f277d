//! The table of named relationships: `rules.txt`, which says itself how it is read.

use std::sync::LazyLock;

use crate::describe::pattern::{ByType, Pattern, Rules};

const TABLE: &str = include_str!("rules.txt");

/// Which way an edge leads between the resource and what its property names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// From the resource to what is named.
    To,
    /// From what is named to the resource.
    From,
    /// Like `To`, but the other end usually says so itself, and then it is that edge.
    ToAlso,
    /// Like `From`, but the other end usually says so itself, and then it is that edge.
    FromAlso,
}

/// A line of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// A resource type, the label of a Microsoft Entra object, or a pattern of types.
    pub types: &'static str,
    /// The path with its marks, as it is written.
    pub path: &'static str,
    /// Which way the edges lead.
    pub way: Way,
    /// What the property means.
    pub relationships: Vec<&'static str>,
    /// What the other end is, `*` where it can be anything.
    pub other: &'static str,
}

/// All lines, in the order of the table. A test reads every one.
pub fn rows() -> &'static [Row] {
    static ROWS: LazyLock<Vec<Row>> =
        LazyLock::new(|| lines(TABLE).filter_map(|words| row(&words)).collect());
    &ROWS
}

/// The lines of a table that say something, each with its words.
pub(super) fn lines(table: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    table
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .filter(|words| !words.is_empty())
}

fn row(words: &[&'static str]) -> Option<Row> {
    let [types, path, way, relationships, other] = *words else {
        return None;
    };
    let way = match way {
        "->" => Way::To,
        "<-" => Way::From,
        "~>" => Way::ToAlso,
        "<~" => Way::FromAlso,
        _ => return None,
    };
    Some(Row {
        types,
        path,
        way,
        relationships: relationships.split(',').collect(),
        other,
    })
}

/// A row, taken apart.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) path: Pattern,
    /// `^` behind the path.
    pub(super) of_parent: bool,
    /// `^` before the path.
    pub(super) from_parent: bool,
    /// `@` behind the path.
    pub(super) address: bool,
    pub(super) relationships: &'static [&'static str],
    pub(super) way: Way,
}

/// The rules of a resource type, or of a label of Microsoft Entra objects.
pub(super) fn of(resource_type: &str) -> Rules<Rule> {
    static BY_TYPE: LazyLock<ByType<Rule>> = LazyLock::new(|| {
        ByType::new(rows().iter().map(|row| {
            let rule = Rule {
                path: Pattern::new(row.path.trim_matches(['^', '@'])),
                of_parent: row.path.ends_with('^'),
                from_parent: row.path.starts_with('^'),
                address: row.path.ends_with('@'),
                relationships: &row.relationships,
                way: row.way,
            };
            (row.types, rule)
        }))
    });
    BY_TYPE.of(resource_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_can_be_read() {
        for words in lines(TABLE) {
            assert!(row(&words).is_some(), "{}", words.join(" "));
        }
    }
}
