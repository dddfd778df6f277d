//! Who has which alias. Kept in step with the property of the nodes, in the transactions that write them.

use std::collections::BTreeSet;

use atg_sdk::Result;
use rusqlite::{Connection, params};

use super::failure::Sql;
use crate::{
    graph::{ALIASES, content::parse_object},
    json::Json,
};

/// Writes down the aliases of a new node.
pub(super) fn put(db: &Connection, node: i64, key: &str, members: &str) -> Result<()> {
    let aliases = read(members)?;
    if aliases.is_empty() {
        return Ok(());
    }
    let tenant = key.split('|').next().unwrap_or_default();
    for alias in aliases {
        add(db, node, &format!("{tenant}|{alias}"))?;
    }
    Ok(())
}

/// Writes down the aliases that a node has from now on.
pub(super) fn replace(db: &Connection, node: i64, members: &str) -> Result<()> {
    let now = read(members)?;
    let before = of(db, node)?;
    if now.is_empty() && before.is_empty() {
        return Ok(());
    }
    let tenant: String = db
        .prepare_cached("SELECT substr(key, 1, instr(key, '|')) FROM node WHERE id = ?1")
        .and_then(|mut statement| statement.query_row([node], |row| row.get(0)))
        .during("write an alias")?;
    let now: BTreeSet<String> = now.iter().map(|alias| format!("{tenant}{alias}")).collect();
    for alias in before.difference(&now) {
        remove(db, node, alias)?;
    }
    for alias in now.difference(&before) {
        add(db, node, alias)?;
    }
    Ok(())
}

/// Forgets the aliases of a node that goes.
pub(super) fn clear(db: &Connection, node: i64) -> Result<()> {
    for alias in of(db, node)? {
        remove(db, node, &alias)?;
    }
    Ok(())
}

/// The one node that has the alias; `None` where none has it, or several have.
pub(super) fn only_holder(db: &Connection, alias: &str) -> Result<Option<i64>> {
    let holders = holders(db, alias)?;
    Ok(match holders.as_slice() {
        [node] => Some(*node),
        _ => None,
    })
}

/// Every node that has the alias.
pub(super) fn holders(db: &Connection, alias: &str) -> Result<Vec<i64>> {
    db.prepare_cached("SELECT node FROM node_alias WHERE alias = ?1")
        .and_then(|mut statement| statement.query_map([alias], |row| row.get(0))?.collect())
        .during("look up who has an alias")
}

fn add(db: &Connection, node: i64, alias: &str) -> Result<()> {
    write(
        db,
        "INSERT OR IGNORE INTO node_alias (alias, node) VALUES (?1, ?2)",
        node,
        alias,
    )
}

fn remove(db: &Connection, node: i64, alias: &str) -> Result<()> {
    write(
        db,
        "DELETE FROM node_alias WHERE alias = ?1 AND node = ?2",
        node,
        alias,
    )
}

fn write(db: &Connection, sql: &str, node: i64, alias: &str) -> Result<()> {
    db.prepare_cached(sql)
        .and_then(|mut statement| statement.execute(params![alias, node]))
        .during("write an alias")?;
    Ok(())
}

fn of(db: &Connection, node: i64) -> Result<BTreeSet<String>> {
    db.prepare_cached("SELECT alias FROM node_alias WHERE node = ?1")
        .and_then(|mut statement| statement.query_map([node], |row| row.get(0))?.collect())
        .during("look up the aliases of a node")
}

/// The aliases in a node's members, lower-cased. Most nodes have none, and then nothing is parsed.
fn read(members: &str) -> Result<BTreeSet<String>> {
    if !members.contains(&format!("\"{ALIASES}\":[")) {
        return Ok(BTreeSet::new());
    }
    let members = parse_object(members)?;
    let listed = members.get(ALIASES).and_then(Json::as_array).unwrap_or_default();
    Ok(listed
        .iter()
        .filter_map(Json::as_str)
        .map(str::to_lowercase)
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_are_read_from_their_own_property_alone() {
        let read = |members: &str| read(members).unwrap().into_iter().collect::<Vec<_>>();
        assert_eq!(
            read(r#"{"aliases":["B.net","a.net","b.net"]}"#),
            ["a.net", "b.net"]
        );
        assert!(read(r#"{"tags":"{\"aliases\":[\"x\"]}"}"#).is_empty());
        assert!(read(r#"{"aliases":"x"}"#).is_empty());
    }
}
