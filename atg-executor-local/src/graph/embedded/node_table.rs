//! Rows of nodes and their labels.

use atg_sdk::{Error, Result};
use rusqlite::{Connection, Row, params};

use super::{alias_table, failure::Sql, names::Names};
use crate::graph::{
    NodeClass, Standing,
    content::{Content, Hash},
};

/// The columns of a content, in the order of [`read_content`].
pub(super) const CONTENT: &str =
    "class, standing, azure_id, name, type, source, labels, members, scalars, properties";

/// What a node carries besides its content.
#[derive(Debug, Clone, Copy)]
pub(super) struct History<'a> {
    pub(super) first_seen_at: &'a str,
    pub(super) changed_at: &'a str,
    pub(super) scan_id: &'a str,
}

/// From the columns of [`CONTENT`], the first of which is at `first`.
pub(super) fn read_content(row: &Row<'_>, first: usize) -> rusqlite::Result<Content> {
    Ok(Content {
        class: read_class(row, first)?,
        standing: read_standing(row, first + 1)?,
        id: row.get(first + 2)?,
        name: row.get(first + 3)?,
        resource_type: row.get(first + 4)?,
        source: row.get(first + 5)?,
        labels: row.get(first + 6)?,
        members: row.get(first + 7)?,
        scalars: row.get(first + 8)?,
        properties: row.get(first + 9)?,
    })
}

pub(super) fn read_class(row: &Row<'_>, at: usize) -> rusqlite::Result<NodeClass> {
    let number: u8 = row.get(at)?;
    NodeClass::from_number(number).ok_or(rusqlite::Error::IntegralValueOutOfRange(at, number.into()))
}

pub(super) fn read_standing(row: &Row<'_>, at: usize) -> rusqlite::Result<Standing> {
    let number: u8 = row.get(at)?;
    Standing::from_number(number).ok_or(rusqlite::Error::IntegralValueOutOfRange(at, number.into()))
}

/// Adds a node and gives its row number.
pub(super) fn insert(
    db: &Connection,
    names: &mut Names,
    tenant: i64,
    key: &str,
    content: &Content,
    hash: &Hash,
    history: History<'_>,
) -> Result<i64> {
    let doing = "write a node";
    db.prepare_cached(
        "INSERT INTO node (tenant, class, standing, hash, key, azure_id, name, type, source, first_seen_at, changed_at,
                           scan_id, labels, members, scalars, properties)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
    )
    .and_then(|mut statement| {
        statement.execute(params![
            tenant,
            content.class.number(),
            content.standing.number(),
            hash,
            key,
            content.id,
            content.name,
            content.resource_type,
            content.source,
            history.first_seen_at,
            history.changed_at,
            history.scan_id,
            content.labels,
            content.members,
            content.scalars,
            content.properties,
        ])
    })
    .during(doing)?;
    let node = db.last_insert_rowid();
    add_labels(db, names, node, &content.labels)?;
    alias_table::put(db, node, key, &content.members)?;
    Ok(node)
}

/// Gives a node another content.
pub(super) fn update(
    db: &Connection,
    names: &mut Names,
    node: i64,
    labels_before: &str,
    content: &Content,
    hash: &Hash,
    (changed_at, scan_id): (&str, &str),
) -> Result<()> {
    let doing = "change a node";
    db.prepare_cached(
        "UPDATE node SET class = ?2, standing = ?3, hash = ?4, azure_id = ?5, name = ?6, type = ?7, source = ?8,
                         changed_at = ?9, scan_id = ?10, labels = ?11, members = ?12, scalars = ?13, properties = ?14
         WHERE id = ?1",
    )
    .and_then(|mut statement| {
        statement.execute(params![
            node,
            content.class.number(),
            content.standing.number(),
            hash,
            content.id,
            content.name,
            content.resource_type,
            content.source,
            changed_at,
            scan_id,
            content.labels,
            content.members,
            content.scalars,
            content.properties,
        ])
    })
    .during(doing)?;
    if labels_before != content.labels {
        remove_labels(db, names, node, labels_before)?;
        add_labels(db, names, node, &content.labels)?;
    }
    alias_table::replace(db, node, &content.members)
}

/// Removes a node with its labels. Its edges must be gone.
pub(super) fn delete(db: &Connection, names: &mut Names, node: i64, labels: &str) -> Result<()> {
    remove_labels(db, names, node, labels)?;
    alias_table::clear(db, node)?;
    db.prepare_cached("DELETE FROM node WHERE id = ?1")
        .and_then(|mut statement| statement.execute([node]))
        .during("remove a node")?;
    Ok(())
}

fn add_labels(db: &Connection, names: &mut Names, node: i64, labels: &str) -> Result<()> {
    for label in read_labels(labels)? {
        let label = names.label(db, &label)?;
        db.prepare_cached("INSERT OR IGNORE INTO node_label (label, node) VALUES (?1, ?2)")
            .and_then(|mut statement| statement.execute([label, node]))
            .during("write a label")?;
    }
    Ok(())
}

fn remove_labels(db: &Connection, names: &mut Names, node: i64, labels: &str) -> Result<()> {
    for label in read_labels(labels)? {
        let label = names.label(db, &label)?;
        db.prepare_cached("DELETE FROM node_label WHERE label = ?1 AND node = ?2")
            .and_then(|mut statement| statement.execute([label, node]))
            .during("remove a label")?;
    }
    Ok(())
}

fn read_labels(labels: &str) -> Result<Vec<String>> {
    serde_json::from_str(labels)
        .map_err(|error| Error::internal("the labels of a node are not a list of names").with_source(error))
}
