//! Leads the edges whose alias changed hands to who has it now.

use std::collections::BTreeSet;

use atg_sdk::Result;
use rusqlite::{OptionalExtension, params};

use super::Scan;
use crate::graph::{
    ALIAS,
    embedded::{
        alias_table,
        edge_table::{self, Edge, Place, Touched, read_said},
        failure::Sql,
    },
};

/// How many aliases are read at a time.
const PAGE: usize = 500;

impl Scan {
    /// Edges that this scan wrote are right already; others may still lead to who had the alias when they were written.
    pub(super) fn settle_aliases(&mut self) -> Result<()> {
        let tenant = self.session.tenant.to_string();
        let mut last = format!("{tenant}|");
        loop {
            let page = self.unsettled_after(&last, &tenant)?;
            let Some(alias) = page.last() else { break };
            last.clone_from(alias);
            for alias in page {
                self.session.breathe()?;
                self.settle_alias(&alias)?;
            }
        }
        self.session.commit()
    }

    fn unsettled_after(&self, alias: &str, tenant: &str) -> Result<Vec<String>> {
        self.session
            .db
            .prepare_cached(&format!(
                "SELECT DISTINCT alias FROM unsettled_alias WHERE alias > ?1 AND alias < ?2 ORDER BY alias LIMIT {PAGE}"
            ))
            .and_then(|mut statement| {
                // `}` is what follows `|`.
                statement
                    .query_map([alias, &format!("{tenant}}}")], |row| row.get(0))?
                    .collect()
            })
            .during("look for aliases that changed hands")
    }

    fn settle_alias(&mut self, alias: &str) -> Result<()> {
        let db = &self.session.db;
        let holders = alias_table::holders(db, alias)?;
        let stub: Option<i64> = db
            .prepare_cached("SELECT id FROM node WHERE key = ?1")
            .and_then(|mut statement| statement.query_row([alias], |row| row.get(0)).optional())
            .during("look up a stub")?;
        let mut ends: BTreeSet<i64> = db
            .prepare_cached("SELECT node FROM unsettled_alias WHERE alias = ?1")
            .and_then(|mut statement| statement.query_map([alias], |row| row.get(0))?.collect())
            .during("look up who had an alias")?;
        ends.extend(&holders);
        ends.extend(stub);
        let mut right = match holders.as_slice() {
            [node] => Some(*node),
            _ => stub,
        };
        let text = alias.split_once('|').map_or(alias, |(_, text)| text);
        let mut touched = Touched::default();
        for end in ends {
            if right == Some(end) {
                continue;
            }
            for (edge, place, spelled) in self.named_by(end, text)? {
                let dst = match right {
                    Some(node) => node,
                    None => *right.insert(self.node_or_stub(alias, &spelled)?),
                };
                self.counts.edges_removed +=
                    u64::from(edge_table::delete(&mut self.session, &edge, place, &mut touched)?);
                let edge = Edge { dst, ..edge };
                self.counts.edges_added +=
                    u64::from(edge_table::insert(&mut self.session, &edge, &mut touched)?);
            }
        }
        edge_table::settle(&mut self.session, &mut self.counts, touched)?;
        self.session
            .db
            .prepare_cached("DELETE FROM unsettled_alias WHERE alias = ?1")
            .and_then(|mut statement| statement.execute([alias]))
            .during("settle an alias")?;
        Ok(())
    }

    /// The edges that end at a node because it was named by the alias, with the alias as it was spelled.
    fn named_by(&self, node: i64, alias: &str) -> Result<Vec<(Edge, Place, String)>> {
        self.session
            .db
            .prepare_cached(&format!(
                "SELECT e.id, e.type, e.src, e.owner, e.said, e.path, e.properties, e.properties ->> '$.{ALIAS}' AS spelled
                 FROM edge e WHERE e.dst = ?1 AND e.properties IS NOT NULL AND lower(spelled) = ?2"
            ))
            .and_then(|mut statement| {
                statement
                    .query_map(params![node, alias], |row| {
                        let edge = Edge {
                            relationship: row.get(1)?,
                            src: row.get(2)?,
                            dst: node,
                            owner: row.get(3)?,
                            said: read_said(row.get(4)?)?,
                            path: row.get(5)?,
                            properties: row.get(6)?,
                        };
                        Ok((edge, Place::seen(row.get(0)?), row.get(7)?))
                    })?
                    .collect()
            })
            .during("read the edges that an alias leads")
    }
}
