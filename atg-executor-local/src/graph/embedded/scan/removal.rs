//! Removes what complete units did not see.

use atg_sdk::Result;
use rusqlite::params;

use super::Scan;
use crate::graph::{
    Change, Removal,
    content::Content,
    embedded::{
        edge_table::{self, Touched},
        failure::Sql,
        node_table::{self, CONTENT, read_content},
    },
    node_key,
};

/// How many are read at a time.
const PAGE: usize = 500;

impl Scan {
    /// Makes stubs of all nodes that a licence covers and the scan did not see. Those that nobody needs go in the sweep.
    pub(super) fn remove_unseen(&mut self, removals: &[Removal]) -> Result<()> {
        for removal in removals {
            self.doom(removal)?;
        }
        let mut last = 0;
        loop {
            let page = self.doomed_after(last)?;
            let Some(node) = page.last() else { break };
            last = *node;
            for node in page {
                self.session.breathe()?;
                self.demote(node)?;
            }
        }
        self.session.commit()
    }

    /// Walks through keys alone, outside of any write transaction: nobody else changes this tenant meanwhile.
    fn doom(&mut self, removal: &Removal) -> Result<()> {
        let classes: Vec<_> = removal
            .classes
            .iter()
            .filter(|class| class.is_content())
            .map(|class| class.number().to_string())
            .collect();
        let scope = node_key(self.session.tenant, &removal.scope);
        // Below a scope are the keys that go on with a `/`; below the tenant's are all of its keys.
        let (from, to) = if scope.ends_with('|') {
            (scope.clone(), format!("{}}}", scope.trim_end_matches('|')))
        } else {
            (format!("{scope}/"), format!("{scope}0"))
        };
        // Two steps, so that the long rows of nodes that were seen are never touched.
        let unseen = "SELECT k.id FROM node k INDEXED BY node_key
                      WHERE k.key >= ?1 AND k.key < ?2
                        AND NOT EXISTS (SELECT 1 FROM temp.seen s WHERE s.node = k.id)";
        let sql = format!(
            "INSERT OR IGNORE INTO temp.doomed SELECT id FROM node WHERE id IN ({unseen}) AND class IN ({})",
            classes.join(", ")
        );
        for (from, to) in [(scope.clone(), format!("{scope}\0")), (from, to)] {
            self.session
                .db
                .execute(&sql, params![from, to])
                .during("find what is gone")?;
        }
        Ok(())
    }

    fn doomed_after(&self, node: i64) -> Result<Vec<i64>> {
        self.session
            .db
            .prepare_cached(&format!(
                "SELECT node FROM temp.doomed WHERE node > ?1 ORDER BY node LIMIT {PAGE}"
            ))
            .and_then(|mut statement| statement.query_map([node], |row| row.get(0))?.collect())
            .during("read what is gone")
    }

    fn demote(&mut self, node: i64) -> Result<()> {
        let session = &mut self.session;
        let before: Content = session
            .db
            .prepare_cached(&format!("SELECT {CONTENT} FROM node WHERE id = ?1"))
            .and_then(|mut statement| statement.query_row([node], |row| read_content(row, 0)))
            .during("read what is gone")?;
        let mut touched = Touched::default();
        let gone = edge_table::delete_owned(session, node, &mut touched)?;
        self.counts.edges_removed += gone;
        edge_table::settle(session, &mut self.counts, touched)?;
        let stub = Content::external(&before.id, &before.source);
        let hash = stub.hash();
        node_table::update(
            &session.db,
            &mut session.names,
            node,
            &before.labels,
            &stub,
            &hash,
            (&session.now, &session.scan_id),
        )?;
        self.counts.removed += 1;
        session.made(Change::Removed {
            kind: before.kind(),
            id: before.id,
        });
        Ok(())
    }
}
