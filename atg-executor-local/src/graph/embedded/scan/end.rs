//! The last transaction of a scan: its own node, and the lock back.

use atg_sdk::Result;
use rusqlite::{OptionalExtension, params};

use super::Scan;
use crate::graph::{
    Node, Remember, ScanCounts, ScanEnd,
    content::Content,
    embedded::{
        failure::Sql,
        file::{IN_THE_MIDDLE, MISSES_SOMETHING},
        info::read_count,
        node_table::{self, CONTENT, History, read_content},
    },
};

/// The mark that a scan leaves. One that missed something mixes nothing by that; but it does not mend what an earlier
/// one left in the middle.
const fn mark(complete: bool, before: i64) -> i64 {
    match (complete, before) {
        (true, _) => 0,
        (false, IN_THE_MIDDLE) => IN_THE_MIDDLE,
        (false, _) => MISSES_SOMETHING,
    }
}

impl Scan {
    pub(super) fn end(&mut self, end: ScanEnd) -> Result<ScanCounts> {
        self.session.begin()?;
        if let Some(node) = end.scan {
            self.write_scan(node)?;
        }
        // Counts the edges of this transaction too, so it ends here and the lock goes with the next one.
        self.session.commit()?;
        self.session.settle()?;
        self.session.tell_external()?;
        self.session.begin()?;
        let session = &mut self.session;
        session
            .db
            .execute("DELETE FROM checkpoint WHERE tenant = ?1", [session.lock.tenant])
            .during("end the scan")?;
        let (as_before, remembered) = match end.remember {
            Remember::Nothing => (false, None),
            // What stopped in between may have been of another origin.
            Remember::AsBefore => (session.lock.was_partial != IN_THE_MIDDLE, None),
            Remember::This(text) => (false, Some(text)),
        };
        session
            .db
            .execute(
                "UPDATE tenant SET partial = ?2, last_scan_id = ?3, last_scan_at = ?4,
                     remembered = CASE WHEN ?5 THEN remembered ELSE ?6 END
                 WHERE id = ?1",
                params![
                    session.lock.tenant,
                    mark(end.complete, session.lock.was_partial),
                    session.scan_id,
                    session.now,
                    as_before,
                    remembered
                ],
            )
            .during("end the scan")?;
        self.count()?;
        let session = &mut self.session;
        session.lock.release(&session.db)?;
        session.commit()?;
        session.finished()?;
        Ok(self.counts)
    }

    fn write_scan(&mut self, node: Node) -> Result<()> {
        let session = &mut self.session;
        let key = node.key.clone();
        let content = Content::of(node);
        let hash = content.hash();
        let before = session
            .db
            .query_row(
                &format!("SELECT id, {CONTENT} FROM node WHERE key = ?1"),
                [&key],
                |row| Ok((row.get(0)?, read_content(row, 1)?)),
            )
            .optional()
            .during("write the scan's node")?;
        match before {
            Some((id, before)) => node_table::update(
                &session.db,
                &mut session.names,
                id,
                &before.labels,
                &content,
                &hash,
                (&session.now, &session.scan_id),
            ),
            None => node_table::insert(
                &session.db,
                &mut session.names,
                session.lock.tenant,
                &key,
                &content,
                &hash,
                History {
                    first_seen_at: &session.now,
                    changed_at: &session.now,
                    scan_id: &session.scan_id,
                },
            )
            .map(drop),
        }
    }

    fn count(&mut self) -> Result<()> {
        let doing = "count the nodes and edges of the tenant";
        let session = &self.session;
        let (nodes, external, edges) = session
            .db
            .query_row(
                "SELECT (SELECT count(*) FROM node WHERE tenant = t.id),
                        (SELECT count(*) FROM node WHERE tenant = t.id AND class = 4), t.edges
                 FROM tenant t WHERE t.id = ?1",
                [session.lock.tenant],
                |row| Ok((read_count(row, 0)?, read_count(row, 1)?, read_count(row, 2)?)),
            )
            .during(doing)?;
        self.counts.nodes = nodes;
        self.counts.external = external;
        self.counts.edges = edges;
        Ok(())
    }
}
