//! Finds the nodes that stated edges end at, and makes stubs for those that nobody described.

use atg_sdk::Result;
use rusqlite::{OptionalExtension, params};

use super::Scan;
use crate::graph::{
    content::Content,
    embedded::{
        alias_table,
        failure::Sql,
        node_table::{self, History},
    },
};

/// How many are read at a time.
const PAGE: usize = 1_000;

/// What stubs say of where they were read: nowhere, but the property is never absent.
const SOURCE: &str = "recorded";

impl Scan {
    /// The row numbers of the targets' nodes, by the targets' own.
    pub(super) fn resolve_targets(&mut self) -> Result<Vec<i64>> {
        let doing = "look up the ends of edges";
        let count: i64 = self
            .session
            .db
            .query_row("SELECT coalesce(max(id), 0) FROM temp.target", [], |row| {
                row.get(0)
            })
            .during(doing)?;
        let mut nodes = vec![0; usize::try_from(count).unwrap_or_default() + 1];
        // In the order of keys, which is that of the index they are looked up in.
        let mut last = String::new();
        loop {
            let page = self.targets_after(&last)?;
            let Some((_, key, ..)) = page.last() else { break };
            last.clone_from(key);
            for (target, key, azure_id, alias) in page {
                self.session.breathe()?;
                let holder = if alias {
                    alias_table::only_holder(&self.session.db, &key)?
                } else {
                    None
                };
                let node = match holder {
                    Some(node) => node,
                    None => self.node_or_stub(&key, &azure_id)?,
                };
                if let Some(slot) = usize::try_from(target).ok().and_then(|at| nodes.get_mut(at)) {
                    *slot = node;
                }
            }
        }
        self.session.commit()?;
        Ok(nodes)
    }

    fn targets_after(&self, key: &str) -> Result<Vec<(i64, String, String, bool)>> {
        self.session
            .db
            .prepare_cached(&format!(
                "SELECT id, key, azure_id, alias FROM temp.target WHERE key > ?1 ORDER BY key LIMIT {PAGE}"
            ))
            .and_then(|mut statement| {
                statement
                    .query_map([key], |row| {
                        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
                    })?
                    .collect()
            })
            .during("look up the ends of edges")
    }

    pub(super) fn node_or_stub(&mut self, key: &str, azure_id: &str) -> Result<i64> {
        let session = &mut self.session;
        let node = session
            .db
            .prepare_cached("SELECT id FROM node WHERE key = ?1")
            .and_then(|mut statement| statement.query_row(params![key], |row| row.get(0)).optional())
            .during("look up the end of an edge")?;
        if let Some(node) = node {
            return Ok(node);
        }
        let stub = Content::external(azure_id, SOURCE);
        node_table::insert(
            &session.db,
            &mut session.names,
            session.lock.tenant,
            key,
            &stub,
            &stub.hash(),
            History {
                first_seen_at: &session.now,
                changed_at: &session.now,
                scan_id: &session.scan_id,
            },
        )
    }
}
