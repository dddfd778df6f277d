//! Values and stubs are there as long as something points at them, or they at something.

use atg_sdk::Result;

use super::Scan;
use crate::graph::{
    NodeClass,
    embedded::{failure::Sql, node_table},
};

/// How many are read at a time.
const PAGE: usize = 500;

impl Scan {
    pub(super) fn sweep(&mut self) -> Result<()> {
        if !self.session.has_edges() {
            // None came or went, or they would be here.
            return Ok(());
        }
        for class in [NodeClass::Value, NodeClass::External] {
            let mut last = 0;
            loop {
                let page = self.unused_after(class, last)?;
                let Some((node, _)) = page.last() else { break };
                last = *node;
                for (node, labels) in page {
                    self.session.breathe()?;
                    let session = &mut self.session;
                    node_table::delete(&session.db, &mut session.names, node, &labels)?;
                }
            }
            self.session.commit()?;
        }
        Ok(())
    }

    fn unused_after(&mut self, class: NodeClass, node: i64) -> Result<Vec<(i64, String)>> {
        // Looking for them may take longer than a transaction that keeps others from writing.
        self.session.commit()?;
        self.session
            .db
            .prepare_cached(&format!(
                "SELECT n.id, n.labels FROM node n
                 WHERE n.tenant = ?1 AND n.class = ?2 AND n.id > ?3
                   AND NOT EXISTS (SELECT 1 FROM edge e WHERE e.src = n.id)
                   AND NOT EXISTS (SELECT 1 FROM edge e WHERE e.dst = n.id)
                   AND NOT EXISTS (SELECT 1 FROM spare_edge e WHERE e.src = n.id)
                   AND NOT EXISTS (SELECT 1 FROM spare_edge e WHERE e.dst = n.id)
                 ORDER BY n.id LIMIT {PAGE}"
            ))
            .and_then(|mut statement| {
                statement
                    .query_map((self.session.lock.tenant, class.number(), node), |row| {
                        Ok((row.get(0)?, row.get(1)?))
                    })?
                    .collect()
            })
            .during("look for unused stubs")
    }
}
