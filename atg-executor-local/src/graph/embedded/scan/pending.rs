//! New contents of nodes that were there before.

use atg_sdk::Result;
use rusqlite::params;

use super::Scan;
use crate::graph::{
    Change,
    content::Content,
    diff,
    embedded::{
        failure::Sql,
        node_table::{self, CONTENT, read_content},
    },
};

/// How many are read at a time.
const PAGE: usize = 100;

impl Scan {
    /// Keeps the best description of a node that differs from what is stored, until it is certain to be the best.
    pub(super) fn hold_pending(&self, node: i64, content: &Content) -> Result<()> {
        self.session
            .db
            .prepare_cached(&format!(
                "INSERT OR REPLACE INTO temp.pending (node, {CONTENT})
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
            ))
            .and_then(|mut statement| {
                statement.execute(params![
                    node,
                    content.class.number(),
                    content.standing.number(),
                    content.id,
                    content.name,
                    content.resource_type,
                    content.source,
                    content.labels,
                    content.members,
                    content.scalars,
                    content.properties,
                ])
            })
            .during("keep a changed node")?;
        Ok(())
    }

    pub(super) fn forget_pending(&self, node: i64) -> Result<()> {
        self.session
            .db
            .prepare_cached("DELETE FROM temp.pending WHERE node = ?1")
            .and_then(|mut statement| statement.execute([node]))
            .during("keep a changed node")?;
        Ok(())
    }

    /// Writes the changes.
    pub(super) fn apply_pending(&mut self) -> Result<()> {
        let mut last = 0;
        loop {
            let page = self.pending_after(last)?;
            let Some((node, _)) = page.last() else { break };
            last = *node;
            let nodes: Vec<i64> = page.iter().map(|(node, _)| *node).collect();
            self.session.need_contents(&nodes)?;
            for (node, content) in page {
                self.session.breathe()?;
                self.change(node, content)?;
            }
        }
        self.session.commit()
    }

    fn pending_after(&self, node: i64) -> Result<Vec<(i64, Content)>> {
        self.session
            .db
            .prepare_cached(&format!(
                "SELECT node, {CONTENT} FROM temp.pending WHERE node > ?1 ORDER BY node LIMIT {PAGE}"
            ))
            .and_then(|mut statement| {
                statement
                    .query_map([node], |row| Ok((row.get(0)?, read_content(row, 1)?)))?
                    .collect()
            })
            .during("read the changed nodes")
    }

    fn change(&mut self, node: i64, content: Content) -> Result<()> {
        let session = &mut self.session;
        let (before, added) = session
            .db
            .prepare_cached(&format!(
                "SELECT {CONTENT}, (SELECT added FROM temp.seen s WHERE s.node = n.id) FROM node n WHERE id = ?1"
            ))
            .and_then(|mut statement| {
                statement.query_row([node], |row| {
                    Ok((read_content(row, 0)?, row.get::<_, Option<bool>>(10)?))
                })
            })
            .during("read a changed node")?;
        let added = added.unwrap_or_default();
        let content = content.over(&before)?;
        let changes = diff::contents(&before, &content);
        if changes.is_empty() && before.standing == content.standing && before.scalars == content.scalars {
            // Only the spelling of the JSON differs.
            return Ok(());
        }
        let hash = content.hash();
        node_table::update(
            &session.db,
            &mut session.names,
            node,
            &before.labels,
            &content,
            &hash,
            (&session.now, &session.scan_id),
        )?;
        if !changes.is_empty() && !added && content.class.is_content() {
            self.counts.changed += 1;
            self.counts.unchanged -= 1;
            self.session.made(Change::Changed {
                id: content.id.clone(),
                kind: content.kind(),
                changes,
            });
        }
        Ok(())
    }
}
