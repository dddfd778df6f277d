//! Two ordered streams side by side: what is on one side alone, and what differs on both.

use std::cmp::Ordering;

use atg_sdk::{Error, Result};

use super::{
    findings::{Difference, Findings},
    guid::Exchange,
    rows::{EdgeRow, NodeRow, Rows},
};
use crate::{
    graph::{PropertyChange, diff, record::Record},
    json::Json,
};

/// Members and properties that Azure sets by itself whenever something is made: between two tenants they say nothing.
const OF_AZURE: &[&str] = &[
    "_etag",
    "changedTime",
    "createdBy",
    "createdDateTime",
    "createdOn",
    "createdTime",
    "creationDate",
    "creationTime",
    "eTag",
    "etag",
    "lastModifiedTime",
    "resourceGuid",
    "systemData",
    "timeCreated",
    "uniqueId",
    "updatedBy",
    "updatedOn",
    "updatedTime",
    "vmId",
];

/// Compares everything. `turned` says how the left side's GUIDs were exchanged, where the tenants are two.
pub(super) fn merge(
    left: &mut dyn Rows,
    right: &mut dyn Rows,
    turned: Option<&Exchange>,
    findings: &mut Findings,
    mut tick: impl FnMut() -> Result<()>,
) -> Result<()> {
    let (mut one, mut other) = (left.node()?, right.node()?);
    loop {
        tick()?;
        match order(
            one.as_ref().map(NodeRow::place),
            other.as_ref().map(NodeRow::place),
        ) {
            None => break,
            Some(Ordering::Less) => {
                if let Some(node) = one.take() {
                    findings.left_node(&node.kind);
                    findings.node(Difference::Removed, &node.kind, &original(&node.line, turned)?)?;
                }
                one = left.node()?;
            }
            Some(Ordering::Greater) => {
                if let Some(node) = other.take() {
                    findings.right_node(&node.kind);
                    findings.node(Difference::Added, &node.kind, &id_of(&node.line)?)?;
                }
                other = right.node()?;
            }
            Some(Ordering::Equal) => {
                if let (Some(before), Some(after)) = (one.take(), other.take()) {
                    findings.left_node(&before.kind);
                    findings.right_node(&after.kind);
                    both_nodes(&before, &after, turned, findings)?;
                }
                (one, other) = (left.node()?, right.node()?);
            }
        }
    }
    let (mut one, mut other) = (left.edge()?, right.edge()?);
    loop {
        tick()?;
        match order(
            one.as_ref().map(|edge| &edge.key),
            other.as_ref().map(|edge| &edge.key),
        ) {
            None => return Ok(()),
            Some(Ordering::Less) => {
                if let Some(edge) = one.take() {
                    findings.left_edge(edge.relationship());
                    let key = edge
                        .key
                        .map(|text| turned.map_or_else(|| text.clone(), |turned| turned.apply(&text)));
                    findings.edge(Difference::Removed, &key)?;
                }
                one = left.edge()?;
            }
            Some(Ordering::Greater) => {
                if let Some(edge) = other.take() {
                    findings.right_edge(edge.relationship());
                    findings.edge(Difference::Added, &edge.key)?;
                }
                other = right.edge()?;
            }
            Some(Ordering::Equal) => {
                if let (Some(before), Some(after)) = (one.take(), other.take()) {
                    findings.left_edge(before.relationship());
                    findings.right_edge(after.relationship());
                    let changes = edge_changes(&before, &after)?;
                    match changes.is_empty() {
                        true => findings.same_edge(),
                        false => findings.edge(Difference::Changed(changes), &after.key)?,
                    }
                }
                (one, other) = (left.edge()?, right.edge()?);
            }
        }
    }
}

/// Which of the two comes first; `None` when both have ended.
fn order<T: Ord>(one: Option<T>, other: Option<T>) -> Option<Ordering> {
    match (one, other) {
        (None, None) => None,
        (Some(_), None) => Some(Ordering::Less),
        (None, Some(_)) => Some(Ordering::Greater),
        (Some(one), Some(other)) => Some(one.cmp(&other)),
    }
}

fn both_nodes(
    before: &NodeRow,
    after: &NodeRow,
    turned: Option<&Exchange>,
    findings: &mut Findings,
) -> Result<()> {
    if before.line == after.line {
        findings.same_node();
        return Ok(());
    }
    let (Record::Node(old), Record::Node(new)) = (Record::parse(&before.line)?, Record::parse(&after.line)?)
    else {
        return Err(Error::internal("compare two nodes: one of them is none"));
    };
    let mut changes = diff::contents(&old.content, &new.content);
    if let Some(turned) = turned {
        changes.retain(|change| !is_of_azure(&change.path));
        for change in &mut changes {
            change.before = change.before.as_deref().map(|value| turned.apply(value));
        }
    }
    if changes.is_empty() {
        findings.same_node();
        return Ok(());
    }
    findings.node(Difference::Changed(changes), &after.kind, &new.content.id)
}

/// Whether a part of the path is something that Azure sets.
fn is_of_azure(path: &str) -> bool {
    path.split(['.', '[']).any(|part| OF_AZURE.contains(&part))
}

/// The end, the type and the path are what an edge is; the rest is what is said of it.
fn edge_changes(before: &EdgeRow, after: &EdgeRow) -> Result<Vec<PropertyChange>> {
    if before.line == after.line {
        return Ok(Vec::new());
    }
    let (Record::Edge(old), Record::Edge(new)) = (Record::parse(&before.line)?, Record::parse(&after.line)?)
    else {
        return Err(Error::internal("compare two edges: one of them is none"));
    };
    let read = |text: &Option<String>| text.as_deref().and_then(|text| Json::parse(text.as_bytes()).ok());
    let mut changes = Vec::new();
    let empty = Json::Object(Vec::new());
    diff::values(
        "",
        Some(&read(&old.properties).unwrap_or_else(|| empty.clone())),
        Some(&read(&new.properties).unwrap_or_else(|| empty.clone())),
        &mut changes,
    );
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(changes)
}

fn id_of(line: &str) -> Result<String> {
    match Record::parse(line)? {
        Record::Node(node) => Ok(node.content.id),
        _ => Err(Error::internal("read a node that is none")),
    }
}

/// The id as the left side itself spells it.
fn original(line: &str, turned: Option<&Exchange>) -> Result<String> {
    let id = id_of(line)?;
    Ok(match turned {
        Some(turned) => turned.apply(&id),
        None => id,
    })
}
