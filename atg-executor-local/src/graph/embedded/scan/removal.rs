//! Removes what complete units did not see.

use atg_sdk::Result;
use rusqlite::{Row, params};

use super::Scan;
use crate::graph::{
    Change, NodeClass, Removal, Unseen,
    content::Content,
    embedded::{
        edge_table::{self, Touched},
        failure::Sql,
        file::IN_THE_MIDDLE,
        node_table::{self, CONTENT, read_class, read_content, read_standing},
    },
    node_key,
};

/// How many are read at a time.
const PAGE: usize = 500;

impl Scan {
    /// Makes stubs of all nodes that a licence covers, or that are known to be gone, and that the scan did not see. Those
    /// that nobody needs go in the sweep.
    pub(super) fn remove_unseen(&mut self, removals: &[Removal], gone: &[String]) -> Result<()> {
        self.doom(removals)?;
        for id in gone {
            self.doom_one(id)?;
        }
        if self.edges_matter()? {
            self.session.need_edges()?;
        }
        let mut last = 0;
        loop {
            let page = self.doomed_after(last)?;
            let Some(node) = page.last() else { break };
            last = *node;
            self.session.need_contents(&page)?;
            for node in page {
                self.session.breathe()?;
                self.demote(node)?;
            }
        }
        self.session.commit()
    }

    /// What such licences would remove.
    pub(in crate::graph::embedded) fn unseen(&mut self, removals: &[Removal]) -> Result<Vec<Unseen>> {
        self.doom(removals)?;
        let doing = "find what is gone";
        let mut last = 0;
        loop {
            let page = self.doomed_after(last)?;
            let Some(node) = page.last() else { break };
            last = *node;
            self.session.need_contents(&page)?;
        }
        let db = &self.session.db;
        let found = db
            .prepare_cached(
                "SELECT azure_id, type, class, labels, standing FROM node WHERE id IN (SELECT node FROM temp.doomed) ORDER BY key",
            )
            .and_then(|mut select| {
                let unseen = |row: &Row<'_>| {
                    let labels: String = row.get(3)?;
                    Ok(Unseen {
                        id: row.get(0)?,
                        resource_type: row.get(1)?,
                        class: read_class(row, 2)?,
                        labels: serde_json::from_str(&labels).unwrap_or_default(),
                        standing: read_standing(row, 4)?,
                    })
                };
                select.query_map([], unseen)?.collect()
            })
            .during(doing)?;
        db.execute("DELETE FROM temp.doomed", []).during(doing)?;
        Ok(found)
    }

    /// Of everything that may go, only what stands for something.
    fn doom_one(&self, id: &str) -> Result<()> {
        self.session
            .db
            .prepare_cached(
                "INSERT OR IGNORE INTO temp.doomed SELECT n.id FROM node n
                 WHERE n.key = ?1 AND n.class IN (0, 1, 2)
                   AND NOT EXISTS (SELECT 1 FROM temp.seen s WHERE s.node = n.id)",
            )
            .and_then(|mut insert| insert.execute([node_key(self.session.tenant, id)]))
            .during("find what is gone")?;
        Ok(())
    }

    fn doom(&mut self, removals: &[Removal]) -> Result<()> {
        removals.iter().try_for_each(|removal| self.doom_under(removal))
    }

    /// Walks through keys alone, outside of any write transaction: nobody else changes this tenant meanwhile.
    fn doom_under(&mut self, removal: &Removal) -> Result<()> {
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

    /// Whether any edge may come or go.
    fn edges_matter(&self) -> Result<bool> {
        if self.session.lock.was_partial == IN_THE_MIDDLE {
            return Ok(true);
        }
        self.session
            .db
            .query_row(
                "SELECT EXISTS (SELECT 1 FROM temp.stated) OR EXISTS (SELECT 1 FROM temp.doomed)
                     OR EXISTS (SELECT 1 FROM temp.seen WHERE added) OR EXISTS (SELECT 1 FROM unsettled_alias)",
                [],
                |row| row.get(0),
            )
            .during("see whether edges may change")
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

    /// An object of the directory that is gone is nobody's member or owner, also where the list that it was in has not been
    /// read again. The list's own node then states its edges anew when it is.
    fn leave_lists(&mut self, node: i64) -> Result<()> {
        let doing = "take what is gone out of lists";
        let holders: Vec<i64> = self
            .session
            .db
            .prepare_cached(
                "SELECT DISTINCT e.owner FROM (
                     SELECT owner, path FROM edge WHERE src = ?1 UNION ALL SELECT owner, path FROM edge WHERE dst = ?1
                     UNION ALL SELECT owner, path FROM spare_edge WHERE src = ?1
                     UNION ALL SELECT owner, path FROM spare_edge WHERE dst = ?1) e
                 JOIN node n ON n.id = e.owner
                 WHERE e.path IN ('members', 'owners') AND n.class = ?2 AND n.id <> ?1
                   AND NOT EXISTS (SELECT 1 FROM temp.seen s WHERE s.node = n.id)",
            )
            .and_then(|mut select| {
                select
                    .query_map(params![node, NodeClass::Entra.number()], |row| row.get(0))?
                    .collect()
            })
            .during(doing)?;
        for holder in holders {
            let mut touched = Touched::default();
            for (edge, place) in edge_table::owned(&self.session.db, holder)? {
                let of_list = matches!(edge.path.as_str(), "members" | "owners");
                if of_list && (edge.src == node || edge.dst == node) {
                    let was_seen = edge_table::delete(&mut self.session, &edge, place, &mut touched)?;
                    self.counts.edges_removed += u64::from(was_seen);
                }
            }
            edge_table::settle(&mut self.session, &mut self.counts, touched)?;
            self.session
                .db
                // No statement's: the next one is compared with the edges that are there. Put in anew, since that is what
                // another store hears of.
                .prepare_cached(
                    "INSERT OR REPLACE INTO edge_set (node, hash)
                     SELECT node, zeroblob(length(hash)) FROM edge_set WHERE node = ?1",
                )
                .and_then(|mut update| update.execute([holder]))
                .during(doing)?;
        }
        Ok(())
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
        if before.class == NodeClass::Entra {
            self.leave_lists(node)?;
        }
        let session = &mut self.session;
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
