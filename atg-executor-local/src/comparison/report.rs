//! `diff.json`, whole, and `diff.md`, for people.

use std::{
    fmt::Write as _,
    io::{Read, Write},
    path::Path,
};

use atg_sdk::{
    Result,
    model::operations::diff::{MatchedBy, Output, TypeDifferences},
};
use serde_json::{Value as JsonValue, json};

use super::{
    findings::{Findings, List, SHOWN, Shown},
    rows::EdgeKey,
};
use crate::{fault::io_error, graph::PropertyChange};

/// The longest value that is shown to people, in characters.
const LONGEST: usize = 120;

/// The longest ID: what tells one from another is its end.
const LONGEST_ID: usize = 500;

/// Differences within one thing that are shown to people.
const CHANGES: usize = 12;

/// Writes everything: one line a member, and one an element of a list.
pub(super) fn json(run: &JsonValue, output: &Output, findings: Findings, out: &mut impl Write) -> Result<()> {
    let failed = |error| io_error("write the differences", Path::new("diff.json"), error);
    let properties: Vec<JsonValue> = findings
        .properties
        .iter()
        .map(|((kind, path), changed)| json!({ "kind": kind, "path": path, "changed": changed }))
        .collect();
    let kinds: Vec<&TypeDifferences> = findings.kinds.values().collect();
    let relationships: Vec<&TypeDifferences> = findings.relationships.values().collect();
    writeln!(out, "{{").map_err(failed)?;
    for (name, value) in [
        ("run", run),
        ("identical", &json!(output.identical)),
        ("matched_by", &json!(output.matched_by)),
        ("left", &json!(output.left)),
        ("right", &json!(output.right)),
        ("nodes", &json!(output.nodes)),
        ("edges", &json!(output.edges)),
        ("score", &json!(output.score)),
    ] {
        writeln!(out, "\"{name}\":{value},").map_err(failed)?;
    }
    for (name, rows) in [
        ("types", json!(kinds)),
        ("relationships", json!(relationships)),
        ("properties", json!(properties)),
    ] {
        write!(out, "\"{name}\":[").map_err(failed)?;
        for (index, row) in rows.as_array().into_iter().flatten().enumerate() {
            write!(out, "{}\n{row}", if index > 0 { "," } else { "" }).map_err(failed)?;
        }
        writeln!(out, "],").map_err(failed)?;
    }
    list("node_changes", findings.node_list, out)?;
    writeln!(out, ",").map_err(failed)?;
    list("edge_changes", findings.edge_list, out)?;
    writeln!(out, "\n}}").map_err(failed)
}

fn list(name: &str, list: List, out: &mut impl Write) -> Result<()> {
    let failed = |error| io_error("write the differences", Path::new("diff.json"), error);
    write!(out, "\"{name}\":[").map_err(failed)?;
    let mut elements = list.into_reader()?;
    copy(&mut elements, out).map_err(failed)?;
    write!(out, "]").map_err(failed)
}

fn copy(from: &mut impl Read, to: &mut impl Write) -> std::io::Result<()> {
    std::io::copy(from, to).map(drop)
}

/// What a person wants to know first, and the first of everything.
pub(super) fn markdown(output: &Output, findings: &Findings) -> String {
    let mut out = String::from("# Differences\n\n");
    let _ = writeln!(
        out,
        "| | Tenant | Nodes | Relationships |\n|---|---|---:|---:|\n| left | {} | {} | {} |\n| right | {} | {} | {} |\n",
        tenants(&output.left.tenant_ids),
        output.left.nodes,
        output.left.edges,
        tenants(&output.right.tenant_ids),
        output.right.nodes,
        output.right.edges,
    );
    if output.matched_by == MatchedBy::Path {
        out.push_str(
            "Two tenants: things are matched by path, type and name, and what Azure sets by itself is left out.\n\n",
        );
    }
    if output.identical {
        out.push_str("Nothing differs.\n");
        return out;
    }
    let _ = writeln!(
        out,
        "| | Added | Removed | Changed | Unchanged |\n|---|---:|---:|---:|---:|\n| nodes | {} | {} | {} | {} |\n| relationships | {} | {} | {} | {} |\n",
        output.nodes.added,
        output.nodes.removed,
        output.nodes.changed,
        output.nodes.unchanged,
        output.edges.added,
        output.edges.removed,
        output.edges.changed,
        output.edges.unchanged,
    );
    let _ = writeln!(
        out,
        "{:.1} % of all nodes are the same on both sides.\n",
        output.score * 100.0
    );
    table("Type", findings.kinds.values(), &mut out);
    table("Relationship", findings.relationships.values(), &mut out);
    let Shown {
        added,
        removed,
        changed,
        added_edges,
        removed_edges,
        changed_edges,
    } = &findings.shown;
    section("Added", output.nodes.added, added, &mut out, |(kind, id), out| {
        node(kind, id, out);
    });
    section(
        "Removed",
        output.nodes.removed,
        removed,
        &mut out,
        |(kind, id), out| node(kind, id, out),
    );
    section(
        "Changed",
        output.nodes.changed,
        changed,
        &mut out,
        |(kind, id, changes), out| {
            node(kind, id, out);
            properties(changes, out);
        },
    );
    let edges = [
        ("Added relationships", output.edges.added, added_edges),
        ("Removed relationships", output.edges.removed, removed_edges),
    ];
    for (title, total, shown) in edges {
        section(title, total, shown, &mut out, edge);
    }
    section(
        "Changed relationships",
        output.edges.changed,
        changed_edges,
        &mut out,
        |(key, changes), out| {
            edge(key, out);
            properties(changes, out);
        },
    );
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

fn tenants(ids: &[atg_sdk::azure::TenantId]) -> String {
    match ids {
        [] => "none".to_owned(),
        [only] => only.to_string(),
        [first, rest @ ..] => format!("{first} and {} more", rest.len()),
    }
}

/// Those that differ.
fn table<'t>(title: &str, rows: impl Iterator<Item = &'t TypeDifferences>, out: &mut String) {
    let differing: Vec<_> = rows.filter(|row| row.differs()).collect();
    if differing.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "| {title} | Left | Right | Added | Removed | Changed |\n|---|---:|---:|---:|---:|---:|"
    );
    for row in differing.iter().take(SHOWN) {
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} |",
            shown(&row.kind),
            row.left,
            row.right,
            row.added,
            row.removed,
            row.changed
        );
    }
    if differing.len() > SHOWN {
        let _ = writeln!(out, "\n{} more are in `diff.json`.", differing.len() - SHOWN);
    }
    out.push('\n');
}

fn section<T>(
    title: &str,
    total: u64,
    shown: &[T],
    out: &mut String,
    mut write: impl FnMut(&T, &mut String),
) {
    if shown.is_empty() {
        return;
    }
    let _ = writeln!(out, "## {title} ({total})\n");
    for one in shown {
        write(one, out);
    }
    let more = total - shown.len() as u64;
    if more > 0 {
        let _ = writeln!(out, "\n{more} more are in `diff.json`.");
    }
    out.push('\n');
}

fn node(kind: &str, id: &str, out: &mut String) {
    let _ = writeln!(out, "- {} {}", shown(kind), code(id, LONGEST_ID));
}

fn edge([from, relationship, to, path, _]: &EdgeKey, out: &mut String) {
    let id = |key: &str| code(key.split_once('|').map_or(key, |(_, id)| id), LONGEST_ID);
    let _ = writeln!(
        out,
        "- {} {} {} ({})",
        id(from),
        shown(relationship),
        id(to),
        code(path, LONGEST)
    );
}

fn properties(changes: &[PropertyChange], out: &mut String) {
    let value = |value: &Option<String>| {
        value
            .as_deref()
            .map_or_else(|| "nothing".to_owned(), |value| code(value, LONGEST))
    };
    for change in changes.iter().take(CHANGES) {
        let _ = writeln!(
            out,
            "  - {}: {} → {}",
            code(&change.path, LONGEST),
            value(&change.before),
            value(&change.after)
        );
    }
    if changes.len() > CHANGES {
        let _ = writeln!(out, "  - {} more", changes.len() - CHANGES);
    }
}

/// Text of the tenant within Markdown and on a terminal: short, on one line, and without a meaning of its own.
fn shown(text: &str) -> String {
    let mut out = String::new();
    for c in cut(text, LONGEST).chars() {
        if c.is_ascii_punctuation() && !matches!(c, '.' | '/' | '-' | '_' | ':' | '…') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// The same as code, in which nothing has a meaning but the end of it.
fn code(text: &str, longest: usize) -> String {
    let text = cut(text, longest);
    let ticks = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(ticks + 1);
    // A space at both ends is taken off again, and lets the text begin and end with a back-tick.
    let space = if text.starts_with('`') || text.ends_with('`') || text.trim().is_empty() {
        " "
    } else {
        ""
    };
    format!("{fence}{space}{text}{space}{fence}")
}

fn cut(text: &str, longest: usize) -> String {
    let mut out: String = text
        .chars()
        .take(longest)
        // Also what turns the direction of writing around.
        .map(|c| match c {
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => {
                '\u{fffd}'
            }
            '\u{2028}' | '\u{2029}' => '\u{fffd}',
            c if c.is_control() => '\u{fffd}',
            c => c,
        })
        .collect();
    if text.chars().nth(longest).is_some() {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_tenant_have_no_meaning_in_markdown() {
        assert_eq!(code("a`b``c", 99), "```a`b``c```");
        assert_eq!(code("`x", 99), "`` `x ``");
        assert_eq!(
            code("a\u{1b}[31m\n# b\u{202e}", 99),
            "`a\u{fffd}[31m\u{fffd}# b\u{fffd}`"
        );
        assert_eq!(shown("a|<b>*[c](d)"), "a\\|\\<b\\>\\*\\[c\\]\\(d\\)");
        assert_eq!(code(&"é".repeat(200), LONGEST).chars().count(), LONGEST + 3);
    }
}
